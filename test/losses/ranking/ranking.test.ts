import { expect, test } from "vitest";
import { tensor } from "../../../src/index.ts";
import { knowledgeGraphMarginRanking, marginRanking } from "../../../src/losses/index.ts";
import { input, testGolden } from "../metric-golden.ts";
import { differentiate, expectDerivatives, expectFinite, expectReductions, expectZero } from "../metric-properties.ts";

testGolden("marginRanking");
testGolden("knowledgeGraphMarginRanking");

const [s, t, signs] = [input("s"), input("t"), input("signs")];

test("derivatives away from the kink", () => {
  expectDerivatives((a, b) => marginRanking(a, b, signs, { margin: 0.4 }), s, t);
  for (const pairs of ["all", "aligned"] as const)
    for (const score of ["distance", "similarity"] as const)
      expectDerivatives((a, b) => knowledgeGraphMarginRanking(a, b, { pairs, score, margin: 0.7 }), s, t);
});

test("reductions", () => {
  expectReductions((reduction) => marginRanking(s, t, signs, { reduction }));
  const terms = expectReductions((reduction) => knowledgeGraphMarginRanking(s, t, { reduction }));
  expect(terms.shape).toEqual([5, 5]);
  const each = expectReductions((reduction) =>
    knowledgeGraphMarginRanking(s, input("u"), { pairs: "aligned", reduction }),
  );
  expect(each.shape).toEqual([5, 3]);
});

test("the gradient at the kink is 0, so equal scores without a margin do not move", () => {
  expectZero((a, b) => marginRanking(a, b, [1, -1]), tensor([2, 3]), tensor([2, 3]));
  expectZero((a, b) => knowledgeGraphMarginRanking(a, b), tensor([2]), tensor([3]));
});

test("with a margin, equal scores do move, apart", () => {
  const { value, gradients } = differentiate(
    (a, b) => marginRanking(a, b, [1], { margin: 1 }),
    tensor([2]),
    tensor([2]),
  );
  expect([value, ...gradients]).toEqual([1, [-1], [1]]);
});

test("aligned facts by distance are margin ranking of the negative above the positive", () => {
  const aligned = knowledgeGraphMarginRanking(s, t, { pairs: "aligned", margin: 0.3 });
  expect(aligned.item()).toBe(marginRanking(t, s, 1, { margin: 0.3, reduction: "sum" }).item());
});

test("a single target is for all", () => {
  const each = marginRanking(s, t, [-1, -1, -1, -1, -1], { margin: 0.3, reduction: "none" });
  expect(marginRanking(s, t, -1, { margin: 0.3, reduction: "none" }).toArray()).toEqual(each.toArray());
});

test("a similarity is a negated distance", () => {
  const distance = knowledgeGraphMarginRanking(s, t, { reduction: "none" }).toArray();
  const similarity = knowledgeGraphMarginRanking(s.neg(), t.neg(), { score: "similarity", reduction: "none" });
  expect(similarity.toArray()).toEqual(distance);
});

test("no positives or no negatives give a sum of 0", () => {
  expectZero((a) => knowledgeGraphMarginRanking(a, tensor([1]).slice({ stop: 0 })), tensor([1, 2]));
  expect(() => knowledgeGraphMarginRanking(tensor([1]).slice({ stop: 0 }), [1], { reduction: "mean" })).toThrow(
    "knowledgeGraphMarginRanking: the batch is empty; a mean needs at least one element",
  );
});

test("scores of 1e4 stay finite in float32", () => {
  expectFinite("marginRanking", (a, b) => marginRanking(a, b, [1, -1]), tensor([1e4, -1e4]), tensor([-1e4, 1e4]));
});

test("errors", () => {
  expect(() => marginRanking([1, 2], [1, 2], [0, 1])).toThrow(
    "marginRanking: targets[0] is 0, but must be 1 or -1; map {0, 1} labels with labels.mul(2).sub(1)",
  );
  expect(() => marginRanking([1, 2], [1], [1, 1])).toThrow("marginRanking: x2 [1] must have the shape of x1, [2]");
  expect(() => marginRanking([1, 2], [1, 2], [1])).toThrow("marginRanking: targets [1] must have the shape of x1, [2]");
  expect(() => marginRanking([1], [1], [1], { margin: -1 })).toThrow("margin must be a number >= 0, got -1");
  // @ts-expect-error: a misspelt option
  expect(() => marginRanking([1], [1], [1], { margn: 1 })).toThrow(
    'unknown option "margn"; it takes margin, reduction',
  );
  // @ts-expect-error: not a reduction
  expect(() => marginRanking([1], [1], [1], { reduction: "avg" })).toThrow(
    'reduction must be one of "none", "mean", "sum", got "avg"',
  );
  expect(() => marginRanking([], [], [])).toThrow(
    "marginRanking: the batch is empty; a mean needs at least one element",
  );
  expect(() => marginRanking(tensor([1], { dtype: "int32" }), [1], [1])).toThrow("x1 must be float32 or float64");
  const where = "knowledgeGraphMarginRanking";
  expect(() => knowledgeGraphMarginRanking([[1]], [1])).toThrow(
    `${where}: pairs "all" needs two lists of scores, got positive [1, 1] and negative [1]; use flatten() or "aligned"`,
  );
  expect(() => knowledgeGraphMarginRanking([1, 2], [1], { pairs: "aligned" })).toThrow(
    `${where}: pairs "aligned" needs one shape, or negative with one more last axis, got positive [2] and negative [1]`,
  );
  // @ts-expect-error: not a choice
  expect(() => knowledgeGraphMarginRanking([1], [1], { pairs: "each" })).toThrow(
    'pairs must be one of "all", "aligned"',
  );
  // @ts-expect-error: not a choice
  expect(() => knowledgeGraphMarginRanking([1], [1], { score: "cosine" })).toThrow('score must be one of "distance"');
  expect(() => knowledgeGraphMarginRanking([1], [1], { margin: -0.1 })).toThrow("margin must be a number >= 0");
});
