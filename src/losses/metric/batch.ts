import { labelMasks } from "../../functional/masks.ts";
import { asIndices, expectAxes, expectIndices, expectNotEmpty, expectShape, floatTensor } from "../../tensor/checks.ts";
import { arange, onesLike, zeros } from "../../tensor/creation.ts";
import { ShapeError, ValueError } from "../../tensor/errors.ts";
import { expectFunction, expectOneOf, resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { reduceSparse, type SparseReduction } from "../mean-non-zero.ts";
import { expectTerms } from "../reduction.ts";
import {
  cosine,
  cosineSimilarity,
  dot,
  euclidean,
  type Matrix,
  manhattan,
  snr,
  squaredEuclidean,
} from "./distances.ts";
import { expectMined, type Pairs, pairsOf, type Triplets } from "./mined.ts";

// What losses over embeddings [n, d] and their labels [n] share.

/** Rows to compare a batch with in place of one another. */
export interface References {
  /** [m, d] */
  embeddings: TensorLike;
  /** [m], int32 */
  labels: TensorLike;
  /** [n], int32: the row of each embedding among the references, which is then not its own positive; -1 for none. */
  self?: TensorLike | null;
}

export interface BatchOptions {
  /** Rows to compare the embeddings with, in place of one another: a memory, another view. Default null. */
  references?: References | null;
  /**
   * What a miner selected: of the positive and negative pairs only these count, each once; triplets as the pairs they
   * consist of. Default null, all.
   */
  pairs?: Pairs | Triplets | null;
}

/** A batch, checked: who is a positive and who a negative of whom, bool [n, m]. */
export interface Batch {
  /** [n, d] */
  x: Tensor;
  /** [n] */
  labels: Tensor;
  /** [m, d] and [m]; x and its labels where there are no references. */
  references: { x: Tensor; labels: Tensor };
  isPositive: Tensor;
  isNegative: Tensor;
}

/** Embeddings and labels with their references, and the masks of the pairs that count. */
export function batchOf(
  where: string,
  embeddings: TensorLike,
  labels: TensorLike,
  { references = null, pairs = null }: BatchOptions = {},
): Batch {
  const [x, y] = labelled(where, ["embeddings", "labels"], embeddings, labels);
  if (pairs !== null) expectMined(where, "pairs", pairs);
  const others = references === null ? null : referencesOf(where, references, x);
  const masks = labelMasks(y, others?.labels);
  if (others?.self) {
    masks.isPositive = masks.isPositive.logicalAnd(others.self.unsqueeze(1).ne(arange(others.x.shape[0])));
  }
  if (pairs !== null) {
    const { anchors, positives, negativeAnchors, negatives } = pairsOf(pairs);
    masks.isPositive = masks.isPositive.logicalAnd(maskOf(where, anchors, positives, masks.isPositive));
    masks.isNegative = masks.isNegative.logicalAnd(maskOf(where, negativeAnchors, negatives, masks.isNegative));
  }
  return { x, labels: y, references: others ?? { x, labels: y }, ...masks };
}

function labelled(
  where: string,
  [first, second]: readonly [string, string],
  embeddings: TensorLike,
  labels: TensorLike,
): [x: Tensor, labels: Tensor] {
  const x = floatTensor(where, first, embeddings);
  const y = asIndices(where, second, labels);
  expectAxes(where, first, x, ["n", "d"]);
  expectShape(where, second, y, [x.shape[0]]);
  expectNotEmpty(where, first, x);
  return [x, y];
}

function referencesOf(where: string, given: References, x: Tensor) {
  if (typeof given !== "object" || !("embeddings" in given) || !("labels" in given)) {
    throw new ValueError(where, "references must be { embeddings: [m, d], labels: [m] }");
  }
  const open: References = { embeddings: [], labels: [], self: null };
  const { embeddings, labels, self } = resolve<References>(`${where}: references`, given, open);
  const [rows, y] = labelled(where, ["references.embeddings", "references.labels"], embeddings, labels);
  if (rows.shape[1] !== x.shape[1]) {
    throw new ShapeError(
      where,
      `references.embeddings ${formatShape(rows.shape)} must be as long as the rows of embeddings ${formatShape(x.shape)}`,
    );
  }
  if (self === null || self === undefined) return { x: rows, labels: y, self: null };
  const own = asIndices(where, "references.self", self);
  expectShape(where, "references.self", own, [x.shape[0]]);
  return { x: rows, labels: y, self: own };
}

/** Mined pairs as a mask of the shape of `like`. */
function maskOf(where: string, anchors: Tensor, others: Tensor, like: Tensor): Tensor {
  const [n, m] = like.shape;
  const [rows, columns] = [asIndices(where, "pairs", anchors), asIndices(where, "pairs", others)];
  expectShape(where, "pairs", rows, columns.shape);
  expectIndices(where, "pairs", rows, n, "the batch");
  expectIndices(where, "pairs", columns, m, "what it is compared with");
  const cells = rows.mul(m).add(columns);
  return zeros([n * m])
    .scatterAdd(0, cells, onesLike(cells).to("float32"))
    .reshape([n, m])
    .gt(0);
}

const distances = { euclidean, squaredEuclidean, cosine, manhattan, snr };
const similarities = { cosine: cosineSimilarity, dot };

/** A distance by name, or a function of a [n, d] and b [m, d] or undefined that gives [n, m], small for alike rows. */
export type BatchDistance = keyof typeof distances | Matrix;

/**
 * A similarity by name, or a function of a [n, d] and b [m, d] or undefined that gives [n, m], large for alike rows.
 */
export type BatchSimilarity = keyof typeof similarities | Matrix;

/** The function that the option `distance` means. */
const distanceOf = (where: string, distance: BatchDistance): Matrix => chosen(where, "distance", distance, distances);

/** The function that the option `similarity` means. */
const similarityOf = (where: string, similarity: BatchSimilarity): Matrix =>
  chosen(where, "similarity", similarity, similarities);

function chosen<Name extends string>(
  where: string,
  option: string,
  value: Name | Matrix,
  known: Readonly<Record<Name, Matrix>>,
): Matrix {
  if (typeof value === "string") {
    expectOneOf<string>(where, option, value, Object.keys(known));
    return known[value];
  }
  expectFunction(where, option, value);
  return value;
}

/** A batch of embeddings with the matrix of their distances [n, m]. */
export function distanceBatch(
  where: string,
  embeddings: TensorLike,
  labels: TensorLike,
  { distance, normalize = false, ...options }: BatchOptions & { distance: BatchDistance; normalize?: boolean },
): Batch & { distances: Tensor } {
  const measure = distanceOf(where, distance);
  const batch = batchOf(where, embeddings, labels, options);
  return { ...batch, distances: matrixOf(where, "distance", measure, normalize ? normalized(batch) : batch) };
}

/** A batch of embeddings with the matrix of their similarities [n, m]. */
export function similarityBatch(
  where: string,
  embeddings: TensorLike,
  labels: TensorLike,
  { similarity, ...options }: BatchOptions & { similarity: BatchSimilarity },
): Batch & { similarities: Tensor } {
  const measure = similarityOf(where, similarity);
  const batch = batchOf(where, embeddings, labels, options);
  return { ...batch, similarities: matrixOf(where, "similarity", measure, batch) };
}

function normalized({ x, references }: Batch): Pick<Batch, "x" | "references"> {
  const unit = x.normalize();
  return { x: unit, references: { ...references, x: references.x === x ? unit : references.x.normalize() } };
}

function matrixOf(where: string, option: string, measure: Matrix, { x, references }: Pick<Batch, "x" | "references">) {
  const matrix = references.x === x ? measure(x) : measure(x, references.x);
  expectShape(where, `${option}(a, b)`, matrix, [x.shape[0], references.x.shape[0]]);
  return matrix;
}

/**
 * As `reduceSparse`, where "mean" divides by the sum of `counts`, the numbers of valid terms; 0 when there are none.
 */
export function reduceValid(where: string, terms: Tensor, counts: Tensor, reduction: SparseReduction): Tensor {
  if (reduction !== "mean") return reduceSparse(where, terms, reduction);
  expectTerms(where, terms);
  return terms.sum().div(counts.sum().maximum(1));
}
