import { describe, expect, it } from "vitest";
import { conv2dOp, inputGradientOp, weightGradientOp } from "../../src/autograd/convolution.ts";
import { gradcheck, gradgradcheck } from "../../src/autograd/derivatives.ts";
import * as e from "../../src/autograd/elementwise.ts";
import { gatherOp, indexAddOp, indexSelectOp, scatterOp } from "../../src/autograd/indexing.ts";
import { matmulOp } from "../../src/autograd/linear.ts";
import {
  broadcastOp,
  concatOp,
  flipOp,
  padOp,
  reshapeOp,
  sliceOp,
  sumOp,
  transposeOp,
} from "../../src/autograd/movement.ts";
import { poolArgmax, spreadPool, sumPool } from "../../src/autograd/pooling.ts";
import { declared, definePrimitive } from "../../src/autograd/primitive.ts";
import { type PrimitiveName, primitives } from "../../src/autograd/primitives.ts";
import { argmax, argmin, argsortOp, cumsumOp, max, min } from "../../src/autograd/reduction.ts";
import { grad, type Shape, type Tensor, tensor, trace } from "../../src/index.ts";
import { Generator } from "../../src/tensor/random.ts";

/** What is checked of a primitive: inputs by shape and range, or why it has no gradient. */
interface Case {
  fn: (...inputs: Tensor[]) => Tensor;
  inputs: readonly Tensor[];
}
type Row = { cases: readonly Case[] } | { constant: string; example: () => Tensor };

const generator = new Generator("primitives");

/** Uniform float64 values in a range, no two of them nearer than gradcheck's step. */
function values(shape: Shape, low = -2, high = 2): Tensor {
  const t = generator.uniform(shape, { low, high, dtype: "float64" });
  const order = generator.permutation(t.size).data;
  for (let i = 0; i < t.size; i++)
    t.data[i] = low + ((order[i] + 0.25 + 0.5 * Math.abs(t.data[i] % 1)) * (high - low)) / t.size;
  return t;
}

const indices = (shape: Shape, high: number): Tensor =>
  shape.includes(0) ? tensor([], { shape, dtype: "int32" }) : generator.integers(shape, { high });

const matrices: readonly Shape[] = [[2, 3], [], [1, 1], [0, 3], [2, 0, 1]];

const unary = (fn: e.Unary, low = -2, high = 2): Row => ({
  cases: matrices.map((shape) => ({ fn, inputs: [values(shape, low, high)] })),
});

const pairs: readonly (readonly [Shape, Shape])[] = [
  [
    [2, 3],
    [2, 3],
  ],
  [[2, 3], [3]],
  [
    [2, 1],
    [1, 3],
  ],
  [[], [2, 2]],
  [[2, 1, 2], []],
  [[1], [1, 1]],
  [
    [0, 3],
    [1, 3],
  ],
  [[2, 1], [0]],
];

const binary = (fn: e.Binary, [aLow, aHigh] = [-2, 2], [bLow, bHigh] = [-2, 2]): Row => ({
  cases: pairs.map(([a, b]) => ({ fn, inputs: [values(a, aLow, aHigh), values(b, bLow, bHigh)] })),
});

const comparison = (fn: e.Binary): Row => ({
  constant: "its result is a truth value",
  example: () => fn(tensor([1, 2], { requiresGrad: true }), 1.5),
});

const movement = (...cases: readonly [fn: (x: Tensor) => Tensor, ...shapes: Shape[]][]): Row => ({
  cases: cases.flatMap(([fn, ...shapes]) => shapes.map((shape) => ({ fn, inputs: [values(shape)] }))),
});

const reduction = (
  fn: (x: Tensor, axis?: number | readonly number[], options?: { keepDims: boolean }) => Tensor,
): Row =>
  movement(
    [(x) => fn(x), [2, 3], [], [1], [1, 1]],
    [(x) => fn(x, 0), [2, 3], [1, 3], [3, 0]],
    [(x) => fn(x, [0, -1], { keepDims: true }), [2, 2, 2], [2, 1, 1]],
    [(x) => fn(x, 1, { keepDims: true }), [2, 2, 2], [0, 2]],
  );

