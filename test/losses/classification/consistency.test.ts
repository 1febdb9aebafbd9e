import { expect, test } from "vitest";
import { losses, random, stack } from "../../../src/index.ts";
import { close, values } from "../compare.ts";

const generator = new random.Generator("consistency");
const draw = () => generator.normal([5, 4], { std: 1.5, dtype: "float64" });
const [logits, other] = [draw(), draw()];
const labels = generator.integers([5], { high: 4 });
const none = { reduction: "none" } as const;
const crossEntropy = values(losses.crossEntropy(logits, labels, none));

test("predictions that agree cost their cross-entropy alone, and twice it for two passes", () => {
  const shifted = logits.add(3);
  close(losses.jensenShannonConsistency(logits, stack([shifted, logits]), labels, none), crossEntropy, 12);
  close(
    losses.rDrop(logits, shifted, labels, none),
    crossEntropy.map((v) => 2 * v),
    12,
  );
});

test("R-Drop does not ask which pass came first", () => {
  close(losses.rDrop(logits, other, labels, none), values(losses.rDrop(other, logits, labels, none)), 12);
});

test("the consistency of certain and contrary predictions is log 2, without a clamp", () => {
  const apart = losses.jensenShannonConsistency([[1e4, 0]], [[[0, 1e4]]], [0], { alpha: 1 });
  expect(apart.item()).toBeCloseTo(Math.LN2, 6);
});

test("smoothing is that of crossEntropy", () => {
  const options = { labelSmoothing: 0.2, ...none };
  const found = losses.jensenShannonConsistency(logits, stack([other]), labels, { alpha: 0, ...options });
  close(found, values(losses.crossEntropy(logits, labels, options)), 12);
});

test("a confidence penalty of 0 is cross-entropy", () => {
  close(losses.confidencePenalty(logits, labels, { beta: 0, ...none }), crossEntropy, 12);
});

test("augmented logits without a view are refused", () => {
  expect(() => losses.jensenShannonConsistency([[1, 2]], 3, [0])).toThrow(
    "augmentedLogits [] must hold at least one view",
  );
});

test("the length of the logits does not matter to focalCosine, and its parts are those of its definition", () => {
  const found = values(losses.focalCosine(logits, labels, none));
  close(losses.focalCosine(logits.mul(7), labels, none), found, 12);
  const unit = logits.normalize({ axis: 1 });
  const cosine = losses.focalCosine(logits, labels, { focalWeight: 0, ...none });
  const focal = losses.softmaxFocal(unit, labels, none);
  close(cosine.add(focal.mul(0.1)), found, 12);
});
