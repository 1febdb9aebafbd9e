import { describe, expect, it } from "vitest";
import * as tg from "../../src/index.ts";
import { DTypeError, ShapeError, TapegradError, type Tensor, tensor, ValueError, zeros } from "../../src/index.ts";

const { functional, random } = tg;
const vector = tensor([1, 2, 3]);
const matrix = tensor([
  [1, 2, 3],
  [4, 5, 6],
]);
const empty = zeros([2, 0]);
const image = zeros([1, 2, 4, 4]);
const kernel = zeros([3, 2, 3, 3]);
const whole = tensor([0, 2], { dtype: "int32" });

/** Stands for what TypeScript would not let through. */
const wrong = (value: unknown) => value as never;

type Row = [call: () => unknown, error: new (where: string, message: string) => TapegradError, message: string];

const tensors: Row[] = [
  [
    () => tensor([[1, 2], [3]]),
    ShapeError,
    "tensor: nested arrays must be rectangular: entry 0 has shape [2], entry 1 [1]",
  ],
  [() => tensor([1, 2, 3], { shape: [2, 2] }), ShapeError, "tensor: shape [2, 2] holds 4 values, but 3 were given"],
  [() => tensor([1], { shape: [-1] }), ShapeError, "tensor: sizes must be whole numbers >= 0, got [-1]"],
  [() => tensor(wrong(["a"])), DTypeError, "tensor: values must be numbers or booleans, got a"],
  [() => tensor(wrong(undefined)), DTypeError, "tensor: values must be numbers or booleans, got undefined"],
  [() => tensor([1.5], { dtype: "int32" }), DTypeError, "tensor: 1.5 is not an int32 value; use dtype float32"],
  [() => tensor(2 ** 31, { dtype: "int32" }), DTypeError, "tensor: 2147483648 is not an int32 value"],
  [
    () => tensor(1, { dtype: wrong("float16") }),
    DTypeError,
    "tensor: dtype must be float32, float64, int32 or bool, got float16",
  ],
  [
    () => tensor(1, wrong({ type: "int32" })),
    ValueError,
    'tensor: unknown option "type"; it takes dtype, shape, requiresGrad',
  ],
  [
    () => tensor(1, { dtype: "int32", requiresGrad: true }),
    DTypeError,
    "tensor: only float tensors can require gradients, got int32",
  ],
  [() => vector.item(), ShapeError, "item: needs a tensor with one element, got shape [3]; use toArray()"],
  [() => vector.to(wrong("half")), DTypeError, "to: dtype must be float32, float64, int32 or bool, got half"],
  [() => zeros(wrong(3)), ShapeError, "zeros: shape must be an array of sizes, got 3"],
  [() => zeros([1.5]), ShapeError, "zeros: sizes must be whole numbers >= 0, got [1.5]"],
  [() => tg.full([1], 0.5, { dtype: "int32" }), DTypeError, "full: 0.5 is not an int32 value; use dtype float32"],
  [() => tg.ones([1], wrong({ type: 1 })), ValueError, 'ones: unknown option "type"; it takes dtype, requiresGrad'],
  [
    () => tensor([1], wrong(null)),
    ValueError,
    "tensor: options must be an object with dtype, shape, requiresGrad, got null",
  ],
  [() => zeros([1], wrong(null)), ValueError, "zeros: options must be an object with dtype, requiresGrad, got null"],
  [() => zeros([1], wrong({ requiresGrad: 1 })), ValueError, "zeros: requiresGrad must be one of true, false, got 1"],
  [() => tg.full([2], wrong(undefined)), ValueError, "full: value must be a number, got undefined"],
  [() => tg.full([2], wrong("a")), ValueError, "full: value must be a number, got a"],
  [
    () => tg.linspace(0, wrong(undefined), 3),
    ValueError,
    "linspace: stop must be a number that is finite, got undefined",
  ],
  [() => tg.linspace(Number.NaN, 1, 3), ValueError, "linspace: start must be a number that is finite, got NaN"],
  [() => tg.arange(3, undefined, 1, wrong(null)), ValueError, "arange: options must be an object"],
  [
    () => tg.manualSeed(wrong(undefined)),
    ValueError,
    "manualSeed: seed must be a string or a finite number, got undefined",
  ],
  ...(["uniform", "normal", "integers"] as const).map(
    (name): Row => [
      () => random[name]([1], wrong({ high: 1, generator: 5 })),
      ValueError,
      "random: generator must be a Generator, got 5; make one with new random.Generator(seed)",
    ],
  ),
  [() => random.permutation(1, wrong({ generator: "5" })), ValueError, "random: generator must be a Generator, got 5"],
  [() => random.uniform([1], wrong(null)), ValueError, "uniform: options must be an object with low, high"],
  [() => random.normal([1], wrong(null)), ValueError, "normal: options must be an object with mean, std"],
  [
    () => random.permutation(1, wrong(null)),
    ValueError,
    "permutation: options must be an object with generator, got null",
  ],
  [() => tg.arange(0, 1, 0), ValueError, "arange: step must not be 0"],
  [
    () => tg.arange(0, Number.POSITIVE_INFINITY),
    ValueError,
    "arange: start, stop and step must be finite numbers, got Infinity",
  ],
  [() => tg.arange(0, 1, 0.5, { dtype: "int32" }), DTypeError, "arange: 0.5 is not an int32 value; use dtype float32"],
  [() => tg.linspace(0, 1, -1), ValueError, "linspace: count must be a number that is whole and >= 0, got -1"],
  [() => tg.eye(1.5), ValueError, "eye: n must be a number that is whole and >= 0, got 1.5"],
  [
    () => new random.Generator(wrong(undefined)),
    ValueError,
    "Generator: seed must be a string or a finite number, got undefined",
  ],
  [() => random.uniform([1], { low: 2, high: 1 }), ValueError, "uniform: low must be <= high, got 2 and 1"],
  [() => random.uniform([1], { dtype: "int32" }), DTypeError, "uniform: dtype must be float32 or float64, got int32"],
  [() => random.normal([1], { std: -1 }), ValueError, "normal: std must be a number >= 0, got -1"],
  [() => random.normal([1], wrong({ sigma: 1 })), ValueError, 'normal: unknown option "sigma"; it takes mean, std'],
  [() => random.normal([1], { dtype: "bool" }), DTypeError, "normal: dtype must be float32 or float64, got bool"],
  [
    () => random.integers([1], wrong(undefined)),
    ValueError,
    "integers: low and high must be int32 values with low < high, got 0 and undefined",
  ],
  [() => random.integers([1], { high: 2 ** 31 }), ValueError, "integers: low and high must be int32 values"],
  [() => random.permutation(-1), ValueError, "permutation: n must be a number that is whole and >= 0, got -1"],
];

