import "../../functional/methods.ts";
import {
  expectNonNegativeElements,
  expectNotEmpty,
  expectProbabilities,
  expectShape,
  floatTensor,
} from "../../tensor/checks.ts";
import { ShapeError, ValueError } from "../../tensor/errors.ts";
import { expectNumber, expectOneOf } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import {
  alongAxis,
  classAxis,
  classLabels,
  classProbabilities,
  ignoreIndexIsForLabels,
  isLabelled,
  reduceWeighted,
} from "../classes.ts";
import { type Reduction, reduce } from "../reduction.ts";

// What losses over masks [n, classes, ...pixels] share: their arguments, checked, and what weighs and reduces.

/** What makes probabilities of logits; "none" for what is probabilities already. */
export type Activation = "none" | "sigmoid" | "softmax";

/** What one coefficient is taken over: the pixels of each class in a sample, in the batch, or all there are. */
export type Pooling = "sample" | "batch" | "all";

export interface MaskOptions {
  /** Whether class 0 counts. Default true. */
  includeBackground?: boolean;
  /** Pixels with this label count nowhere; not for masks. Default -100. */
  ignoreIndex?: number;
  /** What makes probabilities of the first argument when it holds logits. Default "none". */
  activation?: Activation;
}

export const maskDefaults: Required<MaskOptions> = { includeBackground: true, ignoreIndex: -100, activation: "none" };

/** Probabilities and targets of one shape, checked. */
export interface Masks {
  /** Probabilities and targets of the classes that count; 0 where ignored. */
  p: Tensor;
  t: Tensor;
  /**
   * What was given: the first argument, and the targets of all classes as masks and, if labels were given, as labels.
   */
  x: Tensor;
  targets: Tensor;
  labels: Tensor | null;
  /** Which elements of x are ignored; null when none can be. */
  ignored: Tensor | null;
  /** The classes that count, of a tensor shaped like x. */
  classes(m: Tensor): Tensor;
  /** The sum over what one coefficient is taken over: [n, classes], [classes] or []. */
  over(m: Tensor): Tensor;
  /** Whether there is a coefficient for each class. */
  byClass: boolean;
}

export interface MaskForm extends Required<MaskOptions> {
  axis: Pooling;
}

/** Masks from what a caller gave: probabilities or logits, and masks of their shape or labels [n, ...pixels]. */
export function masksOf(
  where: string,
  [name, values]: readonly [name: string, values: TensorLike],
  targets: TensorLike,
  { axis, activation, includeBackground, ignoreIndex }: MaskForm,
): Masks {
  expectOneOf(where, "axis", axis, ["sample", "batch", "all"]);
  expectNumber(where, "ignoreIndex", ignoreIndex, "that is whole", Number.isInteger);
  const x = floatTensor(where, name, values);
  if (x.ndim < { sample: 2, batch: 2, all: 1 }[axis]) {
    throw new ShapeError(
      where,
      `${name} must be [n, classes, ...pixels] for axis "${axis}", got ${formatShape(x.shape)}; reshape them, or pool everything with axis "all"`,
    );
  }
  expectNotEmpty(where, name, x);
  const p = activated(where, name, x, activation);
  const given = asTensor(targets, x.dtype, where, "targets");
  const found = given.ndim === x.ndim - 1 ? classLabels(where, name, x, targets, ignoreIndex) : null;
  if (found === null && ignoreIndex !== -100) throw ignoreIndexIsForLabels(where);
  const t = found === null ? classProbabilities(where, name, x, given, "targets") : isLabelled(x, found).to(x.dtype);
  const ignored = found === null ? null : found.ignored.unsqueeze(found.axis).broadcastTo(x.shape);
  const classes = includeBackground ? (m: Tensor) => m : foreground(where, name, x);
  const kept = (m: Tensor) => classes(ignored === null ? m : m.maskedFill(ignored, 0));
  const pooled = { sample: x.ndim === 2 ? [1] : [], batch: [0], all: [0, 1] }[axis];
  return {
    p: kept(p),
    t: kept(t),
    x,
    targets: t,
    labels: found === null ? null : given.to("int32"),
    ignored,
    classes,
    over: (m) => m.sum([...m.shape.keys()].filter((i) => i > 1 || pooled.includes(i))),
    byClass: !pooled.includes(1),
  };
}

