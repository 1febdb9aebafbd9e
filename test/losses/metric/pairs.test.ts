import { expect, test } from "vitest";
import { functional, tensor } from "../../../src/index.ts";
import { type ContrastiveOptions, contrastive, cosineEmbedding, hingeEmbedding } from "../../../src/losses/index.ts";
import { input, testGolden } from "../metric-golden.ts";
import {
  differentiate,
  expectDerivatives,
  expectFiniteEverywhere,
  expectReductions,
  expectZero,
  permuted,
} from "../metric-properties.ts";

testGolden("contrastive");
testGolden("hingeEmbedding");
testGolden("cosineEmbedding");

const [a, b, binary, signs] = [input("a"), input("b"), input("binary"), input("signs")];

const variants: ContrastiveOptions[] = [
  { positiveLabel: 1, margin: 2.5 },
  { positiveLabel: 0, half: true, margin: 2.5 },
  { positiveLabel: 1, squared: false, margin: 2.5 },
  { positiveLabel: 1, posMargin: 0.3, margin: 2.5 },
  { positiveLabel: 1, distance: "cosine" },
  { positiveLabel: 1, distance: "manhattan", margin: 5 },
  { preset: "pml" },
];

test("derivatives away from the kinks", () => {
  for (const options of variants) expectDerivatives((x, y) => contrastive(x, y, binary, options), a, b);
  expectDerivatives((x) => hingeEmbedding(x, signs), input("distances"));
  expectDerivatives((x, y) => cosineEmbedding(x, y, signs, { margin: -0.5 }), a, b);
});

test("reductions", () => {
  for (const options of variants.slice(0, 6)) {
    expectReductions((reduction) => contrastive(a, b, binary, { ...options, reduction } as ContrastiveOptions));
  }
  expectReductions((reduction) => hingeEmbedding(input("distances"), signs, { reduction }));
  expectReductions((reduction) => cosineEmbedding(a, b, signs, { reduction }));
});

test("degenerate pairs stay finite in float32", () => {
  for (const options of variants) {
    expectFiniteEverywhere(JSON.stringify(options), (x, y) => contrastive(x, y, [0, 1, 0, 1], options));
  }
  expectFiniteEverywhere("cosineEmbedding", (x, y) => cosineEmbedding(x, y, [1, -1, 1, -1]));
});

test("at distance 0 both terms have gradient 0, though the dissimilar one has a loss", () => {
  const same = tensor([[1, 2]]);
  for (const squared of [true, false]) {
    expectZero((x, y) => contrastive(x, y, [1], { positiveLabel: 1, squared }), same, same);
    const apart = differentiate((x, y) => contrastive(x, y, [0], { positiveLabel: 1, squared }), same, same);
    expect(apart).toEqual({
      value: 1,
      gradients: [
        [0, 0],
        [0, 0],
      ],
    });
  }
});

test("at the margin, and beyond, a dissimilar pair has gradient 0", () => {
  for (const x of [2, 3]) {
    expectZero(
      (u, v) => contrastive(u, v, [0], { positiveLabel: 1, margin: 2, squared: false }),
      tensor([[0, x]]),
      tensor([[0, 0]]),
    );
  }
  expectZero((x) => hingeEmbedding(x, [-1]), tensor([1]));
  expectZero((x, y) => cosineEmbedding(x, y, [-1]), tensor([[1, 0]]), tensor([[0, -1]]));
});

test("swapping the labels and positiveLabel is the same loss", () => {
  const swapped = contrastive(a, b, binary.neg().add(1), { positiveLabel: 0 });
  expect(swapped.item()).toBe(contrastive(a, b, binary, { positiveLabel: 1 }).item());
});

test("hadsell2006 is half of siamese with the labels swapped, and given options override a preset", () => {
  const siamese = contrastive(a, b, binary, { preset: "siamese" }).item();
  const hadsell = contrastive(a, b, binary.neg().add(1), { preset: "hadsell2006" }).item();
  expect(hadsell).toBeCloseTo(siamese / 2, 12);
  expect(contrastive(a, b, binary, { preset: "hadsell2006", positiveLabel: 1, half: false }).item()).toBe(siamese);
});

test("with margin 0 dissimilar pairs are left alone", () => {
  expect(contrastive([[1], [3]], [[0], [0]], [1, 0], { positiveLabel: 1, margin: 0, reduction: "sum" }).item()).toBe(1);
  expect(hingeEmbedding([2, 3], [1, -1], { margin: 0, reduction: "sum" }).item()).toBe(2);
});

test("a distance may be a function", () => {
  const cosine = contrastive(a, b, binary, { positiveLabel: 1, distance: "cosine" }).item();
  const own = contrastive(a, b, binary, {
    positiveLabel: 1,
    distance: (x, y) => functional.cosineSimilarity(x, y).neg().add(1),
  });
  expect(own.item()).toBeCloseTo(cosine, 12);
});

test("meanNonZero averages the pairs that have a loss, similar and dissimilar ones apart", () => {
  const at = (...d: number[]) => tensor(d.map((v) => [v]));
  const loss = contrastive(at(0, 2, 4, 0.25, 9), at(0, 0, 0, 0, 0), [1, 1, 1, 0, 0], {
    positiveLabel: 1,
    squared: false,
    reduction: "meanNonZero",
  });
  expect(loss.item()).toBe(3 + 0.75);
  expectZero(
    (x, y) => contrastive(x, y, [1], { positiveLabel: 1, reduction: "meanNonZero" }),
    tensor([[1]]),
    tensor([[1]]),
  );
});