const elementwise: Row[] = [
  [() => vector.add([1, 2]), ShapeError, "add: shapes [3] and [2] do not broadcast: sizes 3 and 2 differ on axis -1"],
  [() => vector.add(wrong("1")), DTypeError, "add: b must be numbers or booleans, got 1"],
  [() => vector.add(wrong(undefined)), DTypeError, "add: b must be numbers or booleans, got undefined"],
  [() => tg.add(wrong(null), vector), DTypeError, "add: a must be numbers or booleans, got null"],
  [() => tg.exp(wrong("a")), DTypeError, "exp: x must be numbers or booleans, got a"],
  [() => tg.where(wrong("a"), 1, 0), DTypeError, "where: condition must be numbers or booleans, got a"],
  [() => vector.clamp(wrong("a")), DTypeError, "clamp: min must be numbers or booleans, got a"],
  [() => vector.clamp(0, wrong([["a"]])), DTypeError, "clamp: max must be numbers or booleans, got a"],
  [() => vector.add([[1], [2, 3]]), ShapeError, "add: nested arrays must be rectangular"],
  [() => tg.losses.mse(wrong("a"), [1]), DTypeError, "must be numbers or booleans, got a"],
  [() => tg.where([true, false], vector, 0), ShapeError, "where: shapes [2] and [3] do not broadcast"],
  [() => vector.clamp(2, 1), ValueError, "clamp: min must be <= max, got 2 and 1"],
  [
    () => vector.gelu(wrong({ approximate: "erf" })),
    ValueError,
    'gelu: approximate must be one of "none", "tanh", got "erf"',
  ],
  [() => vector.gelu(wrong({ tanh: true })), ValueError, 'gelu: unknown option "tanh"; it takes approximate'],
  [() => tg.polygamma(1.5, vector), ValueError, "polygamma: order must be a number that is whole and >= 0, got 1.5"],
  [() => tg.polygamma(-1, vector), ValueError, "polygamma: order must be"],
  [() => vector.maskedFill([true, false], 0), ShapeError, "where: shapes [2] and [3] do not broadcast"],
];

