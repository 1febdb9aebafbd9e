import { expect, test } from "vitest";
import { grad, metrics, type Tensor, tensor } from "../../../src/index.ts";
import {
  clip,
  type InfoNCEOptions,
  infoNCE,
  type MultipleNegativesRankingOptions,
  multipleNegativesRanking,
  ntXent,
} from "../../../src/losses/index.ts";
import { input, testGolden } from "../metric-golden.ts";
import {
  expectDerivatives,
  expectFinite,
  expectFiniteEverywhere,
  expectReductions,
  expectZero,
  permuted,
} from "../metric-properties.ts";

testGolden("infoNCE");
testGolden("ntXent");
testGolden("clip");
testGolden("multipleNegativesRanking");

const [a, b, pool, each] = [input("a"), input("b"), input("pool"), input("each")];
const everywhere = ["queryToDocument", "queryToQuery", "documentToQuery", "documentToDocument"] as const;

const matching: InfoNCEOptions[] = [
  {},
  { normalize: false },
  { symmetric: true, sameView: true },
  { symmetric: true, negatives: pool },
  { negatives: each, inBatch: false },
];
const ranking: MultipleNegativesRankingOptions[] = [
  { scale: 5 },
  { similarity: "dot", scale: 1, negatives: pool },
  { directions: ["queryToDocument", "documentToQuery"], partition: "perDirection", scale: 5 },
  { directions: everywhere, negatives: each, scale: 5 },
];
const floatOptions = (options: InfoNCEOptions): InfoNCEOptions => ({
  ...options,
  negatives: options.negatives === undefined ? undefined : [[1, 0, 0]],
});

test("derivatives, those of a learned temperature and scale too", () => {
  const t = tensor(0.7, { dtype: "float64" });
  for (const options of matching)
    expectDerivatives((q, k, u) => infoNCE(q, k, { ...options, temperature: u }), a, b, t);
  expectDerivatives((q, k, u) => ntXent(q, k, { temperature: u }), a, b, t);
  expectDerivatives((q, k, u) => clip(q, k, { temperature: u }), a, b, t);
  for (const options of ranking) expectDerivatives((q, k) => multipleNegativesRanking(q, k, options), a, b);
  expectDerivatives((q, k, u) => multipleNegativesRanking(q, k, { scale: u.mul(7) }), a, b, t);
  expectDerivatives((x) => infoNCE(a, b, { negatives: x, temperature: 0.7 }), each);
});

test("reductions", () => {
  for (const options of matching) {
    expect(expectReductions((reduction) => infoNCE(a, b, { ...options, reduction })).shape).toEqual([5]);
  }
  expect(expectReductions((reduction) => ntXent(a, b, { reduction })).shape).toEqual([10]);
  expect(expectReductions((reduction) => clip(a, b, { reduction })).shape).toEqual([5]);
  for (const options of ranking) {
    expect(expectReductions((reduction) => multipleNegativesRanking(a, b, { ...options, reduction })).shape).toEqual([
      5,
    ]);
  }
});

test("multiple negatives ranking by cosine is InfoNCE with temperature 1 / scale", () => {
  for (const negatives of [undefined, pool, each]) {
    const shared = negatives?.reshape([-1, 4]); // hard negatives of one anchor are candidates of all
    expect(multipleNegativesRanking(a, b, { negatives }).item()).toBeCloseTo(
      infoNCE(a, b, { negatives: shared, temperature: 1 / 20 }).item(),
      10,
    );
  }
  expect(multipleNegativesRanking(a, b, { scale: 1, similarity: "dot" }).item()).toBeCloseTo(
    infoNCE(a, b, { temperature: 1, normalize: false }).item(),
    10,
  );
});

test("CLIP is symmetric InfoNCE, and symmetric multiple negatives ranking", () => {
  expect(clip(a, b).item()).toBe(infoNCE(a, b, { symmetric: true }).item());
  expect(clip(a, b).item()).toBeCloseTo(clip(b, a).item(), 12);
  const directions = ["queryToDocument", "documentToQuery"] as const;
  const both = multipleNegativesRanking(a, b, { scale: 1 / 0.07, directions, partition: "perDirection" });
  expect(both.item()).toBeCloseTo(clip(a, b).item(), 10);
});

