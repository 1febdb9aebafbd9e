import { where as select, stopGradient } from "../../autograd/elementwise.ts";
import "../../functional/methods.ts";
import { expectAxes, expectNotEmpty, expectSameShape, floatTensor } from "../../tensor/checks.ts";
import { ValueError } from "../../tensor/errors.ts";
import { expectNonNegative, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";

export interface CSRReconstructionOptions {
  /** What the inactive features make of the rest, [n, d]; null for none. Needs withoutBias. Default null. */
  auxiliary?: TensorLike | null;
  /** The reconstruction from k features before the bias is added, [n, d], a constant to the gradient. Default null. */
  withoutBias?: TensorLike | null;
  /** The weight of the auxiliary part, >= 0. Default 0.1. */
  beta?: number;
}

/**
 * Reconstruction part of contrastive sparse representation (CSR): MSE(x, r_k) + MSE(x, r_4k) / 8 +
 * beta MSE(auxiliary, x - withoutBias) / spread, where the spread is the mean squared distance of x - withoutBias from
 * its mean over the batch (1 where that is 0): a sparse autoencoder over embeddings, whose k active features are the
 * sparse embedding. The other part, weighted by about 1, is a contrastive loss over those.
 *
 * reconstruction, wideReconstruction: [n, d], from the k and the 4 k strongest features; embeddings: [n, d]. Returns a
 * scalar.
 * Options: auxiliary (null), withoutBias (null), beta (0.1).
 * Wen et al. 2025, arXiv:2503.01776. Reference values: sentence-transformers' CSRReconstructionLoss.
 */
export function csrReconstruction(
  reconstruction: TensorLike,
  wideReconstruction: TensorLike,
  embeddings: TensorLike,
  options: CSRReconstructionOptions = {},
): Tensor {
  const where = "csrReconstruction";
  const { auxiliary, withoutBias, beta } = resolve<Required<CSRReconstructionOptions>>(where, options, {
    auxiliary: null,
    withoutBias: null,
    beta: 0.1,
  });
  expectNonNegative(where, "beta", beta);
  const narrow = floatTensor(where, "reconstruction", reconstruction);
  const wide = floatTensor(where, "wideReconstruction", wideReconstruction);
  const x = floatTensor(where, "embeddings", embeddings);
  expectAxes(where, "embeddings", x, ["n", "d"]);
  expectNotEmpty(where, "embeddings", x);
  expectSameShape(where, { embeddings: x, reconstruction: narrow, wideReconstruction: wide });
  const extra = [auxiliary, withoutBias];
  if (extra.includes(null) && extra.some((t) => t !== null)) {
    throw new ValueError(where, "auxiliary and withoutBias belong together; give both or neither");
  }
  const rest = auxiliary === null ? null : floatTensor(where, "auxiliary", auxiliary);
  const before = withoutBias === null ? null : floatTensor(where, "withoutBias", withoutBias);
  if (rest !== null && before !== null) expectSameShape(where, { embeddings: x, auxiliary: rest, withoutBias: before });

  const error = (a: Tensor, b: Tensor) => a.sub(b).square().mean();
  const main = error(narrow, x).add(error(wide, x).div(8));
  if (rest === null || before === null) return main;
  const target = x.sub(stopGradient(before));
  const spread = error(target, target.mean(0, { keepDims: true }));
  return main.add(
    error(rest, target)
      .div(select(spread.eq(0), 1, spread))
      .mul(beta),
  );
}
