import { expect, test } from "vitest";
import { entmax15, sparsemax } from "../../../src/functional/index.ts";
import { losses, random, type Tensor, tensor } from "../../../src/index.ts";
import { close, gradientAt, values } from "../compare.ts";

const generator = new random.Generator("sparse");
const logits = generator.normal([5, 4], { std: 1.5, dtype: "float64" });
const soft = generator.normal([5, 4], { dtype: "float64" }).softmax(1);
const labels = generator.integers([5], { high: 4 });
const none = { reduction: "none" } as const;

test("the gradients of the losses are predicted distribution less target", () => {
  for (const [loss, map] of [
    [losses.sparsemax, sparsemax],
    [losses.entmax15, entmax15],
    [losses.fenchelYoung, (x: Tensor) => x.softmax(1)],
  ] as const) {
    const gradient = gradientAt(logits, (x) => loss(x, soft, { reduction: "sum" }));
    close(gradient, values(map(logits).sub(soft)), 12);
  }
});

test("they are 0 at the target distribution, and nowhere below", () => {
  const sparse = tensor([[0.7, 0.3, 0, 0]], { dtype: "float64" });
  expect(losses.sparsemax(sparse, sparse).item()).toBeCloseTo(0, 12);
  expect(losses.entmax15(sparse.sqrt().mul(2), sparse).item()).toBeCloseTo(0, 12);
  for (const loss of [losses.sparsemax, losses.entmax15]) {
    for (const v of values(loss(logits, soft, none))) expect(v).toBeGreaterThan(0);
  }
});

test("two classes of sparsemax are the binary loss, a quarter of the modified Huber loss", () => {
  for (const x of [-3, -1, -0.4, 0, 0.7, 1, 2]) {
    const [two, one] = [losses.sparsemax([x, 0], 0), losses.binarySparsemax(x, 1)];
    expect(two.item()).toBeCloseTo(one.item(), 6);
    expect(losses.modifiedHuber(x, 1).item()).toBeCloseTo(4 * one.item(), 6);
  }
});

test("a Fenchel-Young loss is the loss of its conjugate", () => {
  const options = { reduction: "none" } as const;
  close(losses.fenchelYoung(logits, labels, options), values(losses.crossEntropy(logits, labels, none)), 12);
  const halfSquare = (t: Tensor, axis: number) => t.square().sum(axis).div(2);
  const omegaConjugate = (x: Tensor, axis: number) => {
    const p = sparsemax(x, axis);
    return p.mul(x).sum(axis).sub(halfSquare(p, axis));
  };
  const young = losses.fenchelYoung(logits, soft, { omegaConjugate, omega: halfSquare, ...none });
  close(young, values(losses.sparsemax(logits, soft, none)), 12);
  const perceptron = losses.fenchelYoung(logits, labels, { omegaConjugate: (x, axis) => x.max(axis), ...none });
  close(perceptron, values(losses.crammerSinger(logits, labels, { margin: 0, ...none })), 12);
});

test("a conjugate that is not one value for each row is refused", () => {
  const omegaConjugate = (x: Tensor) => x.sum();
  expect(() => losses.fenchelYoung(logits, labels, { omegaConjugate })).toThrow(
    "fenchelYoung: what omegaConjugate returns must have shape [5], got []",
  );
});

test("a logit of -Infinity leaves its class out", () => {
  for (const loss of [losses.sparsemax, losses.entmax15, losses.fenchelYoung, losses.biTempered]) {
    const without = [Number.NEGATIVE_INFINITY, 0.5, 0.2];
    expect(loss(without, 1).item()).toBeCloseTo(loss([0.5, 0.2], 0).item(), 6);
    const gradient = values(gradientAt(without, (x) => loss(x, 1)));
    close(
      gradientAt([0.5, 0.2], (x) => loss(x, 0)),
      gradient.slice(1),
      6,
    );
    expect(gradient[0]).toBe(0);
  }
});
