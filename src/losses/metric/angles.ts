import { atan2, where as select } from "../../autograd/elementwise.ts";
import { safeSqrt } from "../../functional/numerics.ts";
import "../../functional/methods.ts";
import { expectNumber } from "../../tensor/options.ts";
import { Tensor } from "../../tensor/tensor.ts";

// Margins on an angle, from its cosine c and never by acos, whose gradient is infinite at c = +-1.

/** What to do where the angle with its margin goes past pi, and the cosine would rise again. */
export type AngleOverflow = "taylor" | "easy" | "none";

export const angleOverflows: readonly AngleOverflow[] = ["taylor", "easy", "none"];

export const expectRadians = (where: string, name: string, value: unknown): void =>
  expectNumber(where, name, value, "of radians in [0, pi]", (v) => v >= 0 && v <= Math.PI);

/** sqrt(1 - c^2), with gradient 0 at c = +-1. */
const sine = (c: Tensor): Tensor => safeSqrt(c.neg().add(1).mul(c.add(1)).relu()); // rounding can take c just beyond 1

/** cos(angle + margin), by the addition theorem. The margin may be a tensor: one for each angle. */
export function cosineOfSum(c: Tensor, margin: number | Tensor): Tensor {
  const [cos, sin] =
    margin instanceof Tensor ? [margin.cos(), margin.sin()] : ([Math.cos(margin), Math.sin(margin)] as const);
  return c.mul(cos).sub(sine(c).mul(sin));
}

/** cos(angle + margin), or what `overflow` says. */
export function withAngularMargin(c: Tensor, margin: number | Tensor, overflow: AngleOverflow): Tensor {
  const moved = cosineOfSum(c, margin);
  if (overflow === "none") return moved;
  if (overflow === "easy") return select(c.gt(0), moved, c);
  const [limit, penalty] =
    margin instanceof Tensor
      ? [margin.cos().neg(), margin.mul(margin.sin())]
      : ([-Math.cos(margin), margin * Math.sin(margin)] as const);
  return select(c.gt(limit), moved, c.sub(penalty));
}

/** cos(factor angle + margin); with `easy` only where c > 0, and c elsewhere. */
export function withMultipliedAngle(c: Tensor, factor: number, margin: number, easy: boolean): Tensor {
  const moved = atan2(sine(c), c).mul(factor).add(margin).cos();
  return easy ? select(c.gt(0), moved, c) : moved;
}
