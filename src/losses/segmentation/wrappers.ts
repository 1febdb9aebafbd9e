import "../../functional/methods.ts";
import { expectShape } from "../../tensor/checks.ts";
import { arange } from "../../tensor/creation.ts";
import { ShapeError, ValueError } from "../../tensor/errors.ts";
import { expectFunction, expectOneOf, resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";

// Losses made of other losses over masks.

/** A loss of predictions and targets, as all of this family are with their options bound. */
export type MaskLoss = (predictions: Tensor, targets: Tensor) => Tensor;

/**
 * The loss of predictions and targets that are both multiplied by a mask: what is outside the mask is correctly predicted
 * background. For losses of probabilities and targets that are masks [n, classes, ...pixels]; the third argument is
 * [n or 1, 1, ...pixels]. Overlaps do not see such pixels; losses that average over pixels still count them, so give labels
 * and `ignoreIndex` to those. As monai.losses.MaskedLoss.
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
   * The factor on each level, the first being of full size: "exponential" 1, 1/2, 1/4, 1/8, and 1/16 from there on, "same" 1,
   * "two" 1 for the first and 1/2 for the others, or a list with one for each. Default "exponential".
   */
  weights?: "exponential" | "same" | "two" | readonly number[];
}

/**
 * Deep supervision: the weighted sum of the losses of predictions of several sizes, each with the targets brought to its
 * size by the nearest pixel. Predictions are [n, classes, ...pixels]; targets are masks of such a form, or labels
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