test("NT-Xent is InfoNCE in both directions with the negatives of the same view", () => {
  const both = infoNCE(a, b, { symmetric: true, sameView: true, temperature: 0.5 });
  expect(ntXent(a, b).item()).toBeCloseTo(both.item(), 12);
});

test("a memory bank in place of the batch: cross-entropy over the positive and the bank", () => {
  const [q, k, bank] = [a, b, pool].map((x) => x.normalize());
  const positive = q.mul(k).sum(1, { keepDims: true });
  const logits = positive
    .sub(q.matmul(bank, { transposeB: true }))
    .neg()
    .div(0.07); // relative to the positive
  const expected = logits.exp().sum(1).log1p().mean();
  expect(infoNCE(a, b, { negatives: pool, inBatch: false }).item()).toBeCloseTo(expected.item(), 10);
});

test("the same negatives for every query, listed once or for each", () => {
  const listed = tensor(Array.from({ length: 5 }, () => pool.toArray()) as number[][][], { dtype: "float64" });
  expect(infoNCE(a, b, { negatives: listed }).item()).toBeCloseTo(infoNCE(a, b, { negatives: pool }).item(), 12);
});

test("hardness adds a constant to the logits: no strength is no change, and the gradient passes it by", () => {
  const plain = multipleNegativesRanking(a, b, { negatives: each, scale: 3 }).item();
  for (const hardness of ["inBatchNegatives", "hardNegatives", "allNegatives"] as const) {
    const of = (hardnessStrength: number) =>
      multipleNegativesRanking(a, b, { negatives: each, scale: 3, hardness, hardnessStrength }).item();
    expect(of(0)).toBeCloseTo(plain, 12);
    expect(of(2)).not.toBeCloseTo(plain, 3);
  }
});

test("the gradient reaches the negatives and a learned temperature", () => {
  const [negatives, s] = [tensor(pool, { requiresGrad: true }), tensor(1, { requiresGrad: true })];
  const loss = infoNCE(a, b, { negatives, temperature: s.neg().exp() });
  for (const g of grad(loss, [negatives, s])) expect(g.abs().sum().item()).toBeGreaterThan(0);
});

test("the order of the pairs does not matter", () => {
  const order = [2, 4, 1, 0, 3];
  const [q, k] = [permuted(a, order), permuted(b, order)];
  for (const loss of [infoNCE, ntXent, clip, multipleNegativesRanking]) {
    expect(loss(q, k).item()).toBeCloseTo(loss(a, b).item(), 10);
  }
});

test("one pair without negatives has loss 0 and gradient 0", () => {
  const one = tensor([[1, 2, 3]]);
  const other = tensor([[-1, 0.5, 3]]);
  for (const loss of [infoNCE, ntXent, clip, multipleNegativesRanking]) expectZero((q, k) => loss(q, k), one, other);
  expectZero((q, k) => infoNCE(q, k, { symmetric: true, sameView: true, normalize: false }), one, other);
  const directions = ["queryToDocument", "queryToQuery", "documentToDocument"] as const;
  expectZero((q, k) => multipleNegativesRanking(q, k, { directions }), one, other);
});

test("degenerate pairs, and similarities of 1e8, stay finite in float32", () => {
  for (const options of matching) {
    expectFiniteEverywhere("infoNCE", (q, k) => infoNCE(q, k, floatOptions(options)));
  }
  expectFiniteEverywhere("infoNCE", (q, k) => infoNCE(q, k, { temperature: 1e-4 }));
  expectFiniteEverywhere("ntXent", (q, k) => ntXent(q, k));
  expectFiniteEverywhere("mnr", (q, k) =>
    multipleNegativesRanking(q, k, { directions: everywhere, similarity: "dot" }),
  );
  expectFinite("1e4", (q, k) => infoNCE(q, k, { normalize: false }), tensor([[1e4], [-1e4]]), tensor([[-1], [1]]));
});

