import { stopGradient } from "../../autograd/elementwise.ts";
import { concat } from "../../autograd/movement.ts";
import { cosineMatrix } from "../../functional/distances.ts";
import { expectAxes, floatTensor } from "../../tensor/checks.ts";
import { ShapeError, ValueError } from "../../tensor/errors.ts";
import { expectNonNegative, expectOneOf, resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { except } from "../candidates.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { scalarOption } from "../scalar-option.ts";
import { diagonalOf, negativesOf, pairedRows } from "./rows.ts";

export interface GistOptions {
  /** Hard negatives, [m, d], candidates of all anchors. Needs guideNegatives. */
  negatives?: TensorLike;
  /** The guide's embeddings of the negatives, [m, e]. */
  guideNegatives?: TensorLike;
  /** What the cosines are divided by, > 0; a number, or a learned tensor with one element. Default 0.01. */
  temperature?: number | Tensor;
  /** How far below the pair's guide cosine a candidate already counts as a false negative, >= 0. Default 0. */
  margin?: number;
  /** "absolute": below by margin; "relative": by margin times the size of the pair's cosine. Default "absolute". */
  marginStrategy?: "absolute" | "relative";
  /** Whether the other anchors are candidates. Default true. */
  contrastAnchors?: boolean;
  /** Whether the other positives compete with the pair's positive too. Default true. */
  contrastPositives?: boolean;
  reduction?: Reduction;
}

/**
 * GIST: `multipleNegativesRanking` without the candidates that a guide model finds nearer to the anchor than its
 * positive: -log e^(s_ii / t) / sum of e^(s / t) over the pair and the candidates c with guide cosine <= the pair's -
 * margin.
 *
 * anchors, positives: [n, d]; guideAnchors, guidePositives: [n, e], the guide's embeddings of the same texts, constants
 * to the gradient. Row i of each belongs to row i of the others. The candidates of anchor i: all positives, the other
 * anchors, all negatives; and, as cosines with positive i, the other positives, masked by the guide's cosine with
 * positive i. A row is never its own negative. Returns [n] with reduction "none". One pair has loss 0.
 *
 * Options: negatives, guideNegatives, temperature (0.01), margin (0), marginStrategy ("absolute"), contrastAnchors
 * (true), contrastPositives (true), reduction ("mean").
 * Solatorio 2024, arXiv:2402.16829. Reference values: sentence-transformers' GISTEmbedLoss, which leaves a row among
 * its own negatives if the guide's cosine of the pair is 1.
 */
export function gist(
  anchors: TensorLike,
  positives: TensorLike,
  guideAnchors: TensorLike,
  guidePositives: TensorLike,
  options: GistOptions = {},
): Tensor {
  const where = "gist";
  const o = resolve(where, options, {
    negatives: undefined as TensorLike | undefined,
    guideNegatives: undefined as TensorLike | undefined,
    temperature: 0.01 as number | Tensor,
    margin: 0,
    marginStrategy: "absolute" as "absolute" | "relative",
    contrastAnchors: true,
    contrastPositives: true,
    reduction: "mean" as Reduction,
  });
  const temperature = scalarOption(where, "temperature", o.temperature);
  expectNonNegative(where, "margin", o.margin);
  expectOneOf(where, "marginStrategy", o.marginStrategy, ["absolute", "relative"]);
  const [a, p] = pairedRows(where, ["anchors", anchors], ["positives", positives]);
  const [guideA, guideP] = pairedRows(where, ["guideAnchors", guideAnchors], ["guidePositives", guidePositives]);
  if (guideA.shape[0] !== a.shape[0]) {
    throw new ShapeError(
      where,
      `guideAnchors ${formatShape(guideA.shape)} must have as many rows as anchors ${formatShape(a.shape)}`,
    );
  }
  const hard = hardNegatives(where, [a, o.negatives], [guideA, o.guideNegatives]);

  const pairs = cosineMatrix(guideA, guideP);
  const ofPair = pairs.diagonal().unsqueeze(1);
  const threshold = ofPair.sub(o.marginStrategy === "absolute" ? o.margin : ofPair.abs().mul(o.margin));
  const isFalse = (guide: Tensor) => stopGradient(guide).gt(stopGradient(threshold));
  const self = diagonalOf(a);
  const logits = (x: Tensor, y: Tensor, excluded: Tensor) =>
    cosineMatrix(x, y).div(temperature).maskedFill(excluded, except);
  const forward = logits(a, p, isFalse(pairs).logicalAnd(self.logicalNot()));
  const candidates = [forward];
  if (o.contrastAnchors) candidates.push(logits(a, a, isFalse(cosineMatrix(guideA)).logicalOr(self)));
  if (o.contrastPositives) candidates.push(logits(p, p, isFalse(cosineMatrix(guideP)).logicalOr(self)));
  if (hard !== null) candidates.push(logits(a, hard.negatives, isFalse(cosineMatrix(guideA, hard.guide))));
  return reduce(where, concat(candidates, 1).logSumExp(1).sub(forward.diagonal()), o.reduction);
}

type Maybe = readonly [rows: Tensor, negatives: TensorLike | undefined];

/** Negatives [m, d] and the guide's view of them [m, e], or null. */
function hardNegatives(where: string, [a, negatives]: Maybe, [guideA, guideNegatives]: Maybe) {
  if (negatives === undefined && guideNegatives === undefined) return null;
  if (negatives === undefined || guideNegatives === undefined) {
    throw new ValueError(where, "negatives and guideNegatives belong together; give both or neither");
  }
  const given = negativesOf(where, a, negatives);
  const guide = floatTensor(where, "guideNegatives", guideNegatives);
  expectAxes(where, "negatives", given, ["m", "d"]);
  expectAxes(where, "guideNegatives", guide, ["m", "e"]);
  if (guide.shape[0] !== given.shape[0] || guide.shape[1] !== guideA.shape[1]) {
    throw new ShapeError(
      where,
      `guideNegatives must be [${given.shape[0]}, ${guideA.shape[1]}], got ${formatShape(guide.shape)}`,
    );
  }
  return { negatives: given, guide };
}
