import type { Entries } from "../entry.ts";

export const ranking: Entries = {};
