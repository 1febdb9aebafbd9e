import "../functional/methods.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** -y log p - (1 - y) log(1 - p), p = sigmoid(x), element by element, for logits of any size. */
export const sigmoidCrossEntropy = (x: Tensor, y: Tensor): Tensor =>
  y.mul(x.neg().softplus()).add(y.neg().add(1).mul(x.softplus()));
