import { where as select, stopGradient } from "../../autograd/elementwise.ts";
import { log1mexp } from "../../functional/numerics.ts";
import "../../functional/methods.ts";
import { expectNotEmpty, expectProbabilities, expectSameShape, floatTensor } from "../../tensor/checks.ts";
import { zeros } from "../../tensor/creation.ts";
import { promote } from "../../tensor/dtype.ts";
import { ShapeError, ValueError } from "../../tensor/errors.ts";
import { expectNonNegative, expectNumber, resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike, tensor } from "../../tensor/tensor.ts";
import {
  alongAxis,
  classAxis,
  classLabels,
  classProbabilities,
  expectation,
  ignoreIndexIsForLabels,
  isLabelled,
  labelLogit,
  meansLabels,
  reduceWeighted,
  weightOf,
} from "../classes.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { expectFraction } from "../scalar-option.ts";

// Cross-entropy bent by powers of 1 - p_t, the probability that the model gives to what is not the target. With the
// logit z of the target against the rest, p_t = sigmoid(z): -log p_t = softplus(-z) and log(1 - p_t) = -softplus(z)
// keep all their digits, and 1 - p_t is never formed by subtraction.

interface Terms {
  /** -log p_t. */
  crossEntropy: Tensor;
  /** (1 - p_t)^power. */
  missTo(power: number): Tensor;
  /** The factors that `alpha` stands for. */
  weigh(alpha: Alpha): Tensor;
  /** 1 for each term that counts, 0 for the ignored; null where all count. */
  counted: Tensor | null;
  /** What the normalizer "positives" adds up. */
  positives: Tensor;
}

type Alpha = number | readonly number[];

/** p_t = p y + (1 - p)(1 - y), p = sigmoid(x); alpha for positives, 1 - alpha for negatives. */
function binaryTerms(where: string, x: Tensor, targets: TensorLike): Terms {
  const given = asTensor(targets, x.dtype, where, "targets");
  expectSameShape(where, { logits: x, targets: given });
  expectProbabilities(where, "targets", given, "map +-1 labels with labels.add(1).div(2)");
  const y = given.to(promote(given.dtype, x.dtype));
  const other = y.neg().add(1);
  const [lossOfOne, lossOfZero] = [x.neg().softplus(), x.softplus()];
  const weigh = (alpha: Alpha) => {
    for (const v of listed(alpha)) expectFraction(where, "alpha", v);
    const a = alphaTensor(where, alpha, x);
    return y.mul(a).add(other.mul(a.neg().add(1)));
  };
  return {
    crossEntropy: y.mul(lossOfOne).add(other.mul(lossOfZero)),
    // 1 - p_t = y (1 - p) + (1 - y) p, a sum without cancellation. Its powers below 1 have an infinite slope where it
    // rounds to 0, but finite ones in terms of its logarithm.
    missTo: (power) =>
      power >= 1
        ? raised(y.mul(x.neg().sigmoid()).add(other.mul(x.sigmoid())), power)
        : finiteLog(y).sub(lossOfZero).logAddExp(finiteLog(other).sub(lossOfOne)).mul(power).exp(),
    weigh,
    counted: null,
    positives: y,
  };
}

const raised = (t: Tensor, power: number): Tensor => (power === 1 ? t : power === 2 ? t.square() : t.pow(power));

/** log v, and below every logarithm where v = 0: finite, so that `detectAnomaly` has nothing to find. */
function finiteLog(v: Tensor): Tensor {
  const zero = v.eq(0);
  return v.maskedFill(zero, 1).log().maskedFill(zero, -1e38);
}

/** p_t = p_y, p = softmax(x); an alpha for each class, or one for all. */
function labelTerms(where: string, x: Tensor, labels: TensorLike, ignoreIndex: number): Terms {
  const target = classLabels(where, "logits", x, labels, ignoreIndex);
  const z = labelLogit(x, target);
  const weigh = (alpha: Alpha) => {
    const a = classAlpha(where, alpha, x);
    return a.ndim === 0 ? a : weightOf(a.reshape([-1]), target, x);
  };
  const counted = weightOf(null, target, x);
  const missTo = (power: number) => z.softplus().mul(-power).exp();
  return { crossEntropy: z.neg().softplus(), missTo, weigh, counted, positives: counted };
}

