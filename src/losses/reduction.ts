import { div } from "../autograd/elementwise.ts";
import { sum } from "../autograd/movement.ts";
import { mean } from "../functional/reductions.ts";
import "../functional/methods.ts";
import { expectNotEmpty } from "../tensor/checks.ts";
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
  expectNotEmpty(where, "input", terms);
  return reduction === "mean" ? mean(terms) : div(sum(terms), terms.shape[0] ?? 1);
}

const plain: readonly BatchReduction[] = ["none", "mean", "sum"];

export const withBatchMean: readonly BatchReduction[] = [...plain, "batchMean"];
