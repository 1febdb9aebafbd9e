import type { Entries } from "../entry.ts";
import { boundary } from "./boundary.ts";
import { clDice } from "./cl-dice.ts";
import { combined } from "./combined.ts";
import { dice } from "./dice.ts";
import { exponentialLogarithmic } from "./exponential-logarithmic.ts";
import { generalizedDice } from "./generalized-dice.ts";
import { hausdorff } from "./hausdorff.ts";
import { lovasz } from "./lovasz.ts";
import { matthews } from "./matthews.ts";
import { nacl } from "./nacl.ts";
import { tversky } from "./tversky.ts";
import { unifiedFocal } from "./unified-focal.ts";

export const segmentation: Entries = {
  ...dice,
  ...generalizedDice,
  ...tversky,
  ...combined,
  ...exponentialLogarithmic,
  ...lovasz,
  ...unifiedFocal,
  ...matthews,
  ...clDice,
  ...hausdorff,
  ...boundary,
  ...nacl,
};
