import { asIndices, expectAxes } from "../../tensor/checks.ts";
import { ValueError } from "../../tensor/errors.ts";
import { expectNonNegative, expectNumber, expectOneOf, expectPositive, resolve } from "../../tensor/options.ts";
import { type Generator, generatorOr } from "../../tensor/random.ts";
import { asTensor, type TensorLike } from "../../tensor/tensor.ts";
import { type Triplets, tripletsFrom } from "./mined.ts";
import {
  type DistanceMinerOptions,
  distanceMinerDefaults,
  distanceView,
  extreme,
  type MinerOptions,
  type View,
} from "./mining.ts";

/**
 * Every triplet of a batch: anchor and positive are different rows with one label, the negative has another.
 *
 * labels: [n], int32. Ordered by anchor, positive, negative. Hermans et al. 2017, arXiv:1703.07737.
 */
export function batchAll(labels: TensorLike): Triplets {
  const y = asIndices("miners.batchAll", "labels", labels);
  expectAxes("miners.batchAll", "labels", y, ["n"]);
  const rows = [...y.data.keys()];
  const anchors = rows.map((a) => ({
    positives: rows.filter((i) => i !== a && y.data[i] === y.data[a]),
    negatives: rows.filter((i) => y.data[i] !== y.data[a]),
  }));
  return tripletsFrom(tripletsWhere({ anchors }, () => true));
}

/** All triplets of a view for which `holds`, by anchor, positive and negative. */
function tripletsWhere(
  { anchors }: Pick<View, "anchors">,
  holds: (a: number, p: number, n: number) => boolean,
): number[][] {
  const rows: number[][] = [];
  anchors.forEach(({ positives, negatives }, a) => {
    for (const p of positives) for (const n of negatives) if (holds(a, p, n)) rows.push([a, p, n]);
  });
  return rows;
}

/**
 * For each anchor its farthest positive and its nearest negative; the first of ties.
 *
 * embeddings: [n, d]; labels: [n], int32. Anchors without a positive or a negative are left out.
 * Hermans et al. 2017, arXiv:1703.07737. Selects what pytorch-metric-learning's BatchHardMiner does.
 */
export function batchHard(embeddings: TensorLike, labels: TensorLike, options: DistanceMinerOptions = {}): Triplets {
  const where = "miners.batchHard";
  const { anchors, of } = distanceView(where, embeddings, labels, resolve(where, options, distanceMinerDefaults));
  const rows: number[][] = [];
  anchors.forEach(({ positives, negatives }, a) => {
    const p = extreme(positives, (i) => of(a, i), 1);
    const n = extreme(negatives, (i) => of(a, i), -1);
    if (p !== undefined && n !== undefined) rows.push([a, p, n]);
  });
  return tripletsFrom(rows);
}

export interface SemiHardOptions extends DistanceMinerOptions {
  /**
   * "nearest" (default): for each anchor and positive the nearest negative that is farther than the positive, else the
   * farthest negative, as `semiHardTriplet`; "all": every triplet with 0 < d(a, n) - d(a, p) <= margin.
   */
  select?: "nearest" | "all";
  /** For "all", >= 0. Default 0.2. */
  margin?: number;
}

/**
 * Semi-hard triplets: the negative is farther than the positive, but not by far; the first of ties.
 *
 * embeddings: [n, d]; labels: [n], int32. Schroff et al. 2015, arXiv:1503.03832. "all" selects what
 * pytorch-metric-learning's TripletMarginMiner(type_of_triplets="semihard") does.
 */
export function semiHard(embeddings: TensorLike, labels: TensorLike, options: SemiHardOptions = {}): Triplets {
  const where = "miners.semiHard";
  const { select, margin, ...view } = resolve<Required<SemiHardOptions>>(where, options, {
    select: "nearest",
    margin: 0.2,
    ...distanceMinerDefaults,
  });
  expectOneOf(where, "select", select, ["nearest", "all"]);
  expectNonNegative(where, "margin", margin);
  if (select === "all") return byMargin(where, embeddings, labels, view, (lead) => lead > 0 && lead <= margin);
  const { anchors, of } = distanceView(where, embeddings, labels, view);
  const rows: number[][] = [];
  anchors.forEach(({ positives, negatives }, a) => {
    for (const p of positives) {
      const beyond = negatives.filter((n) => of(a, n) > of(a, p));
      const n = extreme(beyond, (i) => of(a, i), -1) ?? extreme(negatives, (i) => of(a, i), 1);
      if (n !== undefined) rows.push([a, p, n]);
    }
  });
  return tripletsFrom(rows);
}

export interface TripletMarginOptions extends DistanceMinerOptions {
  /** By how much the negative should be farther than the positive, >= 0. Default 0.2. */
  margin?: number;
  /**
   * Of the triplets with d(a, n) - d(a, p) <= margin "all" (default), the "hard" ones with a difference <= 0, or the
   * "semiHard" ones with one > 0; or the "easy" ones, beyond the margin.
   */
  kind?: "all" | "hard" | "semiHard" | "easy";
}

/**
 * The triplets that violate a margin, or those of them that are hard or semi-hard, or those that keep it.
 *
 * embeddings: [n, d]; labels: [n], int32. Selects what pytorch-metric-learning's TripletMarginMiner does (with
 * normalize: true).
 */
