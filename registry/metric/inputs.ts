import { embeddings, labels } from "../inputs.ts";

// Embeddings, the centres of their classes, and labels: the arguments of most losses with centres.

export const classCentres = (what = "a centre for each class") =>
  embeddings(["classes", "d"], { what, seed: "centres" });

export const withCentres = {
  embeddings: embeddings(["n", "d"]),
  centres: classCentres(),
  labels: labels(["n"]),
};

/** Two perpendicular centres, in a plane. */
export const axes = [
  [1, 0],
  [0, 1],
];
