import { describe, expect, it } from "vitest";
import { concat, functional, grad, jacobian, type Tensor, tensor } from "../../src/index.ts";

const [inf, nan] = [Number.POSITIVE_INFINITY, Number.NaN];
const {
  logBeta,
  logRisingFactorial,
  safeSqrt,
  safeNorm,
  stirlingRemainder,
  xlogy,
  log1mexp,
  distanceMatrix,
  cosineSimilarity,
  pairwiseDistance,
} = functional;

type Values = number | number[] | number[][];
const leaf = (values: Values): Tensor => tensor(values, { requiresGrad: true });

/** Value and gradient of the sum of the finite elements of fn(x), in float32. */
function both(fn: (x: Tensor) => Tensor, values: Values): [value: unknown, gradient: unknown] {
  const x = leaf(values);
  const y = fn(x);
  const [g] = grad(y, x, { gradOutput: y.isFinite().to("float32"), allowUnused: true });
  return [y.toArray(), g.toArray()];
}

const close = (v: number) => expect.closeTo(v, 5);

describe("in float32, at +-1e4", () => {
  const far = [1e4, -1e4, 0];
  it.each<[string, (x: Tensor) => Tensor, number[], number[]]>([
    ["sigmoid", (x) => x.sigmoid(), [1, 0, 0.5], [0, 0, 0.25]],
    ["logSigmoid", (x) => x.logSigmoid(), [-0, -1e4, close(-Math.LN2)], [0, 1, 0.5]],
    ["softplus", (x) => x.softplus(), [1e4, 0, close(Math.LN2)], [1, 0, 0.5]],
    ["tanh", (x) => x.tanh(), [1, -1, 0], [0, 0, 1]],
    ["silu", (x) => x.silu(), [1e4, -0, 0], [1, 0, 0.5]],
    ["mish", (x) => x.mish(), [1e4, -0, 0], [1, 0, close(0.6)]],
    ["gelu", (x) => x.gelu(), [1e4, -0, 0], [1, 0, 0.5]],
    ["gelu by tanh", (x) => x.gelu({ approximate: "tanh" }), [1e4, -0, 0], [1, 0, 0.5]],
    ["elu", (x) => x.elu(), [1e4, -1, 0], [1, 0, 1]],
    ["softmax", (x) => x.softmax(), [1, 0, 0], [0, 0, 0]],
    ["logSoftmax", (x) => x.logSoftmax(), [0, -2e4, -1e4], [-2, 1, 1]],
    ["logCumSumExp", (x) => x.logCumSumExp(0), [1e4, 1e4, 1e4], [3, 0, 0]],
    ["logAddExp with 0", (x) => x.logAddExp(0), [1e4, 0, close(Math.LN2)], [1, 0, 0.5]],
    ["erf", (x) => x.erf(), [1, -1, 0], [0, 0, close(2 / Math.sqrt(Math.PI))]],
  ])("%s and its gradient are right", (_, fn, value, gradient) => {
    const [v, g] = both(fn, far) as [number[], number[]];
    expect(v.map((x) => x + 0)).toEqual(value.map((x) => (typeof x === "number" ? x + 0 : x)));
    expect(g.map((x) => x + 0)).toEqual(gradient);
  });

  it.each<[string, (x: Tensor) => Tensor, number, number[]]>([
    ["logSumExp", (x) => x.logSumExp(), 1e4, [1, 0, 0]],
    ["norm", (x) => x.norm(), close(Math.SQRT2 * 1e4), [close(Math.SQRT1_2), close(-Math.SQRT1_2), 0]],
    [
      "norm of power 3",
      (x) => x.norm(undefined, { p: 3 }),
      close(2 ** (1 / 3) * 1e4),
      [close(2 ** (-2 / 3)), close(-(2 ** (-2 / 3))), 0],
    ],
    ["norm of power Infinity", (x) => x.norm(undefined, { p: inf }), 1e4, [0.5, -0.5, 0]],
    ["std", (x) => x.std(), 1e4, [0.5, -0.5, 0]],
    ["prod", (x) => x.prod(), -0, [-0, 0, -1e8]],
  ])("%s and its gradient are right", (_, fn, value, gradient) => {
    const [v, g] = both(fn, far) as [number, number[]];
    if (typeof value === "number") expect(v).toBe(value);
    else expect(v / 1e4).toBeCloseTo((value as { sample: number }).sample / 1e4, 5);
    expect(g.map((x) => x + 0)).toEqual(gradient.map((x) => (typeof x === "number" ? x + 0 : x)));
  });
});