const axisless: Row[] = (
  [
    "sum",
    "mean",
    "prod",
    "max",
    "min",
    "variance",
    "std",
    "logSumExp",
    "norm",
    "any",
    "all",
    "argmax",
    "argmin",
    "median",
  ] as const
).flatMap((name): Row[] => [
  [() => matrix[name](2), ShapeError, `${name}: axis 2 is out of range for a tensor with 2 axes`],
  [() => matrix[name](-3), ShapeError, `${name}: axis -3 is out of range`],
  [() => matrix[name](0.5), ShapeError, `${name}: axis 0.5 is out of range`],
  [() => matrix[name](wrong({ keepDims: true })), ShapeError, `${name}: axis must be a whole number`],
  [() => matrix[name](wrong({ p: 1 })), ShapeError, `options come second: ${name}(undefined, { ... })`],
  [
    () => matrix[name](0, wrong({ keepDims: "no" })),
    ValueError,
    `${name}: keepDims must be one of true, false, got "no"`,
  ],
  [() => matrix[name](0, wrong({ keepdims: true })), ValueError, `${name}: unknown option "keepdims"; it takes `],
]);

const reductions: Row[] = [
  ...axisless,
  [() => matrix.sum([0, -2]), ShapeError, "sum: axis [0, 0] names an axis twice"],
  [() => matrix.argmax(wrong([0, 1])), ShapeError, "argmax: axis 0,1 is out of range"],
  [() => empty.max(1), ShapeError, "max: axis 1 of [2, 0] is empty and has no max"],
  [() => empty.min(), ShapeError, "min: axis 1 of [2, 0] is empty and has no min"],
  [() => empty.argmax(1), ShapeError, "argmax: axis 1 of [2, 0] is empty and has no argmax"],
  [() => empty.median(1), ShapeError, "median: an empty axis has no median"],
  [() => vector.norm(0, { p: 0.5 }), ValueError, "norm: p must be a number >= 1 or Infinity, got 0.5"],
  [() => vector.variance(0, { correction: -1 }), ValueError, "variance: correction must be a number >= 0, got -1"],
  [() => vector.std(0, { correction: Number.NaN }), ValueError, "std: correction must be a number >= 0, got NaN"],
  [() => vector.cumsum(1), ShapeError, "cumsum: axis 1 is out of range"],
  [() => vector.cumprod(wrong(null)), ShapeError, "cumprod: axis null is out of range"],
  ...(["cumsum", "cumprod", "logCumSumExp"] as const).map(
    (name): Row => [
      () => vector[name](0, wrong({ reverse: true })),
      ValueError,
      `${name}: unknown option "reverse"; it takes no options`,
    ],
  ),
  [() => vector.sort(0, wrong(true)), ValueError, "sort: options must be an object with descending, got true"],
  [() => vector.logCumSumExp(-2), ShapeError, "logCumSumExp: axis -2 is out of range"],
  [
    () => vector.argsort(0, wrong({ keepDims: true })),
    ValueError,
    'argsort: unknown option "keepDims"; it takes descending',
  ],
  [() => vector.sort(1), ShapeError, "sort: axis 1 is out of range"],
  [() => vector.topK(0), ValueError, "topK: k must be a number that is whole and >= 1, got 0"],
  [() => vector.topK(4), ValueError, "topK: k is 4, but axis -1 has 3 elements"],
];

