import { noGrad } from "../../autograd/primitive.ts";
import { cosineMatrix } from "../../functional/distances.ts";
import { oneHot } from "../../functional/selection.ts";
import { type Tensor, type TensorLike, tensor } from "../../tensor/tensor.ts";
import { expectFraction } from "../scalar-option.ts";
import { type AdaFaceOptions, adaFace, type CurricularFaceOptions, curricularFace } from "./adaptive-margin.ts";
import { type CenterOptions, center } from "./center.ts";
import { CentreLoss, type FromGenerator } from "./centre-modules.ts";
import { expectCentred } from "./centres.ts";
import { clippedLengths, statistics } from "./lengths.ts";

// Losses with centres whose state moves with each batch in training, and stays as it is after eval().

/** running <- (1 - share) running + share batch. */
const move = (running: Tensor, batch: Tensor, share: number): Tensor =>
  running.assign(running.add(batch.sub(running).mul(share)));

export interface AdaFaceModuleOptions extends Omit<AdaFaceOptions, "mean" | "std">, FromGenerator {
  /** The share of each new batch in the running statistics, in [0, 1]; 1 takes the batch's own. Default 0.01. */
  share?: number;
}

/**
 * `adaFace` with centres of its own, and the running mean (`batchMean`, 20 at first) and standard deviation
 * (`batchStd`, 100 at first) of the lengths, which each batch moves in training before its loss is computed.
 * Options: those of the function but mean and std; share; generator.
 */
export class AdaFace extends CentreLoss<AdaFaceOptions> {
  batchMean = tensor(20);
  batchStd = tensor(100);
  readonly share: number;

  constructor(classes: number, embeddingSize: number, { share = 0.01, ...options }: AdaFaceModuleOptions = {}) {
    super(adaFace, { classes, embeddingSize }, options);
    expectFraction("AdaFace", "share", share);
    this.share = share;
  }

  forward(embeddings: TensorLike, labels: TensorLike): Tensor {
    if (this.training) {
      const { x } = expectCentred("adaFace", [embeddings, this.weight, labels]);
      noGrad(() => {
        const { mean, std } = statistics(clippedLengths(x));
        move(this.batchMean, mean, this.share);
        move(this.batchStd, std, this.share);
      });
    }
    return this.lossWith(embeddings, labels, { mean: this.batchMean, std: this.batchStd });
  }
}

export interface CurricularFaceModuleOptions extends Omit<CurricularFaceOptions, "t">, FromGenerator {
  /** The share of each new batch in t, in [0, 1]. Default 0.01. */
  share?: number;
}

/**
 * `curricularFace` with centres of its own, and the running mean `t` (0 at first) of the own cosines, which each batch
 * moves in training before its loss is computed. Options: those of the function but t; share; generator.
 */
export class CurricularFace extends CentreLoss<CurricularFaceOptions> {
  t = tensor(0);
  readonly share: number;

  constructor(classes: number, embeddingSize: number, { share = 0.01, ...options }: CurricularFaceModuleOptions = {}) {
    super(curricularFace, { classes, embeddingSize }, options);
    expectFraction("CurricularFace", "share", share);
    this.share = share;
  }

  forward(embeddings: TensorLike, labels: TensorLike): Tensor {
    if (this.training) {
      const { x, w, own } = expectCentred("curricularFace", [embeddings, this.weight, labels]);
      noGrad(() => move(this.t, cosineMatrix(x, w).gather(1, own).mean(), this.share));
    }
    return this.lossWith(embeddings, labels, { t: this.t });
  }
}

/**
 * `center` with centres of its own. They learn by their gradient, or, left out of the optimizer, by the paper's rule:
 * `follow`.
 */
export class Center extends CentreLoss<CenterOptions> {
  constructor(classes: number, embeddingSize: number, options: CenterOptions & FromGenerator = {}) {
    super(center, { classes, embeddingSize }, options);
  }

  /**
   * Moves each centre towards its embeddings in the batch, by rate sum (x - c) / (1 + their number): the update of the
   * paper, in which a class with few samples moves little. rate (0.5) in [0, 1].
   */
  follow(embeddings: TensorLike, labels: TensorLike, rate = 0.5): void {
    expectFraction("Center", "rate", rate);
    const { x, w, own } = expectCentred("Center", [embeddings, this.weight, labels]);
    noGrad(() => {
      const isOwn = oneHot(own.squeeze(1), w.shape[0], { dtype: w.dtype }); // [n, classes]
      const counts = isOwn.sum(0).unsqueeze(1);
      const total = isOwn.matmul(x, { transposeA: true }).sub(w.mul(counts));
      w.assign(w.add(total.div(counts.add(1)).mul(rate)));
    });
  }
}