/** A term -y_c log p_c for each class of soft labels y, with p_t = p_c, p = softmax(x). */
function softTerms(where: string, x: Tensor, probabilities: TensorLike, axis: number): Terms {
  const y = classProbabilities(where, "logits", x, probabilities);
  // 1 - p_c loses its digits at the likeliest class alone, whose logit against the others keeps them.
  const index = stopGradient(x).argmax(axis, { keepDims: true });
  const top = { axis, index, ignored: zeros([], { dtype: "bool" }) };
  const isTop = isLabelled(x, top);
  const z = labelLogit(x, top).unsqueeze(axis);
  const logp = select(isTop, z.neg().softplus().neg(), x.logSoftmax(axis));
  const rest = logp.maskedFill(isTop, -1);
  return {
    crossEntropy: expectation(y, logp).neg(),
    missTo: (power) => select(isTop, z.softplus().neg(), log1mexp(rest)).mul(power).exp(),
    weigh: (alpha) => classAlpha(where, alpha, x),
    counted: null,
    positives: y,
  };
}

const listed = (value: number | readonly number[]): readonly number[] =>
  Array.isArray(value) ? value : [value as number];

/** alpha of classes: a factor of any size for all, or one for each along the class axis. */
function classAlpha(where: string, alpha: Alpha, x: Tensor): Tensor {
  for (const v of listed(alpha)) expectNonNegative(where, "alpha", v);
  return alphaTensor(where, alpha, x);
}

/** alpha as a scalar, or along the class axis of x. */
function alphaTensor(where: string, alpha: Alpha, x: Tensor): Tensor {
  const a = tensor(alpha, { dtype: x.dtype });
  if (a.ndim === 0) return a;
  const axis = classAxis(where, "logits", x);
  if (a.size !== x.shape[axis]) {
    throw new ShapeError(
      where,
      `alpha has ${a.size} entries, but logits ${formatShape(x.shape)} have ${x.shape[axis]} classes`,
    );
  }
  return alongAxis(a, x.ndim, axis);
}

/** -alpha_t (1 - p_t)^gamma log p_t. */
function focal({ crossEntropy, missTo, weigh }: Terms, alpha: Alpha | null, gamma: number, detachPt = false): Tensor {
  let loss = crossEntropy;
  if (gamma > 0) loss = loss.mul(detachPt ? stopGradient(missTo(gamma)) : missTo(gamma));
  return alpha === null ? loss : loss.mul(weigh(alpha));
}

/** sum_j epsilon_j (1 - p_t)^j (/ j), j = 1, 2, ..., by Horner's rule. */
function polynomial(where: string, miss: Tensor, epsilon: number | readonly number[], divideByIndex: boolean): Tensor {
  const factors = listed(epsilon);
  for (const e of factors) expectNumber(where, "epsilon", e, "that is finite", Number.isFinite);
  return factors.reduceRight<Tensor>(
    (higher, e, i) => higher.add(divideByIndex ? e / (i + 1) : e).mul(miss),
    miss.mul(0),
  );
}

/** What the mean of a focal loss divides by. */
type Normalizer = number | "positives" | null;

/** The reduction of a loss that leaves out what does not count; its mean is over the normalizer where there is one. */
function reduceCounted(
  where: string,
  loss: Tensor,
  { counted, positives }: Terms,
  reduction: Reduction,
  normalizer: Normalizer = null,
): Tensor {
  const terms = counted === null ? loss : loss.maskedFill(counted.eq(0), 0);
  if (normalizer !== null) return normalized(where, terms, normalizer, positives, reduction);
  return counted === null ? reduce(where, terms, reduction) : reduceWeighted(where, terms, counted, reduction);
}

