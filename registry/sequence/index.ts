import type { Entries } from "../entry.ts";

export const sequence: Entries = {};
