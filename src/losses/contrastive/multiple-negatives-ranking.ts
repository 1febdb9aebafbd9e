import { where as select, stopGradient } from "../../autograd/elementwise.ts";
import { concat } from "../../autograd/movement.ts";
import { arange } from "../../tensor/creation.ts";
import { ValueError } from "../../tensor/errors.ts";
import { expectNonNegative, expectOneOf, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { except } from "../candidates.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { scalarOption } from "../scalar-option.ts";
import { diagonalOf, negativesOf, pairedRows } from "./rows.ts";

export type RankingDirection = "queryToDocument" | "queryToQuery" | "documentToQuery" | "documentToDocument";

/** "symmetric": both ways; "gte": all four directions in one softmax. */
export type MultipleNegativesRankingPreset = "plain" | "symmetric" | "gte";

export interface MultipleNegativesRankingOptions {
  /** Start from a choice of directions and partition; the other options go on top. Default "plain". */
  preset?: MultipleNegativesRankingPreset;
  /**
   * Hard negatives: [n, k, d], k of each anchor, or [m, d], a pool that belongs to no anchor. All are candidates of
   * all.
   */
  negatives?: TensorLike;
  /**
   * The factor on the similarities (1 / temperature), > 0; a number, or a learned tensor with one element. Default 20.
   */
  scale?: number | Tensor;
  /** "cosine" (default), or "dot", with which a scale of 1 is usual. */
  similarity?: "cosine" | "dot";
  /**
   * What competes with the pair (anchor i is the query, positives and negatives are documents): query i with all
   * documents (always there), with the other queries; document i with all queries, with the documents of other queries.
   * Default ["queryToDocument"].
   */
  directions?: readonly RankingDirection[];
  /** One softmax over all directions ("joint", the default), or the mean of one for each ("perDirection"). */
  partition?: "joint" | "perDirection";
  /** Which logits of queryToDocument get + hardnessStrength stopGradient(similarity). Default "none". */
  hardness?: "none" | "inBatchNegatives" | "hardNegatives" | "allNegatives";
  /** >= 0. Default 0. */
  hardnessStrength?: number;
  reduction?: Reduction;
}

type ResolvedRanking = Required<Omit<MultipleNegativesRankingOptions, "negatives">> & {
  negatives: TensorLike | undefined;
};

/**
 * Multiple negatives ranking: -log softmax over candidates c of scale sim(a_i, c), at the positive p_i. The candidates
 * are all positives of the batch and all negatives.
 *
 * anchors, positives: [n, d], row i of one belongs to row i of the other. Returns [n] with reduction "none". One pair
 * without negatives has loss 0 and gradient 0. Equals `infoNCE` with temperature 1 / scale and all negatives in one
 * pool.
 * Options: see `MultipleNegativesRankingOptions`. Preset "symmetric" is directions ["queryToDocument",
 * "documentToQuery"] with partition "perDirection"; "gte" is all four directions with partition "joint", where the pair
 * counts twice, as in the reference.
 *
 * Henderson et al. 2017, arXiv:1705.00652 (dot products, scale 1); Li et al. 2023, arXiv:2308.03281 (GTE); Lan et al.
 * 2025, arXiv:2503.04812 (hardness). Reference values: sentence-transformers 6's MultipleNegativesRankingLoss.
 */
export function multipleNegativesRanking(
  anchors: TensorLike,
  positives: TensorLike,
  options: MultipleNegativesRankingOptions = {},
): Tensor {
  const where = "multipleNegativesRanking";
  const settings = rankingSettings(where, options);
  const unit = (x: Tensor) => (settings.similarity === "cosine" ? x.normalize({ axis: -1 }) : x);
  const [queries, documents] = pairedRows(where, ["anchors", anchors], ["positives", positives]).map(unit);
  const hard = settings.negatives === undefined ? undefined : unit(negativesOf(where, queries, settings.negatives));
  if (settings.hardness === "hardNegatives" && hard?.ndim !== 3) {
    throw new ValueError(where, 'hardness "hardNegatives" needs negatives [n, k, d], k for each anchor');
  }
  const all = hard === undefined ? documents : concat([documents, hard.reshape([-1, hard.shape[hard.ndim - 1]])]);
  const own = ownDocuments(documents.shape[0], all.shape[0], hard?.ndim === 3 ? hard.shape[1] : 0);
  const logits = rankingLogits(queries, documents, all, own, settings);
  const positive = logits.queryToDocument().diagonal();
  const candidates = settings.directions.map((direction) => logits[direction]());
  const partitions =
    settings.partition === "joint"
      ? concat(candidates, 1).logSumExp(1)
      : candidates
          .map((x) => x.logSumExp(1))
          .reduce((a, b) => a.add(b))
          .div(candidates.length);
  return reduce(where, partitions.sub(positive), settings.reduction);
}

/** The logits [n, candidates] of each direction, as functions: only those asked for are computed. */
function rankingLogits(
  queries: Tensor,
  documents: Tensor,
  all: Tensor,
  own: Tensor,
  { scale, hardness, hardnessStrength }: ResolvedRanking,
): Record<RankingDirection, () => Tensor> {
  const times = (a: Tensor, b: Tensor) => a.matmul(b, { transposeB: true });
  const forward = times(queries, all);
  const isPositive = arange(all.shape[0]).eq(arange(queries.shape[0]).unsqueeze(1));
  const harder = {
    none: () => null,
    inBatchNegatives: () => own.logicalNot(),
    hardNegatives: () => own.logicalAnd(isPositive.logicalNot()),
    allNegatives: () => isPositive.logicalNot(),
  }[hardness]();
  const queryToDocument =
    harder === null
      ? forward.mul(scale)
      : forward.mul(scale).add(select(harder, stopGradient(forward).mul(hardnessStrength), 0));
  return {
    queryToDocument: () => queryToDocument,
    queryToQuery: () => times(queries, queries).mul(scale).maskedFill(diagonalOf(queries), except),
    documentToQuery: () => times(documents, queries).mul(scale),
    documentToDocument: () => times(documents, all).mul(scale).maskedFill(own, except),
  };
}

/**
 * Which of m documents belong to which of n queries: document i < n to query i, then k in a row to each; bool [n, m].
 */
function ownDocuments(n: number, m: number, k: number): Tensor {
  const [document, query] = [arange(m), arange(n).unsqueeze(1)];
  const isPositive = document.eq(query);
  const first = query.mul(k).add(n);
  return isPositive.logicalOr(document.ge(first).logicalAnd(document.lt(first.add(k))));
}

const everyDirection: readonly RankingDirection[] = [
  "queryToDocument",
  "queryToQuery",
  "documentToQuery",
  "documentToDocument",
];

const presets: Record<MultipleNegativesRankingPreset, Partial<ResolvedRanking>> = {
  plain: {},
  symmetric: { directions: ["queryToDocument", "documentToQuery"], partition: "perDirection" },
  gte: { directions: everyDirection },
};

function rankingSettings(where: string, options: MultipleNegativesRankingOptions): ResolvedRanking {
  const defaults: ResolvedRanking = {
    preset: "plain",
    negatives: undefined,
    scale: 20,
    similarity: "cosine",
    directions: ["queryToDocument"],
    partition: "joint",
    hardness: "none",
    hardnessStrength: 0,
    reduction: "mean",
  };
  const { preset } = resolve<ResolvedRanking>(where, options, defaults);
  expectOneOf(where, "preset", preset, Object.keys(presets) as MultipleNegativesRankingPreset[]);
  const settings = resolve<ResolvedRanking>(where, options, { ...defaults, ...presets[preset] });
  const { directions, partition } = settings;
  expectOneOf(where, "similarity", settings.similarity, ["cosine", "dot"]);
  expectOneOf(where, "partition", partition, ["joint", "perDirection"]);
  expectOneOf(where, "hardness", settings.hardness, ["none", "inBatchNegatives", "hardNegatives", "allNegatives"]);
  expectNonNegative(where, "hardnessStrength", settings.hardnessStrength);
  if (!Array.isArray(directions) || !directions.includes("queryToDocument"))
    throw new ValueError(where, 'directions must be a list that has "queryToDocument", which holds the pair');
  for (const direction of directions) {
    expectOneOf(where, "directions", direction, everyDirection);
    if (partition === "perDirection" && (direction === "queryToQuery" || direction === "documentToDocument")) {
      throw new ValueError(
        where,
        `partition "perDirection" needs the pair among each direction's candidates, and "${direction}" lacks it; use "joint"`,
      );
    }
  }
  return { ...settings, scale: scalarOption(where, "scale", settings.scale), directions: [...new Set(directions)] };
}
