import "../../functional/methods.ts";
import { expectSameShape, expectShape } from "../../tensor/checks.ts";
import { arange } from "../../tensor/creation.ts";
import { ShapeError, ValueError } from "../../tensor/errors.ts";
import { expectFunction, expectNonNegative, expectOneOf, resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { expectPixels, pixelAxes } from "./masks.ts";
import { filtered } from "./morphology.ts";

// Losses made of other losses over masks.

/** A loss of predictions and targets, as all of this family are with their options bound. */
export type MaskLoss = (predictions: Tensor, targets: Tensor) => Tensor;

/**
 * The loss of predictions and targets that are both multiplied by a mask: what is outside the mask is correctly
 * predicted background. For losses of probabilities and targets that are masks [n, classes, ...pixels]; the third
 * argument is [n or 1, 1, ...pixels]. Overlaps do not see such pixels; losses that average over pixels still count
 * them, so give labels and `ignoreIndex` to those. As monai.losses.MaskedLoss.
 */
export function masked(loss: MaskLoss): (probabilities: TensorLike, targets: TensorLike, mask: TensorLike) => Tensor {
  const where = "wrappers.masked";
  expectFunction(where, "loss", loss);
  return (probabilities, targets, mask) => {
    const p = asTensor(probabilities, undefined, where, "probabilities");
    const t = asTensor(targets, p.dtype, where, "targets");
    const m = asTensor(mask, p.dtype, where, "mask");
    expectShape(where, "mask", m, [m.shape[0] === 1 ? 1 : p.shape[0], 1, ...p.shape.slice(2)]);
    return loss(p.mul(m), t.mul(m));
  };
}

export interface DeepSupervisionOptions {
  /**
   * The factor on each level, the first being of full size: "exponential" 1, 1/2, 1/4, 1/8, and 1/16 from there on,
   * "same" 1, "two" 1 for the first and 1/2 for the others, or a list with one for each. Default "exponential".
   */
  weights?: "exponential" | "same" | "two" | readonly number[];
}

/**
 * Deep supervision: the weighted sum of the losses of predictions of several sizes, each with the targets brought to
 * its size by the nearest pixel. Predictions are [n, classes, ...pixels]; targets are masks of such a form, or labels
 * [n, ...pixels]. As monai.losses.DeepSupervisionLoss.
 */
export function deepSupervision(
  loss: MaskLoss,
  options: DeepSupervisionOptions = {},
): (predictions: readonly TensorLike[], targets: TensorLike) => Tensor {
  const where = "wrappers.deepSupervision";
  expectFunction(where, "loss", loss);
  const { weights } = resolve<Required<DeepSupervisionOptions>>(where, options, { weights: "exponential" });
  if (!Array.isArray(weights)) {
    expectOneOf<unknown>(where, "weights", weights, ["exponential", "same", "two"]);
  }
  return (predictions, targets) => {
    if (predictions.length === 0) throw new ValueError(where, "there must be at least one prediction");
    if (Array.isArray(weights) && weights.length !== predictions.length) {
      throw new ValueError(where, `weights has ${weights.length} entries for ${predictions.length} predictions`);
    }
    const t = asTensor(targets, undefined, where, "targets");
    return predictions
      .map((prediction, level) => {
        const p = asTensor(prediction, undefined, where, "predictions");
        return loss(p, resized(where, t, p)).mul(weightOfLevel(weights, level));
      })
      .reduce((a, b) => a.add(b));
  };
}

export interface MultiScaleOptions {
  /** Standard deviations of the blur in pixels, >= 0; 0 is the image itself. Default [0, 1, 2]. */
  scales?: readonly number[];
}

/**
 * Several scales: the mean of the losses of probabilities and targets, both blurred by each scale. A Gaussian sampled
 * up to 3 standard deviations, whose weights add up to 1, with zeros beyond the edges. For masks [n, classes,
 * ...pixels] and losses that take targets between 0 and 1. As monai.losses.MultiScaleLoss, whose weights do not quite
 * add up to 1.
 */
export function multiScale(
  loss: MaskLoss,
  options: MultiScaleOptions = {},
): (probabilities: TensorLike, targets: TensorLike) => Tensor {
  const where = "wrappers.multiScale";
  expectFunction(where, "loss", loss);
  const { scales } = resolve<Required<MultiScaleOptions>>(where, options, { scales: [0, 1, 2] });
  if (!Array.isArray(scales) || scales.length === 0)
    throw new ValueError(where, "scales must be a list of numbers >= 0");
  for (const scale of scales) expectNonNegative(where, "scales", scale);
  return (probabilities, targets) => {
    const p = asTensor(probabilities, undefined, where, "probabilities");
    const t = asTensor(targets, p.dtype, where, "targets");
    expectSameShape(where, { probabilities: p, targets: t });
    expectPixels(where, "probabilities", p);
    return scales
      .map((scale) => loss(blurred(p, scale), blurred(t, scale)))
      .reduce((a, b) => a.add(b))
      .div(scales.length);
  };
}

/** The image, or its mean over a Gaussian, kept within [0, 1] against rounding. */
function blurred(x: Tensor, scale: number): Tensor {
  if (scale === 0) return x;
  const reach = Math.floor(3 * scale + 0.5);
  const bell = Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-0.5 * ((i - reach) / scale) ** 2));
  const total = bell.reduce((a, b) => a + b);
  const kernel = bell.map((v) => v / total);
  return pixelAxes(x)
    .reduce((m, axis) => filtered(m, axis, kernel), x)
    .clamp(0, 1);
}

function weightOfLevel(weights: Required<DeepSupervisionOptions>["weights"], level: number): number {
  if (weights === "exponential") return Math.max(0.5 ** level, 0.0625);
  if (weights === "same") return 1;
  return weights === "two" ? (level === 0 ? 1 : 0.5) : weights[level];
}

/** Targets with the pixels of a prediction, each the nearest one: that at floor((i + 1/2) size / new size). */
function resized(where: string, targets: Tensor, prediction: Tensor): Tensor {
  const pixels = prediction.shape.slice(2);
  const first = targets.ndim - pixels.length;
  if (pixels.length === 0 || first < 1 || first > 2) {
    throw new ShapeError(
      where,
      `targets ${formatShape(targets.shape)} must be masks or labels for predictions ${formatShape(prediction.shape)}`,
    );
  }
  return pixels.reduce((t, size, i) => {
    const from = t.shape[first + i];
    if (from === size) return t;
    const nearest = arange(size, undefined, 1, { dtype: "float64" })
      .add(0.5)
      .mul(from / size)
      .floor()
      .to("int32");
    return t.indexSelect(first + i, nearest);
  }, targets);
}
