import { expect, test } from "vitest";
import { tensor } from "../../../src/index.ts";
import { clusters } from "../../../src/losses/index.ts";

const { concentrations } = clusters;
const at = (degrees: number) => [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
const prototypes = [at(0), at(90)];
const int32 = (values: number[]) => tensor(values, { dtype: "int32" });

test("concentrations are mean distances over the logarithm of the size, clipped to percentiles and scaled to the temperature", () => {
  const rows = [at(60), at(-60), at(90), at(150)]; // distances 1, 1 and 0, 1
  const [wide, narrow] = [1 / Math.log(12), 0.5 / Math.log(12)];
  const [high, low] = [wide - 0.1 * (wide - narrow), narrow + 0.1 * (wide - narrow)];
  const found = concentrations(tensor(rows, { dtype: "float64" }), prototypes, int32([0, 0, 1, 1]), {
    temperature: 0.2,
  });
  expect(found.data[0]).toBeCloseTo((0.4 * high) / (high + low), 6);
  expect(found.data[1]).toBeCloseTo((0.4 * low) / (high + low), 6);
});

test("a cluster of one sample is as wide as the widest, and without any width all are the temperature", () => {
  const found = concentrations([at(60), at(-60), at(90)], prototypes, int32([0, 0, 1]));
  expect([...found.data].map((v) => v.toFixed(6))).toEqual(["0.100000", "0.100000"]);
  expect([...concentrations(prototypes, prototypes, int32([0, 1])).data].map((v) => v.toFixed(6))).toEqual([
    "0.100000",
    "0.100000",
  ]);
});

test("errors", () => {
  expect(() => concentrations(prototypes, prototypes, int32([0, 2]))).toThrow(
    "clusters.concentrations: assignments[1] is 2",
  );
  expect(() => concentrations(prototypes, [[1]], int32([0, 0]))).toThrow(
    "clusters.concentrations: prototypes must have shape",
  );
});
