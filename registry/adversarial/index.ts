import type { Entries } from "../entry.ts";
import { gan } from "./gan.ts";

export const adversarial: Entries = {
  ...gan,
};