const rows: Row[] = [
  [() => vector.softmax(1), ShapeError, "softmax: axis 1 is out of range"],
  [() => vector.logSoftmax(1), ShapeError, "logSoftmax: axis 1 is out of range"],
  [() => vector.normalize({ axis: 1 }), ShapeError, "normalize: axis 1 is out of range"],
  [() => vector.normalize({ eps: 0 }), ValueError, "normalize: eps must be a number > 0, got 0"],
  [() => vector.normalize({ p: 0 }), ValueError, "normalize: p must be a number >= 1 or Infinity, got 0"],
  [() => vector.normalize(wrong({ dim: 0 })), ValueError, 'normalize: unknown option "dim"; it takes axis, p, eps'],
  [
    () => functional.pairwiseDistance(vector, [1, 2]),
    ShapeError,
    "pairwiseDistance: shapes [3] and [2] do not broadcast",
  ],
  [
    () => functional.pairwiseDistance(vector, vector, { p: 0 }),
    ValueError,
    "pairwiseDistance: p must be a number >= 1 or Infinity, got 0",
  ],
  [
    () => functional.cosineSimilarity(vector, [1, 2]),
    ShapeError,
    "cosineSimilarity: shapes [3] and [2] do not broadcast",
  ],
  [
    () => functional.cosineSimilarity(vector, vector, { axis: 1 }),
    ShapeError,
    "cosineSimilarity: axis 1 is out of range",
  ],
  [
    () => functional.cosineSimilarity(vector, vector, { eps: 0 }),
    ValueError,
    "cosineSimilarity: eps must be a number > 0",
  ],
  [() => functional.distanceMatrix(vector), ShapeError, "distanceMatrix: needs a [n, d] and b [m, d], got [3] and [3]"],
  [
    () => functional.distanceMatrix(matrix, zeros([2, 2])),
    ShapeError,
    "distanceMatrix: needs a [n, d] and b [m, d], got [2, 3] and [2, 2]",
  ],
];

const products: Row[] = [
  [() => matrix.matmul(matrix), ShapeError, "matmul: shapes [2, 3] and [2, 3] do not multiply"],
  [() => matrix.matmul(wrong(undefined)), DTypeError, "matmul: b must be numbers or booleans, got undefined"],
  [() => matrix.matmul(2), ShapeError, "matmul: shapes [2, 3] and [] do not multiply"],
  [
    () => matrix.matmul(vector, { transposeA: true }),
    ShapeError,
    "matmul: shapes [2, 3] and [3], transposeA do not multiply",
  ],
  [
    () => matrix.matmul(vector, wrong({ transpose: true })),
    ValueError,
    'matmul: unknown option "transpose"; it takes transposeA, transposeB',
  ],
  [() => zeros([2, 1, 3]).matmul(zeros([3, 3, 1])), ShapeError, "matmul: shapes [2] and [3] do not broadcast"],
  [() => matrix.dot(vector), ShapeError, "dot: needs two vectors, got [2, 3] and [3]"],
  [() => tg.einsum("ij,jk->ik", matrix), ShapeError, 'einsum: "ij,jk->ik": names 2 operands, but 1 were given'],
  [
    () => tg.einsum("ijk->i", matrix),
    ShapeError,
    'einsum: "ijk->i": "ijk" names 3 axes, but operand 0 has shape [2, 3]',
  ],
  [() => tg.einsum("ij,ij->ij", matrix, zeros([3, 3])), ShapeError, '"i" has size 2 and 3'],
  [() => tg.einsum("ii->i", matrix), ShapeError, '"i" has size 2 and 3'],
  [() => tg.einsum("ij->ik", matrix), ShapeError, '"k" is in the result but in no operand'],
  [() => tg.einsum("ij->ii", matrix), ShapeError, '"i" is in the result twice'],
  [() => tg.einsum("i1->i", matrix), ShapeError, 'has "1", which is not the name of an axis: those are letters'],
  [() => tg.einsum("i->j->i", vector), ShapeError, 'has more than one "->"'],
  [() => tg.einsum(wrong(matrix), vector), ShapeError, "which is not the name of an axis"],
];