export function tripletMargin(
  embeddings: TensorLike,
  labels: TensorLike,
  options: TripletMarginOptions = {},
): Triplets {
  const where = "miners.tripletMargin";
  const { margin, kind, ...view } = resolve<Required<TripletMarginOptions>>(where, options, {
    margin: 0.2,
    kind: "all",
    ...distanceMinerDefaults,
  });
  expectNonNegative(where, "margin", margin);
  expectOneOf(where, "kind", kind, ["all", "hard", "semiHard", "easy"]);
  return byMargin(where, embeddings, labels, view, (lead) => {
    if (kind === "easy") return lead > margin;
    return lead <= margin && (kind === "all" || (kind === "hard" ? lead <= 0 : lead > 0));
  });
}

/** The triplets whose d(a, n) - d(a, p) is as wanted. */
function byMargin(
  where: string,
  embeddings: TensorLike,
  labels: TensorLike,
  options: DistanceMinerOptions,
  holds: (lead: number) => boolean,
): Triplets {
  const view = distanceView(where, embeddings, labels, options);
  return tripletsFrom(tripletsWhere(view, (a, p, n) => holds(view.of(a, n) - view.of(a, p))));
}

export interface AngularMinerOptions {
  /** The angle in degrees, > 0 and < 90, above which triplets are taken. Default 20. */
  angle?: number;
}

/**
 * The triplets whose angle at the negative is larger than `angle`: the tangent of it is |a - p| / (2 |n - c|), c the
 * middle of anchor and positive, of unit vectors.
 *
 * embeddings: [n, d], normalised here; labels: [n], int32. |n - c| follows from the distances: no further product.
 * Wang et al. 2017, arXiv:1708.01682. Selects what pytorch-metric-learning's AngularMiner does with unit vectors (it
 * does not normalise).
 */
export function angular(embeddings: TensorLike, labels: TensorLike, options: AngularMinerOptions = {}): Triplets {
  const where = "miners.angular";
  const { angle } = resolve<Required<AngularMinerOptions>>(where, options, { angle: 20 });
  expectNumber(where, "angle", angle, "of degrees, > 0 and < 90", (v) => v > 0 && v < 90);
  const view = distanceView(where, embeddings, labels, { distance: "squaredEuclidean", normalize: true });
  const tan2 = Math.tan((angle * Math.PI) / 180) ** 2;
  const steep = (a: number, p: number, n: number) => {
    const ofMiddle = (view.of(a, n) + view.of(p, n)) / 2 - view.of(a, p) / 4; // |n - c|^2, by the length of a median
    return view.of(a, p) > 4 * tan2 * ofMiddle;
  };
  return tripletsFrom(tripletsWhere(view, steep));
}

export interface DistanceWeightedOptions extends MinerOptions {
  /** Distances below this weigh as this, > 0, so that none dominates. Default 0.5. */
  cutoff?: number;
  /** Negatives from this distance on are not drawn, > 0. Default 1.4. */
  maximum?: number;
  generator?: Generator;
}

/**
 * Distance-weighted sampling: for each anchor and positive a negative drawn with probability proportional to 1 / q(d),
 * q the density of distances between points spread evenly over the sphere, so that all distances are drawn about
 * equally. log q(d) = (D - 2) log d + (D - 3) / 2 log(1 - d^2 / 4) in D dimensions.
 *
 * embeddings: [n, d], normalised here; labels: [n], int32. Anchors without a negative nearer than `maximum` are left
 * out.
 * Wu et al. 2017, arXiv:1706.07567. pytorch-metric-learning's DistanceWeightedMiner draws the positives as well.
 */
export function distanceWeighted(
  embeddings: TensorLike,
  labels: TensorLike,
  options: DistanceWeightedOptions = {},
): Triplets {
  const where = "miners.distanceWeighted";
  const { cutoff, maximum, generator, references } = resolve<
    Required<Omit<DistanceWeightedOptions, "generator">> & { generator: Generator | undefined }
  >(where, options, { cutoff: 0.5, maximum: 1.4, references: null, generator: undefined });
  expectPositive(where, "cutoff", cutoff);
  expectPositive(where, "maximum", maximum);
  if (cutoff >= maximum) throw new ValueError(where, `cutoff ${cutoff} must be below maximum ${maximum}`);
  const source = generatorOr(generator);
  const { anchors, of } = distanceView(where, embeddings, labels, { references, normalize: true });
  const dimensions = asTensor(embeddings).shape[1];
  const logWeight = (distance: number) => {
    const d = Math.min(Math.max(distance, cutoff), maximum, mostDistance);
    return (2 - dimensions) * Math.log(d) - ((dimensions - 3) / 2) * Math.log1p((-d * d) / 4);
  };
  const rows: number[][] = [];
  anchors.forEach(({ positives, negatives }, a) => {
    const near = negatives.filter((n) => of(a, n) < maximum);
    if (near.length === 0) return;
    const logWeights = near.map((n) => logWeight(of(a, n)));
    const largest = Math.max(...logWeights);
    let total = 0;
    const upTo = logWeights.map((w) => (total += Math.exp(w - largest)));
    for (const p of positives) {
      const drawn = source.next() * total;
      const at = upTo.findIndex((sum) => drawn < sum);
      rows.push([a, p, near[at < 0 ? near.length - 1 : at]]);
    }
  });
  return tripletsFrom(rows);
}

/** Just below the diameter of the sphere, where the density is 0. */
const mostDistance = 1.999;
