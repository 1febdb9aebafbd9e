import { concat } from "../../autograd/movement.ts";
import "../../functional/methods.ts";
import { Linear } from "../../nn/linear.ts";
import { Module } from "../../nn/module.ts";
import { Sequential } from "../../nn/sequential.ts";
import { asIndices, expectIndices, expectNotEmpty, expectShape, floatTensor } from "../../tensor/checks.ts";
import { zeros } from "../../tensor/creation.ts";
import { ShapeError, ValueError } from "../../tensor/errors.ts";
import { expectInteger, expectOneOf, expectPositive, resolve } from "../../tensor/options.ts";
import type { Generator } from "../../tensor/random.ts";
import { formatShape } from "../../tensor/shape.ts";
import { type Tensor, type TensorLike, tensor } from "../../tensor/tensor.ts";
import { expectOutside } from "../../tensor/tracing.ts";
import { type Reduction, reduce } from "../reduction.ts";

export interface AdaptiveSoftmaxOptions {
  /** By how much narrower each cluster's projection is than the one before it, > 0. Default 4. */
  divValue?: number;
  /** Whether the head has a bias. Default false. */
  headBias?: boolean;
  reduction?: Reduction;
  generator?: Generator;
}

/**
 * The adaptive softmax: cross-entropy over many classes, sorted by frequency, of which rare ones are first told apart as
 * clusters. The first cutoffs[0] classes and the clusters share the head; classes cutoffs[i] .. cutoffs[i + 1] - 1 are
 * cluster i, with log p = log p(cluster) + log p(class in it), from a projection to inFeatures / divValue^(i + 1)
 * features. A cluster costs only the rows whose label is in it.
 *
 *     const head = new losses.AdaptiveSoftmax(512, 50_000, [2_000, 10_000]);
 *     head.call(features, labels).backward();
 *
 * features: [n, inFeatures]; labels: int32 [n]. Returns a scalar ([n] with reduction "none"). The call reads the labels,
 * and is no part of a compiled function; `logProbabilities` and `predict` may be. Keys and shapes of the state are
 * PyTorch's. Options: divValue (4), headBias (false), reduction ("mean"), generator (the global one).
 * Grave et al. 2017, "Efficient softmax approximation for GPUs", arXiv:1609.04309. Reference values:
 * torch.nn.AdaptiveLogSoftmaxWithLoss.
 */
export class AdaptiveSoftmax extends Module {
  readonly inFeatures: number;
  /** Where the clusters begin, and the number of classes. */
  readonly cutoffs: readonly number[];
  readonly reduction: Reduction;
  head: Linear;
  tail: Sequential[];

  constructor(inFeatures: number, classes: number, cutoffs: readonly number[], options: AdaptiveSoftmaxOptions = {}) {
    super();
    const where = "AdaptiveSoftmax";
    const defaults = { divValue: 4, headBias: false, reduction: "mean" as Reduction, generator: undefined };
    const { divValue, headBias, reduction, generator } = resolve<
      Required<Omit<AdaptiveSoftmaxOptions, "generator">> & { generator: Generator | undefined }
    >(where, options, defaults);
    expectInteger(where, "inFeatures", inFeatures);
    expectInteger(where, "classes", classes, 2);
    expectPositive(where, "divValue", divValue);
    expectOneOf(where, "reduction", reduction, ["none", "mean", "sum"]);
    expectCutoffs(where, cutoffs, classes);
    this.inFeatures = inFeatures;
    this.cutoffs = [...cutoffs, classes];
    this.reduction = reduction;
    this.head = new Linear(inFeatures, cutoffs[0] + cutoffs.length, { bias: headBias, generator });
    this.tail = cutoffs.map((from, i) => {
      const width = Math.floor(inFeatures / divValue ** (i + 1));
      if (width < 1)
        throw new ValueError(where, `${inFeatures} features / divValue^${i + 1} leave none; lower divValue`);
      const size = this.cutoffs[i + 1] - from;
      const plain = { bias: false, generator };
      return new Sequential(new Linear(inFeatures, width, plain), new Linear(width, size, plain));
    });
  }

