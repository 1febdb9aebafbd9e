import { expect, test } from "vitest";
import { functional, tensor } from "../../../src/index.ts";
import {
  type BatchTripletOptions,
  batchAllTriplet,
  batchHardTriplet,
  miners,
  semiHardTriplet,
  type TripletOptions,
  triplet,
} from "../../../src/losses/index.ts";
import { golden, input, testGolden } from "../metric-golden.ts";
import {
  differentiate,
  expectDerivatives,
  expectFinite,
  expectFiniteEverywhere,
  expectReductions,
  expectZero,
  normal,
  permuted,
} from "../metric-properties.ts";

testGolden("triplet");
testGolden("batchAllTriplet");
testGolden("batchHardTriplet");
testGolden("semiHardTriplet");

const [a, b, c, batch, labels] = [input("a"), input("b"), input("c"), input("batch"), input("batchLabels")];
const inBatch = { batchAllTriplet, batchHardTriplet, semiHardTriplet };

const variants: TripletOptions[] = [
  {},
  { eps: 0 },
  { p: 1, eps: 0 },
  { p: 3 },
  { p: 1.5 },
  { p: Number.POSITIVE_INFINITY },
  { squared: true },
  { swap: true, eps: 0 },
  { soft: true },
  { p: 3, eps: 1e-3, epsPlacement: "sum" },
  { eps: 1e-3, epsPlacement: "sum" },
  { preset: "facenet", normalize: true },
];
const batchVariants: BatchTripletOptions[] = [{}, { squared: true }, { soft: true }, { normalize: true }];

test("derivatives away from the kinks", () => {
  for (const options of variants) {
    expectDerivatives((x, y, z) => triplet(x, y, z, { ...(options.soft ? {} : { margin: 2.1 }), ...options }), a, b, c);
  }
  for (const options of batchVariants) {
    for (const loss of Object.values(inBatch)) expectDerivatives((x) => loss(x, labels, options), batch);
  }
});

test("reductions", () => {
  for (const options of variants) {
    expect(expectReductions((reduction) => triplet(a, b, c, { ...options, reduction })).shape).toEqual([5]);
  }
  const valid = golden.miners.batchAll[0].length;
  const all = expectReductions((reduction) => batchAllTriplet(batch, labels, { reduction }), valid);
  expect(all.shape).toEqual([7, 7, 7]);
  expect(expectReductions((reduction) => batchHardTriplet(batch, labels, { reduction })).shape).toEqual([7]);
  const pairs = 3 * 2 + 2 * 1 + 2 * 1;
  const semi = expectReductions((reduction) => semiHardTriplet(batch, labels, { reduction }), pairs);
  expect(semi.shape).toEqual([7, 7]);
});

test("degenerate triplets stay finite in float32", () => {
  for (const options of variants) {
    expectFiniteEverywhere(JSON.stringify(options), (x, y) => triplet(x, y, y.neg(), options));
  }
  for (const [name, loss] of Object.entries(inBatch)) {
    for (const options of batchVariants) {
      for (const y of [
        [0, 1, 0, 1],
        [0, 0, 0, 0],
        [0, 1, 2, 3],
      ]) {
        expectFiniteEverywhere(name, (x, z) => loss(x, y, options).add(z.sum().mul(0)));
      }
    }
  }
});

test("soft triplets far apart do not overflow float32", () => {
  const far = tensor([[1e4, 0]]);
  const { value } = differentiate((x) => triplet(x, far.neg(), far, { soft: true, eps: 0 }), far);
  expect(value).toBe(2e4);
  expectFinite("batchHard", (x) => batchHardTriplet(x, [0, 0, 1], { soft: true }), tensor([[1e4], [-1e4], [1e4]]));
});

test("a batch without triplets has loss 0 and gradient 0", () => {
  for (const loss of Object.values(inBatch)) {
    for (const reduction of ["mean", "sum"] as const) {
      expectZero((x) => loss(x, [0, 0, 0], { reduction }), tensor([[1], [2], [4]]));
      expectZero((x) => loss(x, [0, 1, 2], { reduction }), tensor([[1], [2], [4]]));
      expectZero((x) => loss(x, [5], { reduction }), tensor([[1]]));
    }
  }
  expectZero((x) => batchAllTriplet(x, [0, 0, 0], { reduction: "meanNonZero" }), tensor([[1], [2], [4]]));
});

