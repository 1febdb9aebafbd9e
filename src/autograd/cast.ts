import { type DType, expectDType, isFloat } from "../tensor/dtype.ts";
import { asTensor, type Tensor, type TensorLike } from "../tensor/tensor.ts";
import { type Op, primitive } from "./primitive.ts";

/** x as another dtype. Its gradient comes back in the dtype of x. Float to int truncates towards 0. */
export const cast: Op<[x: Tensor], { dtype: DType }> = primitive({
  name: "cast",
  shape: ([x]) => x.shape,
  dtype: (_, { dtype }) => dtype,
  kernel: ({ data, dtype }, [x]) => {
    if (dtype === "bool") for (let i = 0; i < data.length; i++) data[i] = x.data[i] !== 0 ? 1 : 0;
    else data.set(x.data);
  },
  vjp: ({ g, inputs: [x] }) => [() => to(g, x.dtype)],
});

/**
 * x as `dtype`; x itself when it has it already. To int32, values are not checked: they lose their fraction and wrap
 * modulo 2^32 (3e9 becomes -1294967296), NaN and the infinities become 0.
 */
export function to(x: TensorLike, dtype: DType): Tensor {
  const t = asTensor(x);
  return t.dtype === dtype ? t : cast(t, { dtype: expectDType("to", dtype) });
}

/** x with whole numbers and booleans as float32. */
export function asFloat(x: TensorLike, where?: string, name?: string): Tensor {
  const t = asTensor(x, undefined, where, name);
  return isFloat(t.dtype) ? t : to(t, "float32");
}
