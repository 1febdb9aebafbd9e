import { where as select } from "../../autograd/elementwise.ts";
import { concat, narrow } from "../../autograd/movement.ts";
import "../../functional/methods.ts";
import { stack } from "../../functional/shapes.ts";
import { asIndices, expectRange, expectShape, floatTensor } from "../../tensor/checks.ts";
import { arange, full, zeros } from "../../tensor/creation.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { expectOneOf, resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { blankIndex, impossible, lengths, logOf, paddedLabels, steps } from "./alignment.ts";

export interface CTCOptions {
  /** The class that stands for no label, from 0, or from the end when negative. Default 0. */
  blank?: number;
  /**
   * Count a target that no alignment can give as 0 in place of Infinity; its gradient is 0 in either case. Default
   * false.
   */
  zeroInfinity?: boolean;
  /** Whether the first argument holds logits, to be normalised by logSoftmax. Default false. */
  logits?: boolean;
  /** Whether the first argument is [n, T, classes]. Default false. */
  batchFirst?: boolean;
  /** Whether "mean" divides each loss by the length of its target (at least 1) before the mean over n. Default true. */
  divideByTargetLength?: boolean;
  reduction?: Reduction;
}

/**
 * Connectionist temporal classification: -log of the probability of all alignments that give the target when repeats
 * are merged and then blanks left out. Forward recursion over the target with blanks in between, in log space.
 *
 * logProbabilities [T, n, classes] (or [T, classes]); targets int32 [n, S], padded by anything, or one after the other
 * [sum of lengths] (padded is quicker); inputLengths and targetLengths int32 [n] (one number without a batch). "none"
 * gives [n] (or a number). Throws for the blank among the labels, and for lengths beyond T and S.
 * A target longer than its input allows, one step more for each repeat, has value Infinity and gradient 0.
 * Log-probabilities below -1e30 count as -1e30. The gradient is that by each log-probability on its own; PyTorch's adds
 * what a logSoftmax takes away again, so behind a logSoftmax the two agree.
 * Options: blank (0), zeroInfinity (false), logits (false), batchFirst (false), divideByTargetLength (true),
 * reduction ("mean"). Graves et al. 2006, "Connectionist temporal classification". Reference values: torch.nn.CTCLoss.
 */
export function ctc(
  logProbabilities: TensorLike,
  targets: TensorLike,
  inputLengths: TensorLike,
  targetLengths: TensorLike,
  options: CTCOptions = {},
): Tensor {
  const { blank, zeroInfinity, logits, batchFirst, divideByTargetLength, reduction } = resolve<Required<CTCOptions>>(
    "ctc",
    options,
    {
      blank: 0,
      zeroInfinity: false,
      logits: false,
      batchFirst: false,
      divideByTargetLength: true,
      reduction: "mean",
    },
  );
  expectOneOf("ctc", "reduction", reduction, ["none", "mean", "sum"]);
  const given = floatTensor("ctc", "logProbabilities", logProbabilities);
  const { x, labels, frames, counts, noLabel } = withBatch(
    given,
    targets,
    inputLengths,
    targetLengths,
    batchFirst,
    blank,
  );
  const logp = logits ? x.logSoftmax(2) : x;
  const likelihood = logLikelihood(logp, labels, frames, counts, noLabel);
  const possible = likelihood.gt(impossible / 2).logicalAnd(counts.le(labels.shape[1]));
  const losses = select(possible, likelihood.neg(), zeroInfinity ? 0 : Number.POSITIVE_INFINITY);
  if (reduction === "none") return given.ndim === 2 ? losses.reshape([]) : losses;
  const divided = reduction === "mean" && divideByTargetLength;
  return reduce("ctc", divided ? losses.div(counts.maximum(1)) : losses, reduction);
}

