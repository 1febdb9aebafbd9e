import { noGrad } from "../../autograd/primitive.ts";
import type { TensorLike } from "../../tensor/tensor.ts";
import { type BatchDistance, type BatchSimilarity, distanceBatch, type References, similarityBatch } from "./batch.ts";

// Miners look at values and select rows of a batch, outside the gradient and outside compiled functions:
//   const pairs = miners.multiSimilarity(embeddings, labels);
//   multiSimilarity(embeddings, labels, { pairs });

export interface MinerOptions {
  /** Rows to select positives and negatives from, in place of the batch. Default null. */
  references?: References | null;
}

export interface DistanceMinerOptions extends MinerOptions {
  /** "euclidean" (default), "squaredEuclidean", "cosine", "manhattan", "snr", or a function. */
  distance?: BatchDistance;
  /** L2-normalise the embeddings first. Default false. */
  normalize?: boolean;
}

export const distanceMinerDefaults: Required<DistanceMinerOptions> = {
  distance: "euclidean",
  normalize: false,
  references: null,
};

/** What a miner sees: for each anchor its positives and negatives, and a number for each of its pairs. */
export interface View {
  anchors: { positives: number[]; negatives: number[] }[];
  /** The distance, or the similarity, of an anchor and another row. */
  of(anchor: number, other: number): number;
}

export function distanceView(
  where: string,
  embeddings: TensorLike,
  labels: TensorLike,
  options: DistanceMinerOptions = {},
): View {
  const seen = noGrad(() => distanceBatch(where, embeddings, labels, { ...distanceMinerDefaults, ...options }));
  return viewOf(seen, seen.distances.data);
}

export function similarityView(
  where: string,
  embeddings: TensorLike,
  labels: TensorLike,
  options: MinerOptions & { similarity: BatchSimilarity },
): View {
  const seen = noGrad(() => similarityBatch(where, embeddings, labels, options));
  return viewOf(seen, seen.similarities.data);
}

function viewOf(
  { isPositive, isNegative }: Pick<ReturnType<typeof distanceBatch>, "isPositive" | "isNegative">,
  values: ArrayLike<number>,
): View {
  const [n, m] = isPositive.shape;
  const columnsOf = (mask: ArrayLike<number>, row: number) => {
    const found: number[] = [];
    for (let j = 0; j < m; j++) if (mask[row * m + j]) found.push(j);
    return found;
  };
  const anchors = Array.from({ length: n }, (_, i) => ({
    positives: columnsOf(isPositive.data, i),
    negatives: columnsOf(isNegative.data, i),
  }));
  return { anchors, of: (i, j) => values[i * m + j] };
}

/** The candidate with the largest, or the smallest, number; the first of ties, undefined without candidates. */
export function extreme(candidates: readonly number[], of: (i: number) => number, which: 1 | -1): number | undefined {
  let best: number | undefined;
  for (const i of candidates) if (best === undefined || which * of(i) > which * of(best)) best = i;
  return best;
}
