import { expect, test } from "vitest";
import * as losses from "../../../src/losses/index.ts";
import { normal } from "../metric-properties.ts";

const [a, b] = [normal("a", [6, 4]), normal("b", [6, 4])];

test("the presets of multiple negatives ranking are their directions", () => {
  const of = (options: losses.MultipleNegativesRankingOptions) => losses.multipleNegativesRanking(a, b, options).item();
  expect(of({ preset: "symmetric" })).toBeCloseTo(losses.clip(a, b, { temperature: 0.05 }).item(), 10);
  const every = ["queryToDocument", "queryToQuery", "documentToQuery", "documentToDocument"] as const;
  expect(of({ preset: "gte", scale: 3 })).toBe(of({ directions: every, scale: 3 }));
  expect(of({ preset: "gte", partition: "joint", directions: ["queryToDocument"] })).toBe(of({}));
});