test("an anchor without a positive or a negative has no term", () => {
  const x = tensor([[0], [1], [3]]);
  const terms = batchHardTriplet(x, [0, 0, 1], { margin: 5, reduction: "none" });
  expect(terms.toArray()).toEqual([1 - 3 + 5, 1 - 2 + 5, 0]);
  expect(batchHardTriplet(x, [0, 0, 1], { margin: 5 }).item()).toBe(3.5);
  expect(semiHardTriplet(x, [0, 0, 1], { margin: 5 }).item()).toBe(3.5);
});

test("at the hinge's kink, and at distance 0 without eps, the gradient is 0", () => {
  const [anchor, positive, negative] = [tensor([[0, 0]]), tensor([[1, 0]]), tensor([[2, 0]])];
  expectZero((x, y, z) => triplet(x, y, z, { eps: 0 }), anchor, positive, negative);
  const equal = differentiate((x, y, z) => triplet(x, y, z, { eps: 0 }), anchor, anchor, anchor);
  expect(equal.value).toBe(1);
  expect(equal.gradients.flat()).toEqual([0, 0, 0, 0, 0, 0]);
});

test("with torch's eps, equal vectors are sqrt(d) eps apart", () => {
  const x = tensor([[1, 2, 3, 4]], { dtype: "float64" });
  expect(triplet(x, x, x.add(10), { margin: 20 }).item()).toBeCloseTo(2e-6 + 2e-6, 9); // 2e-6 - (20 - 2e-6) + 20
});

test("swap takes the smaller of the two distances to the negative, and shares the gradient of a tie", () => {
  const options = { swap: true, eps: 0, margin: 5 };
  expect(triplet([[0]], [[3]], [[4]], options).item()).toBe(3 - 1 + 5);
  expect(triplet([[3]], [[0]], [[4]], options).item()).toBe(3 - 1 + 5);
  const { gradients } = differentiate((z) => triplet([[0, 1]], [[0, -1]], z, options), tensor([[1, 0]]));
  expect(gradients[0][0]).toBeCloseTo(-Math.SQRT1_2, 6);
  expect(gradients[0][1]).toBe(0);
});

test("a distance may be a function", () => {
  const cosine = (x: typeof a, y: typeof a) => functional.cosineSimilarity(x, y).neg().add(1);
  const unit = [a, b, c].map((x) => x.normalize());
  const loss = triplet(a, b, c, { distance: cosine, margin: 0.3 }).item();
  expect(loss).toBeCloseTo(triplet(unit[0], unit[1], unit[2], { squared: true, margin: 0.6 }).item() / 2, 12);
});

test("facenet is squared with margin 0.2, and given options override a preset", () => {
  const plain = triplet(a, b, c, { squared: true, margin: 0.2 }).item();
  expect(triplet(a, b, c, { preset: "facenet" }).item()).toBe(plain);
  expect(triplet(a, b, c, { preset: "facenet", squared: false, margin: 1 }).item()).toBe(triplet(a, b, c).item());
});

test("soft has no margin unless one is given", () => {
  const options = { soft: true, eps: 0 };
  const violation = triplet(a, b, c, { margin: 100, eps: 0, reduction: "none" }).sub(100);
  expect(triplet(a, b, c, options).item()).toBeCloseTo(violation.softplus().mean().item(), 12);
  expect(triplet(a, b, c, { ...options, margin: 1 }).item()).toBeCloseTo(violation.add(1).softplus().mean().item(), 12);
});

test("the order of the batch does not matter", () => {
  const order = [6, 2, 0, 4, 3, 1, 5];
  for (const options of batchVariants) {
    for (const loss of Object.values(inBatch)) {
      const moved = loss(permuted(batch, order), permuted(labels, order), options).item();
      expect(moved).toBeCloseTo(loss(batch, labels, options).item(), 12);
    }
  }
});

test("distances do not change when all embeddings move by the same vector", () => {
  for (const loss of Object.values(inBatch)) {
    expect(loss(batch.add(3), labels).item()).toBeCloseTo(loss(batch, labels).item(), 9);
  }
});

test("selecting triplets with a miner gives the loss over the batch", () => {
  const pick = ({ anchors, positives, negatives }: miners.Triplets) =>
    [anchors, positives, negatives].map((rows) => batch.indexSelect(0, rows));
  const options = { eps: 0 };
  const [x, y, z] = pick(miners.semiHard(batch, labels));
  expect(triplet(x, y, z, options).item()).toBeCloseTo(semiHardTriplet(batch, labels).item(), 12);
  const [u, v, w] = pick(miners.batchHard(batch, labels));
  expect(triplet(u, v, w, options).item()).toBeCloseTo(batchHardTriplet(batch, labels).item(), 12);
  const [p, q, r] = pick(miners.batchAll(labels));
  for (const reduction of ["sum", "mean", "meanNonZero"] as const) {
    expect(triplet(p, q, r, { ...options, reduction }).item()).toBeCloseTo(
      batchAllTriplet(batch, labels, { reduction }).item(),
      9,
    );
  }
});

