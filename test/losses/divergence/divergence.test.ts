import { describe, expect, test } from "vitest";
import { type Tensor, type TensorLike, tensor } from "../../../src/index.ts";
import { crossEntropy, entropy, klDivergence } from "../../../src/losses/index.ts";
import { input, testGolden } from "../classification-golden.ts";
import { gradientAt, values } from "../compare.ts";

const slopes = (x: TensorLike, loss: (x: Tensor) => Tensor) => values(gradientAt(x, loss));

describe("entropy", () => {
  testGolden("entropy");

  test("is 0 of a certain outcome and log n of a uniform one", () => {
    expect(entropy([0, 1, 0]).item()).toBeCloseTo(0);
    expect(entropy([[0.25, 0.25, 0.25, 0.25]]).item()).toBeCloseTo(Math.log(4), 6);
  });

  test("has gradient -log p - 1, given as 0 at p = 0", () => {
    const g = slopes([0, 1, 0.5], (p) => entropy(p));
    expect(g[0]).toBe(0);
    expect(g[1]).toBeCloseTo(-1, 6);
    expect(g[2]).toBeCloseTo(Math.LN2 - 1, 6);
  });

  test("says what is wrong with its arguments", () => {
    expect(() => entropy([1.5, -0.5])).toThrow(
      "entropy: probabilities[0] is 1.5, but must be in [0, 1]; for logits pass logits.softmax(1)",
    );
    expect(() => entropy(0.5)).toThrow("entropy: probabilities must be [n, classes, ...] or [classes], got a number");
    expect(() => entropy([0.5, 0.5], { axis: 3 })).toThrow("axis 3 is out of range");
  });
});

describe("klDivergence", () => {
  testGolden("klDivergence");

  test("and entropy add up to cross-entropy: H(p, q) = D(p || q) + S(p)", () => {
    for (const [x, p] of [
      ["logits", "soft"],
      ["logits", "sparse"],
      ["logits", "hard"],
    ]) {
      const kl = klDivergence(input(x).logSoftmax(1), input(p));
      expect(kl.add(entropy(input(p))).item()).toBeCloseTo(crossEntropy(input(x), input(p)).item(), 12);
    }
    const [q, p] = [
      [1, 2, 0.5],
      [0.2, 0.5, 0.3],
    ];
    const single = klDivergence(tensor(q).logSoftmax(0), p).add(entropy(p));
    expect(single.item()).toBeCloseTo(crossEntropy(q, p).item(), 6);
  });

  test("is 0 of a distribution from itself, and positive otherwise", () => {
    expect(klDivergence(input("logq"), input("logq").exp()).item()).toBeCloseTo(0, 12);
    expect(klDivergence(input("logq"), input("soft")).item()).toBeGreaterThan(0);
    expect(klDivergence(input("logq"), input("soft"), { reverse: true }).item()).toBeGreaterThan(0);
  });

  test("reversed is the divergence with its arguments exchanged", () => {
    const [q, p] = [input("logq"), input("logp")];
    const reversed = klDivergence(q, p, { logTarget: true, reverse: true }).item();
    expect(reversed).toBeCloseTo(klDivergence(p, q, { logTarget: true }).item(), 12);
    expect(reversed).toBeCloseTo(klDivergence(q, p.exp(), { reverse: true }).item(), 12);
  });

  test("averages over the batch, not over the classes, unless told", () => {
    const [q, p] = [input("logq"), input("soft")];
    const total = klDivergence(q, p, { reduction: "sum" }).item();
    expect(klDivergence(q, p).item()).toBeCloseTo(total / 5, 12);
    expect(klDivergence(q, p, { reduction: "mean" }).item()).toBeCloseTo(total / 20, 12);
  });

  test("takes a vector for one distribution", () => {
    const half = [Math.log(0.5), Math.log(0.5)];
    expect(klDivergence(half, [1, 0]).item()).toBeCloseTo(Math.LN2, 6);
  });

  test("has terms and gradients of 0 where the weight is 0", () => {
    const never = Number.NEGATIVE_INFINITY;
    expect(slopes([0, never], (q) => klDivergence(q, [1, 0]))).toEqual([-1, 0]);
    expect(slopes([0, never], (q) => klDivergence(q, [0, never], { logTarget: true }))).toEqual([-1, 0]);
    expect(slopes([0, never], (q) => klDivergence(q, [0, never], { logTarget: true, reverse: true }))).toEqual([1, 0]);
    expect(slopes([1, 0], (p) => klDivergence([0, -1], p)).every(Number.isFinite)).toBe(true);
    expect(slopes([0, never], (t) => klDivergence([-1, -1], t, { logTarget: true }))).toEqual([2, 0]);
  });

  test("is infinite where only the other distribution is 0", () => {
    expect(klDivergence([0, Number.NEGATIVE_INFINITY], [0.5, 0.5]).item()).toBe(Number.POSITIVE_INFINITY);
    expect(klDivergence([-0.5, -1], [1, 0], { reverse: true }).item()).toBe(Number.POSITIVE_INFINITY);
  });

  test("says what is wrong with its arguments", () => {
    expect(() => klDivergence([-1, -1], [-1, -1])).toThrow(
      "klDivergence: target[0] is -1, but must be in [0, 1]; for log-probabilities set logTarget: true",
    );
    expect(() => klDivergence([[-1, -1]], [0.5, 0.5])).toThrow(
      "klDivergence: target [2] must have the shape of logProbabilities, [1, 2]",
    );
    expect(() => klDivergence([-1], [1], { reverse: "yes" as never })).toThrow(
      'klDivergence: reverse must be one of true, false, got "yes"',
    );
    expect(() => klDivergence([-1], [1], { reduction: "batchmean" as never })).toThrow(
      'klDivergence: reduction must be one of "none", "mean", "sum", "batchMean", got "batchmean"',
    );
  });
});
