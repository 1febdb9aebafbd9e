import { expect } from "vitest";
import type { Lower } from "../../../src/compile/kernel.ts";
import { allocate, type DType, type TypedArray } from "../../../src/tensor/dtype.ts";
import { type Shape, sizeOf } from "../../../src/tensor/shape.ts";
import { Tensor } from "../../../src/tensor/tensor.ts";
import { runKernel } from "./run-kernel.ts";

/** Values with ties, in no order, with NaN, infinities and zeros of both signs among the floats. */
export function values(dtype: DType, shape: Shape, distinct = 100): Tensor {
  const data = allocate(dtype, sizeOf(shape));
  const special = [Number.NaN, -0, Number.POSITIVE_INFINITY, 0, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < data.length; i++) {
    const value = ((i * 7919 + 13) % distinct) - distinct / 2;
    if (dtype === "bool") data[i] = (i * 7) % 3 === 0 ? 1 : 0;
    else if (dtype === "int32") data[i] = value * 20_000_001;
    else data[i] = i % 23 < special.length ? special[(i * 3 + (i >> 5)) % special.length] : value / 3;
  }
  return new Tensor(data, shape, dtype);
}

/**
 * The same without -Infinity, for what adds: infinity - infinity is a NaN of another sign than those in `values`, and
 * WebAssembly does not say which of two NaNs a sum is.
 */
export const summable = ({ data, shape, dtype }: Tensor): Tensor =>
  new Tensor(data.map((v) => (v === Number.NEGATIVE_INFINITY ? 2 : v)) as TypedArray, shape, dtype);

const bytesOf = ({ buffer, byteOffset, byteLength }: TypedArray) => new Uint8Array(buffer, byteOffset, byteLength);

/** That a kernel gives the bits that the eager operation gave. */
export function expectAsEager<A>(lower: Lower<A>, eager: Tensor, inputs: readonly Tensor[], attributes: A): void {
  const { shape, dtype, data } = eager;
  const compiled = runKernel(lower, { shape, dtype }, inputs, attributes);
  // Comparing arrays element by element is slow: it is for the message.
  if (Buffer.compare(bytesOf(compiled), bytesOf(data)) !== 0) expect(compiled).toEqual(data);
}
