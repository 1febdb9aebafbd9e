import type { Entries } from "../entry.ts";

export const contrastive: Entries = {};
