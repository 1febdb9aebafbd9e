import { readFileSync } from "node:fs";

/** The golden file of that name, written by the Python script beside it. NaN and infinities are stored as strings. */
export function loadGolden<T = never>(name: string): T {
  const text = readFileSync(new URL(`./${name}.json`, import.meta.url), "utf8");
  return JSON.parse(text, (_, value) => (typeof value === "string" && value in special ? special[value] : value)) as T;
}

const special: Record<string, number> = {
  __proto__: null as never,
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
  "-0": -0,
};