/** The sum of the terms over a normalizer of the caller's. */
function normalized(
  where: string,
  terms: Tensor,
  normalizer: number | "positives",
  positives: Tensor,
  reduction: Reduction,
): Tensor {
  if (reduction !== "mean") {
    throw new ValueError(where, `normalizer divides the mean; with reduction "${reduction}" leave it out`);
  }
  if (normalizer !== "positives")
    expectNumber(where, "normalizer", normalizer, '> 0 or "positives"', (v) => v > 0 && v < Infinity);
  expectNotEmpty(where, "logits", terms);
  return terms.sum().div(normalizer === "positives" ? positives.to(terms.dtype).sum().clamp(1) : normalizer);
}

export interface SigmoidFocalOptions {
  /**
   * Weight alpha for positives and 1 - alpha for negatives; an array has one for each class of axis 1. Default null:
   * none.
   */
  alpha?: number | readonly number[] | null;
  /** How strongly well-classified examples are passed over; 0 gives cross-entropy. Default 2. */
  gamma?: number;
  /** Treat (1 - p_t)^gamma as a constant in the gradient. Default false. */
  detachPt?: boolean;
  /**
   * What the mean divides by: the count (null), a number, or "positives", the sum of the targets and at least 1.
   * Default null.
   */
  normalizer?: number | "positives" | null;
  reduction?: Reduction;
}

/**
 * Focal loss of binary problems: -alpha_t (1 - p_t)^gamma log p_t, p_t = p for positives and 1 - p for negatives,
 * p = sigmoid(x).
 *
 * logits, targets: the same shape, targets in [0, 1]; between 0 and 1, log p_t becomes the cross-entropy and
 * p_t = p y + (1 - p)(1 - y). (1 - p_t)^gamma is computed in log space, so gamma < 1 has no infinite slope.
 * Options: alpha (none), gamma (2), detachPt (false), normalizer (the count; RetinaNet's is "positives"), reduction
 * ("mean").
 * Lin et al. 2017, arXiv:1708.02002. Reference values: torchvision.ops.sigmoid_focal_loss,
 * optax.losses.sigmoid_focal_loss.
 */
export function sigmoidFocal(logits: TensorLike, targets: TensorLike, options: SigmoidFocalOptions = {}): Tensor {
  const { alpha, gamma, detachPt, normalizer, reduction } = resolve<Required<SigmoidFocalOptions>>(
    "sigmoidFocal",
    options,
    { alpha: null, gamma: 2, detachPt: false, normalizer: null, reduction: "mean" },
  );
  expectNonNegative("sigmoidFocal", "gamma", gamma);
  const terms = binaryTerms("sigmoidFocal", floatTensor("sigmoidFocal", "logits", logits), targets);
  return reduceCounted("sigmoidFocal", focal(terms, alpha, gamma, detachPt), terms, reduction, normalizer);
}

export interface SoftmaxFocalOptions {
  /** A factor for every class (a number), or one for each (an array). Default null: none. */
  alpha?: number | readonly number[] | null;
  /** How strongly well-classified examples are passed over; 0 gives cross-entropy. Default 2. */
  gamma?: number;
  /** Labels with this value count nowhere. Default -100. */
  ignoreIndex?: number;
  /** Treat (1 - p_y)^gamma as a constant in the gradient. Default false. */
  detachPt?: boolean;
  /**
   * What the mean divides by: the count (null), a number, or "positives", the number of labels that are not ignored
   * (the sum of soft ones) and at least 1. Default null.
   */
  normalizer?: number | "positives" | null;
  reduction?: Reduction;
}

/**
 * Focal loss over classes: -alpha_y (1 - p_y)^gamma log p_y, p = softmax(x);
 * of soft labels y, -sum_c alpha_c y_c (1 - p_c)^gamma log p_c.
 *
 * logits [n, classes, ...] or [classes]; the target is class labels, int32 [n, ...] or a number, or soft labels, float
 * of the shape of the logits. "none" gives [n, ...], 0 where ignored; the mean divides by the count of the others. A
 * number alpha scales the whole loss, as in Keras; for the convention of Kornia and MONAI, in which class 0 is the
 * background, give [1 - alpha, alpha, alpha, ...].
 * Options: alpha (none), gamma (2), ignoreIndex (-100), detachPt (false), normalizer (the count), reduction ("mean").
 * Lin et al. 2017, arXiv:1708.02002. Reference values: keras.losses.CategoricalFocalCrossentropy,
 * kornia.losses.focal_loss.
 */
