import { tensor } from "../../src/index.ts";
import { embeddings, groups } from "../inputs.ts";
import { type Option, other } from "../options.ts";

// What entries of losses over embeddings and labels share.

export const batch = { embeddings: embeddings(["n", "d"]), labels: groups(["n"]) };

export const indices = (...values: number[]) => tensor(values, { dtype: "int32" });

export const references = other(
  null,
  "{ embeddings: [m, d], labels: [m], self: [n] or left out }",
  1,
  { embeddings: [[1, 2]], labels: [0] },
  { embeddings: [[1, 2, 3, 4]], labels: [0, 1] },
  { embeddings: [[1, 2, 3, 4]] },
);

export const pairs = other(null, "the pairs or triplets of a miner", 1, {
  anchors: indices(0),
  positives: indices(2, 3),
  negatives: indices(1),
});

export const distance = (fallback = "euclidean"): Option =>
  other(fallback, '"euclidean", "squaredEuclidean", "cosine", "manhattan", "snr", or a function', "nonsense", 1);

export const similarity = (fallback = "cosine"): Option =>
  other(fallback, '"cosine", "dot", or a function', "nonsense", 1);

/** Rows that are no part of the batch. */
export const memory = {
  embeddings: [
    [0.4, -1.1, 0.7, 0.2],
    [-0.3, 0.6, 1.2, -0.8],
    [1.1, 0.9, -0.5, 0.3],
    [0.1, -0.2, 0.8, 1.4],
  ],
  labels: [3, 1, 7, 1],
};

/** A variant of what every loss over a batch takes; `pairs` are tested in `test/losses/metric/batch.test.ts`. */
export const batchVariants = [{ references: memory }];

/** A batch in which no two rows share a label. */
export const noPositives = {
  at: "no positives",
  inputs: [
    [
      [1, 0],
      [0, 1],
    ],
    indices(0, 1),
  ],
};

/** A batch of one class. */
export const noNegatives = {
  at: "no negatives",
  inputs: [
    [
      [1, 0],
      [0, 1],
    ],
    indices(5, 5),
  ],
};

export const zeros = [[0, 0, 0, 0], null];
