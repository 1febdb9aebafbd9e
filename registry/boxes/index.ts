import type { Entries } from "../entry.ts";

export const boxes: Entries = {};