/** The arguments with a batch, checked: [T, n, classes], labels [n, S], lengths [n]. */
function withBatch(
  given: Tensor,
  targets: TensorLike,
  inputLengths: TensorLike,
  targetLengths: TensorLike,
  batchFirst: boolean,
  blank: number,
) {
  if (given.ndim !== 2 && given.ndim !== 3) {
    throw new ShapeError(
      "ctc",
      `logProbabilities must be [T, n, classes] or [T, classes], got ${formatShape(given.shape)}`,
    );
  }
  const batched = given.ndim === 3;
  const x = !batched ? given.unsqueeze(1) : batchFirst ? given.swapAxes(0, 1) : given;
  const [time, n, classes] = x.shape;
  const list = (name: string, lengthsOf: TensorLike) => {
    const t = asIndices("ctc", name, lengthsOf);
    return batched || t.ndim > 0 ? t : t.reshape([1]);
  };
  const noLabel = blankIndex("ctc", blank, classes);
  const y = asIndices("ctc", "targets", targets);
  if (y.ndim !== 1 && y.ndim !== 2) {
    throw new ShapeError("ctc", `targets must be [n, S] or [sum of targetLengths], got ${formatShape(y.shape)}`);
  }
  const joined = batched && y.ndim === 1;
  if (y.ndim === 2) expectShape("ctc", "targets", y, [n, y.shape[1]]);
  const most = y.shape[y.ndim - 1];
  const frames = lengths(
    "ctc",
    "inputLengths",
    list("inputLengths", inputLengths),
    n,
    0,
    time,
    "the steps of logProbabilities",
  );
  const counts = lengths(
    "ctc",
    "targetLengths",
    list("targetLengths", targetLengths),
    n,
    0,
    most,
    "the labels in targets",
  );
  const rows = joined ? separate(y, counts, time) : batched ? y : y.reshape([1, y.size]);
  return { x, labels: paddedLabels("ctc", rows, counts, noLabel, classes), frames, counts, noLabel };
}

/**
 * Targets one after the other as padded rows. No target of more labels than steps is possible, so `time` columns do.
 */
function separate(targets: Tensor, counts: Tensor, time: number): Tensor {
  const { size } = targets;
  expectRange("ctc", "the sum of targetLengths", counts.sum(), { low: size, high: size }, `targets has ${size} labels`);
  const longest = Math.min(size, time);
  if (longest === 0) return zeros([counts.size, 0], { dtype: "int32" });
  const starts = counts.cumsum(0).sub(counts).unsqueeze(1);
  const index = starts.add(arange(longest).unsqueeze(0)).minimum(size - 1);
  return targets.gather(0, index.reshape([-1])).reshape([counts.size, longest]);
}

/** log p(labels): [n]. Far below 0 where no alignment exists. */
function logLikelihood(logp: Tensor, labels: Tensor, frames: Tensor, counts: Tensor, blank: number): Tensor {
  const [time, n, classes] = logp.shape;
  const longest = labels.shape[1];
  const states = 2 * longest + 1; // blank, label, blank, label, ..., blank
  const between = (odd: Tensor, even: number) =>
    concat([stack([odd.mul(0).add(even), odd], 2).reshape([n, states - 1]), full([n, 1], even, { dtype: "int32" })], 1);
  const state = between(labels, blank);
  // A label may follow another without a blank, but not its like; the first may follow the start.
  const before = concat(
    [full([n, Math.min(1, longest)], -1, { dtype: "int32" }), narrow(labels, 1, { stop: Math.max(0, longest - 1) })],
    1,
  );
  const skip = logOf(between(labels.ne(before).to("int32"), 0).eq(1), logp);

  // Sample b starts at step T - frames[b], in the column before its first state.
  const entry = frames.neg().add(time).unsqueeze(0); // [1, n]
  const moment = arange(time + 1).unsqueeze(1);
  const starts = logOf(moment.eq(entry), logp);
  const edges = steps(stack([starts.mul(0).add(impossible), starts], 2)); // T + 1 of [n, 2]
  const row = narrow(moment, 0, { stop: time }).sub(entry).maximum(0).mul(n).add(arange(n).unsqueeze(0));
  const index = row.mul(classes).unsqueeze(2).add(state.unsqueeze(0)); // [T, n, states]
  const picked = logp
    .reshape([-1])
    .gather(0, index.reshape([-1]))
    .reshape([time, n, states])
    .maximum(impossible);

  let alpha = full([n, states], impossible, { dtype: logp.dtype });
  for (const [t, emission] of steps(picked).entries()) {
    const padded = concat([edges[t], alpha], 1);
    const one = narrow(padded, 1, { start: 1, stop: states + 1 });
    const two = narrow(padded, 1, { stop: states }).add(skip);
    alpha = alpha.logAddExp(one).logAddExp(two).add(emission);
  }
  // The last label and the blank after it; for an empty target the start and the blank.
  const last = counts.minimum(longest).mul(2).unsqueeze(1).add(arange(1, 3).unsqueeze(0));
  return concat([edges[time], alpha], 1).gather(1, last).logSumExp(1);
}