describe("of infinities", () => {
  it("logSumExp of -Infinity only is -Infinity, with gradient 0", () => {
    expect(
      both(
        (x) => x.logSumExp(1),
        [
          [-inf, -inf],
          [-inf, 3],
        ],
      ),
    ).toEqual([
      [-inf, 3],
      [
        [0, 0],
        [0, 1],
      ],
    ]);
    const x = leaf([-inf, -inf]);
    expect(grad(x.logSumExp(), x)[0].toArray()).toEqual([0, 0]);
    expect(tensor([]).logSumExp().item()).toBe(-inf);
    expect(tensor([inf, 1, -inf]).logSumExp().item()).toBe(inf);
    expect(tensor([nan, 1]).logSumExp().item()).toBeNaN();
  });

  it("softmax and logSoftmax give masked elements no weight and no gradient", () => {
    expect(both((x) => x.softmax(), [-inf, 2, 2])).toEqual([
      [0, 0.5, 0.5],
      [0, 0, 0],
    ]);
    const [value, gradient] = both((x) => x.logSoftmax(), [-inf, 2, 2]);
    expect(value).toEqual([-inf, close(-Math.LN2), close(-Math.LN2)]);
    expect(gradient).toEqual([0, 0, 0]);
  });

  it("a row of nothing but -Infinity has no softmax: NaN, as in PyTorch", () => {
    expect(tensor([-inf, -inf]).softmax().toArray()).toEqual([nan, nan]);
    expect(tensor([-inf, -inf]).logSoftmax().toArray()).toEqual([nan, nan]);
  });

  it("logAddExp and logCumSumExp go through -Infinity with finite gradients", () => {
    expect(both((x) => x.logCumSumExp(0), [-inf, 1, 1])).toEqual([
      [-inf, 1, close(1 + Math.LN2)],
      [0, close(1.5), 0.5],
    ]);
    const [value, gradient] = both((x) => x.logAddExp(-inf), [-inf, 5, inf]);
    expect(value).toEqual([-inf, 5, inf]);
    expect(gradient).toEqual([0, 1, 0]);
  });

  it("comparisons and max see them", () => {
    expect(tensor([1, nan, 3]).max().item()).toBeNaN();
    expect(tensor([-inf, -inf]).max().item()).toBe(-inf);
    expect([tensor([1, nan]).argmax().item(), tensor([nan, 1]).argmin().item()]).toEqual([1, 0]);
    expect(tensor([nan, inf, 1]).isFinite().toArray()).toEqual([false, false, true]);
    expect(tensor([nan, inf, 1]).isNaN().toArray()).toEqual([true, false, false]);
  });
});

describe("at kinks", () => {
  it("the gradients are those of PyTorch", () => {
    expect(both((x) => x.relu(), [0, -0])[1]).toEqual([0, 0]);
    expect(both((x) => x.abs(), [0])[1]).toEqual([0]);
    expect(both((x) => x.sqrt(), [0])[1]).toEqual([inf]);
    expect(both((x) => x.clamp(-1, 1), [-1, 1, -2, 2])[1]).toEqual([1, 1, 0, 0]);
    expect(both((x) => x.maximum(0), [0])[1]).toEqual([0.5]);
    expect(both((x) => x.max(), [2, 1, 2])[1]).toEqual([0.5, 0, 0.5]);
    expect(both((x) => x.leakyRelu(0.1), [0])[1]).toEqual([Math.fround(0.1)]);
    expect(both((x) => x.atan2(0), [0])[1]).toEqual([0]);
    expect(both((x) => x.pow(0), [0])).toEqual([[1], [0]]);
    expect(both((x) => tensor([0]).pow(x), [2])).toEqual([[0], [0]]);
  });

  it("maximum and minimum hand on no infinite gradient of the side not taken", () => {
    expect(both((x) => x.maximum(0).sqrt(), [-1, 4])).toEqual([
      [0, 2],
      [0, 0.25],
    ]);
    expect(both((x) => x.minimum(0).neg().sqrt(), [1, -4])).toEqual([
      [expect.closeTo(0), 2],
      [0, -0.25],
    ]);
  });

  it("clamp passes NaN, and takes one bound or tensors", () => {
    expect(tensor([nan, 3]).clamp(0, 1).toArray()).toEqual([nan, 1]);
    expect(tensor([-5, 5]).clamp(undefined, 1).toArray()).toEqual([-5, 1]);
    expect(tensor([-5, 5]).clamp([0, 6]).toArray()).toEqual([0, 6]);
  });
});

