import { concat } from "../../autograd/movement.ts";
import { ValueError } from "../../tensor/errors.ts";
import { resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { except } from "../candidates.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { scalarOption } from "../scalar-option.ts";
import { diagonalOf, type Named, negativesOf, pairedRows } from "./rows.ts";

export interface InfoNCEOptions {
  /**
   * Further negatives: [m, d], shared by all queries (a memory bank, which the caller detaches), or [n, m, d], m for
   * each.
   */
  negatives?: TensorLike;
  /** What the similarities are divided by, > 0; a number, or a learned tensor with one element. Default 0.07. */
  temperature?: number | Tensor;
  /** Also match each key with the queries, and average the two. Default false. */
  symmetric?: boolean;
  /** Whether the other pairs' keys are negatives. Default true; false leaves `negatives` only, as MoCo does. */
  inBatch?: boolean;
  /**
   * Whether the other queries are negatives of a query too, and the other keys of a key, as in SimCLR. Default false.
   */
  sameView?: boolean;
  /** L2-normalise queries, keys and negatives, so that similarities are cosines. Default true. */
  normalize?: boolean;
  reduction?: Reduction;
}

/**
 * InfoNCE: -log e^(q_i . k_i / t) / sum over candidates c of e^(q_i . c / t).
 *
 * queries, keys: [n, d], row i of one belongs to row i of the other. The candidates of q_i are k_i and its negatives:
 * the other keys and what the options add. Returns a scalar ([n] with reduction "none"). One pair without negatives has
 * loss 0 and gradient 0. For one query, log(number of candidates) - loss bounds the mutual information from below:
 * `metrics.mutualInformationBound`. A zero vector has cosine 0 with everything, and gradient 0.
 *
 * van den Oord et al. 2018, arXiv:1807.03748; He et al. 2020, arXiv:1911.05722 (MoCo: a queue as `negatives`, inBatch
 * false). Reference values: torch.nn.functional.cross_entropy of the same logits.
 */
export function infoNCE(queries: TensorLike, keys: TensorLike, options: InfoNCEOptions = {}): Tensor {
  return matching("infoNCE", ["queries", queries], ["keys", keys], options);
}

function matching(where: string, queries: Named, keys: Named, options: InfoNCEOptions): Tensor {
  const { negatives, temperature, symmetric, inBatch, sameView, normalize, reduction } = matchingSettings(
    where,
    options,
  );
  const unit = (x: Tensor) => (normalize ? x.normalize({ axis: -1 }) : x);
  const similarity = (a: Tensor, b: Tensor) => a.matmul(b, { transposeB: true }).div(temperature);
  const sameViews = (x: Tensor) => (sameView ? [similarity(x, x).maskedFill(diagonalOf(x), except)] : []);
  const [q, k] = pairedRows(where, queries, keys).map(unit);
  const extra = negatives === undefined ? [] : [unit(negativesOf(where, q, negatives))];
  const pairs = inBatch ? similarity(q, k) : q.mul(k).sum(1, { keepDims: true }).div(temperature);
  const positive = inBatch ? pairs.diagonal() : pairs.squeeze(1);
  const added = extra.map((x) => similarityToEach(q, x).div(temperature));
  const rows = concat([pairs, ...sameViews(q), ...added], 1).logSumExp(1);
  if (!symmetric) return reduce(where, rows.sub(positive), reduction);
  const columns = concat([pairs.transpose(), ...sameViews(k)], 1).logSumExp(1);
  return reduce(where, rows.add(columns).div(2).sub(positive), reduction);
}

function matchingSettings(where: string, options: InfoNCEOptions) {
  const settings = resolve(where, options, {
    negatives: undefined as TensorLike | undefined,
    temperature: 0.07 as number | Tensor,
    symmetric: false,
    inBatch: true,
    sameView: false,
    normalize: true,
    reduction: "mean" as Reduction,
  });
  if (!settings.inBatch && (settings.negatives === undefined || settings.symmetric || settings.sameView)) {
    throw new ValueError(where, "inBatch false needs negatives, and neither symmetric nor sameView");
  }
  return { ...settings, temperature: scalarOption(where, "temperature", settings.temperature) };
}

/** q . c for candidates [m, d] or, a list for each query, [n, m, d]: [n, m]. */
const similarityToEach = (q: Tensor, candidates: Tensor): Tensor =>
  candidates.ndim === 2 ? q.matmul(candidates, { transposeB: true }) : candidates.matmul(q.unsqueeze(2)).squeeze(2);

export interface NTXentOptions {
  /** What the cosines are divided by, > 0; a number, or a learned tensor with one element. Default 0.5. */
  temperature?: number | Tensor;
  reduction?: Reduction;
}

/**
 * NT-Xent (SimCLR): each of the 2n views is matched with its other view among the 2n - 1 other views, by cosine over
 * temperature.
 *
 * view1, view2: [n, d]. Returns [2n] with reduction "none", the views of view1 first; "mean" is over those 2n. Equals
 * `infoNCE` with symmetric and sameView. One pair has loss 0 and gradient 0.
 * Options: temperature (0.5), reduction ("mean").
 * Chen et al. 2020, arXiv:2002.05709. Reference values: pytorch-metric-learning's NTXentLoss.
 */
export function ntXent(view1: TensorLike, view2: TensorLike, options: NTXentOptions = {}): Tensor {
  const where = "ntXent";
  const { temperature, reduction } = resolve<Required<NTXentOptions>>(where, options, {
    temperature: 0.5,
    reduction: "mean",
  });
  const t = scalarOption(where, "temperature", temperature);
  const [a, b] = pairedRows(where, ["view1", view1], ["view2", view2]);
  const views = concat([a, b]).normalize();
  const similarity = views.matmul(views, { transposeB: true }).div(t); // [2n, 2n]
  const positive = similarity.diagonal(a.shape[0]); // view i with view n + i
  const candidates = similarity.maskedFill(diagonalOf(views), except);
  return reduce(where, candidates.logSumExp(1).sub(concat([positive, positive])), reduction);
}

export interface ClipOptions {
  /**
   * What the cosines are divided by, > 0. Default 0.07. CLIP learns it: with a parameter s that starts at log(1 /
   * 0.07), temperature s.clamp(undefined, Math.log(100)).neg().exp().
   */
  temperature?: number | Tensor;
  reduction?: Reduction;
}

/**
 * CLIP: the mean of matching each image with the texts of the batch and each text with its images; symmetric `infoNCE`.
 *
 * images, texts: embeddings [n, d], normalised here. Returns [n] with reduction "none".
 * Options: temperature (0.07), reduction ("mean").
 * Radford et al. 2021, arXiv:2103.00020. Reference values: torch.nn.functional.cross_entropy of the same logits.
 */
export function clip(images: TensorLike, texts: TensorLike, options: ClipOptions = {}): Tensor {
  const defaults: Required<ClipOptions> = { temperature: 0.07, reduction: "mean" };
  const settings = resolve("clip", options, defaults);
  return matching("clip", ["images", images], ["texts", texts], { ...settings, symmetric: true });
}
