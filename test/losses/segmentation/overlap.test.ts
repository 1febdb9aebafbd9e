import { describe, expect, test } from "vitest";
import { grad, random, type Tensor, tensor } from "../../../src/index.ts";
import {
  asymmetricFocal,
  asymmetricFocalTversky,
  clDice,
  combo,
  crossEntropy,
  dice,
  diceClDice,
  diceCrossEntropy,
  diceFocal,
  focalTversky,
  generalizedDice,
  generalizedDiceFocal,
  generalizedWassersteinDice,
  jaccard,
  logCoshDice,
  sigmoidFocal,
  tversky,
  unifiedFocal,
} from "../../../src/losses/index.ts";
import { close, values } from "../compare.ts";

const draw = new random.Generator("overlap");
const p = draw.uniform([2, 3, 4, 5], { dtype: "float64" });
const t = draw.integers([2, 3, 4, 5], { high: 2 }).to("float64");
const soft = draw.uniform([2, 3, 4, 5], { dtype: "float64" });
const x = draw.normal([2, 3, 4, 5], { std: 2, dtype: "float64" });
const labels = draw.integers([2, 4, 5], { high: 3 });
const linear = { squared: false } as const;
const none = { reduction: "none" } as const;

describe("overlap losses", () => {
  test("of Tversky with weights 1/2 are Dice, with weights 1 Jaccard", () => {
    for (const axis of ["sample", "batch", "all"] as const) {
      for (const targets of [t, soft]) {
        close(tversky(p, targets, { axis, ...none }), values(dice(p, targets, { ...linear, axis, ...none })));
        close(
          tversky(p, targets, { alpha: 1, beta: 1, axis, ...none }),
          values(jaccard(p, targets, { axis, ...none })),
        );
      }
    }
  });

  test("of Jaccard are 2 D / (1 + D) of Dice", () => {
    const d = dice(p, t, { ...linear, ...none });
    close(jaccard(p, t, none), values(d.mul(2).div(d.add(1))));
  });

  test("of focal Tversky with gamma 1 are Tversky, and of log-cosh Dice less than Dice", () => {
    const weights = { alpha: 0.2, beta: 0.9 };
    close(focalTversky(p, t, { ...weights, gamma: 1, ...none }), values(tversky(p, t, { ...weights, ...none })));
    expect(logCoshDice(p, t, { smooth: 0 }).item()).toBeLessThan(dice(p, t, linear).item());
  });

  test("with softLabel are least at the target and, for targets 0 and 1, the product form", () => {
    for (const loss of [jaccard, tversky, generalizedDice] as ((a: Tensor, b: Tensor, o: object) => Tensor)[]) {
      expect(loss(soft, soft, { softLabel: true }).item()).toBeCloseTo(0, 12);
      expect(loss(soft.round(), soft, { softLabel: true }).item()).toBeGreaterThan(0.05);
      expect(loss(p, t, { softLabel: true }).item()).toBeCloseTo(loss(p, t, {}).item(), 12);
    }
  });

  test("do not see ignored pixels", () => {
    const ignored = labels.maskedFill(x.slice([null, 0]).gt(1), 255);
    const other = p.add(ignored.eq(255).unsqueeze(1).to("float64").mul(0.3)).clamp(0, 1);
    const losses = [dice, jaccard, tversky, focalTversky, generalizedDice, asymmetricFocal, asymmetricFocalTversky];
    for (const loss of losses as ((a: Tensor, b: Tensor, o: object) => Tensor)[]) {
      const at = (q: Tensor) => loss(q, ignored, { ignoreIndex: 255 }).item();
      expect(at(other), loss.name).toBe(at(p));
    }
    expect(() => dice(p, t, { ignoreIndex: 255 })).toThrow(
      "dice: ignoreIndex is for class labels; leave out the rows to ignore",
    );
  });

  test("take the activation before all else", () => {
    for (const loss of [dice, jaccard, tversky, clDice] as ((a: Tensor, b: Tensor, o: object) => Tensor)[]) {
      expect(loss(x, labels, { activation: "softmax" }).item()).toBeCloseTo(loss(x.softmax(1), labels, {}).item(), 12);
      expect(loss(x, labels, { activation: "sigmoid" }).item()).toBeCloseTo(loss(x.sigmoid(), labels, {}).item(), 12);
    }
  });
});

