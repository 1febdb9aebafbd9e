import { where as select } from "../../autograd/elementwise.ts";
import { narrow } from "../../autograd/movement.ts";
import "../../functional/methods.ts";
import {
  asIndices,
  expectAxes,
  expectBinary,
  expectIndices,
  expectNotEmpty,
  expectRange,
  expectShape,
  floatTensor,
} from "../../tensor/checks.ts";
import { full, zeros } from "../../tensor/creation.ts";
import { expectOneOf, resolve } from "../../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { steps } from "./alignment.ts";

export interface CRFOptions {
  /** The score of beginning with each tag, [tags]. Default 0 for all. */
  start?: TensorLike | null;
  /** The score of ending with each tag, [tags]. Default 0 for all. */
  end?: TensorLike | null;
  /**
   * Which steps belong to the sequence, 1 or 0 of the shape of `tags`: ones, then zeros, the first a one. Default all.
   */
  mask?: TensorLike | null;
  /** Whether emissions are [T, n, tags], tags and mask [T, n]. Default false. */
  timeFirst?: boolean;
  /** As usual, and "tokenMean": the sum over the number of steps that the mask keeps. Default "mean", over n. */
  reduction?: Reduction | "tokenMean";
}

/**
 * The negative log-likelihood of tags under a linear-chain conditional random field: log sum_y' e^s(y') - s(y),
 * s(y) = start(y_1) + sum_t emission_t(y_t) + sum_t transition(y_(t-1), y_t) + end(y_T). The sum over all tag sequences
 * is the forward recursion in log space.
 *
 * emissions [n, T, tags]; tags int32 [n, T] (any tag where masked); transitions [tags, tags], from the row's tag to the
 * column's. "none" gives [n]. `CRF` owns the transitions, start and end, and decodes.
 * Options: start, end (none), mask (none), timeFirst (false), reduction ("mean").
 * Lafferty, McCallum and Pereira 2001, "Conditional random fields". Reference values: pytorch-crf, which gives the
 * log-likelihood itself and takes the time first.
 */
export function crf(
  emissions: TensorLike,
  tags: TensorLike,
  transitions: TensorLike,
  options: CRFOptions = {},
): Tensor {
  const settings = resolve<Required<CRFOptions>>("crf", options, {
    start: null,
    end: null,
    mask: null,
    timeFirst: false,
    reduction: "mean",
  });
  expectOneOf("crf", "reduction", settings.reduction, ["none", "mean", "sum", "tokenMean"]);
  const given = floatTensor("crf", "emissions", emissions);
  expectAxes("crf", "emissions", given, settings.timeFirst ? ["T", "n", "tags"] : ["n", "T", "tags"]);
  expectNotEmpty("crf", "emissions", given);
  const early = (t: Tensor) => (settings.timeFirst ? t : t.swapAxes(0, 1));
  const x = early(given); // [T, n, tags]
  const [time, n, count] = x.shape;
  const labels = asIndices("crf", "tags", tags);
  expectShape("crf", "tags", labels, given.shape.slice(0, 2));
  expectIndices("crf", "tags", labels, count, "the tag axis of emissions");
  const y = early(labels);
  const moves = floatTensor("crf", "transitions", transitions);
  expectShape("crf", "transitions", moves, [count, count]);
  const ends = (name: "start" | "end") => {
    const scores = settings[name];
    const t = scores === null ? zeros([count], { dtype: x.dtype }) : floatTensor("crf", name, scores);
    expectShape("crf", name, t, [count]);
    return t;
  };
  const [start, end] = [ends("start"), ends("end")];
  const kept =
    settings.mask === null ? full([time, n], 1, { dtype: x.dtype }) : keptSteps(settings.mask, labels, early, x);

  const norm = logPartition(x, kept, moves, start, end);
  const terms = norm.sub(scoreOf(x, y, kept, moves, start, end));
  if (settings.reduction === "tokenMean") return terms.sum().div(kept.sum());
  return reduce("crf", terms, settings.reduction);
}

/** The mask as [T, n] of the dtype of x, checked. */
function keptSteps(mask: TensorLike, labels: Tensor, early: (t: Tensor) => Tensor, x: Tensor): Tensor {
  const given = asTensor(mask, undefined, "crf", "mask");
  expectShape("crf", "mask", given, labels.shape);
  expectBinary("crf", "mask", given);
  const kept = early(given.to(x.dtype));
  const words = "mask must begin with 1 and have no 1 after a 0";
  expectRange("crf", "the first step of mask", narrow(kept, 0, 0), { low: 1, high: 1 }, words);
  const rise = narrow(kept, 0, { start: 1 }).sub(narrow(kept, 0, { stop: kept.shape[0] - 1 }));
  expectRange("crf", "the rise of mask", rise, { low: -1, high: 0 }, words);
  return kept;
}

/** log sum over all tag sequences of e^score: [n]. */
function logPartition(x: Tensor, kept: Tensor, moves: Tensor, start: Tensor, end: Tensor): Tensor {
  const [first, ...rest] = steps(x);
  const within = steps(kept.unsqueeze(2).eq(1));
  let alpha = first.add(start);
  for (const [t, emission] of rest.entries()) {
    const next = alpha.unsqueeze(2).add(moves).logSumExp(1).add(emission);
    alpha = select(within[t + 1], next, alpha);
  }
  return alpha.add(end).logSumExp(1);
}

/** The score of the tags y [T, n]: [n]. */
function scoreOf(x: Tensor, y: Tensor, kept: Tensor, moves: Tensor, start: Tensor, end: Tensor): Tensor {
  const [time, n, count] = x.shape;
  const emitted = x.gather(2, y.unsqueeze(2)).squeeze(2).mul(kept).sum(0);
  const [from, to] = [narrow(y, 0, { stop: time - 1 }), narrow(y, 0, { start: 1 })];
  const pair = from.mul(count).add(to).reshape([-1]);
  const moved = moves
    .reshape([-1])
    .gather(0, pair)
    .reshape([time - 1, n])
    .mul(narrow(kept, 0, { start: 1 }))
    .sum(0);
  const last = y.gather(0, kept.sum(0, { keepDims: true }).sub(1).to("int32")).squeeze(0);
  return emitted
    .add(moved)
    .add(start.gather(0, narrow(y, 0, 0)))
    .add(end.gather(0, last));
}