export function softmaxFocal(
  logits: TensorLike,
  labelsOrProbabilities: TensorLike,
  options: SoftmaxFocalOptions = {},
): Tensor {
  const { alpha, gamma, ignoreIndex, detachPt, normalizer, reduction } = resolve<Required<SoftmaxFocalOptions>>(
    "softmaxFocal",
    options,
    { alpha: null, gamma: 2, ignoreIndex: -100, detachPt: false, normalizer: null, reduction: "mean" },
  );
  expectNonNegative("softmaxFocal", "gamma", gamma);
  const x = floatTensor("softmaxFocal", "logits", logits);
  const axis = classAxis("softmaxFocal", "logits", x);
  if (meansLabels(x, labelsOrProbabilities)) {
    const terms = labelTerms("softmaxFocal", x, labelsOrProbabilities, ignoreIndex);
    return reduceCounted("softmaxFocal", focal(terms, alpha, gamma, detachPt), terms, reduction, normalizer);
  }
  if (options.ignoreIndex !== undefined) throw ignoreIndexIsForLabels("softmaxFocal");
  const terms = softTerms("softmaxFocal", x, labelsOrProbabilities, axis);
  return reduceCounted("softmaxFocal", focal(terms, alpha, gamma, detachPt).sum(axis), terms, reduction, normalizer);
}

export interface PolyOptions {
  /** The factors of (1 - p_t), (1 - p_t)^2, ...; a number is the first alone, 0 gives cross-entropy. Default 1. */
  epsilon?: number | readonly number[];
  /** Divide the factor of (1 - p_t)^j by j. The paper does not. Default false. */
  divideByIndex?: boolean;
  /** Labels with this value count nowhere. Default -100. */
  ignoreIndex?: number;
  reduction?: Reduction;
}

/**
 * PolyLoss: cross-entropy + sum_j epsilon_j (1 - p_t)^j, which perturbs the first coefficients of the series
 * -log p_t = sum_j (1 - p_t)^j / j.
 *
 * logits [n, classes, ...] or [classes]; the target is class labels, int32 [n, ...], or probabilities of the shape of
 * the logits, for which 1 - p_t = sum_c y_c (1 - p_c). "none" gives [n, ...]; the mean divides by the count of labels
 * that are not ignored. Options: epsilon (1; Poly-1), divideByIndex (false: the paper's form), ignoreIndex (-100),
 * reduction ("mean"). Leng et al. 2022, arXiv:2204.12511. Reference values: optax.losses.poly_loss_cross_entropy (its
 * epsilon is 2).
 */
export function poly(logits: TensorLike, labelsOrProbabilities: TensorLike, options: PolyOptions = {}): Tensor {
  const { epsilon, divideByIndex, ignoreIndex, reduction } = resolve<Required<PolyOptions>>("poly", options, {
    epsilon: 1,
    divideByIndex: false,
    ignoreIndex: -100,
    reduction: "mean",
  });
  const x = floatTensor("poly", "logits", logits);
  const axis = classAxis("poly", "logits", x);
  if (meansLabels(x, labelsOrProbabilities)) {
    const terms = labelTerms("poly", x, labelsOrProbabilities, ignoreIndex);
    const loss = terms.crossEntropy.add(polynomial("poly", terms.missTo(1), epsilon, divideByIndex));
    return reduceCounted("poly", loss, terms, reduction);
  }
  if (options.ignoreIndex !== undefined) throw ignoreIndexIsForLabels("poly");
  const y = classProbabilities("poly", "logits", x, labelsOrProbabilities);
  const logp = x.logSoftmax(axis);
  const miss = y.mul(logp.expm1().neg()).sum(axis);
  const loss = expectation(y, logp)
    .sum(axis)
    .neg()
    .add(polynomial("poly", miss, epsilon, divideByIndex));
  return reduce("poly", loss, reduction);
}

