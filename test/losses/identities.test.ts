import { describe, expect, test } from "vitest";
import { grad, losses, random, type Tensor, tensor } from "../../src/index.ts";

// Losses that are one another for some options, across families, in value and in gradient.

const draw = (seed: string, ...shape: number[]): Tensor =>
  new random.Generator(seed).normal(shape, { std: 1.5, dtype: "float64" });
const [x, t] = [draw("predictions", 6), draw("targets", 6)];
const logits = draw("logits", 5, 4);
const labels = tensor([2, 0, 3, 1, 0], { dtype: "int32" });
const p = logits.softmax(1);
const [a, b] = [draw("a", 5, 3), draw("b", 5, 3)];
const binary = tensor([1, 0, 1, 1, 0, 0], { dtype: "float64" });
const signs = binary.mul(2).sub(1);

type Of = (x: Tensor) => Tensor;

/** Value and gradient at `at` agree to `digits`. */
function same(at: Tensor, one: Of, other: Of, digits = 10): void {
  const both = [one, other].map((loss) => {
    const leaf = tensor(at, { requiresGrad: true });
    const value = loss(leaf).sum();
    return [value.item(), ...grad(value, [leaf])[0].data];
  });
  expect(both[0].length).toBe(both[1].length);
  for (const [i, v] of both[0].entries()) expect(v).toBeCloseTo(both[1][i], digits);
}