const geometry = {
  batch: 2,
  inChannels: 2,
  height: 4,
  width: 3,
  outChannels: 2,
  kernelHeight: 2,
  kernelWidth: 2,
  strideH: 2,
  strideW: 1,
  padTop: 1,
  padLeft: 0,
  dilationH: 1,
  dilationW: 2,
  groups: 2,
  outHeight: 3,
  outWidth: 1,
};
const plain = {
  batch: 1,
  inChannels: 1,
  height: 3,
  width: 3,
  outChannels: 2,
  kernelHeight: 2,
  kernelWidth: 2,
  strideH: 1,
  strideW: 1,
  padTop: 0,
  padLeft: 0,
  dilationH: 1,
  dilationW: 1,
  groups: 1,
  outHeight: 2,
  outWidth: 2,
};
const noImages = { ...plain, batch: 0 };
const convolution = (
  op: (a: Tensor, b: Tensor, g: typeof plain) => Tensor,
  first: "x" | "y",
  second: "w" | "y",
): Row => ({
  cases: [geometry, plain, noImages].map((g) => {
    const shapes = {
      x: [g.batch, g.inChannels, g.height, g.width],
      w: [g.outChannels, g.inChannels / g.groups, g.kernelHeight, g.kernelWidth],
      y: [g.batch, g.outChannels, g.outHeight, g.outWidth],
    };
    return { fn: (a, b) => op(a, b, g), inputs: [values(shapes[first]), values(shapes[second])] };
  }),
});

const windows = { kernel: [2, 3], stride: [1, 2], padding: [1, 0], image: [3, 5], result: [4, 2] } as const;

