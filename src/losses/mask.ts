import "../functional/methods.ts";
import { expectBinary, expectSameShape } from "../tensor/checks.ts";
import { onesLike } from "../tensor/creation.ts";
import { asTensor, type Tensor, type TensorLike } from "../tensor/tensor.ts";

/** What a mask of 0 and 1, or of bools, keeps of a tensor of its shape, given by name; all of it without a mask. */
export function maskOf(where: string, mask: TensorLike | null, of: Readonly<Record<string, Tensor>>): Tensor {
  const [items] = Object.values(of);
  if (mask === null) return onesLike(items).to("bool");
  const m = asTensor(mask, undefined, where, "mask");
  expectSameShape(where, { ...of, mask: m });
  expectBinary(where, "mask", m);
  return m.to("bool");
}
