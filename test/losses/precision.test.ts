import { describe, expect, test } from "vitest";
import { grad, type Tensor, type TensorLike, tensor } from "../../src/index.ts";
import * as losses from "../../src/losses/index.ts";

// Small losses keep their digits in float32: each is compared with itself in float64, relative to its own size.

/** Value and gradient by the first argument; the arguments are rounded to float32 in either case. */
function both(loss: (...args: never[]) => Tensor, args: readonly TensorLike[], dtype: "float32" | "float64") {
  const given = args.map((a) => {
    const single = tensor(a, { dtype: "float32" });
    return tensor(single, { dtype, requiresGrad: true });
  });
  const value = (loss as (...args: Tensor[]) => Tensor)(...given);
  return [value.item(), ...grad(value, [given[0]])[0].data];
}

const cases: Record<string, [loss: (...args: never[]) => Tensor, args: TensorLike[]]> = {
  "tukey at a residual of 1e-4": [losses.tukey, [[1e-4], [0]]],
  "pointwiseSigmoid, confident and right": [losses.pointwiseSigmoid, [[[20, -20]], [[1, 0]]]],
  "clickEM, confident and right": [(x: Tensor) => losses.clickEM(x, [[18, -18]], tensor([[1, 0]])), [[[18, -18]]]],
  "contrastiveTension, confident and right": [losses.contrastiveTension, [[[5, 0]], [[4, 1]], [1]]],
  "evidentialClassification with much and even evidence": [
    (e: Tensor) => losses.evidentialClassification(e, [0]),
    [[[9e3, 1e4, 1.1e4]]],
  ],
  "listMLE under a common offset": [losses.listMLE, [[[1024, 1012, 1000]], [[2, 1, 0]]]],
  "centre regularisation of close sub-centres": [
    (w: Tensor, x: Tensor) => losses.softTriple(x, w, [0], { tau: 1, reduction: "sum" }),
    [
      [
        [
          [1, 0],
          [1, 0.001],
        ],
      ],
      [[1, 0.5]],
    ],
  ],
};

describe("in float32 a small loss has the digits that its arguments have:", () => {
  for (const [name, [loss, args]] of Object.entries(cases)) {
    test(name, () => {
      const [found, exact] = [both(loss, args, "float32"), both(loss, args, "float64")];
      const scale = Math.max(...exact.slice(1).map(Math.abs));
      for (const [i, e] of exact.entries()) {
        const size = i === 0 ? Math.abs(e) : scale;
        expect(Math.abs(found[i] - e), `${i}: ${found[i]}, not ${e}`).toBeLessThanOrEqual(1e-4 * size);
      }
    });
  }
});
