import type { Entries } from "../entry.ts";

export const regression: Entries = {};
