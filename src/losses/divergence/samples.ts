import { expectAxes, floatTensor } from "../../tensor/checks.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { formatShape } from "../../tensor/shape.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";

/** Throws unless there are at least `least` rows, 1 or 2. */
export function expectRows(name: string, argument: string, x: Tensor, least: number): void {
  if (x.shape[0] < least) {
    throw new ShapeError(
      name,
      `${argument} ${formatShape(x.shape)} needs at least ${least === 1 ? "one row" : "two rows"}`,
    );
  }
}

/** Two sets of samples with d coordinates each, `least` rows or more. */
export function twoSamples(
  name: string,
  samples: TensorLike,
  references: TensorLike,
  least: number,
): [x: Tensor, y: Tensor] {
  const x = floatTensor(name, "samples", samples);
  const y = floatTensor(name, "references", references);
  expectAxes(name, "samples", x, ["n", "d"]);
  expectAxes(name, "references", y, ["m", "d"]);
  if (x.shape[1] !== y.shape[1]) {
    throw new ShapeError(
      name,
      `samples ${formatShape(x.shape)} and references ${formatShape(y.shape)} must have as many coordinates`,
    );
  }
  expectRows(name, "samples", x, least);
  expectRows(name, "references", y, least);
  return [x, y];
}
