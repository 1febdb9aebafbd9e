import type { Entries } from "../entry.ts";
import { hinge } from "./hinge.ts";

export const classification: Entries = {
  ...hinge,
};
