import type { Entries } from "../entry.ts";
import { crossEntropy } from "./cross-entropy.ts";
import { focal } from "./focal.ts";
import { hinge } from "./hinge.ts";

export const classification: Entries = {
  ...crossEntropy,
  ...focal,
  ...hinge,
};