test("the order of the pairs does not matter", () => {
  const order = [3, 1, 4, 0, 2];
  const [x, y, z] = [a, b, binary].map((t) => permuted(t, order));
  expect(contrastive(x, y, z, { preset: "siamese" }).item()).toBeCloseTo(
    contrastive(a, b, binary, { preset: "siamese" }).item(),
    12,
  );
});

test("a single pair of vectors without a batch axis", () => {
  expect(contrastive([3, 4], [0, 0], 1, { positiveLabel: 1 }).item()).toBe(25);
  expect(cosineEmbedding([3, 0], [0, 4], 1).item()).toBe(1);
});

test("contrastive needs to be told which label means similar", () => {
  const missing =
    "contrastive: positiveLabel must say which label marks a similar pair: 0 (Hadsell et al. 2006) or 1 (most libraries)";
  // @ts-expect-error: positiveLabel is required
  expect(() => contrastive([[1]], [[1]], [1])).toThrow(missing);
  // @ts-expect-error: positiveLabel is required
  expect(() => contrastive([[1]], [[1]], [1], { margin: 2 })).toThrow(missing);
  // @ts-expect-error: 0 or 1
  expect(() => contrastive([[1]], [[1]], [1], { positiveLabel: -1 })).toThrow(
    "positiveLabel must be one of 0, 1, got -1",
  );
});

test("errors", () => {
  const options = { positiveLabel: 1 } as const;
  expect(() => contrastive([[1], [2]], [[1], [2]], [1, -1], options)).toThrow(
    "contrastive: labels[1] is -1, but must be 0 or 1; map +-1 labels with labels.add(1).div(2)",
  );
  expect(() => contrastive([[1, 2]], [[1]], [1], options)).toThrow(
    "contrastive: x2 [1, 1] must have the shape of x1, [1, 2]",
  );
  expect(() => contrastive([[1, 2]], [[1, 2]], [[1, 1]], options)).toThrow(
    "contrastive: labels must have shape [1], got [1, 2]",
  );
  expect(() => contrastive(1, 1, 1, options)).toThrow("contrastive: x1 must be [n, d], got shape []");
  expect(() => contrastive([[1]], [[1]], [1], { ...options, margin: -1 })).toThrow(
    "margin must be a number >= 0, got -1",
  );
  expect(() => contrastive([[1]], [[1]], [1], { ...options, posMargin: -1 })).toThrow(
    "posMargin must be a number >= 0",
  );
  // @ts-expect-error: not a boolean
  expect(() => contrastive([[1]], [[1]], [1], { ...options, half: 0.5 })).toThrow(
    "half must be one of true, false, got 0.5",
  );
  // @ts-expect-error: not a distance
  expect(() => contrastive([[1]], [[1]], [1], { ...options, distance: "cosin" })).toThrow(
    'distance must be one of "euclidean", "cosine", "manhattan", got "cosin"',
  );
  // @ts-expect-error: not a preset
  expect(() => contrastive([[1]], [[1]], [1], { preset: "hadsell" })).toThrow('preset must be one of "hadsell2006"');
  // @ts-expect-error: a misspelt option
  expect(() => contrastive([[1]], [[1]], [1], { ...options, margins: 1 })).toThrow('unknown option "margins"');
  // @ts-expect-error: not a reduction
  expect(() => contrastive([[1]], [[1]], [1], { ...options, reduction: "batch" })).toThrow("reduction must be one of");
  expect(() => contrastive([[1, 2]], [[1, 2]], [1], { ...options, distance: (x) => x })).toThrow(
    "contrastive: distance(x1, x2) must have shape [1], got [1, 2]",
  );
  // @ts-expect-error: not a tensor
  expect(() => contrastive([[1, 2]], [[1, 2]], [1], { ...options, distance: () => 5 })).toThrow(
    "contrastive: distance(x1, x2) must have shape [1], got []",
  );
  const none = tensor([[1, 2]]).slice({ stop: 0 });
  expect(() => contrastive(none, none, [], options)).toThrow(
    "contrastive: the batch is empty; a mean needs at least one element",
  );
  expect(() => contrastive(none, none, [], { preset: "pml" })).toThrow("contrastive: x1 [0, 2] is empty");
  expect(() => hingeEmbedding([1], [0])).toThrow("hingeEmbedding: targets[0] is 0, but must be 1 or -1");
  expect(() => hingeEmbedding([1, 2], [1])).toThrow(
    "hingeEmbedding: targets [1] must have the shape of distances, [2]",
  );
  expect(() => hingeEmbedding([1], [1], { margin: -1 })).toThrow("margin must be a number >= 0, got -1");
  expect(() => hingeEmbedding([], [])).toThrow("hingeEmbedding: the batch is empty; a mean needs at least one element");
  // @ts-expect-error: a misspelt option
  expect(() => hingeEmbedding([1], [1], { Margin: 1 })).toThrow('hingeEmbedding: unknown option "Margin"');
  expect(() => cosineEmbedding([[1]], [[1]], [0])).toThrow("cosineEmbedding: targets[0] is 0, but must be 1 or -1");
  expect(() => cosineEmbedding([[1]], [[1]], [1], { margin: 2 })).toThrow("margin must be a number in [-1, 1], got 2");
  expect(() => cosineEmbedding([[1]], [[1]], [1], { eps: 0 })).toThrow("eps must be a number > 0, got 0");
  expect(() => cosineEmbedding([[1]], [[1]], [1, 1])).toThrow("cosineEmbedding: targets must have shape [1], got [2]");
  // @ts-expect-error: a misspelt option
  expect(() => cosineEmbedding([[1]], [[1]], [1], { epsilon: 1 })).toThrow('cosineEmbedding: unknown option "epsilon"');
});
