import type { Entries } from "../entry.ts";
import { discrepancies } from "./discrepancy.ts";
import { distillationLosses } from "./distillation.ts";
import { fDivergences } from "./f-divergences.ts";
import { featureDistillation } from "./features.ts";
import { gaussianDivergences } from "./gaussian.ts";
import { jensenShannonLosses } from "./jensen-shannon.ts";
import { kullbackLeibler } from "./kullback-leibler.ts";
import { transportLosses } from "./optimal-transport.ts";

export const divergence: Entries = {
  ...kullbackLeibler,
  ...jensenShannonLosses,
  ...fDivergences,
  ...gaussianDivergences,
  ...distillationLosses,
  ...featureDistillation,
  ...discrepancies,
  ...transportLosses,
};
