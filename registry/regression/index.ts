import type { Entries } from "../entry.ts";
import { circular } from "./circular.ts";
import { countLikelihoods } from "./counts.ts";
import { crps } from "./crps.ts";
import { frequency } from "./frequency.ts";
import { gaussian } from "./gaussian.ts";
import { gradientHarmonised } from "./gradient-harmonised.ts";
import { heavyTails } from "./heavy-tails.ts";
import { huber } from "./huber.ts";
import { mixture } from "./mixture.ts";
import { positiveLikelihoods } from "./positive.ts";
import { quantile } from "./quantile.ts";
import { relative } from "./relative.ts";
import { robust } from "./robust.ts";
import { similarity } from "./similarity.ts";
import { squared } from "./squared.ts";
import { survival } from "./survival.ts";

export const regression: Entries = {
  ...squared,
  ...huber,
  ...quantile,
  ...robust,
  ...relative,
  ...similarity,
  ...gradientHarmonised,
  ...frequency,
  ...gaussian,
  ...heavyTails,
  ...countLikelihoods,
  ...positiveLikelihoods,
  ...mixture,
  ...circular,
  ...crps,
  ...survival,
};
