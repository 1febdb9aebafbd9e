import { describe, expect, it } from "vitest";
import { gatherOp, indexAddOp, indexSelectOp, scatterOp } from "../../../src/autograd/indexing.ts";
import { lowerGather, lowerIndexAdd, lowerIndexSelect, lowerScatter } from "../../../src/compile/kernels/indexing.ts";
import type { DType } from "../../../src/tensor/dtype.ts";
import { type Shape, sizeOf } from "../../../src/tensor/shape.ts";
import { Tensor } from "../../../src/tensor/tensor.ts";
import { expectAsEager, summable, values } from "./as-eager.ts";
import { runKernel } from "./run-kernel.ts";

const dtypes: readonly DType[] = ["float32", "float64", "int32", "bool"];

/** Indices below `size`, in no order and with repetitions. */
const indicesBelow = (size: number, shape: Shape): Tensor =>
  new Tensor(
    Int32Array.from({ length: sizeOf(shape) }, (_, i) => (i * 7919 + (i >> 3)) % size),
    shape,
    "int32",
  );

describe.each(dtypes)("compiled indexing of %s equals the eager one:", (dtype) => {
  const picks: [full: Shape, picked: Shape, axis: number][] = [
    [[5], [3], 0],
    [[5], [0], 0],
    [[1], [1], 0],
    [[3, 4], [3, 1], 1],
    [[3, 4], [2, 9], 1],
    [[3, 4], [0, 9], 1],
    [[3, 4], [7, 4], 0],
    [[3, 4], [7, 3], 0],
    [[3, 4, 5], [3, 6, 5], 1],
    [[3, 4, 5], [2, 6, 4], 1],
    [[3, 4, 5], [3, 4, 11], 2],
    [[3, 4, 5], [2, 3, 4], 0],
    [[200, 1000], [200, 1], 1],
    [[100, 30], [1500, 30], 0],
    [[1000, 30], [1000, 41], 1],
    [[7, 20, 300], [7, 25, 290], 1],
    [[10], [50000], 0],
  ];

  it.each(picks)("gather from %j with indices %j along %j", (full, picked, axis) => {
    const x = values(dtype, full);
    const indices = indicesBelow(full[axis], picked);
    expectAsEager(lowerGather, gatherOp(x, indices, { axis }), [x, indices], { axis });
  });

  it.each(picks)("scatter to %j with indices %j along %j", (full, picked, axis) => {
    const source = summable(values(dtype, picked));
    const indices = indicesBelow(full[axis], picked);
    const attributes = { axis, shape: full };
    expectAsEager(lowerScatter, scatterOp(source, indices, attributes), [source, indices], attributes);
  });

  const selections: [full: Shape, count: number, axis: number][] = [
    [[5], 3, 0],
    [[5], 0, 0],
    [[1], 1, 0],
    [[5, 3], 8, 0],
    [[5, 3], 8, 1],
    [[0, 3], 2, 1],
    [[3, 4, 5], 7, 0],
    [[3, 4, 5], 7, 1],
    [[3, 4, 5], 7, 2],
    [[50, 33], 100, 0],
    [[50, 64], 1000, 0],
    [[50, 131], 1000, 0],
    [[5, 20011], 7, 0],
    [[40, 30, 17], 50, 1],
    [[2, 30, 517], 40, 1],
    [[10], 50000, 0],
  ];

  it.each(selections)("indexSelect from %j of %j slices along %j", (full, count, axis) => {
    const x = values(dtype, full);
    const indices = indicesBelow(full[axis], [count]);
    expectAsEager(lowerIndexSelect, indexSelectOp(x, indices, { axis }), [x, indices], { axis });
  });

  it.each(selections)("indexAdd to %j of %j slices along %j", (full, count, axis) => {
    const shape = full.map((n, i) => (i === axis ? count : n));
    const rows = summable(values(dtype, shape));
    const indices = indicesBelow(full[axis], [count]);
    const attributes = { axis, size: full[axis] };
    expectAsEager(lowerIndexAdd, indexAddOp(rows, indices, attributes), [rows, indices], attributes);
  });
});

describe("indices out of range", () => {
  const wrong = new Tensor(
    Int32Array.from({ length: 12 }, (_, i) => [-1, 3, 2 ** 31 - 1, -(2 ** 31), 1_000_000][i % 5]),
    [4, 3],
    "int32",
  );
  const list = new Tensor(wrong.data, [12], "int32");
  const indices = (t: Tensor) => t; // runKernel throws when anything but the output is written

  it.each(dtypes)("touch no other memory, of %s", (dtype) => {
    const x = values(dtype, [3, 3]);
    const inside = new Set(x.data);
    for (const picked of runKernel(lowerGather, { shape: [4, 3], dtype }, [x, indices(wrong)], { axis: 0 })) {
      expect(inside).toContain(picked);
    }
    for (const picked of runKernel(lowerIndexSelect, { shape: [12, 3], dtype }, [x, list], { axis: 0 })) {
      expect(inside).toContain(picked);
    }
    runKernel(lowerScatter, { shape: [3, 3], dtype }, [values(dtype, [4, 3]), wrong], { axis: 0, shape: [3, 3] });
    runKernel(lowerIndexAdd, { shape: [3, 5], dtype }, [values(dtype, [12, 5]), list], { axis: 0, size: 3 });
  });

  it.each(dtypes)("into an empty axis give zeros, of %s", (dtype) => {
    const x = values(dtype, [0, 3]);
    expect([...runKernel(lowerGather, { shape: [4, 3], dtype }, [x, wrong], { axis: 0 })]).toEqual(Array(12).fill(0));
    expect([...runKernel(lowerIndexSelect, { shape: [12, 3], dtype }, [x, list], { axis: 0 })]).toEqual(
      Array(36).fill(0),
    );
    for (const [lower, source, index, attributes] of [
      [lowerScatter, values(dtype, [4, 3]), wrong, { axis: 0, shape: [0, 3] }],
      [lowerIndexAdd, values(dtype, [12, 3]), list, { axis: 0, size: 0 }],
    ] as const) {
      expect(
        runKernel(lower as typeof lowerScatter, { shape: [0, 3], dtype }, [source, index], attributes as never),
      ).toHaveLength(0);
    }
  });
});
