import type { Entries } from "../entry.ts";
import { frequency } from "./frequency.ts";
import { gradientHarmonised } from "./gradient-harmonised.ts";
import { huber } from "./huber.ts";
import { quantile } from "./quantile.ts";
import { relative } from "./relative.ts";
import { robust } from "./robust.ts";
import { similarity } from "./similarity.ts";
import { squared } from "./squared.ts";

export const regression: Entries = {
  ...squared,
  ...huber,
  ...quantile,
  ...robust,
  ...relative,
  ...similarity,
  ...gradientHarmonised,
  ...frequency,
};