const table: { [P in PrimitiveName]: Row } = {
  cast: unary((x) => e.cast(x as Tensor, { dtype: "float64" })),
  stopGradient: {
    constant: "stopping the gradient is what it is for",
    example: () => e.stopGradient(tensor([1], { requiresGrad: true })),
  },
  where: {
    cases: [
      [
        [2, 3],
        [2, 3],
        [2, 3],
      ],
      [[2, 1], [3], []],
      [[3], [1], [2, 3]],
      [[1], [0, 2], [2]],
      [[], [1, 1], []],
    ].map(([condition, a, b]) => ({
      fn: (c, x, y) => e.where(c, x, y),
      inputs: [indices(condition, 2).to("bool"), values(a), values(b)],
    })),
  },

  add: binary(e.add),
  sub: binary(e.sub),
  mul: binary(e.mul),
  div: binary(e.div, [-2, 2], [0.5, 2]),
  pow: {
    cases: [
      ...(binary(e.pow, [0.5, 2]) as { cases: Case[] }).cases,
      // Whole exponents are differentiable in a negative base, 0 and 1 included.
      ...[0, 1, 2, 3, -1].map((n): Case => ({ fn: (x) => e.pow(x, n), inputs: [values([4])] })),
      {
        fn: (x) => e.pow(x, tensor([2, 3, 4], { dtype: "float64" })),
        inputs: [tensor([0, 0, 0], { dtype: "float64" })],
      },
    ],
  },
  atan2: binary(e.atan2, [-2, 2], [0.5, 2]),
  // Ranges interleave so that no two of the values tie.
  maximum: binary(e.maximum, [-2, 2], [-1.7, 2.1]),
  minimum: binary(e.minimum, [-2, 2], [-1.7, 2.1]),
  logAddExp: binary(e.logAddExp, [-5, 5]),
  eq: comparison(e.eq),
  ne: comparison(e.ne),
  lt: comparison(e.lt),
  le: comparison(e.le),
  gt: comparison(e.gt),
  ge: comparison(e.ge),
  logicalAnd: comparison(e.logicalAnd),
  logicalOr: comparison(e.logicalOr),

  neg: unary(e.neg),
  abs: unary(e.abs),
  sign: unary(e.sign),
  floor: unary(e.floor, 0.1, 0.9),
  ceil: unary(e.ceil, 0.1, 0.9),
  round: unary(e.round, 0.6, 1.4),
  square: unary(e.square),
  sqrt: unary(e.sqrt, 0.5, 3),
  rsqrt: unary(e.rsqrt, 0.5, 3),
  reciprocal: unary(e.reciprocal, 0.5, 3),
  exp: unary(e.exp),
  expm1: unary(e.expm1),
  log: unary(e.log, 0.5, 3),
  log1p: unary(e.log1p, -0.5, 3),
  sin: unary(e.sin),
  cos: unary(e.cos),
  tan: unary(e.tan, -1.2, 1.2),
  asin: unary(e.asin, -0.9, 0.9),
  acos: unary(e.acos, -0.9, 0.9),
  atan: unary(e.atan),
  sinh: unary(e.sinh),
  cosh: unary(e.cosh),
  tanh: unary(e.tanh),
  relu: unary(e.relu),
  sigmoid: unary(e.sigmoid),
  softplus: unary(e.softplus),
  erf: unary(e.erf),
  erfc: unary(e.erfc),
  lgamma: unary(e.lgamma, 0.3, 5),
  polygamma: {
    cases: [0, 1, 2].flatMap((order) => [
      { fn: (x) => e.polygamma(order, x), inputs: [values([4], 0.8, 5)] },
      { fn: (x) => e.polygamma(order, x), inputs: [values([0, 2])] },
      { fn: (x) => e.polygamma(order, x), inputs: [tensor([-0.5, -1.4], { dtype: "float64" })] },
    ]),
  },

  reshape: movement(
    [(x) => reshapeOp(x, { shape: [3, 2, 1] }), [2, 3], [6]],
    [(x) => reshapeOp(x, { shape: [2, 0] }), [0]],
  ),
  transpose: movement([(x) => transposeOp(x, { axes: [2, 0, 1] }), [2, 3, 2], [1, 2, 1], [2, 0, 3]]),
  flip: movement([(x) => flipOp(x, { axes: [0, 2] }), [2, 1, 3], [0, 1, 2]], [(x) => flipOp(x, { axes: [] }), []]),
  broadcastTo: movement(
    [(x) => broadcastOp(x, { shape: [2, 3, 2] }), [3, 1], [2], [], [1, 3, 2]],
    [(x) => broadcastOp(x, { shape: [0, 2] }), [1, 2], [2]],
  ),
  slice: movement(
    [(x) => sliceOp(x, { start: [1, 0], step: [2, 1], shape: [2, 2] }), [5, 3], [4, 2]],
    [(x) => sliceOp(x, { start: [0, 1], step: [1, 3], shape: [1, 0] }), [1, 1], [2, 3]],
  ),
  pad: movement(
    [(x) => padOp(x, { start: [1, 0], step: [2, 1], shape: [6, 4], value: 7 }), [2, 3], [1, 4], [0, 2]],
    [(x) => padOp(x, { start: [], step: [], shape: [], value: 0 }), []],
  ),
  concat: {
    cases: [
      {
        axis: 0,
        shapes: [
          [2, 3],
          [1, 3],
          [0, 3],
        ],
      },
      {
        axis: 1,
        shapes: [
          [2, 1],
          [2, 3],
        ],
      },
      {
        axis: 2,
        shapes: [
          [2, 1, 2],
          [2, 1, 1],
        ],
      },
    ].map(({ axis, shapes }) => ({
      fn: (...list) => concatOp(...list, { axis }),
      inputs: shapes.map((s) => values(s)),
    })),
  },

  sum: {
    cases: [
      ...(reduction((x, axis, options) => x.sum(axis, options)) as { cases: Case[] }).cases,
      { fn: (x) => sumOp(x, { axes: [1], keepDims: false }), inputs: [values([2, 0])] },
    ],
  },
  max: reduction(max),
  min: reduction(min),
  argmax: { constant: "its result is a position", example: () => argmax(tensor([1, 2], { requiresGrad: true })) },
  argmin: { constant: "its result is a position", example: () => argmin(tensor([1, 2], { requiresGrad: true })) },
  cumsum: movement([(x) => cumsumOp(x, { axis: 1 }), [2, 3], [1, 1], [2, 0], [2, 3, 2]]),
  argsort: {
    constant: "its result is positions",
    example: () => argsortOp(tensor([2, 1], { requiresGrad: true }), { axis: 0, descending: false }),
  },

  gather: {
    cases: [
      { x: [3, 4], axis: 1, picked: [2, 6] },
      { x: [3, 2, 2], axis: 0, picked: [4, 1, 2] },
      { x: [3, 1], axis: 1, picked: [2, 0] },
      { x: [2], axis: 0, picked: [1] },
    ].map(({ x, axis, picked }) => ({
      fn: (t, i) => gatherOp(t, i, { axis }),
      inputs: [values(x), indices(picked, x[axis])],
    })),
  },
  scatter: {
    cases: [
      { shape: [3, 4], axis: 1, picked: [2, 6] },
      { shape: [3, 2, 2], axis: 0, picked: [4, 1, 2] },
      { shape: [3, 1], axis: 1, picked: [2, 0] },
      { shape: [2], axis: 0, picked: [1] },
    ].map(({ shape, axis, picked }) => ({
      fn: (t, i) => scatterOp(t, i, { axis, shape }),
      inputs: [values(picked), indices(picked, shape[axis])],
    })),
  },
  indexSelect: {
    cases: [
      { x: [3, 2], axis: 0, count: 5 },
      { x: [2, 3, 2], axis: 1, count: 2 },
      { x: [2, 1], axis: 1, count: 0 },
    ].map(({ x, axis, count }) => ({
      fn: (t, i) => indexSelectOp(t, i, { axis }),
      inputs: [values(x), indices([count], x[axis])],
    })),
  },
  indexAdd: {
    cases: [
      { rows: [5, 2], axis: 0, size: 3 },
      { rows: [2, 2, 2], axis: 1, size: 3 },
      { rows: [2, 0], axis: 1, size: 1 },
    ].map(({ rows, axis, size }) => ({
      fn: (t, i) => indexAddOp(t, i, { axis, size }),
      inputs: [values(rows), indices([rows[axis]], size)],
    })),
  },

  matmul: {
    cases: [false, true].flatMap((transposeA) =>
      [false, true].flatMap((transposeB) =>
        [
          [[], 2, 3, 4],
          [[2], 2, 1, 3],
          [[1, 2], 1, 2, 1],
          [[], 0, 2, 3],
          [[], 2, 0, 3],
          [[0], 2, 1, 1],
        ].map(([batch, m, k, n]): Case => {
          const lead = batch as number[];
          return {
            fn: (a, b) => matmulOp(a, b, { transposeA, transposeB }),
            inputs: [
              values([...lead, ...(transposeA ? [k, m] : [m, k])] as number[]),
              values([...lead, ...(transposeB ? [n, k] : [k, n])] as number[]),
            ],
          };
        }),
      ),
    ),
  },
  conv2d: convolution(conv2dOp, "x", "w"),
  conv2dInputGradient: convolution(inputGradientOp, "y", "w"),
  conv2dWeightGradient: convolution(weightGradientOp, "x", "y"),
  poolArgmax: {
    constant: "its result is positions",
    example: () =>
      poolArgmax(tensor([[[[1, 2, 3, 4, 5]]]], { requiresGrad: true }), { ...windows, image: [1, 5], result: [2, 2] }),
  },
  sumPool: movement([(x) => sumPool(x, windows), [2, 1, 3, 5], [0, 1, 3, 5]]),
  spreadPool: movement([(x) => spreadPool(x, windows), [1, 2, 4, 2], [1, 0, 4, 2]]),
};

