import { readFileSync } from "node:fs";
import { parseGolden } from "../../registry/goldens.ts";

/** The golden file of that name, written by the Python script beside it. */
export function loadGolden<T = never>(name: string): T {
  return parseGolden(readFileSync(new URL(`./${name}.json`, import.meta.url), "utf8"));
}
