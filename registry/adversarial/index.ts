import type { Entries } from "../entry.ts";

export const adversarial: Entries = {};
