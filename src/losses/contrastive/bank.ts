import { stopGradient } from "../../autograd/elementwise.ts";
import { concat } from "../../autograd/movement.ts";
import { noGrad } from "../../autograd/primitive.ts";
import { Module } from "../../nn/module.ts";
import { expectOutside, observe } from "../../tensor/tracing.ts";
import "../../functional/methods.ts";
import { floatTensor } from "../../tensor/checks.ts";
import { zeros } from "../../tensor/creation.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { expectInteger, expectPositive, resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import { type Tensor, type TensorLike, tensor } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { cosines, fixedRows, others, viewPair } from "./views.ts";

// Losses that compare with embeddings of earlier batches, which are constants to the gradient.

/**
 * A first-in, first-out queue of embeddings: what MoCo passes to `infoNCE` as negatives, and `nnCLR`, `reSSL` and `co2`
 * take as their bank. Its state is part of the `stateDict` of a model that holds it.
 */
export class MemoryBank extends Module {
  /** [capacity, d], the oldest first; the last `count` rows are filled. */
  queue: Tensor;
  /** How many embeddings there are, at most `capacity`: [], int32. */
  count = tensor(0, { dtype: "int32" });

  constructor(capacity: number, d: number) {
    super();
    expectInteger("MemoryBank", "capacity", capacity);
    expectInteger("MemoryBank", "d", d);
    this.queue = zeros([capacity, d]);
  }

  /** [up to capacity, d], the oldest first, without gradient; [0, d] at first. */
  get embeddings(): Tensor {
    const empty = this.queue.shape[0] - observe(() => this.count.data[0]);
    return noGrad(() => this.queue.slice({ start: empty }));
  }

  /** What the bank holds. */
  forward(): Tensor {
    return this.embeddings;
  }

  /** Adds embeddings [n, d]; the oldest leave when there are more than `capacity`. Call it after the loss. */
  add(embeddings: TensorLike): void {
    const where = "MemoryBank.add";
    expectOutside(where, "the bank changes at every call; compile the model, and call this outside");
    const rows = floatTensor(where, "embeddings", embeddings);
    const [capacity, d] = this.queue.shape;
    if (rows.ndim !== 2 || rows.shape[1] !== d) {
      throw new ShapeError(where, `embeddings must be [n, ${d}], got ${formatShape(rows.shape)}`);
    }
    noGrad(() => {
      const all = concat([this.queue, rows.to(this.queue.dtype)]);
      this.queue.assign(all.slice({ start: rows.shape[0] }));
      this.count.assign(tensor(Math.min(capacity, this.count.item() + rows.shape[0]), { dtype: "int32" }));
    });
  }
}

export interface NNCLROptions {
  /** What the cosines are divided by, > 0. Default 0.1. */
  temperature?: number;
  reduction?: Reduction;
}

/**
 * NNCLR: InfoNCE in which each key's nearest neighbour in a bank stands for it: -log softmax_j(nn(k_i) . q_j / t)_i.
 *
 * queries, keys: [n, d], row i of one belongs to row i of the other; bank: [m, d], as of a `MemoryBank`. Returns [n]
 * with reduction "none". Only the queries have a gradient. For both directions take the mean with the views swapped.
 * Options: temperature (0.1), reduction ("mean").
 * Dwibedi et al. 2021, arXiv:2104.14548. Reference values: torch.nn.functional.cross_entropy of the same logits.
 */
export function nnCLR(queries: TensorLike, keys: TensorLike, bank: TensorLike, options: NNCLROptions = {}): Tensor {
  const where = "nnCLR";
  const { temperature, reduction } = resolve<Required<NNCLROptions>>(where, options, {
    temperature: 0.1,
    reduction: "mean",
  });
  expectPositive(where, "temperature", temperature);
  const [q, k] = viewPair(where, { queries, keys }, 1).map((x) => x.normalize());
  const support = fixedRows(where, { bank }, q.shape[1]);
  const neighbours = support.indexSelect(0, cosines(stopGradient(k), support).argmax(1));
  const logits = cosines(neighbours, q).div(temperature);
  return reduce(where, logits.logSumExp(1).sub(logits.diagonal()), reduction);
}

