import { expectPositiveElements, floatTensor } from "../tensor/checks.ts";
import { ShapeError } from "../tensor/errors.ts";
import { expectNumber, expectPositive } from "../tensor/options.ts";
import { formatShape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";

/** An option that is a number, or a learned tensor with one element; checked. */
export function scalarOption(
  where: string,
  name: string,
  value: number | Tensor,
  domain: "positive" | "any" = "positive",
): number | Tensor {
  if (value instanceof Tensor) {
    const t = floatTensor(where, name, value);
    if (t.size !== 1)
      throw new ShapeError(where, `${name} must be a number or a tensor with one element, got ${formatShape(t.shape)}`);
    if (domain === "positive") expectPositiveElements(where, name, t);
    return t.reshape([]);
  }
  if (domain === "positive") expectPositive(where, name, value);
  else expectNumber(where, name, value, "that is finite", Number.isFinite);
  return value;
}

/** Throws unless `value` is a number in [0, 1]. */
export const expectFraction = (where: string, name: string, value: unknown): void =>
  expectNumber(where, name, value, "in [0, 1]", (v) => v >= 0 && v <= 1);
