import { expectAxes } from "../tensor/checks.ts";
import { ValueError } from "../tensor/errors.ts";
import { expectInteger, expectOneOf, resolve } from "../tensor/options.ts";
import type { TensorLike } from "../tensor/tensor.ts";
import { classIndices, expectSameLength, numbers } from "./labels.ts";
import { averagePrecisionOf } from "./ranking.ts";

// Leave one out: each row of the embeddings [n, d] is a query, and all other rows are ranked by their distance to it.
// Relevant are those of its class; a query without any cannot succeed or fail and is left out.

export interface RetrievalOptions {
  /** The distance that ranks. Default "euclidean". */
  metric?: RetrievalMetric;
}

export type RetrievalMetric = "euclidean" | "cosine";

export interface RecallOptions extends RetrievalOptions {
  /** How many neighbours are looked at. Default 1. */
  k?: number;
}

/**
 * Recall@K: the fraction of queries with a row of their own class among their k nearest neighbours.
 *
 * embeddings [n, d], labels [n] class indices. Of neighbours at one distance the earlier row is nearer.
 * Throws when k is n or more, and when no class has two members. Oh Song et al. 2016, arXiv:1511.06452.
 */
export function recallAtK(embeddings: TensorLike, labels: TensorLike, options: RecallOptions = {}): number {
  const where = "recallAtK";
  const { k, metric } = resolve<Required<RecallOptions>>(where, options, { k: 1, metric: "euclidean" });
  expectInteger(where, "k", k);
  return meanOverQueries(where, embeddings, labels, metric, k, (distances, relevant) => {
    let nearest = -1;
    for (let i = 0; i < distances.length; i++) {
      if (relevant[i] && (nearest < 0 || distances[i] < distances[nearest])) nearest = i;
    }
    let nearer = 0;
    for (let i = 0; i < distances.length; i++) {
      if (distances[i] < distances[nearest] || (distances[i] === distances[nearest] && i < nearest)) nearer++;
    }
    return nearer < k ? 1 : 0;
  });
}

/**
 * Mean average precision of retrieval: the mean over queries of the average precision of the ranking of all other rows.
 *
 * embeddings [n, d], labels [n] class indices. Rows at one distance enter the ranking together, as in
 * `averagePrecision`. Throws when no class has two members.
 */
export function retrievalMeanAveragePrecision(
  embeddings: TensorLike,
  labels: TensorLike,
  options: RetrievalOptions = {},
): number {
  const where = "retrievalMeanAveragePrecision";
  const { metric } = resolve<Required<RetrievalOptions>>(where, options, { metric: "euclidean" });
  return meanOverQueries(where, embeddings, labels, metric, 1, (distances, relevant) =>
    averagePrecisionOf(
      distances.map((d) => -d),
      relevant,
    ),
  );
}

/** The mean of `score` over all queries, given the distances of the other rows and which of them are relevant. */
function meanOverQueries(
  where: string,
  embeddings: TensorLike,
  labels: TensorLike,
  metric: RetrievalMetric,
  k: number,
  score: (distances: Float64Array, relevant: Uint8Array) => number,
): number {
  expectOneOf(where, "metric", metric, ["euclidean", "cosine"]);
  const x = numbers(where, "embeddings", embeddings);
  expectAxes(where, "embeddings", x, ["n", "d"]);
  const y = classIndices(where, "labels", labels).data;
  const [n, d] = x.shape;
  expectSameLength(where, "embeddings", n, classIndices(where, "labels", labels));
  if (k >= n) throw new ValueError(where, `k is ${k}, but a query has ${n - 1} other rows`);
  const rows = metric === "cosine" ? unitRows(x.data, n, d) : x.data;
  const distance = metric === "cosine" ? negativeDot : squaredDistance;
  const distances = new Float64Array(n - 1);
  const relevant = new Uint8Array(n - 1);
  let total = 0;
  let queries = 0;
  for (let query = 0; query < n; query++) {
    let at = 0;
    for (let other = 0; other < n; other++) {
      if (other === query) continue;
      distances[at] = distance(rows, d, query, other);
      relevant[at++] = y[other] === y[query] ? 1 : 0;
    }
    if (!relevant.includes(1)) continue;
    total += score(distances, relevant);
    queries++;
  }
  if (queries === 0) throw new ValueError(where, "labels hold no class with two members; nothing can be retrieved");
  return total / queries;
}

type Rows = ArrayLike<number>;

/** Ranks as the Euclidean distance does. */
function squaredDistance(rows: Rows, d: number, i: number, j: number): number {
  let squared = 0;
  for (let a = i * d, b = j * d; a < (i + 1) * d; a++, b++) squared += (rows[a] - rows[b]) ** 2;
  return squared;
}

/** Ranks unit vectors as the cosine distance does. */
function negativeDot(rows: Rows, d: number, i: number, j: number): number {
  let dot = 0;
  for (let a = i * d, b = j * d; a < (i + 1) * d; a++, b++) dot += rows[a] * rows[b];
  return -dot;
}

/** The rows over their norms; a zero row stays zero. */
function unitRows(rows: Rows, n: number, d: number): Float64Array {
  const unit = Float64Array.from(rows);
  for (let i = 0; i < n; i++) {
    const row = unit.subarray(i * d, (i + 1) * d);
    const norm = Math.sqrt(row.reduce((total, v) => total + v * v, 0)) || 1;
    row.set(row.map((v) => v / norm));
  }
  return unit;
}
