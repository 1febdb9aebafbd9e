import "../../functional/methods.ts";
import { expectBinary, expectSameShape, expectSigns, floatTensor } from "../../tensor/checks.ts";
import { expectOneOf } from "../../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import type { Reduction } from "../reduction.ts";

export interface SignedOptions {
  /**
   * What the targets are: "signed" for 1 and -1, "binary" for 1 and 0. Never guessed from the values. Default "signed".
   */
  labels?: "signed" | "binary";
  reduction?: Reduction;
}

/** t x for scores x and targets t = +-1, of equal shapes, checked. */
export function agreement(where: string, scores: TensorLike, targets: TensorLike, labels: "signed" | "binary"): Tensor {
  expectOneOf(where, "labels", labels, ["signed", "binary"]);
  const x = floatTensor(where, "scores", scores);
  const t = asTensor(targets, x.dtype, where, "targets");
  expectSameShape(where, { scores: x, targets: t });
  if (labels === "signed") expectSigns(where, "targets", t);
  else expectBinary(where, "targets", t);
  return x.mul(labels === "signed" ? t : t.to(x.dtype).mul(2).sub(1));
}
