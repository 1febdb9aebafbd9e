import { expectSameShape, expectSigns, floatTensor } from "../../tensor/checks.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { expectNonNegative, expectOneOf, resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";

export interface MarginRankingOptions {
  /** By how much the better score must lead, >= 0. Default 0. */
  margin?: number;
  reduction?: Reduction;
}

/**
 * Margin ranking: [margin - y (x1 - x2)]+, where y = 1 wants x1 above x2 and y = -1 the other way round.
 *
 * x1, x2: scores of one shape, larger is better; targets: 1 or -1, the same shape or one for all. The gradient at the
 * kink is 0 (PyTorch: 1), so with margin 0 equal scores do not move. For scores where lower is better, or all pairs of
 * two lists, see `knowledgeGraphMarginRanking`. Reference values: torch.nn.MarginRankingLoss.
 * Options: margin (0), reduction ("mean").
 */
export function marginRanking(
  x1: TensorLike,
  x2: TensorLike,
  targets: TensorLike,
  options: MarginRankingOptions = {},
): Tensor {
  const where = "marginRanking";
  const { margin, reduction } = resolve<Required<MarginRankingOptions>>(where, options, {
    margin: 0,
    reduction: "mean",
  });
  expectNonNegative(where, "margin", margin);
  const [a, b, y] = [
    floatTensor(where, "x1", x1),
    floatTensor(where, "x2", x2),
    asTensor(targets, undefined, where, "targets"),
  ];
  expectSameShape(where, y.ndim === 0 ? { x1: a, x2: b } : { x1: a, x2: b, targets: y });
  expectSigns(where, "targets", y);
  return reduce(where, b.sub(a).mul(y).add(margin).relu(), reduction);
}

export interface KnowledgeGraphMarginRankingOptions {
  /** How far apart true and corrupted facts must score, >= 0. Default 1. */
  margin?: number;
  /** "all": every positive with every negative (the paper's double sum); "aligned": entry by entry. Default "all". */
  pairs?: "all" | "aligned";
  /** Whether a true fact scores low ("distance", the default) or high ("similarity"). */
  score?: "distance" | "similarity";
  /** Default "sum", as in the paper. */
  reduction?: Reduction;
}

/**
 * Margin ranking of a knowledge graph's facts: sum over positives and negatives of [f(positive) + margin -
 * f(negative)]+.
 *
 * pairs "all": positive [p] and negative [q] give p q terms, [p, q] with reduction "none". pairs "aligned": both of one
 * shape, or negative with a last axis of its own that lists the corruptions of each positive: [n] and [n, k].
 * With score "similarity" the terms are [f(negative) + margin - f(positive)]+. The gradient at the kink is 0.
 * "aligned" with distances of one shape is `marginRanking(negative, positive, 1)`.
 * Options: margin (1), pairs ("all"), score ("distance"), reduction ("sum").
 * Bordes et al. 2013, "Translating embeddings for modeling multi-relational data". Reference values: the formula.
 */
export function knowledgeGraphMarginRanking(
  positive: TensorLike,
  negative: TensorLike,
  options: KnowledgeGraphMarginRankingOptions = {},
): Tensor {
  const where = "knowledgeGraphMarginRanking";
  const { margin, pairs, score, reduction } = resolve<Required<KnowledgeGraphMarginRankingOptions>>(where, options, {
    margin: 1,
    pairs: "all",
    score: "distance",
    reduction: "sum",
  });
  expectNonNegative(where, "margin", margin);
  expectOneOf(where, "pairs", pairs, ["all", "aligned"]);
  expectOneOf(where, "score", score, ["distance", "similarity"]);
  const p = floatTensor(where, "positive", positive);
  const n = floatTensor(where, "negative", negative);
  const lead = paired(where, p, n, pairs).sub(n);
  return reduce(where, (score === "distance" ? lead : lead.neg()).add(margin).relu(), reduction);
}

/** The positives in a shape that broadcasts against the negatives as `pairs` asks. */
export function paired(where: string, positive: Tensor, negative: Tensor, pairs: "all" | "aligned"): Tensor {
  const shapes = `positive ${formatShape(positive.shape)} and negative ${formatShape(negative.shape)}`;
  if (pairs === "all") {
    if (positive.ndim !== 1 || negative.ndim !== 1)
      throw new ShapeError(where, `pairs "all" needs two lists of scores, got ${shapes}; use flatten() or "aligned"`);
    return positive.unsqueeze(1);
  }
  const each = negative.ndim === positive.ndim + 1;
  if (formatShape(each ? negative.shape.slice(0, -1) : negative.shape) !== formatShape(positive.shape))
    throw new ShapeError(where, `pairs "aligned" needs one shape, or negative with one more last axis, got ${shapes}`);
  return each ? positive.unsqueeze(-1) : positive;
}
