import type { Entries } from "../entry.ts";
import { discrepancy } from "./discrepancy.ts";
import { distillation } from "./distillation.ts";
import { fDivergences } from "./f-divergences.ts";
import { features } from "./features.ts";
import { gaussian } from "./gaussian.ts";
import { mixed } from "./jensen-shannon.ts";
import { kullbackLeibler } from "./kullback-leibler.ts";
import { optimalTransport } from "./optimal-transport.ts";

export const divergence: Entries = {
  ...kullbackLeibler,
  ...mixed,
  ...fDivergences,
  ...gaussian,
  ...distillation,
  ...features,
  ...discrepancy,
  ...optimalTransport,
};
