import type { Entries } from "../entry.ts";

export const segmentation: Entries = {};
