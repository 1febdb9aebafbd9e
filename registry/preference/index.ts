import type { Entries } from "../entry.ts";

export const preference: Entries = {};