/** The reduction of terms shaped like p, of those that count. */
export function reduceMasked(where: string, terms: Tensor, { ignored, classes }: Masks, reduction: Reduction): Tensor {
  if (ignored === null) return reduce(where, terms, reduction);
  const apart = classes(ignored);
  return reduceWeighted(where, terms.maskedFill(apart, 0), apart.logicalNot().to(terms.dtype), reduction);
}

/** The reduction of a term for each pixel, [n, ...pixels], of those that count. */
export function reducePixels(where: string, terms: Tensor, { ignored }: Masks, reduction: Reduction): Tensor {
  if (ignored === null) return reduce(where, terms, reduction);
  const apart = ignored.slice([null, 0]);
  return reduceWeighted(where, terms.maskedFill(apart, 0), apart.logicalNot().to(terms.dtype), reduction);
}

/** Probabilities of the first argument. */
export function activated(where: string, name: string, x: Tensor, activation: Activation): Tensor {
  expectOneOf(where, "activation", activation, ["none", "sigmoid", "softmax"]);
  if (activation === "sigmoid") return x.sigmoid();
  if (activation === "softmax") return x.softmax(classAxis(where, name, x));
  expectProbabilities(where, name, x, 'for logits set activation: "sigmoid" or "softmax"');
  return x;
}

/**
 * The logarithm of the probabilities, finite: exact for logits; of probabilities, p below 1e-7 counts as 1e-7 and has
 * gradient 0.
 */
export function logProbabilities(x: Tensor, activation: Activation): Tensor {
  if (activation === "softmax") return x.logSoftmax(1);
  return activation === "sigmoid" ? x.logSigmoid() : x.clamp(1e-7).log();
}

/** What drops class 0 of tensors that are shaped like x. */
export function foreground(where: string, name: string, x: Tensor): (m: Tensor) => Tensor {
  if (x.ndim < 2 || x.shape[1] < 2) {
    throw new ShapeError(where, `without the background, class 0, no class of ${name} ${formatShape(x.shape)} is left`);
  }
  return (m) => m.slice([null, { start: 1 }]);
}

/**
 * Throws unless the masks have axes for pixels, and, where one class is too few, at least two; `hint` says what to do.
 */
export function expectPixels(where: string, name: string, x: Tensor, hint?: string): void {
  if (x.ndim < 3) {
    throw new ShapeError(where, `${name} must be [n, classes, ...pixels], got ${formatShape(x.shape)}`);
  }
  if (hint !== undefined && x.shape[1] < 2) {
    throw new ShapeError(where, `${name} ${formatShape(x.shape)} must have at least two classes; ${hint}`);
  }
}

/** The axes of the pixels of masks [n, classes, ...pixels]. */
export const pixelAxes = (x: Tensor): number[] => [...x.shape.keys()].slice(2);

/** Losses [n, classes] or [classes] times the weights of their classes; for masks without a class axis an error. */
export function weighClasses(
  where: string,
  loss: Tensor,
  byClass: boolean,
  { classWeight, includeBackground }: { classWeight: TensorLike | null; includeBackground: boolean },
): Tensor {
  if (classWeight === null) return loss;
  if (!byClass) {
    throw new ValueError(
      where,
      'classWeight needs a loss for each class: axis "batch", or "sample" of masks with pixels',
    );
  }
  const axis = loss.ndim - 1;
  return loss.mul(alongAxis(countedWeights(where, classWeight, loss, axis, includeBackground), loss.ndim, axis));
}

/**
 * Weights [classes], checked, of the classes along an axis of `loss`, from which the background may be gone already.
 */
export function countedWeights(
  where: string,
  classWeight: TensorLike,
  loss: Tensor,
  axis: number,
  includeBackground: boolean,
): Tensor {
  const w = asTensor(classWeight, loss.dtype, where, "classWeight");
  expectShape(where, "classWeight", w, [includeBackground ? loss.shape[axis] : loss.shape[axis] + 1]);
  expectNonNegativeElements(where, "classWeight", w);
  return includeBackground ? w : w.slice([{ start: 1 }]);
}
