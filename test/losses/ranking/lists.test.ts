import { describe, expect, test } from "vitest";
import { compile, concat, grad, random, type Tensor, tensor } from "../../../src/index.ts";
import * as losses from "../../../src/losses/index.ts";

// What all losses over lists agree on.

const generator = new random.Generator("lists");
const scores = generator.normal([3, 5], { dtype: "float64" });
const relevance = tensor(
  [
    [2, 0, 1, 3, 1],
    [0, 4, 0, 2, 1],
    [1, 0, 0, 0, 2],
  ],
  { dtype: "float64" },
);

const quiet = { noise: 0 };
const overLists: Record<string, (s: Tensor, y: Tensor, options?: object) => Tensor> = {
  pairwiseHinge: losses.pairwiseHinge,
  pairwiseLogistic: losses.pairwiseLogistic,
  pairwiseSoftZeroOne: losses.pairwiseSoftZeroOne,
  pairwiseMSE: losses.pairwiseMSE,
  pairwiseQuantile: losses.pairwiseQuantile,
  lambda: losses.lambda,
  yetiLogistic: (s, y, options) =>
    losses.yetiLogistic(s, y, { average: "pairs", normalize: true, ...quiet, ...options }),
  listNet: losses.listNet,
  listwiseSoftmax: losses.listwiseSoftmax,
  polySoftmax: losses.polySoftmax,
  uniqueSoftmax: losses.uniqueSoftmax,
  calibratedSoftmax: losses.calibratedSoftmax,
  listMLE: losses.listMLE,
  pListMLE: losses.pListMLE,
  approxNDCG: losses.approxNDCG,
  gumbelApproxNDCG: (s, y, options) => losses.gumbelApproxNDCG(s, y, { ...quiet, ...options }),
  approxMRR: losses.approxMRR,
  adrMSE: losses.adrMSE,
  neuralSortCrossEntropy: losses.neuralSortCrossEntropy,
  neuralSortNDCG: losses.neuralSortNDCG,
  neuralNDCG: losses.neuralNDCG,
  rankingCircle: (s, y, options) => losses.rankingCircle(s.sigmoid(), y, options),
  pointwiseSigmoid: (s, y, options) => losses.pointwiseSigmoid(s, y.minimum(1), options),
  pointwiseMSE: losses.pointwiseMSE,
  pointwiseRMSE: losses.pointwiseRMSE,
};

/** Losses that depend on the scores by their differences alone. */
const levels = ["calibratedSoftmax", "rankingCircle", "pointwiseSigmoid", "pointwiseMSE", "pointwiseRMSE"];

describe("padding changes neither the loss nor its gradient:", () => {
  const { yetiLogistic: _, ...unscaled } = overLists; // its factor is the number of items, padding included
  const wide = (t: Tensor, value: number) =>
    t.pad(
      [
        [0, 0],
        [1, 2],
      ],
      { value },
    );
  for (const [name, loss] of Object.entries(unscaled)) {
    test(name, () => {
      const expected = loss(scores, relevance).item();
      const padded = tensor(wide(scores, 1e4), { requiresGrad: true });
      const value = loss(padded, wide(relevance, -1));
      expect(value.item()).toBeCloseTo(expected, 10);
      const mask = wide(relevance.mul(0).add(1), 0);
      expect(loss(padded, wide(relevance, 3), { mask }).item()).toBeCloseTo(expected, 10);
      const [gradient] = grad(value, [padded]);
      for (const row of gradient.toArray() as number[][])
        expect([row[0], row[6], row[7]].map(Math.abs)).toEqual([0, 0, 0]);
    });
  }
});

describe("the order of the items of a list does not matter, nor that of the lists:", () => {
  const untied = tensor([
    [2, 0, 1, 3, 4],
    [3, 4, 0, 2, 1],
    [1, 4, 0, 3, 2],
  ]).to("float64");
  for (const [name, loss] of Object.entries(overLists)) {
    test(name, () => {
      const expected = loss(scores, untied).item();
      expect(loss(scores.flip(1), untied.flip(1)).item()).toBeCloseTo(expected, 10);
      expect(loss(scores.flip(0), untied.flip(0)).item()).toBeCloseTo(expected, 10);
    });
  }
});

describe("a constant added to the scores of a list changes nothing:", () => {
  for (const [name, loss] of Object.entries(overLists)) {
    if (levels.includes(name)) continue;
    test(name, () => {
      const shift = tensor([[3], [-20], [0.5]], { dtype: "float64" });
      expect(loss(scores.add(shift), relevance).item()).toBeCloseTo(loss(scores, relevance).item(), 9);
    });
  }
});

describe("one list is a batch of one, without an axis for lists:", () => {
  const [s, y] = [scores.slice([0]), relevance.slice([0])];
  for (const [name, loss] of Object.entries(overLists)) {
    test(name, () => {
      expect(loss(s, y).item()).toBeCloseTo(loss(s.unsqueeze(0), y.unsqueeze(0)).item(), 12);
      const terms = loss(s.unsqueeze(0), y.unsqueeze(0), { reduction: "none" });
      const single = loss(s, y, { reduction: "none" });
      expect(single.shape).toEqual(terms.shape.slice(1));
      expect(single.toArray()).toEqual(terms.squeeze(0).toArray());
    });
  }
});

test("lists without a relevant item are not counted by the mean", () => {
  const [s, y] = [
    concat([scores, scores.slice([{ stop: 1 }])]),
    concat([relevance, relevance.slice([{ stop: 1 }]).mul(0)]),
  ];
  for (const name of ["listwiseSoftmax", "listMLE", "approxNDCG", "neuralNDCG", "pairwiseLogistic", "lambda"]) {
    expect(overLists[name](s, y).item(), name).toBeCloseTo(overLists[name](scores, relevance).item(), 10);
  }
});

test("compiled, relevance and mask are arguments like any other", () => {
  const loss = compile((s: Tensor, y: Tensor, mask: Tensor) => losses.lambda(s, y, { mask }));
  for (const seed of ["one", "two"]) {
    const other = new random.Generator(seed);
    const y = other.integers([3, 5], { low: -1, high: 4 });
    const mask = other.integers([3, 5], { high: 2 });
    const s = other.normal([3, 5]);
    expect(loss(s, y, mask).item()).toBeCloseTo(losses.lambda(s, y, { mask }).item(), 5);
  }
  loss.dispose();
});

test("a relevance of NaN is no padding", () => {
  expect(losses.listwiseSoftmax([1, 2], [1, Number.NaN]).item()).toBeNaN();
});

test("errors teach", () => {
  expect(() => losses.listNet([[1, 2]], [[1, -2]])).toThrow(
    "listNet: relevance[1] is -2, but must be >= 0, or -1 for padding",
  );
  expect(() => losses.listNet([[[1]]], [[[1]]])).toThrow(
    "listNet: relevance must be [lists, items] or [items], got shape [1, 1, 1]",
  );
  expect(() => losses.listNet([1, 2], [1])).toThrow("listNet: relevance [1] must have the shape of scores, [2]");
  expect(() => losses.listNet([1, 2], [1, 0], { mask: [true] })).toThrow(
    "listNet: mask [1] must have the shape of relevance, [2]",
  );
  expect(() => losses.listMLE([1, 2], [1, 0], { preset: "allRank" as never })).toThrow(
    'listMLE: preset must be one of null, "rax", "tfRanking", got "allRank"',
  );
  expect(() => losses.listNet([], [])).toThrow("listNet: relevance [0] is empty; the batch needs at least one element");
  expect(() => losses.pointwiseSigmoid([1], [2])).toThrow("clamp: true takes more than 1 for 1");
});
