import { noGrad } from "../../autograd/primitive.ts";
import { distanceMatrix } from "../../functional/distances.ts";
import { asIndices, expectAxes, expectShape, floatTensor } from "../../tensor/checks.ts";
import { expectNonNegative, expectOneOf, resolve } from "../../tensor/options.ts";
import { type Tensor, type TensorLike, tensor } from "../../tensor/tensor.ts";

// Miners look at values and select rows of a batch, outside the gradient:
//   const { anchors, positives, negatives } = miners.semiHard(embeddings, labels);
//   triplet(embeddings.indexSelect(0, anchors), embeddings.indexSelect(0, positives), ...)

/** Triplets as rows of the batch, three int32 tensors of one length; of length 0 when the batch has no triplet. */
export interface Triplets {
  anchors: Tensor;
  positives: Tensor;
  negatives: Tensor;
}

class Found {
  private readonly rows: number[][] = [];

  add(anchor: number, positive: number, negative: number): void {
    this.rows.push([anchor, positive, negative]);
  }

  triplets(): Triplets {
    const column = (i: number) => tensor(Int32Array.from(this.rows, (row) => row[i]));
    return { anchors: column(0), positives: column(1), negatives: column(2) };
  }
}

/** For each row, the rows with the same label (itself left out) and those with another. */
function groups(labels: Tensor): { positives: number[]; negatives: number[] }[] {
  const y = labels.data;
  return Array.from(y, (label, anchor) => {
    const positives: number[] = [];
    const negatives: number[] = [];
    for (let i = 0; i < y.length; i++) {
      if (y[i] !== label) negatives.push(i);
      else if (i !== anchor) positives.push(i);
    }
    return { positives, negatives };
  });
}

function batch(where: string, embeddings: TensorLike, labels: TensorLike) {
  const x = floatTensor(where, "embeddings", embeddings);
  const y = asIndices(where, "labels", labels);
  expectAxes(where, "embeddings", x, ["n", "d"]);
  expectShape(where, "labels", y, [x.shape[0]]);
  const d = noGrad(() => distanceMatrix(x)).data;
  return { groups: groups(y), distance: (i: number, j: number) => d[i * y.size + j] };
}

/**
 * Every triplet of a batch: anchor and positive are different rows with one label, the negative has another.
 *
 * labels: [n], int32. Ordered by anchor, positive, negative. Hermans et al. 2017, arXiv:1703.07737.
 */
export function batchAll(labels: TensorLike): Triplets {
  const y = asIndices("miners.batchAll", "labels", labels);
  expectAxes("miners.batchAll", "labels", y, ["n"]);
  const found = new Found();
  groups(y).forEach(({ positives, negatives }, anchor) => {
    for (const p of positives) for (const n of negatives) found.add(anchor, p, n);
  });
  return found.triplets();
}

/**
 * For each anchor its farthest positive and its nearest negative, by Euclidean distance; the first of ties.
 *
 * embeddings: [n, d]; labels: [n], int32. Anchors without a positive or a negative are left out.
 * Hermans et al. 2017, arXiv:1703.07737. Selects what pytorch-metric-learning's BatchHardMiner does.
 */
export function batchHard(embeddings: TensorLike, labels: TensorLike): Triplets {
  const { groups, distance } = batch("miners.batchHard", embeddings, labels);
  const found = new Found();
  groups.forEach(({ positives, negatives }, a) => {
    if (positives.length === 0 || negatives.length === 0) return;
    const farther = (best: number, i: number) => (distance(a, i) > distance(a, best) ? i : best);
    const nearer = (best: number, i: number) => (distance(a, i) < distance(a, best) ? i : best);
    found.add(a, positives.reduce(farther), negatives.reduce(nearer));
  });
  return found.triplets();
}

export interface SemiHardOptions {
  /**
   * "nearest" (default): for each anchor and positive the nearest negative that is farther than the positive, else the
   * farthest negative, as `semiHardTriplet`; "all": every triplet with 0 < d(a, n) - d(a, p) <= margin.
   */
  select?: "nearest" | "all";
  /** For "all", >= 0. Default 0.2. */
  margin?: number;
}

/**
 * Semi-hard triplets: the negative is farther than the positive, but not by far. Euclidean distances; the first of ties.
 *
 * embeddings: [n, d]; labels: [n], int32. Schroff et al. 2015, arXiv:1503.03832. "all" selects what
 * pytorch-metric-learning's TripletMarginMiner(type_of_triplets="semihard") does.
 */
export function semiHard(embeddings: TensorLike, labels: TensorLike, options: SemiHardOptions = {}): Triplets {
  const where = "miners.semiHard";
  const { select, margin } = resolve<Required<SemiHardOptions>>(where, options, { select: "nearest", margin: 0.2 });
  expectOneOf(where, "select", select, ["nearest", "all"]);
  expectNonNegative(where, "margin", margin);
  const { groups, distance } = batch(where, embeddings, labels);
  const found = new Found();
  groups.forEach(({ positives, negatives }, a) => {
    if (negatives.length === 0) return;
    for (const p of positives) {
      const lead = (n: number) => distance(a, n) - distance(a, p);
      if (select === "all") {
        for (const n of negatives) if (lead(n) > 0 && lead(n) <= margin) found.add(a, p, n);
      } else {
        const beyond = negatives.filter((n) => lead(n) > 0);
        const nearer = (best: number, i: number) => (lead(i) < lead(best) ? i : best);
        const farther = (best: number, i: number) => (lead(i) > lead(best) ? i : best);
        found.add(a, p, beyond.length > 0 ? beyond.reduce(nearer) : negatives.reduce(farther));
      }
    }
  });
  return found.triplets();
}
