import type { Entries } from "../entry.ts";
import { crossEntropy } from "./cross-entropy.ts";
import { dense } from "./dense.ts";
import { focal } from "./focal.ts";
import { gradientHarmonised } from "./gradient-harmonised.ts";
import { hinge } from "./hinge.ts";
import { multiLabel } from "./multi-label.ts";
import { signed } from "./signed.ts";

export const classification: Entries = {
  ...crossEntropy,
  ...focal,
  ...dense,
  ...gradientHarmonised,
  ...hinge,
  ...signed,
  ...multiLabel,
};
