import { describe, expect, it } from "vitest";
import { argmax, argmin, argsortOp, cumsumOp } from "../../../src/autograd/reduction.ts";
import { lowerArgmax, lowerArgmin } from "../../../src/compile/kernels/arg-extremum.ts";
import { lowerArgsort } from "../../../src/compile/kernels/argsort.ts";
import { lowerCumsum } from "../../../src/compile/kernels/cumsum.ts";
import type { DType } from "../../../src/tensor/dtype.ts";
import { type Shape, sizeOf } from "../../../src/tensor/shape.ts";
import { Tensor, tensor } from "../../../src/tensor/tensor.ts";
import { expectAsEager, summable, values } from "./as-eager.ts";

const dtypes: readonly DType[] = ["float32", "float64", "int32", "bool"];

const lanes: [shape: Shape, axis: number][] = [
  [[1], 0],
  [[2], 0],
  [[5], 0],
  [[8], 0],
  [[40000], 0],
  [[3, 1], 1],
  [[1, 3], 0],
  [[7, 3], 1],
  [[7, 4], 1],
  [[7, 13], 1],
  [[7, 13], 0],
  [[100, 1000], 1],
  [[1000, 100], 0],
  [[4, 1, 5], 1],
  [[4, 6, 5], 0],
  [[4, 6, 5], 1],
  [[4, 6, 5], 2],
  [[40, 31, 30], 1],
  [[400, 51, 2], 1],
];

const empty: [shape: Shape, axis: number][] = [
  [[0], 0],
  [[0, 3], 0],
  [[0, 3], 1],
];

/** Without what is special in `values`, so that sums stay finite. */
const finite = (dtype: DType, shape: Shape): Tensor => {
  const { data } = values(dtype, shape);
  return new Tensor(data.map((v) => (Number.isFinite(v) ? v : 0.1)) as typeof data, shape, dtype);
};

/** Ascending, descending, all equal, and distinct elements. */
const orders = (dtype: DType, shape: Shape): Tensor[] => [
  values(dtype, shape),
  values(dtype, shape, 100_003),
  ...[(i: number) => i, (i: number) => -i, () => 1].map((of) => {
    const { data } = values(dtype, shape);
    return new Tensor(data.map((_, i) => (dtype === "bool" ? of(i) & 1 : of(i))) as typeof data, shape, dtype);
  }),
];

describe.each(dtypes)("a compiled scan of %s equals the eager one:", (dtype) => {
  it.each([...lanes, ...empty])("cumsum of %j along %j", (shape, axis) => {
    for (const x of [summable(values(dtype, shape)), finite(dtype, shape)]) {
      expectAsEager(lowerCumsum, cumsumOp(x, { axis }), [x], { axis });
    }
  });

  it.each([...lanes, [[0, 3], 1] as const])("argmax and argmin of %j along %j", (shape, axis) => {
    for (const x of [...orders(dtype, shape), finite(dtype, shape)]) {
      for (const keepDims of [false, true]) {
        const attributes = { axis, keepDims };
        expectAsEager(lowerArgmax, argmax(x, axis, { keepDims }), [x], attributes);
        expectAsEager(lowerArgmin, argmin(x, axis, { keepDims }), [x], attributes);
      }
    }
  });

  it.each([...lanes.filter(([shape]) => sizeOf(shape) < 40_000), [[20, 1000], 1] as const, ...empty])(
    "argsort of %j along %j",
    (shape, axis) => {
      for (const x of orders(dtype, shape)) {
        for (const descending of [false, true]) {
          const attributes = { axis, descending };
          expectAsEager(lowerArgsort, argsortOp(x, attributes), [x], attributes);
        }
      }
    },
  );
});

describe("a compiled scan", () => {
  const extremes = [
    ...[2 ** 31 - 1, -(2 ** 31), 0, -1, 1, 2 ** 31 - 1, -(2 ** 31), 5, -5],
    ...[1 - 2 ** 31, 2 ** 31 - 2, 0, 7],
  ];

  it("orders the ends of the int32 range", () => {
    const x = new Tensor(Int32Array.from(extremes), [13], "int32");
    for (const descending of [false, true]) {
      expectAsEager(lowerArgsort, argsortOp(x, { axis: 0, descending }), [x], { axis: 0, descending });
    }
    expectAsEager(lowerArgmax, argmax(x, 0), [x], { axis: 0, keepDims: false });
    expectAsEager(lowerArgmin, argmin(x, 0), [x], { axis: 0, keepDims: false });
  });

  it.each(["float32", "float64"] as const)("sums infinities as eager does, %s", (dtype) => {
    const x = tensor([1, Number.POSITIVE_INFINITY, 2, Number.NEGATIVE_INFINITY, 3], { dtype });
    expectAsEager(lowerCumsum, cumsumOp(x, { axis: 0 }), [x], { axis: 0 });
  });

  it("wraps a sum of int32", () => {
    const x = new Tensor(Int32Array.from([2 ** 31 - 1, 1, 2 ** 31 - 1, -(2 ** 31)]), [4], "int32");
    expectAsEager(lowerCumsum, cumsumOp(x, { axis: 0 }), [x], { axis: 0 });
  });

  it.each(["float32", "float64"] as const)(
    "takes zeros of both signs as equal and any NaN as the largest, %s",
    (dtype) => {
      const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;
      const x = tensor([0, -0, nan, 1, -0, 0, infinity, nan, -infinity, -1e-40, 1e-40, -0, nan], { dtype });
      const bits = new Uint8Array(x.data.buffer, x.data.byteOffset, x.data.byteLength);
      bits[bits.length - 1] |= 0x80; // the last NaN is negative
      for (const descending of [false, true]) {
        expectAsEager(lowerArgsort, argsortOp(x, { axis: 0, descending }), [x], { axis: 0, descending });
      }
      expectAsEager(lowerArgmax, argmax(x, 0), [x], { axis: 0, keepDims: false });
      const zeros = tensor([-0, 0, -0, 0, -0], { dtype });
      for (const [lower, eager] of [
        [lowerArgmax, argmax],
        [lowerArgmin, argmin],
      ] as const) {
        expect(eager(zeros, 0).item()).toBe(0);
        expectAsEager(lower, eager(zeros, 0), [zeros], { axis: 0, keepDims: false });
      }
    },
  );

  it.each(["float32", "float64", "int32"] as const)("finds an extremum at every position, %s", (dtype) => {
    for (let length = 1; length <= 19; length++) {
      for (let best = 0; best < length; best++) {
        const row = Array.from({ length }, (_, i) => (i === best ? 9 : i % 3));
        const x = tensor([row, row.map((v) => -v)], { dtype });
        expectAsEager(lowerArgmax, argmax(x, 1), [x], { axis: 1, keepDims: false });
        expectAsEager(lowerArgmin, argmin(x, 1), [x], { axis: 1, keepDims: false });
      }
    }
  });
});