const shapes: Row[] = [
  [() => matrix.reshape([4, 2]), ShapeError, "reshape: [2, 3] has 6 elements and cannot become [4, 2]"],
  [() => matrix.reshape([-1, -1]), ShapeError, "reshape: [2, 3] has 6 elements and cannot become [-1, -1]"],
  [() => matrix.reshape([-1, 4]), ShapeError, "cannot become [-1, 4]"],
  [() => matrix.reshape(wrong(6)), ShapeError, "reshape: shape must be an array of sizes, got 6"],
  [() => matrix.flatten(1, 0), ShapeError, "flatten: start 1 lies after end 0 in [2, 3]"],
  [() => matrix.transpose(wrong(0)), ShapeError, "swapAxes(0, 1) exchanges two"],
  [() => matrix.transpose([0]), ShapeError, "transpose: axes [0] must name each of the 2 axes of [2, 3] once"],
  [() => matrix.transpose([0, 2]), ShapeError, "transpose: axis 2 is out of range"],
  [() => matrix.swapAxes(0, 2), ShapeError, "swapAxes: axis 2 is out of range"],
  [() => matrix.squeeze(0), ShapeError, "squeeze: axis 0 of [2, 3] has size 2, not 1"],
  [() => matrix.unsqueeze(3), ShapeError, "unsqueeze: axis 3 is out of range for a tensor with 3 axes"],
  [() => matrix.broadcastTo([3]), ShapeError, "broadcastTo: [2, 3] does not broadcast to [3]"],
  [() => vector.broadcastTo([3, 2]), ShapeError, "broadcastTo: [3] does not broadcast to [3, 2]"],
  [() => vector.broadcastTo(wrong(3)), ShapeError, "broadcastTo: shape must be an array of sizes, got 3"],
  [() => vector.slice([null, null]), ShapeError, "slice: 2 ranges were given for a tensor with 1 axes, [3]"],
  [
    () => (vector.slice as (...positions: unknown[]) => unknown)(1, 3),
    ValueError,
    "slice: takes one argument, got 2; a range is an object, one for each axis: slice([{ start: 1, stop: 3 }])",
  ],
  [() => vector.slice([3]), ShapeError, "slice: position 3 is outside axis 0 of size 3"],
  [
    () => vector.slice([{ step: 0 }]),
    ValueError,
    "slice: step must be a whole number >= 1, got 0 for axis 0; use flip() to reverse",
  ],
  [() => vector.slice([{ start: 0.5 }]), ValueError, "slice: positions must be whole numbers, got 0.5 for axis 0"],
  [
    () => vector.slice([wrong({ end: 1 })]),
    ValueError,
    'slice: unknown key "end" for axis 0; a range has start, stop, step',
  ],
  [() => matrix.pad([[1, 1]]), ShapeError, "pad: needs one [before, after] for each of the 2 axes of [2, 3], got 1"],
  [() => vector.pad(wrong(undefined)), ShapeError, "for each of the 1 axes of [3], got undefined"],
  [() => vector.pad([[-1, 0]]), ValueError, "pad: widths must be pairs of whole numbers >= 0, got [-1,0]"],
  [() => vector.pad([wrong(1)]), ValueError, "pad: widths must be pairs of whole numbers >= 0, got 1"],
  [
    () => whole.pad([[1, 0]], { value: 0.5 }),
    ValueError,
    "pad: value must be a number that a int32 tensor can hold, got 0.5",
  ],
  [() => vector.pad([[1, 0]], wrong({ mode: "edge" })), ValueError, 'pad: unknown option "mode"; it takes value'],
  [() => vector.flip(1), ShapeError, "flip: axis 1 is out of range"],
  [
    () => vector.tile(wrong(undefined)),
    ValueError,
    "tile: repeats must be a whole number or a list of them, got undefined",
  ],
  [
    () => vector.split(wrong(undefined)),
    ValueError,
    "split: sizes must be a whole number or a list of them, got undefined",
  ],
  [() => vector.split([4, -1]), ValueError, "split: sizes must be a number that is whole and >= 0, got -1"],
  [() => vector.tile([-1]), ValueError, "tile: repeats must be a number that is whole and >= 0, got -1"],
  [() => vector.repeat(1.5), ValueError, "repeat: count must be a number that is whole and >= 0, got 1.5"],
  [() => vector.repeat(2, 1), ShapeError, "repeat: axis 1 is out of range"],
  [() => vector.split(0), ValueError, "split: sizes must be a number that is whole and >= 1, got 0"],
  [() => vector.split([1, 1]), ValueError, "split: sizes [1, 1] add up to 2, but axis 0 has size 3"],
  [() => vector.split(1, 1), ShapeError, "split: axis 1 is out of range"],
  [() => vector.diagonal(), ShapeError, "diagonal: needs at least two axes, got [3]"],
  [() => matrix.diagonal(0.5), ValueError, "diagonal: offset must be a number that is whole, got 0.5"],
  [() => vector.triu(), ShapeError, "triu: needs at least two axes, got [3]"],
  [() => vector.tril(), ShapeError, "tril: needs at least two axes, got [3]"],
  [() => matrix.tril(0.5), ValueError, "tril: offset must be a number that is whole, got 0.5"],
  [() => tg.concat([]), ShapeError, "concat: needs a list of at least one tensor, got []"],
  [() => tg.concat(wrong(vector)), ShapeError, "concat: needs a list of at least one tensor, got tensor([1, 2, 3]"],
  [
    () => tg.concat([vector, matrix]),
    ShapeError,
    "concat: tensors[1] has shape [2, 3], tensors[0] [3]; they may differ on axis 0 only",
  ],
  [() => tg.concat([vector, vector], 1), ShapeError, "concat: axis 1 is out of range"],
  [() => tg.stack([]), ShapeError, "stack: needs a list of at least one tensor, got []"],
  [() => tg.stack([vector, matrix]), ShapeError, "stack: tensors[1] [2, 3] must have the shape of tensors[0], [3]"],
  [() => tg.stack([vector], 2), ShapeError, "stack: axis 2 is out of range for a tensor with 2 axes"],
];

