import { ValueError } from "../../tensor/errors.ts";
import { expectInteger, expectNonNegative, expectNumber, expectOneOf, resolve } from "../../tensor/options.ts";
import { type Generator, generatorOr } from "../../tensor/random.ts";
import type { TensorLike } from "../../tensor/tensor.ts";
import type { BatchSimilarity } from "./batch.ts";
import { type Pairs, pairsFrom } from "./mined.ts";
import {
  type DistanceMinerOptions,
  distanceMinerDefaults,
  distanceView,
  extreme,
  type MinerOptions,
  similarityView,
  type View,
} from "./mining.ts";

/** All pairs of a view for which `holds`, of either kind. */
function pairsWhere(
  { anchors }: View,
  isHardPositive: (a: number, p: number) => boolean,
  isHardNegative: (a: number, n: number) => boolean,
): Pairs {
  const [positivePairs, negativePairs]: [number[][], number[][]] = [[], []];
  anchors.forEach(({ positives, negatives }, a) => {
    for (const p of positives) if (isHardPositive(a, p)) positivePairs.push([a, p]);
    for (const n of negatives) if (isHardNegative(a, n)) negativePairs.push([a, n]);
  });
  return pairsFrom(positivePairs, negativePairs);
}

export interface MultiSimilarityMinerOptions extends MinerOptions {
  /** How far from its hardest opponent a pair may be, >= 0. Default 0.1. */
  epsilon?: number;
  /** "cosine" (default), "dot", or a function. */
  similarity?: BatchSimilarity;
}

/**
 * The positive pairs less similar than the anchor's most similar negative plus epsilon, and the negative pairs more
 * similar than its least similar positive less epsilon.
 *
 * embeddings: [n, d]; labels: [n], int32. An anchor without positives or negatives has no pair. Wang et al. 2019,
 * arXiv:1904.06627. Selects what pytorch-metric-learning's MultiSimilarityMiner does, ordered by anchor and row.
 */
export function multiSimilarity(
  embeddings: TensorLike,
  labels: TensorLike,
  options: MultiSimilarityMinerOptions = {},
): Pairs {
  const where = "miners.multiSimilarity";
  const { epsilon, ...rest } = resolve<Required<MultiSimilarityMinerOptions>>(where, options, {
    epsilon: 0.1,
    similarity: "cosine",
    references: null,
  });
  expectNonNegative(where, "epsilon", epsilon);
  const view = similarityView(where, embeddings, labels, rest);
  const { anchors, of } = view;
  const nearest = anchors.map(({ negatives }, a) => Math.max(...negatives.map((n) => of(a, n))));
  const farthest = anchors.map(({ positives }, a) => Math.min(...positives.map((p) => of(a, p))));
  return pairsWhere(
    view,
    (a, p) => of(a, p) - epsilon < nearest[a],
    (a, n) => of(a, n) + epsilon > farthest[a],
  );
}

export interface PairMarginOptions extends DistanceMinerOptions {
  /** The distance beyond which positive pairs are taken, >= 0. Default 0.2. */
  posMargin?: number;
  /** The distance within which negative pairs are taken, >= 0. Default 0.8. */
  negMargin?: number;
}

/**
 * The positive pairs farther apart than posMargin, and the negative pairs nearer than negMargin.
 *
 * embeddings: [n, d]; labels: [n], int32. Selects what pytorch-metric-learning's PairMarginMiner does (with normalize:
 * true).
 */
export function pairMargin(embeddings: TensorLike, labels: TensorLike, options: PairMarginOptions = {}): Pairs {
  const where = "miners.pairMargin";
  const { posMargin, negMargin, ...rest } = resolve<Required<PairMarginOptions>>(where, options, {
    posMargin: 0.2,
    negMargin: 0.8,
    ...distanceMinerDefaults,
  });
  expectNonNegative(where, "posMargin", posMargin);
  expectNonNegative(where, "negMargin", negMargin);
  const view = distanceView(where, embeddings, labels, rest);
  return pairsWhere(
    view,
    (a, p) => view.of(a, p) > posMargin,
    (a, n) => view.of(a, n) < negMargin,
  );
}

export interface HDCOptions extends DistanceMinerOptions {
  /** The share of the pairs of either kind to take, in (0, 1]. Default 0.5. */
  fraction?: number;
}

/**
 * The hardest fraction of a batch: of the positive pairs those farthest apart, of the negative pairs the nearest ones,
 * rounded up, hardest first.
 *
 * embeddings: [n, d]; labels: [n], int32. Yuan et al. 2017, "Hard-aware deeply cascaded embedding", arXiv:1611.05720.
 * Selects what pytorch-metric-learning's HDCMiner does.
 */
