import { noGrad } from "../../autograd/primitive.ts";
import { Module } from "../../nn/module.ts";
import { asIndices } from "../../tensor/checks.ts";
import { arange, zeros } from "../../tensor/creation.ts";
import { expectInteger } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { usualIgnoreIndex } from "./labelled.ts";
import { type SeesawOptions, seesaw } from "./long-tail.ts";

/**
 * `seesaw` that counts the samples of each class as it sees them: in training a batch is counted before its loss is
 * computed. The state is `classCounts`, a float64 buffer [classes], from 0. Options: those of the function.
 */
export class Seesaw extends Module {
  readonly classCounts: Tensor;
  readonly #options: SeesawOptions;

  constructor(classes: number, options: SeesawOptions = {}) {
    super();
    expectInteger("Seesaw", "classes", classes);
    this.#options = options;
    this.classCounts = zeros([classes], { dtype: "float64" });
    noGrad(() => seesaw(zeros([1, classes]), [0], this.classCounts, options)); // checks the options now
  }

  /** logits: [n, classes, ...]; labels: int32 [n, ...]. */
  forward(logits: TensorLike, labels: TensorLike): Tensor {
    if (!this.training) return seesaw(logits, labels, this.classCounts, this.#options);
    const y = asIndices("seesaw", "labels", labels).reshape([-1, 1]);
    const isOf = y.eq(arange(this.classCounts.size)).logicalAnd(y.ne(this.#options.ignoreIndex ?? usualIgnoreIndex));
    const counts = this.classCounts.add(isOf.sum(0));
    const loss = seesaw(logits, labels, counts, this.#options);
    noGrad(() => this.classCounts.assign(counts));
    return loss;
  }
}
