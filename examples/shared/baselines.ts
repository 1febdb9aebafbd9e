import * as tg from "../../src/index.ts";

// Classical methods to stand beside the networks, each a formula without training steps.

/** Squared distances to the mean of each class, [rows, classes]: the nearest centroid is the smallest. */
export function centroidDistances(train: tg.Tensor, labels: tg.Tensor, rows: tg.Tensor, classes: number): tg.Tensor {
  const membership = tg.oneHot(labels, classes); // [n, classes]
  const centroids = membership
    .transpose()
    .matmul(train)
    .div(membership.sum(0).reshape([-1, 1]));
  return tg.functional.distanceMatrix(rows, centroids, { squared: true });
}

/**
 * The label of the nearest training example, for each row. Compares with at most 10,000 training examples, the first
 * ones, 256 rows at a time: with more the distances would not fit into memory.
 */
export function nearestNeighbour(train: tg.Tensor, labels: tg.Tensor, rows: tg.Tensor): tg.Tensor {
  const known = train.slice({ stop: 10_000 });
  const nearest = rows.split(256).map((part) => tg.functional.distanceMatrix(part, known, { squared: true }).argmin(1));
  return labels.gather(0, tg.concat(nearest));
}

/**
 * Ridge regression in closed form: W = (X'X + penalty I)^-1 X'Y with a column of ones for the intercept, which is not
 * penalised. train [n, d], targets [n] or [n, k]; returns the predictions for `rows`.
 */
export function ridge(train: tg.Tensor, targets: tg.Tensor, rows: tg.Tensor, penalty = 1): tg.Tensor {
  const withOnes = (x: tg.Tensor) => tg.concat([x, tg.ones([x.shape[0], 1])], 1).to("float64");
  const x = withOnes(train);
  const d = x.shape[1];
  const shrink = tg
    .arange(d)
    .lt(d - 1)
    .to("float64")
    .mul(penalty);
  const gram = x
    .transpose()
    .matmul(x)
    .add(tg.eye(d, { dtype: "float64" }).mul(shrink));
  const y = targets.to("float64").reshape([train.shape[0], -1]);
  const weights = solve(gram, x.transpose().matmul(y));
  const predictions = withOnes(rows).matmul(weights).to("float32");
  return targets.ndim === 1 ? predictions.reshape([-1]) : predictions;
}

/** A^-1 B for a symmetric positive definite A [d, d] and B [d, k], by Gauss-Jordan elimination. */
function solve(a: tg.Tensor, b: tg.Tensor): tg.Tensor {
  const [d, k] = b.shape;
  const rows = Array.from({ length: d }, (_, i) => [
    ...a.data.slice(i * d, (i + 1) * d),
    ...b.data.slice(i * k, (i + 1) * k),
  ]);
  for (let i = 0; i < d; i++) {
    const pivot = rows[i][i];
    for (let j = i; j < d + k; j++) rows[i][j] /= pivot;
    for (let r = 0; r < d; r++) {
      const factor = rows[r][i];
      if (r === i || factor === 0) continue;
      for (let j = i; j < d + k; j++) rows[r][j] -= factor * rows[i][j];
    }
  }
  return tg.tensor(
    rows.map((row) => row.slice(d)),
    { dtype: "float64" },
  );
}
