import { describe, expect, it } from "vitest";
import { poolArgmax, spreadPool, sumPool, type Windows } from "../../../src/autograd/pooling.ts";
import type { Op } from "../../../src/autograd/primitive.ts";
import type { Lower } from "../../../src/compile/kernel.ts";
import { lowerPoolArgmax, lowerSpreadPool, lowerSumPool } from "../../../src/compile/kernels/pooling.ts";
import { allocate, type DType } from "../../../src/tensor/dtype.ts";
import { sizeOf } from "../../../src/tensor/shape.ts";
import { Tensor } from "../../../src/tensor/tensor.ts";
import { runKernel } from "./run-kernel.ts";

type Pair = [number, number];

function windows(image: Pair, kernel: Pair, stride: Pair = kernel, padding: Pair = [0, 0]): Windows {
  const result = image.map((n, i) => Math.floor((n + 2 * padding[i] - kernel[i]) / stride[i]) + 1) as Pair;
  return { kernel, stride, padding, image, result };
}

const cases: Record<string, Windows> = {
  "2 x 2 on 28 x 28": windows([28, 28], [2, 2]),
  "2 x 2 on 14 x 14": windows([14, 14], [2, 2]),
  "2 x 2 on 7 x 7, which leaves a row and a column": windows([7, 7], [2, 2]),
  "3 x 3, stride 2, padding 1": windows([13, 16], [3, 3], [2, 2], [1, 1]),
  "3 x 3, stride 1, padding 1": windows([6, 10], [3, 3], [1, 1], [1, 1]),
  "3 x 3, stride 1 on 5 x 5: three windows a row": windows([5, 5], [3, 3], [1, 1]),
  "2 x 3, strides 1 and 3, padding 1": windows([9, 23], [2, 3], [1, 3], [1, 1]),
  "1 x 1": windows([4, 9], [1, 1]),
  "1 x 1, stride 3": windows([10, 20], [1, 1], [3, 3]),
  "stride 7, wider than the kernel": windows([30, 40], [3, 2], [7, 7]),
  "stride 7, two windows a row": windows([9, 12], [3, 2], [7, 7]),
  "4 x 5 with padding 2, stride 2": windows([9, 12], [4, 5], [2, 2], [2, 2]),
  "the whole image": windows([6, 5], [6, 5]),
  "one pixel": windows([1, 1], [1, 1]),
  "one column": windows([9, 1], [3, 1], [1, 1]),
  "an image smaller than the kernel": windows([2, 2], [3, 3], [1, 1], [1, 1]),
};

/** Whole numbers from -3 to 3, so that there are ties and every sum is exact. */
function integers(shape: number[], dtype: DType): Tensor {
  const data = allocate(dtype, sizeOf(shape));
  for (let i = 0; i < data.length; i++) data[i] = dtype === "bool" ? ((i * 7919) % 5) & 1 : (((i + 3) * 7919) % 7) - 3;
  return new Tensor(data, shape, dtype);
}

const maps: Record<string, { lower: Lower<Windows>; op: Op<[Tensor], Windows>; dtypes: DType[]; spreads?: boolean }> = {
  poolArgmax: { lower: lowerPoolArgmax, op: poolArgmax, dtypes: ["float32", "float64", "int32", "bool"] },
  sumPool: { lower: lowerSumPool, op: sumPool, dtypes: ["float32", "float64"] },
  spreadPool: { lower: lowerSpreadPool, op: spreadPool, dtypes: ["float32", "float64"], spreads: true },
};

describe.each(Object.entries(maps))("compiled %s", (_, { lower, op, dtypes, spreads }) => {
  const compare = (x: Tensor, w: Windows) => {
    const expected = op(x, w);
    const result = runKernel(lower, { shape: expected.shape, dtype: expected.dtype }, [x], w);
    const differs = (value: number, i: number) =>
      value !== expected.data[i] && !(value !== value && Number.isNaN(expected.data[i]));
    expect(result).toHaveLength(expected.data.length);
    expect([...result].findIndex(differs)).toBe(-1);
  };

  it.each(Object.entries(cases))("equals eager: %s", (_, w) => {
    for (const dtype of dtypes)
      for (const planes of [1, 3, 70]) compare(integers([planes, 1, ...(spreads ? w.result : w.image)], dtype), w);
  });

  it("takes an empty batch", () => {
    const w = windows([6, 6], [2, 2]);
    compare(integers([0, 4, ...(spreads ? w.result : w.image)], "float32"), w);
  });

  it("keeps NaN and infinity where they are", () => {
    for (const w of Object.values(cases)) {
      const x = integers([4, 2, ...(spreads ? w.result : w.image)], "float32");
      for (let i = 0; i < x.data.length; i += 5) x.data[i] = [NaN, Infinity, -Infinity, NaN, -0][(i / 5) % 5];
      compare(x, w);
    }
  });
});
