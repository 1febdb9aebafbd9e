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
import { circularLosses } from "./circular.ts";
import { countLosses } from "./counts.ts";
import { crpsLosses } from "./crps.ts";
import { gaussianLosses } from "./gaussian.ts";
import { heavyTailLosses } from "./heavy-tails.ts";
import { mixtureLosses } from "./mixture.ts";
import { positiveLosses } from "./positive.ts";
import { survivalLosses } from "./survival.ts";

export const regression: Entries = {
  ...gaussianLosses,
  ...heavyTailLosses,
  ...countLosses,
  ...positiveLosses,
  ...mixtureLosses,
  ...circularLosses,
  ...crpsLosses,
  ...survivalLosses,
};