describe("identities:", () => {
  test("Huber is delta times smooth L1 with beta = delta", () => {
    for (const d of [0.3, 1, 2]) {
      same(
        x,
        (y) => losses.huber(y, t, { delta: d }),
        (y) => losses.smoothL1(y, t, { beta: d }).mul(d),
      );
    }
  });

  test("the absolute error is twice the 0.5-quantile loss, the squared one twice the 0.5-expectile loss", () => {
    same(
      x,
      (y) => losses.quantile(y, t).mul(2),
      (y) => losses.meanAbsoluteError(y, t),
    );
    same(
      x,
      (y) => losses.expectile(y, t).mul(2),
      (y) => losses.meanSquaredError(y, t),
    );
  });

  test("Barron's loss is Charbonnier's, Cauchy's, Geman and McClure's and Welsch's for its alphas", () => {
    const barron = (alpha: number) => (y: Tensor) => losses.generalRobust(y, t, { alpha });
    same(x, barron(1), (y) => losses.pseudoHuber(y, t));
    same(x, barron(2), (y) => losses.halfMeanSquaredError(y, t));
    same(x, barron(0), (y) => losses.cauchy(y, t));
    same(x, barron(-2), (y) => losses.gemanMcClure(y, t));
    same(x, barron(Number.NEGATIVE_INFINITY), (y) => losses.welsch(y, t));
    same(x, barron(1e-7), barron(0), 5);
    same(x, barron(2 - 1e-7), barron(2), 5);
  });

  test("focal and PolyLoss are cross-entropy with gamma and epsilon 0, sigmoid and softmax", () => {
    const ce: Of = (y) => losses.crossEntropy(y, labels);
    same(logits, (y) => losses.softmaxFocal(y, labels, { gamma: 0 }), ce);
    same(logits, (y) => losses.poly(y, labels, { epsilon: 0 }), ce);
    const bce: Of = (y) => losses.binaryCrossEntropyWithLogits(y, binary);
    same(x, (y) => losses.sigmoidFocal(y, binary, { gamma: 0 }), bce);
    same(x, (y) => losses.softMargin(y, signs), bce);
    same(x, (y) => losses.focalStar(y, binary), bce);
    same(x, (y) => losses.asymmetric(y, binary, { gammaPositive: 0, gammaNegative: 0, clip: 0 }), bce);
    same(
      logits,
      (y) => losses.asymmetricSingleLabel(y, labels, { gammaNegative: 0, labelSmoothing: 0.1 }),
      (y) => losses.crossEntropy(y, labels, { labelSmoothing: 0.1 }),
    );
  });

  test("generalised cross-entropy tends to cross-entropy as q goes to 0, and is 1 - p_y at q = 1", () => {
    same(
      logits,
      (y) => losses.generalizedCrossEntropy(y, labels, { q: 1e-8 }),
      (y) => losses.crossEntropy(y, labels),
      6,
    );
    same(
      logits,
      (y) => losses.generalizedCrossEntropy(y, labels, { q: 1 }),
      (y) => losses.probabilityMAE(y, labels),
    );
  });

  test("multi-class hinges agree for two classes, and the perceptron is a hinge without a margin", () => {
    const two = logits.slice([null, { stop: 2 }]);
    const sides = tensor([0, 1, 1, 0, 0], { dtype: "int32" });
    same(
      two,
      (y) => losses.multiMargin(y, sides, { divideByClasses: false }),
      (y) => losses.crammerSinger(y, sides),
    );
    same(
      logits,
      (y) => losses.multiclassPerceptron(y, labels),
      (y) => losses.crammerSinger(y, labels, { margin: 0 }),
    );
    same(
      x,
      (y) => losses.perceptron(y, signs),
      (y) => losses.hinge(y, signs, { margin: 0 }),
    );
  });

  test("Tversky with alpha and beta 1/2 is Dice, with 1 Jaccard", () => {
    const masks = p.reshape([1, 4, 5]);
    const truth = draw("masks", 1, 4, 5).gt(0).to("float64");
    same(
      masks,
      (y) => losses.tversky(y, truth),
      (y) => losses.dice(y, truth, { squared: false }),
    );
    same(
      masks,
      (y) => losses.tversky(y, truth, { alpha: 1, beta: 1 }),
      (y) => losses.jaccard(y, truth),
    );
  });

  test("RankNet of one pair, Bradley-Terry, BPR, soft margin and DPO are one logistic loss", () => {
    const [win, lose] = [draw("win", 6), draw("lose", 6)];
    const logistic: Of = (y) => losses.softMargin(y.sub(lose), win.mul(0).add(1));
    same(win, (y) => losses.bradleyTerry(y, lose), logistic);
    same(win, (y) => losses.bayesianPersonalizedRanking(y, lose), logistic);
    const none = lose.mul(0);
    same(win, (y) => losses.directPreference(y, lose, none, none, { beta: 1 }), logistic);
    const pairs = (y: Tensor) =>
      y
        .unsqueeze(1)
        .mul([1, 0])
        .add(lose.unsqueeze(1).mul([0, 1]));
    const first = tensor(Array.from({ length: 6 }, () => [1, 0]));
    same(win, (y) => losses.pairwiseLogistic(pairs(y), first), logistic);
    same(win, (y) => losses.rankNet(pairs(y), first), logistic);
  });

  test("listMLE of two items is the logistic loss of their difference", () => {
    const scores = draw("pairs", 4, 2);
    const better = tensor(Array.from({ length: 4 }, () => [1, 0]));
    same(
      scores,
      (y) => losses.listMLE(y, better),
      (y) => {
        const [first, second] = y.split(1, 1);
        return second.sub(first).softplus().mean();
      },
    );
  });

  test("InfoNCE with cosines is multiple negatives ranking with scale 1 / temperature, and CLIP its symmetric form", () => {
    same(
      a,
      (y) => losses.infoNCE(y, b, { temperature: 0.05 }),
      (y) => losses.multipleNegativesRanking(y, b),
    );
    same(
      a,
      (y) => losses.clip(y, b),
      (y) => losses.infoNCE(y, b, { symmetric: true }),
    );
    same(
      a,
      (y) => losses.ntXent(y, b),
      (y) => losses.infoNCE(y, b, { temperature: 0.5, symmetric: true, sameView: true }),
    );
  });

  test("margins of 0 make softmax losses with margins the normalised softmax, and one sub-centre makes ArcFace", () => {
    const centres = draw("centres", 4, 3);
    const plain: Of = (y) => losses.normalizedSoftmax(y, centres, labels, { scale: 16 });
    same(a, (y) => losses.arcFace(y, centres, labels, { scale: 16, margin: 0 }), plain);
    same(a, (y) => losses.cosFace(y, centres, labels, { scale: 16, margin: 0 }), plain);
    same(a, (y) => losses.combinedMargin(y, centres, labels, { scale: 16, m2: 0 }), plain);
    same(
      a,
      (y) => losses.subCenterArcFace(y, centres.unsqueeze(1), labels, { scale: 16 }),
      (y) => losses.arcFace(y, centres, labels, { scale: 16 }),
    );
  });

  test("Jensen and Shannon's divergence is symmetric, and at most log 2", () => {
    const [q, r] = [p.log(), draw("other", 5, 4).softmax(1)];
    expect(losses.jensenShannon(q, r).item()).toBeCloseTo(losses.jensenShannon(r.log(), p).item(), 12);
    const apart = losses.jensenShannon([[0, -1e4]], [[0, 1]]).item();
    expect(apart).toBeCloseTo(Math.LN2, 6);
    expect(losses.jensenShannon(q, r).item()).toBeLessThan(Math.LN2);
  });

  test("Kullback and Leibler's divergence is cross-entropy less entropy", () => {
    const target = draw("other", 5, 4).softmax(1);
    same(
      logits,
      (y) => losses.klDivergence(y.logSoftmax(1), target),
      (y) => losses.crossEntropy(y, target).sub(losses.entropy(target)),
    );
  });

  test("the PPO surrogate at the old policy has the gradient of the policy gradient", () => {
    const advantages = draw("advantages", 6);
    const leaf = tensor(x, { requiresGrad: true });
    const [g] = grad(losses.clippedSurrogate(leaf, x, advantages, { reduction: "sum" }), [leaf]);
    for (const [i, v] of g.data.entries()) expect(v).toBeCloseTo(-advantages.data[i], 12);
  });
});
