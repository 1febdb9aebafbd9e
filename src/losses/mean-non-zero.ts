import { expectOneOf } from "../tensor/options.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { expectTerms, type Reduction, reduce } from "./reduction.ts";

/**
 * As `Reduction`, and "meanNonZero": the sum over the number of terms above 0, so that pairs already solved weigh
 * nothing.
 */
export type SparseReduction = Reduction | "meanNonZero";

/** The sum of terms >= 0 over the count of those above 0; 0, with gradient 0, when there are none. */
export function meanNonZero(terms: Tensor): Tensor {
  return terms.sum().div(terms.gt(0).sum().maximum(1));
}

/** `reduce` with "meanNonZero" as a further choice. */
export function reduceSparse(where: string, terms: Tensor, reduction: SparseReduction): Tensor {
  expectOneOf(where, "reduction", reduction, ["none", "mean", "sum", "meanNonZero"]);
  if (reduction !== "meanNonZero") return reduce(where, terms, reduction);
  expectTerms(where, terms);
  return meanNonZero(terms);
}
