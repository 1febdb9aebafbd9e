import { where as select } from "../../autograd/elementwise.ts";
import { cosineMatrix } from "../../functional/distances.ts";
import { safeNorm } from "../../functional/numerics.ts";
import { ones, onesLike, zerosLike } from "../../tensor/creation.ts";
import { expectInteger, expectPositive, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { type Classified, crossEntropyWith, expectCentred } from "./centres.ts";

// Margins that multiply the angle to the own centre, over logits that keep the length of the embedding.

export interface SphereFaceOptions {
  /** What the angle is multiplied by, whole, >= 1. Default 4. */
  margin?: number;
  /** The factor on the logits, > 0. Default 1. */
  scale?: number;
  reduction?: Reduction;
}

/**
 * SphereFace (A-softmax): cross-entropy of ||x|| cos(angle to each centre), with psi(angle) in place of the own cosine:
 * psi = (-1)^k cos(margin angle) - 2 k for angles in [k pi / margin, (k + 1) pi / margin], which falls from 1 at 0 to
 * 1 - 2 margin at pi.
 *
 * Shapes and labels as in `normalizedSoftmax`; the embeddings keep their length, the centres are L2-normalised here. k
 * is a constant to the gradient. cos(margin angle) is Chebyshev's polynomial of the cosine. Margin 1 is a softmax over
 * normalised centres.
 *
 * Options: margin (4), scale (1), reduction ("mean").
 * Liu et al. 2017, arXiv:1704.08063. Reference values: pytorch-metric-learning's SphereFaceLoss.
 */
export function sphereFace(
  embeddings: TensorLike,
  centres: TensorLike,
  labels: TensorLike,
  options: SphereFaceOptions = {},
): Tensor {
  return multipliedAngle("sphereFace", [embeddings, centres, labels], options, (w) => ones([w.shape[0]]));
}

export interface LargeMarginSoftmaxOptions extends SphereFaceOptions {}

/**
 * Large-margin softmax (L-softmax): `sphereFace` with logits ||x|| ||w|| cos(angle), so that centres keep their length
 * too. Margin 1 is softmax cross-entropy of x . w.
 *
 * Options: margin (4), scale (1), reduction ("mean").
 * Liu et al. 2016, arXiv:1612.02295. Reference values: pytorch-metric-learning's LargeMarginSoftmaxLoss.
 */
export function largeMarginSoftmax(
  embeddings: TensorLike,
  centres: TensorLike,
  labels: TensorLike,
  options: LargeMarginSoftmaxOptions = {},
): Tensor {
  return multipliedAngle("largeMarginSoftmax", [embeddings, centres, labels], options, (w) => safeNorm(w, 1));
}

function multipliedAngle(
  where: string,
  given: Classified,
  options: SphereFaceOptions,
  centreLengths: (w: Tensor) => Tensor,
): Tensor {
  const { margin, scale, reduction } = resolve<Required<SphereFaceOptions>>(where, options, {
    margin: 4,
    scale: 1,
    reduction: "mean",
  });
  expectInteger(where, "margin", margin);
  expectPositive(where, "scale", scale);
  const { x, w, own } = expectCentred(where, given);
  const cosines = cosineMatrix(x, w);
  const lengths = safeNorm(x, 1, { keepDims: true }).mul(centreLengths(w)).mul(scale); // [n, classes]
  const target = fallingCosine(cosines.gather(1, own), margin).mul(lengths.gather(1, own));
  return reduce(where, crossEntropyWith(cosines.mul(lengths), own, target), reduction);
}

/** psi(angle) from the cosine c of the angle. The angle has passed j pi / m where c <= cos(j pi / m). */
function fallingCosine(c: Tensor, m: number): Tensor {
  let [sign, k]: Tensor[] = [onesLike(c), zerosLike(c)];
  for (let j = 1; j < m; j++) {
    const passed = c.le(Math.cos((j * Math.PI) / m));
    sign = select(passed, sign.neg(), sign);
    k = k.add(passed.to(c.dtype));
  }
  return sign.mul(chebyshev(c, m)).sub(k.mul(2));
}

/** cos(m angle) from c = cos(angle): T_m = 2 c T_(m-1) - T_(m-2). */
function chebyshev(c: Tensor, m: number): Tensor {
  let [before, last]: Tensor[] = [onesLike(c), c];
  for (let j = 1; j < m; j++) [before, last] = [last, c.mul(last).mul(2).sub(before)];
  return last;
}