  /** -log p of the labels. */
  forward(features: TensorLike, labels: TensorLike): Tensor {
    const where = "AdaptiveSoftmax";
    expectOutside(where, "it reads the labels; take logProbabilities and losses.negativeLogLikelihood");
    const x = this.rowsOf(where, features);
    const y = asIndices(where, "labels", labels);
    expectShape(where, "labels", y, x.shape.slice(0, 1));
    const classes = this.cutoffs[this.cutoffs.length - 1];
    expectIndices(where, "labels", y, classes, "the classes");
    const first = this.cutoffs[0];
    // Rows by cluster, those of the head's own classes first: what each adds to the head's log-probability.
    const members: number[][] = [[], ...this.tail.map(() => [])];
    for (const [row, label] of y.data.entries()) members[this.clusterOf(label)].push(row);
    const inCluster = members.slice(1).flatMap((rows, i) => {
      if (rows.length === 0) return [];
      const index = tensor(rows, { dtype: "int32" });
      const own = y.indexSelect(0, index).sub(this.cutoffs[i]).unsqueeze(1);
      return [this.tail[i].call(x.indexSelect(0, index)).logSoftmax(1).gather(1, own).squeeze(1)];
    });
    const added = concat([zeros([members[0].length], { dtype: x.dtype }), ...inCluster]);
    const place = new Int32Array(y.size);
    for (const [i, row] of members.flat().entries()) place[row] = i;
    const headClass = Int32Array.from(y.data, (c) => (c < first ? c : first + this.clusterOf(c) - 1));
    const inHead = this.head.call(x).logSoftmax(1).gather(1, tensor(headClass).unsqueeze(1)).squeeze(1);
    return reduce(where, inHead.add(added.indexSelect(0, tensor(place))).neg(), this.reduction);
  }

  /** log p of all classes: [n, inFeatures] -> [n, classes]. */
  logProbabilities(features: TensorLike): Tensor {
    const x = this.rowsOf("AdaptiveSoftmax.logProbabilities", features);
    const head = this.head.call(x).logSoftmax(1);
    const first = this.cutoffs[0];
    const clusters = this.tail.map((part, i) =>
      part
        .call(x)
        .logSoftmax(1)
        .add(head.slice([null, { start: first + i, stop: first + i + 1 }])),
    );
    return concat([head.slice([null, { stop: first }]), ...clusters], 1);
  }

  /** The likeliest class of each row: int32 [n]. */
  predict(features: TensorLike): Tensor {
    return this.logProbabilities(features).argmax(1);
  }

  /** 0 for a class of the head, i + 1 for one of cluster i. */
  private clusterOf(label: number): number {
    return this.cutoffs.findIndex((end) => label < end);
  }

  private rowsOf(where: string, features: TensorLike): Tensor {
    const x = floatTensor(where, "features", features);
    if (x.ndim !== 2 || x.shape[1] !== this.inFeatures)
      throw new ShapeError(where, `features must be [n, ${this.inFeatures}], got ${formatShape(x.shape)}`);
    expectNotEmpty(where, "features", x);
    return x;
  }
}

/** Throws unless cutoffs are whole numbers that rise, from 1 to classes - 1. */
function expectCutoffs(where: string, cutoffs: readonly number[], classes: number): void {
  const rising =
    Array.isArray(cutoffs) &&
    cutoffs.length > 0 &&
    cutoffs.every((c, i) => Number.isInteger(c) && c > (i === 0 ? 0 : cutoffs[i - 1]) && c < classes);
  if (!rising) {
    throw new ValueError(
      where,
      `cutoffs must be whole numbers that rise, each in 1..${classes - 1}, got ${JSON.stringify(cutoffs)}`,
    );
  }
}