test("identical pairs have loss log(candidates), and no mutual information", () => {
  const same = tensor(Array.from({ length: 8 }, () => [1, 2]));
  expect(infoNCE(same, same).item()).toBeCloseTo(Math.log(8), 6);
  expect(ntXent(same, same).item()).toBeCloseTo(Math.log(15), 6);
  expect(metrics.mutualInformationBound(infoNCE(same, same), 8)).toBeCloseTo(0, 6);
});

test("errors", () => {
  const names: [string, string, string, (q: Tensor, k: Tensor, options?: object) => Tensor][] = [
    ["infoNCE", "queries", "keys", infoNCE],
    ["ntXent", "view1", "view2", ntXent],
    ["clip", "images", "texts", clip],
    ["multipleNegativesRanking", "anchors", "positives", multipleNegativesRanking],
  ];
  const row = tensor([[1, 2]]);
  for (const [name, first, second, loss] of names) {
    expect(() => loss(tensor([1, 2]), row)).toThrow(`${name}: ${first} must be [n, d], got shape [2]`);
    expect(() => loss(row, tensor([[1]]))).toThrow(`${name}: ${second} [1, 1] must have the shape of ${first}, [1, 2]`);
    expect(() => loss(row.slice({ stop: 0 }), row.slice({ stop: 0 }))).toThrow(`${name}: ${first} [0, 2] is empty`);
    expect(() => loss(row.to("int32"), row)).toThrow(`${name}: ${first} must be float32 or float64, got int32`);
    expect(() => loss(row, row, { reduction: "batchMean" })).toThrow(`${name}: reduction must be one of`);
    expect(() => loss(row, row, { temprature: 1 })).toThrow(`${name}: unknown option "temprature"`);
    if (name === "multipleNegativesRanking") continue;
    expect(() => loss(row, row, { temperature: 0 })).toThrow(`${name}: temperature must be a number > 0, got 0`);
    expect(() => loss(row, row, { temperature: tensor([1, 1]) })).toThrow(
      `${name}: temperature must be a number or a tensor with one element, got [2]`,
    );
  }
  for (const loss of [infoNCE, multipleNegativesRanking]) {
    expect(() => loss(row, row, { negatives: [[1, 2, 3]] })).toThrow(
      `${loss.name}: negatives must be [m, 2], shared by all, or [1, m, 2], m for each, got [1, 3]`,
    );
    expect(() => loss(row, row, { negatives: [[[1, 2]], [[1, 2]]] })).toThrow("got [2, 1, 2]");
  }
  const where = "infoNCE: inBatch false needs negatives, and neither symmetric nor sameView";
  expect(() => infoNCE(row, row, { inBatch: false })).toThrow(where);
  expect(() => infoNCE(row, row, { inBatch: false, negatives: row, symmetric: true })).toThrow(where);
  expect(() => infoNCE(row, row, { normalize: 1 as never })).toThrow("normalize must be one of true, false, got 1");
  const rank = (options: object) => () => multipleNegativesRanking(row, row, options);
  expect(rank({ scale: -1 })).toThrow("multipleNegativesRanking: scale must be a number > 0, got -1");
  expect(rank({ similarity: "euclidean" })).toThrow('similarity must be one of "cosine", "dot", got "euclidean"');
  expect(rank({ directions: ["documentToQuery"] })).toThrow('directions must be a list that has "queryToDocument"');
  expect(rank({ directions: ["queryToDocument", "sideways"] })).toThrow("directions must be one of");
  expect(rank({ partition: "separate" })).toThrow('partition must be one of "joint", "perDirection"');
  expect(rank({ directions: ["queryToDocument", "queryToQuery"], partition: "perDirection" })).toThrow(
    'partition "perDirection" needs the pair among each direction\'s candidates, and "queryToQuery" lacks it; use "joint"',
  );
  expect(rank({ hardness: "hard" })).toThrow('hardness must be one of "none", "inBatchNegatives"');
  expect(rank({ hardness: "hardNegatives", negatives: [[1, 2]] })).toThrow('"hardNegatives" needs negatives [n, k, d]');
  expect(rank({ hardnessStrength: -1 })).toThrow("hardnessStrength must be a number >= 0, got -1");
  expect(() => metrics.mutualInformationBound(1, 0)).toThrow(
    "candidates must be a number that is whole and >= 1, got 0",
  );
});
