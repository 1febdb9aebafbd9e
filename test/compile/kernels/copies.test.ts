import { describe, expect, it } from "vitest";
import { concatOp, flipOp, padOp, sliceOp, transposeOp } from "../../../src/autograd/movement.ts";
import { lowerConcat, lowerFlip, lowerPad, lowerSlice, lowerTranspose } from "../../../src/compile/kernels/copies.ts";
import type { DType } from "../../../src/tensor/dtype.ts";
import type { Shape } from "../../../src/tensor/shape.ts";
import { Tensor } from "../../../src/tensor/tensor.ts";
import { expectAsEager, values } from "./as-eager.ts";
import { runKernel } from "./run-kernel.ts";

const dtypes: readonly DType[] = ["float32", "float64", "int32", "bool"];

describe.each(dtypes)("a compiled copy of %s equals the eager one:", (dtype) => {
  it.each([
    [[], []],
    [[5], [0]],
    [
      [0, 3],
      [1, 0],
    ],
    [
      [1, 1],
      [1, 0],
    ],
    [
      [1, 9],
      [1, 0],
    ],
    [
      [3, 50],
      [1, 0],
    ],
    [
      [50, 3],
      [1, 0],
    ],
    [
      [2, 2],
      [1, 0],
    ],
    [
      [4, 4],
      [1, 0],
    ],
    [
      [5, 7],
      [1, 0],
    ],
    [
      [16, 16],
      [1, 0],
    ],
    [
      [33, 18],
      [1, 0],
    ],
    [
      [300, 211],
      [1, 0],
    ],
    [
      [1024, 64],
      [1, 0],
    ],
    [
      [2, 3, 4],
      [2, 1, 0],
    ],
    [
      [2, 3, 4],
      [0, 2, 1],
    ],
    [
      [6, 7, 8],
      [1, 0, 2],
    ],
    [
      [6, 7, 8],
      [2, 0, 1],
    ],
    [
      [2, 30, 4, 150],
      [0, 2, 1, 3],
    ],
    [
      [5, 30, 17, 18],
      [0, 3, 1, 2],
    ],
    [
      [5, 30, 17, 18],
      [3, 2, 1, 0],
    ],
    [
      [2, 1, 3, 1, 5],
      [4, 3, 2, 1, 0],
    ],
  ])("transpose of %j by %j", (shape, axes) => {
    const x = values(dtype, shape);
    expectAsEager(lowerTranspose, transposeOp(x, { axes }), [x], { axes });
  });

  it.each([
    [[], []],
    [[0], [0]],
    [[1], [0]],
    [[3], [0]],
    [[23], [0]],
    [[70000], [0]],
    [[3, 5], [0]],
    [[3, 5], [1]],
    [
      [3, 5],
      [0, 1],
    ],
    [[3, 5], []],
    [[40, 33, 29], [1]],
    [
      [40, 33, 29],
      [0, 2],
    ],
  ])("flip of %j along %j", (shape, axes) => {
    const x = values(dtype, shape);
    expectAsEager(lowerFlip, flipOp(x, { axes }), [x], { axes });
  });

  const slices: [full: Shape, start: number[], step: number[], shape: Shape][] = [
    [[], [], [], []],
    [[5], [0], [1], [5]],
    [[5], [2], [1], [0]],
    [[5], [1], [2], [2]],
    [[70000], [3], [1], [69990]],
    [[70000], [3], [2], [34000]],
    [
      [5, 6],
      [1, 2],
      [1, 1],
      [3, 3],
    ],
    [
      [5, 6],
      [0, 2],
      [2, 3],
      [3, 2],
    ],
    [
      [5, 6],
      [0, 5],
      [1, 1],
      [5, 1],
    ],
    [
      [9, 300],
      [1, 7],
      [1, 1],
      [7, 290],
    ],
    [
      [900, 60],
      [1, 7],
      [1, 1],
      [890, 50],
    ],
    [
      [4, 5, 6],
      [1, 0, 0],
      [1, 1, 1],
      [2, 5, 6],
    ],
    [
      [4, 5, 6],
      [0, 1, 0],
      [1, 1, 1],
      [4, 3, 6],
    ],
    [
      [3, 4, 20, 21],
      [0, 0, 1, 1],
      [1, 1, 1, 1],
      [3, 4, 18, 19],
    ],
    [
      [3, 4, 20, 21],
      [0, 0, 1, 1],
      [1, 1, 2, 3],
      [3, 4, 9, 7],
    ],
    [
      [10, 8, 40, 41],
      [0, 0, 1, 1],
      [1, 1, 1, 1],
      [10, 8, 38, 39],
    ],
  ];

  it.each(slices)("a slice of %j from %j by %j to %j", (full, start, step, shape) => {
    const x = values(dtype, full);
    expectAsEager(lowerSlice, sliceOp(x, { start, step, shape }), [x], { start, step, shape });
  });

  it.each(slices)("padding to %j from %j by %j of %j", (shape, start, step, small) => {
    const x = values(dtype, small);
    for (const value of [0, dtype === "bool" ? 1 : -3]) {
      const attributes = { start, step, shape, value };
      expectAsEager(lowerPad, padOp(x, attributes), [x], attributes);
    }
  });

  it.each([
    [0, [[3]]],
    [0, [[3], [0], [4]]],
    [0, [[0], [0]]],
    [
      1,
      [
        [2, 3],
        [2, 1],
        [2, 30],
      ],
    ],
    [
      0,
      [
        [2, 3],
        [1, 3],
      ],
    ],
    [
      1,
      [
        [4, 1, 3],
        [4, 2, 3],
      ],
    ],
    [
      2,
      [
        [4, 2, 1],
        [4, 2, 1],
        [4, 2, 2],
      ],
    ],
    [
      1,
      [
        [300, 100],
        [300, 37],
      ],
    ],
    [0, [[50000], [3]]],
    [0, [[1], [50000]]],
  ])("concatenation along %j of %j", (axis, shapes) => {
    const inputs = shapes.map((shape) => values(dtype, shape));
    expectAsEager(lowerConcat, concatOp(...inputs, { axis }), inputs, { axis });
  });
});

describe("a compiled copy", () => {
  it("pads with NaN and infinity", () => {
    const x = values("float32", [3]);
    for (const value of [Number.NaN, Number.NEGATIVE_INFINITY]) {
      const attributes = { start: [2], step: [1], shape: [8], value };
      expectAsEager(lowerPad, padOp(x, attributes), [x], attributes);
    }
  });

  it("keeps every bit of a NaN", () => {
    const x = new Tensor(new Float32Array(new Int32Array(40).fill(0x7fa0_1234).buffer), [5, 8], "float32");
    const y = runKernel(lowerTranspose, { shape: [8, 5], dtype: "float32" }, [x], { axes: [1, 0] });
    expect(new Int32Array(y.buffer, y.byteOffset, y.length)).toEqual(new Int32Array(40).fill(0x7fa0_1234));
  });
});
