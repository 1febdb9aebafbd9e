import { expect, test } from "vitest";
import { grad, type Tensor, tensor } from "../../src/index.ts";
import * as losses from "../../src/losses/index.ts";
import { loadGolden } from "../golden/load.ts";

interface Case {
  loss: string;
  args: string[];
  options: Record<string, unknown>;
  reference: string;
  value: number[];
  gradient: number[];
}

interface Golden {
  inputs: Record<string, { shape: number[]; dtype: "float64" | "int32"; data: number[] }>;
  cases: Case[];
}

const golden = loadGolden<Golden>("losses-classification");

type Float = "float32" | "float64";

/** An input of the golden file; floats in the precision asked for. */
export function input(name: string, float: Float = "float64", requiresGrad = false): Tensor {
  const { shape, dtype, data } = golden.inputs[name];
  return tensor(data, { shape, dtype: dtype === "int32" ? dtype : float, requiresGrad });
}

/** Value, and gradient by the first argument of its sum with the weights 1, 2, 3, ... / size (1 of a scalar). */
function run({ loss, args, options }: Case, float: Float): { value: Tensor; gradient: Tensor } {
  const [first, ...rest] = args.map((name, i) => input(name, float, i === 0));
  const call = (losses as Record<string, unknown>)[loss] as (...all: unknown[]) => Tensor;
  const value = call(first, ...rest, options);
  const weights = Array.from({ length: value.size }, (_, i) => (value.ndim === 0 ? 1 : (i + 1) / value.size));
  const total = value.mul(tensor(weights, { dtype: float, shape: value.shape })).sum();
  return { value, gradient: grad(total, [first])[0] };
}

/** Each element within `relative` of its reference, with an absolute floor for sums that cancel. */
function expectClose(what: string, found: Tensor, expected: readonly number[], relative: number, floor: number): void {
  expect(found.size, what).toBe(expected.length);
  const scale = Math.max(...expected.map((v) => Math.min(Math.abs(v), 1)));
  for (const [i, e] of expected.entries()) {
    const allowed = relative * Math.abs(e) + floor * scale;
    expect(Math.abs(found.data[i] - e), `${what}[${i}] is ${found.data[i]}, not ${e}`).toBeLessThanOrEqual(allowed);
  }
}

/** Values and gradients of a loss in every golden case, in float64 to 1e-8 and in float32 to 1e-5. */
export function testGolden(loss: string): void {
  const cases = golden.cases.filter((c) => c.loss === loss);
  for (const reference of new Set(cases.map((c) => c.reference))) {
    const those = cases.filter((c) => c.reference === reference);
    test(`${loss} agrees with ${reference}, value and gradient, in ${those.length} cases`, () => {
      for (const c of those) {
        for (const [float, relative, floor] of [["float64", 1e-8, 1e-11] as const, ["float32", 1e-5, 2e-6] as const]) {
          const { value, gradient } = run(c, float);
          const what = `${loss}(${c.args.join(", ")}, ${JSON.stringify(c.options)}) in ${float}`;
          expect(value.dtype, what).toBe(float);
          expectClose(what, value, c.value, relative, floor);
          expectClose(`gradient of ${what}`, gradient, c.gradient, relative, floor);
        }
      }
    });
  }
  test(`${loss} has golden cases`, () => expect(cases.length).toBeGreaterThan(0));
}
