import type { Entries } from "../entry.ts";

export const divergence: Entries = {};
