import { describe, expect, test } from "vitest";
import { grad, gradcheck, gradgradcheck, type Tensor, type TensorLike, tensor } from "../../../src/index.ts";
import * as losses from "../../../src/losses/index.ts";
import { input } from "../classification-golden.ts";

// What every loss of classification, regression, divergence and segmentation owes, whatever its formula.

interface Law {
  loss: (x: TensorLike, target: TensorLike, options?: never) => Tensor;
  x: string;
  target: string;
  /** Options under which it is checked too. */
  variants?: readonly object[];
  /** Whether x may be any number. */
  unlimited?: boolean;
}

const weight = [0.5, 2, 0.25, 1.5];
// biome-ignore lint/suspicious/noExplicitAny: losses with options of many types
const law = (loss: any, x: string, target: string, variants: readonly object[] = []): Law => ({
  loss,
  x,
  target,
  variants,
  unlimited: x === "logits",
});

const laws: Record<string, Law> = {
  binaryCrossEntropy: law(losses.binaryCrossEntropy, "p", "fractions", [{ weight }, { clamp: { eps: 1e-3 } }]),
  binaryCrossEntropyWithLogits: law(losses.binaryCrossEntropyWithLogits, "logits", "fractions", [
    { weight, posWeight: weight, labelSmoothing: 0.1 },
  ]),
  negativeLogLikelihood: law(losses.negativeLogLikelihood, "logq", "labels"),
  crossEntropy: law(losses.crossEntropy, "logits", "labels", [{ labelSmoothing: 0.1 }, { weight, meanBy: "count" }]),
  "crossEntropy of probabilities": law(losses.crossEntropy, "logits", "soft", [{ weight, labelSmoothing: 0.1 }]),
  hinge: law(losses.hinge, "logits", "signs", [{ margin: 0.3 }]),
  squaredHinge: law(losses.squaredHinge, "logits", "signs"),
  softMargin: law(losses.softMargin, "logits", "signs"),
  multiMargin: law(losses.multiMargin, "logits", "labels", [{ p: 2, weight, divideByClasses: false }]),
  crammerSinger: law(losses.crammerSinger, "logits", "labels"),
  categoricalHinge: law(losses.categoricalHinge, "logits", "labels"),
  sigmoidFocal: law(losses.sigmoidFocal, "logits", "fractions", [{ alpha: 0.25, gamma: 0.5 }]),
  softmaxFocal: law(losses.softmaxFocal, "logits", "labels", [{ alpha: weight, gamma: 0.5 }]),
  "softmaxFocal of probabilities": law(losses.softmaxFocal, "logits", "soft", [{ alpha: weight, gamma: 0.5 }]),
  poly: law(losses.poly, "logits", "labels", [{ epsilon: [1, -0.5, 2] }]),
  "poly of probabilities": law(losses.poly, "logits", "soft", [{ epsilon: [1, -0.5, 2], divideByIndex: true }]),
  sigmoidPoly: law(losses.sigmoidPoly, "logits", "fractions", [{ epsilon: [1, -0.5, 2] }]),
  polyFocal: law(losses.polyFocal, "logits", "fractions", [{ alpha: 0.25, gamma: 0.5 }]),
  "polyFocal of labels": law(losses.polyFocal, "logits", "labels"),
  meanAbsoluteError: law(losses.meanAbsoluteError, "logits", "targets"),
  meanSquaredError: law(losses.meanSquaredError, "logits", "targets"),
  halfMeanSquaredError: law(losses.halfMeanSquaredError, "logits", "targets"),
  smoothL1: law(losses.smoothL1, "logits", "targets", [{ beta: 0 }, { beta: 0.3 }]),
  huber: law(losses.huber, "logits", "targets", [{ delta: 0.3 }]),
  pseudoHuber: law(losses.pseudoHuber, "logits", "targets", [{ delta: 0.3 }]),
  logCosh: law(losses.logCosh, "logits", "targets"),
  quantile: law(losses.quantile, "logits", "targets", [{ quantile: 0.1 }]),
  klDivergence: law(losses.klDivergence, "logq", "soft", [{ reverse: true }]),
  "klDivergence of logarithms": law(
    (x: TensorLike, t: TensorLike, o: object = {}) => losses.klDivergence(x, t, { logTarget: true, ...o }),
    "logq",
    "logp",
    [{ reverse: true }],
  ),
  entropy: law((x: TensorLike, _: TensorLike, options?: losses.EntropyOptions) => losses.entropy(x, options), "p", "p"),
  dice: law(losses.dice, "mask", "maskTargets", [{ squared: false, smooth: 1, softLabel: true }, { axis: "batch" }]),
};