describe("generalised Dice", () => {
  test("of one class is Dice", () => {
    const [one, target] = [p.slice([null, { stop: 1 }]), t.slice([null, { stop: 1 }])];
    for (const weighting of ["square", "simple", "uniform"] as const) {
      close(generalizedDice(one, target, { weighting, ...none }), values(dice(one, target, { ...linear, ...none })));
    }
  });

  test("weighs classes by their areas, whatever those are, without overflow", () => {
    const tiny = tensor([
      [
        [1e-25, 0],
        [1, 1],
      ],
    ]);
    const at = tensor(
      [
        [
          [0, 0.5],
          [0.5, 1],
        ],
      ],
      { requiresGrad: true },
    );
    const loss = generalizedDice(at, tiny, { preset: "monai" });
    expect(Number.isFinite(loss.item())).toBe(true);
    expect(grad(loss, [at])[0].data.every(Number.isFinite)).toBe(true);
  });

  test("of Wasserstein with all classes equally far apart counts errors of classes", () => {
    const apart = tensor([
      [0, 1, 1],
      [1, 0, 1],
      [1, 1, 0],
    ]);
    const q = x.softmax(1);
    const hit = q.gather(1, labels.unsqueeze(1)).squeeze(1);
    const foreground = labels.gt(0).to("float64");
    const [truePositives, error] = [hit.mul(foreground).sum([1, 2]), hit.neg().add(1).sum([1, 2])];
    const expected = error.div(truePositives.mul(2).add(error));
    close(generalizedWassersteinDice(x, labels, apart, { activation: "softmax", ...none }), values(expected));
    expect(generalizedWassersteinDice(q, labels, apart.mul(7)).item()).toBeCloseTo(expected.mean().item(), 12);
  });
});

describe("sums of an overlap and a loss of pixels", () => {
  test("are the sums of their parts", () => {
    const part = dice(x, labels, { ...linear, activation: "softmax", smooth: 1e-5 }).item();
    const entropy = crossEntropy(x, labels).item();
    expect(diceCrossEntropy(x, labels, { smooth: 1e-5 }).item()).toBeCloseTo(part + entropy, 12);
    const options = { smooth: 1e-5, diceWeight: 0.25, crossEntropyWeight: 3 };
    expect(diceCrossEntropy(x, labels, options).item()).toBeCloseTo(0.25 * part + 3 * entropy, 12);
    const focal = sigmoidFocal(x, t).item();
    expect(diceFocal(x, t, { activation: "sigmoid" }).item()).toBeCloseTo(
      dice(x, t, { ...linear, activation: "sigmoid" }).item() + focal,
      12,
    );
    expect(generalizedDiceFocal(x, t, { activation: "sigmoid" }).item()).toBeCloseTo(
      generalizedDice(x, t, { activation: "sigmoid" }).item() + focal,
      12,
    );
    expect(diceClDice(p, t, { alpha: 0.3 }).item()).toBeCloseTo(
      0.7 * dice(p, t, { ...linear, smooth: 1 }).item() + 0.3 * clDice(p, t).item(),
      12,
    );
  });

  test("are one part where the other weighs nothing", () => {
    expect(combo(p, t, { alpha: 0 }).item()).toBeCloseTo(dice(p, t, { ...linear, smooth: 1 }).item() - 1, 12);
    expect(unifiedFocal(p, labels, { weight: 1 }).item()).toBeCloseTo(
      asymmetricFocal(p, labels, { delta: 0.6, gamma: 0.5 }).item(),
      12,
    );
    expect(unifiedFocal(p, labels, { weight: 0 }).item()).toBeCloseTo(
      asymmetricFocalTversky(p, labels, { delta: 0.6, gamma: 0.5 }).item(),
      12,
    );
  });

  test("take labels and masks of them alike", () => {
    const masks = labels
      .unsqueeze(1)
      .eq(tensor([0, 1, 2]).reshape([1, 3, 1, 1]))
      .to("float64");
    for (const loss of [diceCrossEntropy, diceFocal, generalizedDiceFocal] as ((a: Tensor, b: Tensor) => Tensor)[]) {
      expect(loss(x, masks).item()).toBeCloseTo(loss(x, labels).item(), 12);
    }
  });

  test("refuse the softmax of one class", () => {
    expect(() => diceCrossEntropy(x.slice([null, { stop: 1 }]), t.slice([null, { stop: 1 }]))).toThrow(
      'diceCrossEntropy: logits [2, 1, 4, 5] must have at least two classes; for one take activation "sigmoid"',
    );
  });

  test("say so when a loss of two classes is given one", () => {
    expect(() => asymmetricFocal(p.slice([null, { stop: 1 }]), t.slice([null, { stop: 1 }]))).toThrow(
      "asymmetricFocal: probabilities [2, 1, 4, 5] must have at least two classes; for one give it and its complement",
    );
  });
});