export function hdc(embeddings: TensorLike, labels: TensorLike, options: HDCOptions = {}): Pairs {
  const where = "miners.hdc";
  const { fraction, ...rest } = resolve<Required<HDCOptions>>(where, options, {
    fraction: 0.5,
    ...distanceMinerDefaults,
  });
  expectNumber(where, "fraction", fraction, "in (0, 1]", (v) => v > 0 && v <= 1);
  const view = distanceView(where, embeddings, labels, rest);
  const { positivePairs, negativePairs } = allPairs(view);
  const share = (pairs: number[][]) => pairs.slice(0, Math.ceil(fraction * pairs.length));
  return pairsFrom(
    share(positivePairs.sort(([a, p], [b, q]) => view.of(b, q) - view.of(a, p))),
    share(negativePairs.sort(([a, n], [b, m]) => view.of(a, n) - view.of(b, m))),
  );
}

function allPairs({ anchors }: View): { positivePairs: number[][]; negativePairs: number[][] } {
  return {
    positivePairs: anchors.flatMap(({ positives }, a) => positives.map((p) => [a, p])),
    negativePairs: anchors.flatMap(({ negatives }, a) => negatives.map((n) => [a, n])),
  };
}

export interface UniformHistogramOptions extends DistanceMinerOptions {
  /** Into how many equal parts the range of distances is cut, >= 1. Default 100. */
  bins?: number;
  /** How many positive pairs to draw for each part that has one, >= 1. Default 10. */
  posPerBin?: number;
  /** How many negative pairs to draw for each part that has one, >= 1. Default 10. */
  negPerBin?: number;
  generator?: Generator;
}

/**
 * Pairs of all distances alike: the distances of either kind are cut into bins, and as many pairs, with repetition, are
 * drawn for each bin that has one. As a mask a repeated pair counts once.
 *
 * embeddings: [n, d]; labels: [n], int32. Draws as pytorch-metric-learning's UniformHistogramMiner does.
 */
export function uniformHistogram(
  embeddings: TensorLike,
  labels: TensorLike,
  options: UniformHistogramOptions = {},
): Pairs {
  const where = "miners.uniformHistogram";
  const { bins, posPerBin, negPerBin, generator, ...rest } = resolve<
    Required<Omit<UniformHistogramOptions, "generator">> & { generator: Generator | undefined }
  >(where, options, { bins: 100, posPerBin: 10, negPerBin: 10, ...distanceMinerDefaults, generator: undefined });
  for (const [name, value] of Object.entries({ bins, posPerBin, negPerBin })) expectInteger(where, name, value);
  const source = generatorOr(generator);
  const view = distanceView(where, embeddings, labels, rest);
  const { positivePairs, negativePairs } = allPairs(view);
  const draw = (pairs: number[][], perBin: number): number[][] => {
    const distances = pairs.map(([a, b]) => view.of(a, b));
    const low = distances.reduce((least, d) => Math.min(least, d), Number.POSITIVE_INFINITY);
    const high = distances.reduce((most, d) => Math.max(most, d), Number.NEGATIVE_INFINITY);
    const inBin: number[][][] = Array.from({ length: bins }, () => []);
    distances.forEach((d, i) => {
      const bin = high > low ? Math.floor(((d - low) / (high - low)) * bins) : 0;
      inBin[Math.min(bin, bins - 1)].push(pairs[i]);
    });
    const one = (found: number[][]) => found[Math.min(Math.floor(source.next() * found.length), found.length - 1)];
    return inBin
      .filter((found) => found.length > 0)
      .flatMap((found) => Array.from({ length: perBin }, () => one(found)));
  };
  return pairsFrom(draw(positivePairs, posPerBin), draw(negativePairs, negPerBin));
}

type Strategy = "easy" | "semiHard" | "hard" | "all";

export interface BatchEasyHardOptions extends DistanceMinerOptions {
  /**
   * Which positive of an anchor: the nearest ("easy", the default), the farthest ("hard"), or as `batchEasyHard` says.
   */
  positive?: Strategy;
  /** Which negative: the farthest ("easy"), the nearest ("hard"), or as `batchEasyHard` says. Default "semiHard". */
  negative?: Strategy;
  /** Only positives at a distance in [low, high]. Default null, any. */
  positiveRange?: readonly [low: number, high: number] | null;
  /** Only negatives at a distance in [low, high]. Default null, any. */
  negativeRange?: readonly [low: number, high: number] | null;
}