export interface ReSSLOptions {
  /** What the student's cosines are divided by, > 0. Default 0.1. */
  studentTemperature?: number;
  /** What the teacher's cosines are divided by, > 0. Default 0.04. */
  teacherTemperature?: number;
  reduction?: Reduction;
}

/**
 * ReSSL: the cross-entropy of the student's relations to a bank with the teacher's,
 * -sum_j softmax(k . b_j / T_t) log softmax(q . b_j / T_s).
 *
 * queries: [n, d] of the student; keys: [n, d] of the teacher, a constant to the gradient; bank: [m, d]. Returns [n]
 * with reduction "none". Zheng et al. 2021, arXiv:2107.09282. Reference values: torch.nn.functional.cross_entropy.
 * Options: studentTemperature (0.1), teacherTemperature (0.04), reduction ("mean").
 */
export function reSSL(queries: TensorLike, keys: TensorLike, bank: TensorLike, options: ReSSLOptions = {}): Tensor {
  const where = "reSSL";
  const { studentTemperature, teacherTemperature, reduction } = resolve<Required<ReSSLOptions>>(where, options, {
    studentTemperature: 0.1,
    teacherTemperature: 0.04,
    reduction: "mean",
  });
  expectPositive(where, "studentTemperature", studentTemperature);
  expectPositive(where, "teacherTemperature", teacherTemperature);
  const [q, k] = viewPair(where, { queries, keys }, 1).map((x) => x.normalize());
  const support = fixedRows(where, { bank }, q.shape[1]);
  const relations = cosines(stopGradient(k), support).div(teacherTemperature).softmax(1);
  const terms = relations.mul(cosines(q, support).div(studentTemperature).logSoftmax(1)).sum(1).neg();
  return reduce(where, terms, reduction);
}

export interface CO2Options {
  /** Negatives shared by both views, [m, d], as of a `MemoryBank`. Default none: the other samples of the batch. */
  bank?: TensorLike | null;
  /** What the cosines are divided by, > 0. Default 0.05. */
  temperature?: number;
  reduction?: Reduction;
}

/**
 * Consistent contrast (CO2): half the symmetric divergence D(p || q) + D(q || p) between how the two views of a sample
 * see it among the negatives, p = softmax([a . b, a . negatives] / t), q = softmax([b . a, b . negatives] / t).
 *
 * view1, view2: [n, d]; n at least 2 where the batch gives the negatives: those of one view are the other view's
 * embeddings of other samples. Returns [n] with reduction "none". It is added to `infoNCE`, with a weight.
 * Options: bank (null), temperature (0.05), reduction ("mean").
 * Wei et al. 2021, arXiv:2010.02217. Reference values: lightly's CO2Regularizer, whose result has no gradient.
 */
export function co2(view1: TensorLike, view2: TensorLike, options: CO2Options = {}): Tensor {
  const where = "co2";
  const { bank, temperature, reduction } = resolve<Required<CO2Options>>(where, options, {
    bank: null,
    temperature: 0.05,
    reduction: "mean",
  });
  expectPositive(where, "temperature", temperature);
  const [a, b] = viewPair(where, { view1, view2 }, bank === null ? 2 : 1).map((x) => x.normalize());
  const support = bank === null ? null : fixedRows(where, { bank }, a.shape[1]);
  const seen = (x: Tensor, y: Tensor) => {
    const pair = x.mul(y).sum(1, { keepDims: true });
    if (support !== null)
      return concat([pair, cosines(x, support)], 1)
        .div(temperature)
        .logSoftmax(1);
    return concat([pair, others(cosines(x, y))], 1)
      .div(temperature)
      .logSoftmax(1);
  };
  const [p, q] = [seen(a, b), seen(b, a)];
  return reduce(where, p.exp().sub(q.exp()).mul(p.sub(q)).sum(1).div(2), reduction);
}
