import { where as select } from "../../autograd/elementwise.ts";
import { maskedMean } from "../../functional/masks.ts";
import { asIndices, expectIndices, expectNonNegativeElements, expectShape } from "../../tensor/checks.ts";
import { onesLike } from "../../tensor/creation.ts";
import { ShapeError, ValueError } from "../../tensor/errors.ts";
import { expectNumber, expectPositive, resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { meanNonZero as meanOfNonZero } from "../mean-non-zero.ts";

// Reductions of the terms that a loss gives with reduction "none", beyond those it has itself. `counted` (bool, of the
// terms' shape) says which terms there are where not all are: [n, n] by pair has none on the diagonal.

/** The mean of the terms that count; 0 when none does. */
export const mean = (terms: Tensor, counted?: Tensor): Tensor => maskedMean(terms, maskFor("mean", terms, counted));

/** The sum of the terms. */
export const sum = (terms: Tensor): Tensor => terms.sum();

/** The sum of terms >= 0 over the number of those above 0; 0 when there are none. */
export const meanNonZero = (terms: Tensor): Tensor => meanOfNonZero(terms);

export interface ThresholdOptions {
  /** Only terms above this count. Default null, no bound. */
  low?: number | null;
  /** Only terms below this count. Default null, no bound. */
  high?: number | null;
}

/** The mean of the terms between two bounds, both excluded; 0 when there are none. At least one bound must be given. */
export function threshold(terms: Tensor, options: ThresholdOptions): Tensor {
  const where = "reducers.threshold";
  const { low, high } = resolve<Required<ThresholdOptions>>(where, options, { low: null, high: null });
  if (low === null && high === null) throw new ValueError(where, "needs low, high, or both");
  if (low !== null) expectNumber(where, "low", low);
  if (high !== null) expectNumber(where, "high", high);
  return maskedMean(
    terms,
    terms.gt(low ?? Number.NEGATIVE_INFINITY).logicalAnd(terms.lt(high ?? Number.POSITIVE_INFINITY)),
  );
}

/**
 * The mean of the terms times the weight of their anchor's class: terms [n, ...], labels [n] int32, weights [classes].
 * Divides by the number of terms that count, not by the weights.
 */
export function classWeighted(terms: Tensor, labels: TensorLike, weights: TensorLike, counted?: Tensor): Tensor {
  const where = "reducers.classWeighted";
  const [y, w] = [asIndices(where, "labels", labels), asTensor(weights, terms.dtype, where, "weights")];
  if (terms.ndim === 0) throw new ShapeError(where, 'terms must be [n, ...]; take the loss with reduction "none"');
  expectShape(where, "labels", y, [terms.shape[0]]);
  if (w.ndim !== 1) throw new ShapeError(where, `weights must be [classes], got ${formatShape(w.shape)}`);
  expectIndices(where, "labels", y, w.size, `weights ${formatShape(w.shape)}`);
  expectNonNegativeElements(where, "weights", w);
  const ofAnchor = w.indexSelect(0, y).reshape([y.size, ...terms.shape.slice(1).map(() => 1)]);
  return maskedMean(terms.mul(ofAnchor), maskFor("classWeighted", terms, counted));
}

/** The mean of each anchor's terms: [n, m] -> [n], 0 for an anchor without one. */
export function perAnchor(terms: Tensor, counted?: Tensor): Tensor {
  if (terms.ndim !== 2)
    throw new ShapeError("reducers.perAnchor", `terms must be [n, m], got ${formatShape(terms.shape)}`);
  return maskedMean(terms, maskFor("perAnchor", terms, counted), 1);
}

/** The sum of the terms over a number, or over a tensor with one element, which counts as 1 where it is 0. */
export function divisor(terms: Tensor, by: number | Tensor): Tensor {
  if (typeof by === "number") {
    expectPositive("reducers.divisor", "by", by);
    return terms.sum().div(by);
  }
  return terms
    .sum()
    .div(select(by.eq(0), 1, by))
    .reshape([]);
}

function maskFor(name: string, terms: Tensor, counted: Tensor | undefined): Tensor {
  if (counted === undefined) return onesLike(terms).ne(0);
  expectShape(`reducers.${name}`, "counted", counted, terms.shape);
  return counted;
}
