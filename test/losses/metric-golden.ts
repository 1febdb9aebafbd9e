import { expect, test } from "vitest";
import { grad, type Tensor, tensor } from "../../src/index.ts";
import * as losses from "../../src/losses/index.ts";
import { loadGolden } from "../golden/load.ts";

interface Case {
  loss: keyof typeof losses;
  args: string[];
  options: Record<string, unknown>;
  reference: string;
  value: number | number[];
  gradients: Record<string, number[]>;
}

interface Golden {
  inputs: Record<string, { shape: number[]; dtype: "float64" | "int32"; data: number[] }>;
  miners: Record<string, [number[], number[], number[]]>;
  cases: Case[];
}

export const golden = loadGolden<Golden>("losses-metric");

/** An input of the golden file; float64 ones in another precision when asked. */
export function input(name: string, float: "float32" | "float64" = "float64", requiresGrad = false): Tensor {
  const { shape, dtype, data } = golden.inputs[name];
  return tensor(data, { shape, dtype: dtype === "int32" ? dtype : float, requiresGrad });
}

const functions: Record<string, unknown> = { ...losses };
const withNegatives = new Set(["infoNCE", "multipleNegativesRanking"]);

/** The third argument of a golden case of these losses is the option `negatives`. */
function run({ loss, args, options }: Case, float: "float32" | "float64") {
  const leaves = args.map((name) => input(name, float, golden.inputs[name].dtype === "float64"));
  const call = functions[loss] as (...args: unknown[]) => Tensor;
  const value = withNegatives.has(loss)
    ? call(leaves[0], leaves[1], leaves.length > 2 ? { ...options, negatives: leaves[2] } : options)
    : call(...leaves, options);
  const weights = value.shape.length === 0 ? [1] : Array.from({ length: value.size }, (_, i) => (i + 1) / value.size);
  const total = value.mul(tensor(weights, { dtype: float, shape: value.shape })).sum();
  const wanted = leaves.filter((t) => t.requiresGrad);
  const gradients = grad(total, wanted, { allowUnused: true });
  const names = args.filter((name) => golden.inputs[name].dtype === "float64");
  return { value, gradients: names.map((name, i) => [name, gradients[i]] as const) };
}

/** Every element within `tolerance` of the reference, relative to the largest magnitude (at least `floor`). */
function expectClose(
  actual: Tensor,
  expected: readonly number[],
  tolerance: number,
  floor: number,
  what: string,
): void {
  const scale = Math.max(floor, ...expected.map(Math.abs));
  expect(actual.size, what).toBe(expected.length);
  expected.forEach((e, i) => {
    expect(Math.abs(actual.data[i] - e), `${what}[${i}]: ${actual.data[i]} for ${e}`).toBeLessThanOrEqual(
      tolerance * scale,
    );
  });
}

/** One test for each golden case of a loss: value and gradients, in float64 and float32. */
export function testGolden(loss: keyof typeof losses): void {
  const cases = golden.cases.filter((c) => c.loss === loss);
  test(`${loss} has golden values`, () => expect(cases.length).toBeGreaterThan(0));
  for (const c of cases) {
    test(`${loss} ${JSON.stringify(c.options)} of ${c.args.join(", ")} agrees with ${c.reference}`, () => {
      for (const [float, tolerance, floor] of [
        ["float64", 1e-9, 1e-3],
        ["float32", 3e-5, 0.1],
      ] as const) {
        const { value, gradients } = run(c, float);
        expectClose(value, [c.value].flat(3), tolerance, floor, `${float} value`);
        for (const [name, g] of gradients) expectClose(g, c.gradients[name], tolerance, floor, `${float} d/d${name}`);
      }
    });
  }
}
