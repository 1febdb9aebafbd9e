import type { Entries } from "../entry.ts";

export const metric: Entries = {};
