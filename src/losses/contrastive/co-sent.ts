import { pad } from "../../autograd/movement.ts";
import { cosineSimilarity } from "../../functional/distances.ts";
import { maskedLogSumExp } from "../../functional/masks.ts";
import { expectShape } from "../../tensor/checks.ts";
import { promote } from "../../tensor/dtype.ts";
import { resolve } from "../../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { scalarOption } from "../scalar-option.ts";
import { pairedRows } from "./rows.ts";

// Graded pairs of sentences, by the order of their similarities alone.

export interface CoSENTOptions {
  /** The factor on the similarities, > 0; a number, or a learned tensor with one element. Default 20. */
  scale?: number | Tensor;
}

/**
 * CoSENT: log(1 + sum over pairs i, j with target_i < target_j of e^(scale (s_i - s_j))), where s_i is the cosine of
 * row i of x1 and row i of x2: pairs that should be more alike must be.
 *
 * x1, x2: [n, d]; targets: [n], how alike the two sentences are, on any scale. Returns a scalar; 0 where no two targets
 * differ.
 * Options: scale (20).
 * Su 2022, "CoSENT", kexue.fm/archives/8847; Huang et al. 2024, "CoSENT: Consistent sentence embedding via similarity
 * ranking", IEEE/ACM TASLP 32. Reference values: sentence-transformers' CoSENTLoss.
 */
export function coSENT(x1: TensorLike, x2: TensorLike, targets: TensorLike, options: CoSENTOptions = {}): Tensor {
  return inOrder("coSENT", [x1, x2, targets], options, (u, v) => cosineSimilarity(u, v));
}

export interface AnglEOptions extends CoSENTOptions {}

/**
 * AnglE: `coSENT` by the angle of the embeddings as complex vectors, whose gradient does not fade where cosines
 * saturate: s = |cos(u, v) + sum of the imaginary parts of u conj(v)|, u and v L2-normalised, the first half of each
 * the real parts and the second half the imaginary ones.
 *
 * Arguments as in `coSENT`; rows of odd length get a 0 at the end. The gradient where s is 0 is 0.
 * Options: scale (20).
 * Li and Li 2024, arXiv:2309.12871 (which adds this to `coSENT` and in-batch negatives). Reference values:
 * sentence-transformers' AnglELoss.
 */
export function anglE(x1: TensorLike, x2: TensorLike, targets: TensorLike, options: AnglEOptions = {}): Tensor {
  return inOrder("anglE", [x1, x2, targets], options, angleSimilarity);
}

type Similarity = (u: Tensor, v: Tensor) => Tensor;

function inOrder(
  where: string,
  [x1, x2, targets]: readonly [TensorLike, TensorLike, TensorLike],
  options: CoSENTOptions,
  similarity: Similarity,
): Tensor {
  const { scale } = resolve<Required<CoSENTOptions>>(where, options, { scale: 20 });
  const factor = scalarOption(where, "scale", scale);
  const [u, v] = pairedRows(where, ["x1", x1], ["x2", x2]);
  const given = asTensor(targets, u.dtype, where, "targets");
  const y = given.to(promote(given.dtype, u.dtype));
  expectShape(where, "targets", y, [u.shape[0]]);
  const s = similarity(u, v).mul(factor);
  const violation = s.unsqueeze(1).sub(s).flatten(); // [n n], s_i - s_j
  return maskedLogSumExp(violation, y.unsqueeze(1).lt(y).flatten(), 0, { addOne: true });
}

function angleSimilarity(x1: Tensor, x2: Tensor): Tensor {
  const even = (x: Tensor) =>
    x.shape[1] % 2 === 0
      ? x
      : pad(x, [
          [0, 0],
          [0, 1],
        ]);
  const [u, v] = [even(x1).normalize(), even(x2).normalize()];
  const half = u.shape[1] / 2;
  const real = (x: Tensor) => x.slice([null, { stop: half }]);
  const imaginary = (x: Tensor) => x.slice([null, { start: half }]);
  const sines = imaginary(u)
    .mul(real(v))
    .sub(real(u).mul(imaginary(v)))
    .sum(1);
  return u.mul(v).sum(1).add(sines).abs();
}