const indexing: Row[] = [
  [() => matrix.gather(1, [[3], [0]]), ValueError, "gather: indices[0] is 3, but axis 1 of [2, 3] has entries 0..2"],
  [() => matrix.gather(1, [[-1], [0]]), ValueError, "gather: indices[0] is -1"],
  [
    () => matrix.gather(1, [0]),
    ShapeError,
    "gather: indices [1] must have as many axes as the tensor [2, 3] and be no larger but on axis 1",
  ],
  [() => matrix.gather(1, zeros([3, 1], { dtype: "int32" })), ShapeError, "gather: indices [3, 1] must"],
  [
    () => matrix.gather(1, tensor([[0], [1]])),
    DTypeError,
    'gather: indices must be int32, got float32; convert with to("int32")',
  ],
  [() => matrix.gather(1, [[0.5], [0]]), DTypeError, "gather: indices must be whole numbers"],
  [() => matrix.scatterAdd(0, [[0]], [1]), ShapeError, "scatterAdd: source [1] must have the shape of indices, [1, 1]"],
  [
    () => matrix.scatterAdd(0, [[2]], [[1]]),
    ValueError,
    "scatterAdd: indices[0] is 2, but axis 0 of [2, 3] has entries 0..1",
  ],
  [() => matrix.indexSelect(0, [[0]]), ShapeError, "indexSelect: indices must have one axis, got [1, 1]"],
  [() => matrix.indexSelect(0, [2]), ValueError, "indexSelect: indices[0] is 2, but axis 0 of [2, 3] has entries 0..1"],
  [() => matrix.indexSelect(2, [0]), ShapeError, "indexSelect: axis 2 is out of range"],
  [() => matrix.gather(1, wrong("a")), DTypeError, "gather: indices must be numbers or booleans, got a"],
  [() => tg.oneHot([0, 3], 3), ValueError, "oneHot: indices[1] is 3, but a code of 3 classes has entries 0..2"],
  [() => tg.oneHot([0], 0), ValueError, "oneHot: classes must be a number that is whole and >= 1, got 0"],
  [() => tg.oneHot(tensor([0.5]), 3), DTypeError, "oneHot: indices must be int32, got float32"],
];

