import "../../functional/methods.ts";
import type { Tensor } from "../../tensor/tensor.ts";

/** x^power for x >= 0 and power > 0, with gradient 0 at 0, where a power below 1 has an infinite slope. Below 0 it is 0. */
export function safePower(x: Tensor, power: number): Tensor {
  if (power === 1) return x;
  const none = x.le(0);
  return x.maskedFill(none, 1).pow(power).maskedFill(none, 0);
}