/**
 * PolyLoss of binary problems: cross-entropy + sum_j epsilon_j (1 - p_t)^j, p_t = p for positives and 1 - p for
 * negatives, p = sigmoid(x).
 *
 * logits, targets: the same shape, targets in [0, 1], p_t = p y + (1 - p)(1 - y) in between.
 * Options: epsilon (1), divideByIndex (false), reduction ("mean"). Leng et al. 2022, arXiv:2204.12511.
 */
export function sigmoidPoly(
  logits: TensorLike,
  targets: TensorLike,
  options: Omit<PolyOptions, "ignoreIndex"> = {},
): Tensor {
  const { epsilon, divideByIndex, reduction } = resolve<Required<Omit<PolyOptions, "ignoreIndex">>>(
    "sigmoidPoly",
    options,
    { epsilon: 1, divideByIndex: false, reduction: "mean" },
  );
  const { crossEntropy, missTo } = binaryTerms("sigmoidPoly", floatTensor("sigmoidPoly", "logits", logits), targets);
  const loss = crossEntropy.add(polynomial("sigmoidPoly", missTo(1), epsilon, divideByIndex));
  return reduce("sigmoidPoly", loss, reduction);
}

export interface PolyFocalOptions {
  /** The factor of (1 - p_t)^(gamma + 1); 0 gives the focal loss. Default 1. */
  epsilon?: number;
  /** As for `sigmoidFocal` or `softmaxFocal`; weighs the focal term alone. Default null: none. */
  alpha?: number | readonly number[] | null;
  /** As for the focal loss. Default 2. */
  gamma?: number;
  /** Labels with this value count nowhere. Default -100. */
  ignoreIndex?: number;
  /** Treat (1 - p_t)^gamma of the focal term as a constant in the gradient. Default false. */
  detachPt?: boolean;
  /** As for `sigmoidFocal` or `softmaxFocal`. Default null: the count. */
  normalizer?: number | "positives" | null;
  reduction?: Reduction;
}

/**
 * Poly-1 focal loss: focal + epsilon (1 - p_t)^(gamma + 1).
 *
 * Targets in [0, 1] of the shape of the logits make it the sigmoid form, the paper's; class labels, int32 with one axis
 * fewer than the logits [n, classes, ...], the softmax form.
 * Options: epsilon (1), alpha (none), gamma (2), ignoreIndex (-100), detachPt (false), normalizer (the count),
 * reduction ("mean"). Leng et al. 2022, arXiv:2204.12511. Reference values: the formula in float64.
 */
export function polyFocal(logits: TensorLike, targets: TensorLike, options: PolyFocalOptions = {}): Tensor {
  const { epsilon, alpha, gamma, ignoreIndex, detachPt, normalizer, reduction } = resolve<Required<PolyFocalOptions>>(
    "polyFocal",
    options,
    { epsilon: 1, alpha: null, gamma: 2, ignoreIndex: -100, detachPt: false, normalizer: null, reduction: "mean" },
  );
  expectNumber("polyFocal", "epsilon", epsilon, "that is finite", Number.isFinite);
  expectNonNegative("polyFocal", "gamma", gamma);
  const x = floatTensor("polyFocal", "logits", logits);
  const byLabels = x.ndim > 0 && meansLabels(x, targets);
  if (!byLabels && options.ignoreIndex !== undefined) throw ignoreIndexIsForLabels("polyFocal");
  const terms = byLabels ? labelTerms("polyFocal", x, targets, ignoreIndex) : binaryTerms("polyFocal", x, targets);
  const loss = focal(terms, alpha, gamma, detachPt).add(terms.missTo(gamma + 1).mul(epsilon));
  return reduceCounted("polyFocal", loss, terms, reduction, normalizer);
}