/**
 * One positive and one negative for each anchor, each by a strategy of its own; anchors without either are left out.
 * "semiHard" is the nearest negative beyond the positive, or the farthest positive within the negative, and goes with
 * "easy" and "hard"; "all" takes every pair of its kind, whatever the anchor's other pair.
 *
 * embeddings: [n, d]; labels: [n], int32. The first of ties. Xuan et al. 2020, "Improved embeddings with easy positive
 * triplet mining", WACV, arXiv:1904.04370. Selects what pytorch-metric-learning's BatchEasyHardMiner does.
 */
export function batchEasyHard(embeddings: TensorLike, labels: TensorLike, options: BatchEasyHardOptions = {}): Pairs {
  const where = "miners.batchEasyHard";
  const { positive, negative, positiveRange, negativeRange, ...rest } = resolve<Required<BatchEasyHardOptions>>(
    where,
    options,
    { positive: "easy", negative: "semiHard", positiveRange: null, negativeRange: null, ...distanceMinerDefaults },
  );
  for (const [name, value] of Object.entries({ positive, negative })) {
    expectOneOf<string>(where, name, value, ["easy", "semiHard", "hard", "all"]);
  }
  for (const [name, range] of Object.entries({ positiveRange, negativeRange })) expectRange(where, name, range);
  if ([positive, negative].includes("semiHard") && (positive === negative || [positive, negative].includes("all"))) {
    throw new ValueError(where, 'positive and negative: "semiHard" goes with "easy" or "hard" of the other');
  }
  const { anchors, of } = distanceView(where, embeddings, labels, rest);
  const [positivePairs, negativePairs]: [number[][], number[][]] = [[], []];
  anchors.forEach(({ positives, negatives }, a) => {
    const distance = (i: number) => of(a, i);
    const allowed = (list: number[], range: typeof positiveRange) =>
      range === null ? list : list.filter((i) => distance(i) >= range[0] && distance(i) <= range[1]);
    const [near, far] = [allowed(positives, positiveRange), allowed(negatives, negativeRange)];
    const farthest = (list: number[]) => extreme(list, distance, 1);
    const nearest = (list: number[]) => extreme(list, distance, -1);
    let p = positive === "easy" ? nearest(near) : farthest(near);
    let n = negative === "easy" ? farthest(far) : nearest(far);
    const [chosenP, chosenN] = [p, n];
    if (positive === "semiHard")
      p = chosenN === undefined ? undefined : farthest(near.filter((i) => distance(i) < distance(chosenN)));
    if (negative === "semiHard")
      n = chosenP === undefined ? undefined : nearest(far.filter((i) => distance(i) > distance(chosenP)));
    const both = p !== undefined && n !== undefined;
    if (positive === "all") for (const i of positives) positivePairs.push([a, i]);
    else if (both || (negative === "all" && p !== undefined)) positivePairs.push([a, p!]);
    if (negative === "all") for (const i of negatives) negativePairs.push([a, i]);
    else if (both || (positive === "all" && n !== undefined)) negativePairs.push([a, n!]);
  });
  return pairsFrom(positivePairs, negativePairs);
}

function expectRange(where: string, name: string, range: readonly [number, number] | null): void {
  if (range === null) return;
  if (!Array.isArray(range) || range.length !== 2 || !(range[0] <= range[1])) {
    throw new ValueError(where, `${name} must be [low, high] with low <= high, got ${String(range)}`);
  }
}

export interface MaskedByGuideOptions {
  /** By how much less similar than the positive a negative must be for the guide, >= 0. Default 0. */
  margin?: number;
}

/**
 * All pairs of a batch but the negatives that a guide takes for positives: those to whose anchor the guide's cosine is
 * not below that of the anchor's least similar positive, less the margin.
 *
 * guide: [n, d], the embeddings of another model; labels: [n], int32. Anchors without a positive keep all negatives.
 * Solatorio 2024, "GISTEmbed: guided in-sample selection of training negatives", arXiv:2402.16829.
 */
export function maskedByGuide(guide: TensorLike, labels: TensorLike, options: MaskedByGuideOptions = {}): Pairs {
  const where = "miners.maskedByGuide";
  const { margin } = resolve<Required<MaskedByGuideOptions>>(where, options, { margin: 0 });
  expectNonNegative(where, "margin", margin);
  const view = similarityView(where, guide, labels, { similarity: "cosine" });
  const least = view.anchors.map(({ positives }, a) => Math.min(...positives.map((p) => view.of(a, p))));
  return pairsWhere(
    view,
    () => true,
    (a, n) => view.of(a, n) < least[a] - margin,
  );
}
