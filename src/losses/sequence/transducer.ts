import { stopGradient } from "../../autograd/elementwise.ts";
import { concat, narrow } from "../../autograd/movement.ts";
import "../../functional/methods.ts";
import { asIndices, expectAxes, expectShape, floatTensor } from "../../tensor/checks.ts";
import { arange, full } from "../../tensor/creation.ts";
import { expectNonNegative, expectOneOf, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { blankIndex, impossible, lengths, logOf, paddedLabels, steps } from "./alignment.ts";

export interface RNNTOptions {
  /** The class that stands for "next step", from 0, or from the end when negative. Default -1, the last. */
  blank?: number;
  /**
   * FastEmit: how much more the gradient by labels counts than that by blanks, >= 0. The value is the same. Default 0.
   */
  fastEmit?: number;
  /** Whether the first argument holds logits, to be normalised; false for log-probabilities. Default true. */
  logits?: boolean;
  reduction?: Reduction;
}

/**
 * The transducer (RNN-T): -log of the probability of all paths from (0, 0) that emit the labels in order and end with a
 * blank at the last step,  a(t, u) = log(e^(a(t-1, u) + blank(t-1, u)) + e^(a(t, u-1) + label(t, u-1))).
 *
 * logits [n, T, U + 1, classes] of the joiner; targets int32 [n, U], padded by anything; logitLengths in 1..T and
 * targetLengths in 0..U, int32 [n]. "none" gives [n]. The recursion goes by anti-diagonals, T + U of them, over blanks
 * and labels alone: nothing as large as the logits is made besides their normaliser's temporaries.
 * Log-probabilities below -1e30 count as -1e30. Options: blank (-1), fastEmit (0), logits (true), reduction ("mean",
 * over n). With `fastEmit` the gradient by log-probabilities of labels is multiplied by 1 + fastEmit.
 * Graves 2012, arXiv:1211.3711; Yu et al. 2021, arXiv:2010.11148 (FastEmit). Reference:
 * torchaudio.functional.rnnt_loss.
 */
export function rnnT(
  logits: TensorLike,
  targets: TensorLike,
  logitLengths: TensorLike,
  targetLengths: TensorLike,
  options: RNNTOptions = {},
): Tensor {
  const settings = resolve<Required<RNNTOptions>>("rnnT", options, {
    blank: -1,
    fastEmit: 0,
    logits: true,
    reduction: "mean",
  });
  expectNonNegative("rnnT", "fastEmit", settings.fastEmit);
  expectOneOf("rnnT", "reduction", settings.reduction, ["none", "mean", "sum"]);
  const x = floatTensor("rnnT", "logits", logits);
  expectAxes("rnnT", "logits", x, ["n", "T", "U + 1", "classes"]);
  const [n, time, columns, classes] = x.shape;
  const blank = blankIndex("rnnT", settings.blank, classes);
  const y = asIndices("rnnT", "targets", targets);
  expectShape("rnnT", "targets", y, [n, columns - 1]);
  const frames = lengths("rnnT", "logitLengths", logitLengths, n, 1, time, "the steps of logits");
  const counts = lengths("rnnT", "targetLengths", targetLengths, n, 0, columns - 1, "the labels in targets");
  const labels = paddedLabels("rnnT", y, counts, blank, classes);
  const likelihood = logLikelihood(x, labels, frames, counts, blank, settings);
  return reduce("rnnT", likelihood.neg(), settings.reduction);
}

/** log p(labels): [n]. */
function logLikelihood(
  x: Tensor,
  labels: Tensor,
  frames: Tensor,
  counts: Tensor,
  blank: number,
  { logits, fastEmit }: { logits: boolean; fastEmit: number },
): Tensor {
  const [n, time, columns, classes] = x.shape;
  // On diagonal d sample b is at t = d - offset[b] in column 0; offsets let all samples end on the last diagonal.
  const diagonals = time + columns; // the last one holds the blank that ends a path
  const offset = frames
    .add(counts)
    .neg()
    .add(diagonals - 1)
    .unsqueeze(0)
    .unsqueeze(2); // [1, n, 1]
  const diagonal = arange(diagonals).unsqueeze(1).unsqueeze(2); // [diagonals, 1, 1]
  const column = arange(columns).unsqueeze(0).unsqueeze(0);
  const t = diagonal
    .sub(offset)
    .sub(1)
    .sub(column)
    .maximum(0)
    .minimum(time - 1);
  const node = arange(n).unsqueeze(0).unsqueeze(2).mul(time).add(t).mul(columns).add(column); // of [n, T, U + 1]
  const at = (values: Tensor, index: Tensor) =>
    values
      .reshape([-1])
      .gather(0, index.reshape([-1]))
      .reshape(index.shape);
  const total = logits ? at(x.logSumExp(3), node) : 0;
  const picked = (index: Tensor) => at(x, node.mul(classes).add(index)).sub(total).maximum(impossible);
  const label = concat([labels, full([n, 1], blank, { dtype: "int32" })], 1).unsqueeze(0);
  const emitted = picked(label);
  const hurried = fastEmit === 0 ? emitted : emitted.mul(1 + fastEmit).sub(stopGradient(emitted).mul(fastEmit));
  const [waits, emits] = [steps(picked(full([1], blank, { dtype: "int32" }))), steps(hurried)];
  const starts = steps(logOf(diagonal.eq(offset), x).reshape([diagonals, n, 1]));

  let alpha = full([n, columns], impossible, { dtype: x.dtype });
  for (let d = 0; d < diagonals - 1; d++) {
    const moved = narrow(alpha.add(emits[d]), 1, { stop: columns - 1 });
    alpha = alpha.add(waits[d]).logAddExp(concat([starts[d], moved], 1));
  }
  return alpha
    .add(waits[diagonals - 1])
    .gather(1, counts.unsqueeze(1))
    .squeeze(1);
}