test("semi-hard negatives are strictly farther than the positive, and the farthest negative when none is", () => {
  // Anchor 0 at 0, its positive at 2; negatives at 1, 2 (a tie with the positive) and 3.
  const x = tensor([[0], [2], [1], [-2], [3]]);
  const terms = semiHardTriplet(x, [0, 0, 1, 2, 3], { reduction: "none" }).toArray() as number[][];
  expect(terms[0][1]).toBe(2 - 3 + 1);
  const near = tensor([[0], [5], [1], [3]]);
  const inside = semiHardTriplet(near, [0, 0, 1, 2], { reduction: "none" }).toArray() as number[][];
  expect(inside[0][1]).toBe(5 - 3 + 1);
});

test("a batch larger than the subtraction limit agrees with a small one computed by differences", () => {
  const x = normal("large", [130, 70]); // 130 * 130 * 70 > 2^16: distances by the matrix product
  const y = Array.from({ length: 130 }, (_, i) => i % 40);
  const { anchors, positives, negatives } = miners.batchHard(x, y);
  const [u, v, w] = [anchors, positives, negatives].map((rows) => x.indexSelect(0, rows));
  expect(batchHardTriplet(x, y).item()).toBeCloseTo(triplet(u, v, w, { eps: 0 }).item(), 9);
});

test("errors", () => {
  expect(() => triplet([[1, 2]], [[1, 2]], [[1]])).toThrow(
    "triplet: negative [1, 1] must have the shape of anchor, [1, 2]",
  );
  expect(() => triplet(1, 1, 1)).toThrow("triplet: anchor must be [n, d], got shape []");
  const call = (options: object) => () => triplet([[1, 2]], [[1, 2]], [[1, 2]], options);
  expect(call({ margin: -1 })).toThrow("triplet: margin must be a number >= 0, got -1");
  expect(call({ p: 0.5 })).toThrow("triplet: p must be a number >= 1 or Infinity, got 0.5");
  expect(call({ p: 1, squared: true })).toThrow("triplet: squared needs p = 2, got 1");
  expect(call({ eps: -1 })).toThrow("triplet: eps must be a number >= 0, got -1");
  expect(call({ epsPlacement: "inside" })).toThrow('epsPlacement must be one of "difference", "sum", got "inside"');
  expect(call({ p: Number.POSITIVE_INFINITY, epsPlacement: "sum" })).toThrow("p = Infinity has no sum to add eps to");
  expect(call({ distance: "cosine" })).toThrow("distance must be a function, and stands in place of p and squared");
  expect(call({ distance: (x: typeof a) => x })).toThrow("triplet: distance(a, b) must have shape [1], got [1, 2]");
  expect(call({ distance: () => 5 })).toThrow("triplet: distance(a, b) must have shape [1], got []");
  expect(call({ preset: "vgg" })).toThrow('preset must be one of "facenet", "torch", got "vgg"');
  expect(call({ swap: 1 })).toThrow("swap must be one of true, false, got 1");
  expect(call({ reduction: "max" })).toThrow(
    'reduction must be one of "none", "mean", "sum", "meanNonZero", got "max"',
  );
  expect(call({ marign: 1 })).toThrow('triplet: unknown option "marign"; it takes margin, p, squared');
  const none = tensor([[1, 2]]).slice({ stop: 0 });
  expect(() => triplet(none, none, none)).toThrow("triplet: the batch is empty; a mean needs at least one element");
  for (const [name, loss] of Object.entries(inBatch)) {
    expect(() => loss([1, 2], [0, 1])).toThrow(`${name}: embeddings must be [n, d], got shape [2]`);
    expect(() => loss([[1], [2]], [0])).toThrow(`${name}: labels must have shape [2], got [1]`);
    expect(() => loss([[1], [2]], tensor([0, 1]))).toThrow(`${name}: labels must be int32, got float32`);
    expect(() => loss([[1], [2]], [0, 1], { margin: -1 })).toThrow(`${name}: margin must be a number >= 0`);
    expect(() => loss([[1], [2]], [0, 1], { soft: "yes" as never })).toThrow(
      `${name}: soft must be one of true, false`,
    );
    expect(() => loss([[1], [2]], [0, 1], { reduction: "batchMean" as never })).toThrow("reduction must be one of");
    expect(() => loss([[1], [2]], [0, 1], { p: 1 } as never)).toThrow(`${name}: unknown option "p"`);
    expect(() => loss(none, [])).toThrow(/is empty/);
  }
});
