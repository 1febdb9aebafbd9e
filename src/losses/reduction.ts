import { div } from "../autograd/elementwise.ts";
import { sum } from "../autograd/movement.ts";
import { mean } from "../functional/reductions.ts";
import "../functional/methods.ts";
import { ShapeError } from "../tensor/errors.ts";
import { expectOneOf } from "../tensor/options.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** "none": a value for each term; "mean": their sum over their count; "sum". */
export type Reduction = "none" | "mean" | "sum";

/** As `Reduction`, and "batchMean": the sum over the size of the first axis. */
export type BatchReduction = Reduction | "batchMean";

/** The terms of a loss as the caller wants them. Throws for an unknown reduction and for a mean over nothing. */
export function reduce(
  where: string,
  terms: Tensor,
  reduction: BatchReduction,
  choices: readonly BatchReduction[] = plain,
): Tensor {
  expectOneOf(where, "reduction", reduction, choices);
  if (reduction === "none") return terms;
  if (reduction === "sum") return sum(terms);
  expectTerms(where, terms);
  return reduction === "mean" ? mean(terms) : div(sum(terms), terms.shape[0] ?? 1);
}

/** Throws when there is nothing to take the mean of. */
export function expectTerms(where: string, terms: Tensor): void {
  if (terms.size === 0) {
    throw new ShapeError(where, 'the batch is empty; a mean needs at least one element, and reduction "sum" gives 0');
  }
}

const plain: readonly BatchReduction[] = ["none", "mean", "sum"];

export const withBatchMean: readonly BatchReduction[] = [...plain, "batchMean"];