for (const [name, { loss, x, target, variants = [], unlimited }] of Object.entries(laws)) {
  const call = (p: TensorLike, t: TensorLike, options: object = {}): Tensor => loss(p, t, options as never);
  const t = input(target);
  const fn = name.split(" ")[0];

  describe(name, () => {
    test("has the gradient of its formula, to second order", () => {
      for (const options of [{}, ...variants]) {
        for (const reduction of ["none", "mean"]) {
          gradcheck((p) => call(p, t, { ...options, reduction }), input(x));
          gradgradcheck((p) => call(p, t, { ...options, reduction }), input(x));
        }
      }
    });

    test("sums what it does not reduce", () => {
      for (const options of [{}, ...variants]) {
        const terms = call(input(x), t, { ...options, reduction: "none" });
        expect(call(input(x), t, { ...options, reduction: "sum" }).item()).toBeCloseTo(terms.sum().item(), 10);
        if ("weight" in options && t.dtype === "int32") continue; // the mean of labels divides by their weights
        expect(call(input(x), t, { ...options, reduction: "mean" }).item()).toBeCloseTo(terms.mean().item(), 10);
      }
    });

    test("does not depend on the order of the batch", () => {
      const found = call(input(x).flip(0), t.flip(0), { reduction: "mean" }).item();
      expect(found).toBeCloseTo(call(input(x), t, { reduction: "mean" }).item(), 10);
    });

    test("takes a batch of one", () => {
      const first = (a: Tensor) => a.slice([{ stop: 1 }]);
      const all = call(input(x), t, { reduction: "none" });
      const one = call(first(input(x)), first(t), { reduction: "none" });
      expect([...one.data]).toEqual([...first(all).data]);
    });

    test("rejects a misspelt option, an unknown reduction and an empty batch", () => {
      expect(() => call(input(x), t, { redution: "sum" })).toThrow(`${fn}: unknown option "redution"`);
      expect(() => call(input(x), t, { reduction: "average" })).toThrow(
        new RegExp(`^${fn}: reduction must be one of .*"none", "mean", "sum".*, got "average"`),
      );
      const none = (a: Tensor) => a.slice([{ stop: 0 }]);
      expect(() => call(none(input(x)), none(t))).toThrow(new RegExp(`^${fn}: .* is empty; `));
    });

    if (!unlimited) return; // probabilities end at 1
    test("is finite, and so is its gradient, for inputs of +-1e4 in float32", () => {
      const size = input(x).size;
      const extremes = [1e4, -1e4, 0, 1e4, 1e-30, -1e4, 1e4];
      for (let shift = 0; shift < extremes.length; shift++) {
        const values = Array.from({ length: size }, (_, i) => extremes[(i + shift) % extremes.length]);
        const leaf = tensor(values, { shape: input(x).shape, requiresGrad: true });
        for (const options of [{}, ...variants]) {
          const value = call(leaf, input(target, "float32"), options);
          const [gradient] = grad(value, [leaf]);
          expect([value.item(), ...gradient.data].every(Number.isFinite), JSON.stringify(options)).toBe(true);
        }
      }
    });
  });
}