describe("of equal and zero vectors", () => {
  it("norms, std and distances have gradient 0 at 0", () => {
    for (const p of [1, 1.5, 2, 3, inf]) expect(both((x) => x.norm(0, { p }), [0, 0])).toEqual([0, [0, 0]]);
    expect(both((x) => x.std(), [5, 5, 5])).toEqual([0, [0, 0, 0]]);
    expect(both(safeSqrt, [0, 4])).toEqual([
      [0, 2],
      [0, 0.25],
    ]);
    expect(
      both(
        (x) => safeNorm(x, 1),
        [
          [0, 0],
          [3, 4],
        ],
      ),
    ).toEqual([
      [0, 5],
      [
        [0, 0],
        [close(0.6), close(0.8)],
      ],
    ]);
  });

  it("normalize keeps the zero vector, and cosineSimilarity with it is 0 with finite gradients", () => {
    expect(
      tensor([
        [0, 0],
        [3, 4],
      ])
        .normalize()
        .toArray(),
    ).toEqual([
      [0, 0],
      [close(0.6), close(0.8)],
    ]);
    expect((both((x) => x.normalize(), [[0, 0]])[1] as number[][])[0].every(Number.isFinite)).toBe(true);
    const [value, gradient] = both((x) => cosineSimilarity(x, [[1, 2]]), [[0, 0]]);
    expect(value).toEqual([0]);
    expect((gradient as number[][])[0].every(Number.isFinite)).toBe(true);
  });

  it("normalize keeps its digits at 1e4 and 1e-4", () => {
    for (const scale of [1e4, 1e-4]) {
      expect(
        tensor([3 * scale, 4 * scale])
          .normalize()
          .toArray(),
      ).toEqual([close(0.6), close(0.8)]);
      expect(cosineSimilarity([3 * scale, 4 * scale], [4, 3]).item()).toBeCloseTo(0.96, 6);
    }
  });

  it("distanceMatrix is 0 on its diagonal with gradient 0, at any size", () => {
    for (const n of [3, 1200]) {
      const data = Float32Array.from({ length: n * 2 }, (_, i) => 1e4 + Math.sin(i));
      const x = tensor(data, { shape: [n, 2], requiresGrad: true });
      const d = distanceMatrix(x);
      expect(d.diagonal().max().item()).toBe(0);
      expect(d.min().item()).toBe(0);
      expect(grad(d.sum(), x)[0].isFinite().all().item()).toBe(1);
    }
    const equal = leaf([
      [1, 2],
      [1, 2],
    ]);
    expect(grad(distanceMatrix(equal).sum(), equal)[0].toArray()).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  it("distanceMatrix of many points is the same by its matrix product", () => {
    const x = tensor(
      Float32Array.from({ length: 1100 * 3 }, (_, i) => Math.sin(i * i)),
      { shape: [1100, 3] },
    );
    const few = x.slice([{ stop: 5 }]);
    const all = distanceMatrix(x, undefined, { squared: true });
    const part = distanceMatrix(few, x, { squared: true });
    expect(
      all
        .slice([{ stop: 5 }])
        .sub(part)
        .abs()
        .max()
        .item(),
    ).toBeLessThan(3e-6);
  });

  it("pairwiseDistance of equal rows is that of its eps", () => {
    expect(pairwiseDistance([[1, 2]], [[1, 2]]).item()).toBeCloseTo(Math.SQRT2 * 1e-6, 9);
  });
});

describe("products at zeros", () => {
  it("prod and cumprod have right first and second derivatives", () => {
    expect(both((x) => x.prod(), [0, 2, 3])[1]).toEqual([6, 0, 0]);
    expect(both((x) => x.prod(), [0, 2, 0])[1]).toEqual([0, 0, 0]);
    expect(both((x) => x.cumprod(0), [0, 2, 3])).toEqual([
      [0, 0, 0],
      [9, 0, 0],
    ]);
    const second = jacobian((x) => grad(x.prod(), x, { createGraph: true })[0], [0, 2, 0]);
    expect(second.toArray()).toEqual([
      [0, 0, 2],
      [0, 0, 0],
      [2, 0, 0],
    ]);
    expect([tensor([]).prod().item(), tensor([[], []]).prod(1).toArray()]).toEqual([1, [1, 1]]);
  });
});

describe("sums", () => {
  it("of a million float32 numbers round once", () => {
    const x = tensor(new Float32Array(1_000_000).fill(0.1));
    expect(x.sum().item()).toBe(Math.fround(1_000_000 * Math.fround(0.1)));
    expect(x.mean().item()).toBe(Math.fround(0.1));
    expect(x.cumsum(0).data[999_999]).toBe(Math.fround(1_000_000 * Math.fround(0.1)));
    expect(
      concat([[2 ** 24], [1], [1]].map((v) => tensor(v)))
        .sum()
        .item(),
    ).toBe(2 ** 24 + 2);
    expect(x.reshape([1000, 1000]).sum(0).sum().item()).toBeCloseTo(100_000, 0);
  });
});

describe("functional forms", () => {
  it("xlogy is 0 at x = 0 whatever y is, in value and gradient", () => {
    expect(xlogy([0, 0, 2], [0, -1, Math.E]).toArray()).toEqual([0, 0, close(2)]);
    const [x, y] = [leaf([0, 2]), leaf([0, 4])];
    const [gx, gy] = grad(xlogy(x, y).sum(), [x, y]);
    expect([gx.toArray(), gy.toArray()]).toEqual([
      [0, close(Math.log(4))],
      [0, 0.5],
    ]);
  });

  it("log1mexp keeps its digits at both ends", () => {
    expect(log1mexp(tensor([-1e-10, -50], { dtype: "float64" })).toArray()).toEqual([
      expect.closeTo(Math.log(1e-10), 9),
      expect.closeTo(-Math.exp(-50), 30),
    ]);
    expect((both(log1mexp, [-1e-3, -1, -80])[1] as number[]).every(Number.isFinite)).toBe(true);
  });
});

describe("log gamma where its terms cancel", () => {
  const exact = (v: number[]) => tensor(v, { dtype: "float64" });

  it("leaves 1 / (12 x) of Stirling's formula, with both branches of one value at 16", () => {
    const x = exact([1e-3, 1, 15.999999, 16, 1e6]);
    const expected = [2.542270468, 0.08106146679, 0.005207656245, 0.00520765592, 1 / 12e6]; // scipy.special.gammaln
    const found = stirlingRemainder(x);
    for (const [i, e] of expected.entries()) expect(found.data[i] / e, `at ${x.data[i]}`).toBeCloseTo(1, 8);
    expect(found.data[1]).toBeCloseTo(1 - Math.log(2 * Math.PI) / 2, 14);
  });

  it("is the logarithm of a product for whole steps", () => {
    const found = logRisingFactorial(exact([2, 0.5, 30]), [3, 2, 1]);
    for (const [i, e] of [24, 0.75, 30].entries()) expect(found.data[i]).toBeCloseTo(Math.log(e), 13);
    expect(logRisingFactorial(tensor([1e6]), 0.5).item()).toBeCloseTo(Math.log(1e6) / 2, 4); // float32
  });

  it("gives the beta function, symmetric, with few and many", () => {
    const [a, b] = [exact([2, 0.5, 100, 1e-3]), exact([3, 0.5, 1, 5000])];
    const expected = [Math.log(1 / 12), Math.log(Math.PI), -Math.log(100), 6.898661792096391];
    for (const [i, e] of expected.entries()) {
      expect(logBeta(a, b).data[i]).toBeCloseTo(e, 11);
      expect(logBeta(b, a).data[i]).toBe(logBeta(a, b).data[i]);
    }
  });
});