const images: Row[] = [
  [() => tg.conv2d(vector, kernel), ShapeError, "conv2d: input must be [n, channels, height, width], got [3]"],
  [() => tg.conv2d(image, vector), ShapeError, "conv2d: weight must have 4 axes"],
  [
    () => tg.conv2d(image, zeros([3, 2, 0, 3])),
    ShapeError,
    "conv2d: weight must have 4 axes, the last two not empty, got [3, 2, 0, 3]",
  ],
  [
    () => tg.conv2d(image, zeros([3, 1, 3, 3])),
    ShapeError,
    "conv2d: input [1, 2, 4, 4] has 2 channels, but weight [3, 1, 3, 3] with 1 groups takes 1",
  ],
  [
    () => tg.conv2d(image, kernel, { groups: 2 }),
    ValueError,
    "conv2d: groups must divide the 2 input and 3 output channels, got 2",
  ],
  [
    () => tg.conv2d(image, kernel, { stride: 0 }),
    ValueError,
    "conv2d: stride must be a whole number >= 1 or a [height, width] of such, got 0",
  ],
  [
    () => tg.conv2d(image, kernel, { padding: [1] as never }),
    ValueError,
    "conv2d: padding must be a whole number >= 0",
  ],
  [
    () => tg.conv2d(image, kernel, { padding: "same", stride: 2 }),
    ValueError,
    'conv2d: padding "same" needs stride 1, got [2, 2]',
  ],
  [
    () => tg.conv2d(image, kernel, { dilation: 2 }),
    ShapeError,
    "conv2d: a kernel 3 x 3 with dilation [2, 2] does not fit input [1, 2, 4, 4] with padding 0",
  ],
  [
    () => tg.conv2d(image, kernel, { bias: [1, 2] }),
    ShapeError,
    "conv2d: bias must be [3], one for each output channel, got [2]",
  ],
  [() => tg.conv2d(image, kernel, wrong({ strides: 1 })), ValueError, 'conv2d: unknown option "strides"'],
  [
    () => tg.convTranspose2d(image, kernel),
    ShapeError,
    "convTranspose2d: input [1, 2, 4, 4] has 2 channels, but weight [3, 2, 3, 3] takes 3",
  ],
  [
    () => tg.convTranspose2d(image, zeros([2, 1, 3, 3]), { outputPadding: 1 }),
    ValueError,
    "convTranspose2d: outputPadding [1, 1] must be smaller than stride or dilation",
  ],
  [
    () => tg.convTranspose2d(image, zeros([2, 1, 1, 1]), { padding: 2 }),
    ShapeError,
    "convTranspose2d: input [1, 2, 4, 4] with padding [2, 2] leaves an output of 0 x 0",
  ],
  [() => tg.maxPool2d(vector, 2), ShapeError, "maxPool2d: input must be [n, channels, height, width], got [3]"],
  [
    () => tg.maxPool2d(image, 5),
    ShapeError,
    "maxPool2d: a window 5 x 5 does not fit input [1, 2, 4, 4] with padding [0,0]",
  ],
  [
    () => tg.maxPool2d(image, 2, { padding: 2 }),
    ValueError,
    "maxPool2d: padding [2,2] must be at most half of the kernel [2,2]",
  ],
  [
    () => tg.avgPool2d(image, 0),
    ValueError,
    "avgPool2d: kernel must be a whole number >= 1 or a [height, width] of such, got 0",
  ],
  [() => tg.avgPool2d(image, 2, wrong({ ceilMode: true })), ValueError, 'avgPool2d: unknown option "ceilMode"'],
  [() => tg.adaptiveAvgPool2d(image, 0), ValueError, "adaptiveAvgPool2d: outputSize must be a whole number >= 1"],
  [
    () => tg.adaptiveAvgPool2d(vector, 1),
    ShapeError,
    "adaptiveAvgPool2d: input must be [n, channels, height, width], got [3]",
  ],
];

describe.each<[string, Row[]]>([
  ["tensors and random numbers", tensors],
  ["elementwise operations", elementwise],
  ["reductions", reductions],
  ["rows", rows],
  ["products", products],
  ["shapes", shapes],
  ["indexing", indexing],
  ["convolution and pooling", images],
])("errors of %s", (_, table) => {
  it.each(table.map(([call, error, message]) => ({ call, error, message })))("$message", ({ call, error, message }) => {
    const before = [vector, matrix, empty, image, kernel, whole].map((t: Tensor) => [...t.data]);
    let thrown: unknown;
    try {
      call();
    } catch (e) {
      thrown = e;
    }
    expect(thrown).toBeInstanceOf(TapegradError);
    expect((thrown as Error).message).toContain(message);
    expect(thrown).toBeInstanceOf(error);
    expect((thrown as Error).name).toBe(error.name);
    expect([vector, matrix, empty, image, kernel, whole].map((t) => [...t.data])).toEqual(before);
  });
});