const names = Object.keys(table) as PrimitiveName[];

describe.each(names)("the gradient of %s", (name) => {
  const row = table[name];
  if ("constant" in row) {
    it(`is none: ${row.constant}`, () => {
      const output = row.example();
      expect(primitives[name].vjp).toBeUndefined();
      expect(output.requiresGrad).toBe(false);
      expect(output.record).toBeNull();
      expect(trace(row.example).records.map((r) => r.primitive.name)).toContain(name);
    });
    return;
  }
  const titled = row.cases.map(({ fn, inputs }) => ({
    fn,
    inputs,
    shapes: inputs.map(({ shape }) => `[${shape}]`).join(", "),
  }));
  it.each(titled)("agrees with differences, in first and second order, for $shapes", ({ fn, inputs }) => {
    expect(gradcheck(fn, inputs, { atol: 1e-7, rtol: 1e-6 })).toBe(true);
    expect(gradgradcheck(fn, inputs, { atol: 1e-7, rtol: 1e-6 })).toBe(true);
  });
  it("is of the primitive that the row names, and of each input's shape and dtype", () => {
    for (const { fn, inputs } of row.cases) {
      for (const dtype of ["float32", "float64"] as const) {
        const leaves = inputs.map((x) => (x.dtype === "float64" ? tensor(x, { dtype, requiresGrad: true }) : x));
        const ran = trace(() => fn(...leaves)).records.map(({ primitive }) => primitive.name);
        expect(ran).toContain(name);
        const output = fn(...leaves);
        const wanted = leaves.filter((x) => x.requiresGrad);
        const gradients = grad(output, wanted, { gradOutput: output.detach() });
        expect(gradients.map(({ shape }) => shape)).toEqual(wanted.map(({ shape }) => shape));
        expect(gradients.map((g) => g.dtype)).toEqual(wanted.map((x) => x.dtype));
      }
    }
  });
});

describe("the table of primitives", () => {
  it("has every primitive that the library declares, each once, under its own name", () => {
    expect(declared.map(({ name }) => name).sort()).toEqual(Object.keys(primitives).sort());
    for (const [name, primitive] of Object.entries(primitives)) expect(primitive.name).toBe(name);
  });

  it("has a row of gradient checks for every primitive", () => {
    expect([...names].sort()).toEqual(Object.keys(primitives).sort());
  });

  it("is not disturbed by primitives that users define, not even of the same name", () => {
    const before = declared.length;
    definePrimitive<[x: Tensor]>({ name: "add", shape: ([x]) => x.shape, kernel: () => {} });
    expect(declared.length).toBe(before);
    expect(primitives.add).toBe(e.add.primitive);
  });
});
