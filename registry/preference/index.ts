import type { Entries } from "../entry.ts";
import { direct } from "./direct.ts";
import { policy } from "./policy.ts";
import { referenceFree } from "./reference-free.ts";

export const preference: Entries = {
  ...direct,
  ...referenceFree,
  ...policy,
};
