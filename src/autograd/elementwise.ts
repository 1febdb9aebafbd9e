import { zerosLike } from "../tensor/creation.ts";
import { isFloat, isInt32, promote } from "../tensor/dtype.ts";
import { expectInteger } from "../tensor/options.ts";
import { broadcastShapes } from "../tensor/shape.ts";
import { asTensor, scalar, Tensor, type TensorLike } from "../tensor/tensor.ts";
import { asFloat, to } from "./cast.ts";
import { exp32 } from "./float32-exp.ts";
import { bitsOf, map1, map2, map3, type Shaped } from "./loops.ts";
import { type Door, door, type Op, primitive, type VjpContext } from "./primitive.ts";
import * as special from "./special.ts";

export { cast, to } from "./cast.ts";

export type Unary = (x: TensorLike) => Tensor;
export type Binary = (a: TensorLike, b: TensorLike) => Tensor;
type UnaryOp = Door<Unary>;
type BinaryOp = Door<Binary>;

type Vjp = (context: VjpContext<object>) => readonly (() => Tensor)[];

/** x with its gradient stopped: the same values, a constant to the tape. */
export const stopGradient: Op<[x: Tensor]> = primitive({
  name: "stopGradient",
  shape: ([x]) => x.shape,
  sharesData: true,
  kernel: () => {},
});

/** An operation x -> f(x) on each element. Whole numbers become float32 unless `keepsIntegers`. */
function unary(
  name: string,
  f: (x: number) => number,
  vjp: Vjp,
  keepsIntegers = false,
  map: ReturnType<typeof map1> = map1(f),
): UnaryOp {
  const op = primitive<[x: Tensor]>({
    name,
    shape: ([x]) => x.shape,
    kernel: (out, [x]) => map(out.data, x.data, out.dtype),
    element: f,
    vjp,
  });
  return door(op, (x: TensorLike) => {
    const t = asTensor(x, undefined, name, "x");
    return op(keepsIntegers ? (t.dtype === "bool" ? to(t, "int32") : t) : asFloat(t));
  });
}

/**
 * Two operands in their common dtype; a JavaScript number takes the tensor's, unless it is a fraction and that is not.
 */
function promoted(where: string, a: TensorLike, b: TensorLike): [Tensor, Tensor] {
  if (a instanceof Tensor && typeof b === "number") return [fractional(a, b), scalar(b, fractional(a, b).dtype)];
  if (b instanceof Tensor && typeof a === "number") return [scalar(a, fractional(b, a).dtype), fractional(b, a)];
  const x = asTensor(a, undefined, where, "a");
  const y = asTensor(b, undefined, where, "b");
  if (x.dtype === y.dtype) return [x, y];
  const dtype = promote(x.dtype, y.dtype);
  return [to(x, dtype), to(y, dtype)];
}

function fractional(t: Tensor, value: number): Tensor {
  if (isFloat(t.dtype)) return t;
  return isInt32(value) ? to(t, "int32") : to(t, "float32");
}

/** An operation (x, y) -> f(x, y) on each pair of elements, broadcasting. `result` fixes the output's dtype. */
function binary(
  name: string,
  f: (x: number, y: number) => number,
  { vjp, result, floats }: { vjp?: Vjp; result?: "bool"; floats?: boolean },
): BinaryOp {
  const map = map2(f);
  const op = primitive<[a: Tensor, b: Tensor]>({
    name,
    shape: ([a, b]) => broadcastShapes(name, a.shape, b.shape),
    dtype: result === undefined ? undefined : () => result,
    kernel: (out, [a, b]) => map(out, a, b, a.dtype),
    element: f,
    vjp,
  });
  return door(op, (a: TensorLike, b: TensorLike) => {
    let [x, y] = promoted(name, a, b);
    if (floats) [x, y] = [asFloat(x), asFloat(y)];
    else if (result === undefined && x.dtype === "bool") [x, y] = [to(x, "int32"), to(y, "int32")];
    return op(x, y);
  });
}

// Arithmetic. The engine sums a gradient back over the axes that an operand was broadcast along.

/** a + b. */
export const add: BinaryOp = binary("add", (x, y) => x + y, { vjp: ({ g }) => [() => g, () => g] });

/** a - b. */
export const sub: BinaryOp = binary("sub", (x, y) => x - y, { vjp: ({ g }) => [() => g, () => neg(g)] });

/** a b, element by element. */
export const mul: BinaryOp = binary("mul", (x, y) => x * y, {
  vjp: ({ g, inputs: [a, b] }) => [() => mul(g, b), () => mul(g, a)],
});

/** a / b. Whole numbers divide to float32. */
export const div: BinaryOp = binary("div", (x, y) => x / y, {
  floats: true,
  vjp: ({ g, inputs: [, b], output }) => [() => div(g, b), () => neg(mul(g, div(output, b)))],
});

/**
 * a to the power b. d/da = b a^(b-1), 0 where b = 0; d/db = a^b log a, 0 where a = 0 and b >= 0.
 * 1 to any power is 1, NaN included (C and NumPy; JavaScript's ** gives NaN). Whole numbers give float32.
 */
export const pow: BinaryOp = binary(
  "pow",
  (x, y) => (x === 1 || (x === -1 && (y === Infinity || y === -Infinity)) ? 1 : x ** y),
  {
    floats: true,
    vjp: ({ g, inputs: [a, b], output }) => [
      () => where(eq(b, 0), 0, mul(g, mul(b, pow(a, sub(b, where(eq(b, 0), 0, 1)))))),
      () => {
        const zero = logicalAnd(eq(a, 0), ge(b, 0));
        return where(zero, 0, mul(g, mul(output, log(where(zero, 1, a)))));
      },
    ],
  },
);

/** The angle of the point (x = b, y = a), in (-pi, pi]. The gradient at the origin is 0. */
export const atan2: BinaryOp = binary("atan2", Math.atan2, {
  floats: true,
  vjp: ({ g, inputs: [y, x] }) => {
    const radius = () => add(mul(x, x), mul(y, y));
    const over = (r: Tensor) => where(eq(r, 0), 0, div(g, where(eq(r, 0), 1, r)));
    return [() => mul(over(radius()), x), () => neg(mul(over(radius()), y))];
  },
});

/** g where a is the larger, half of it where a and b tie. Not a product: 0 times an infinite g would be NaN. */
const share = (g: Tensor, a: Tensor, b: Tensor): Tensor => where(gt(a, b), g, where(eq(a, b), mul(g, 0.5), 0));

/** The larger of a and b; NaN when either is. Where they tie, each gets half of the gradient. */
export const maximum: BinaryOp = binary("maximum", (x, y) => (x > y || x !== x ? x : y), {
  vjp: ({ g, inputs: [a, b] }) => [() => share(g, a, b), () => share(g, b, a)],
});

/** The smaller of a and b; NaN when either is. Where they tie, each gets half of the gradient. */
export const minimum: BinaryOp = binary("minimum", (x, y) => (x < y || x !== x ? x : y), {
  vjp: ({ g, inputs: [a, b] }) => [() => share(g, b, a), () => share(g, a, b)],
});

// Comparisons and logic: bool results, constants to the tape. `Number` of a comparison needs no branch, and a branch
// that goes either way at random costs ten times as much as the comparison.

export const eq: BinaryOp = binary("eq", (x, y) => Number(x === y), { result: "bool" });
export const ne: BinaryOp = binary("ne", (x, y) => Number(x !== y), { result: "bool" });
export const lt: BinaryOp = binary("lt", (x, y) => Number(x < y), { result: "bool" });
export const le: BinaryOp = binary("le", (x, y) => Number(x <= y), { result: "bool" });
export const gt: BinaryOp = binary("gt", (x, y) => Number(x > y), { result: "bool" });
export const ge: BinaryOp = binary("ge", (x, y) => Number(x >= y), { result: "bool" });
export const logicalAnd: BinaryOp = binary("logicalAnd", (x, y) => Number(x !== 0) & Number(y !== 0), {
  result: "bool",
});
export const logicalOr: BinaryOp = binary("logicalOr", (x, y) => Number(x !== 0) | Number(y !== 0), { result: "bool" });

const chooseByBranch = map3((test, yes, no) => (test !== 0 ? yes : no));
const chooseByBits = map3((test, yes, no) => (yes & -test) | (no & ~-test));
const chooseOtherByBits = map3((test, no, yes) => (yes & -test) | (no & ~-test));
const asBits = ({ data, shape }: Tensor): Shaped => ({ data: bitsOf(data), shape });

const select: Op<[condition: Tensor, a: Tensor, b: Tensor]> = primitive({
  name: "where",
  shape: ([condition, a, b]) => broadcastShapes("where", condition.shape, broadcastShapes("where", a.shape, b.shape)),
  dtype: ([, a]) => a.dtype,
  kernel: (out, [condition, a, b]) => {
    if (out.dtype === "float64") chooseByBranch(out, condition, a, b, out.dtype);
    else if (a.size > 1) chooseByBits(asBits(out), condition, asBits(a), asBits(b), out.dtype);
    else chooseOtherByBits(asBits(out), condition, asBits(b), asBits(a), out.dtype); // a single value comes last
  },
  vjp: ({ g, inputs: [condition] }) => [
    () => zerosLike(condition),
    () => where(condition, g, 0),
    () => where(condition, 0, g),
  ],
});

/**
 * a where the condition is true (not 0), b elsewhere; all three broadcast. Only the chosen side gets a gradient,
 * but 0 times an infinite inner gradient is NaN: guard the input of the risky function as well ("double where").
 */
export const where: Door<(condition: TensorLike, a: TensorLike, b: TensorLike) => Tensor> = door(
  select,
  (condition: TensorLike, a: TensorLike, b: TensorLike) =>
    select(to(asTensor(condition, undefined, "where", "condition"), "bool"), ...promoted("where", a, b)),
);

/** !a. */
export const logicalNot: Unary = (x) => eq(x, 0);

// Functions of one element.

/** -x. */
export const neg: UnaryOp = unary(
  "neg",
  (x) => -x,
  ({ g }) => [() => neg(g)],
  true,
);

/** |x|; the gradient at 0 is 0. */
export const abs: UnaryOp = unary("abs", Math.abs, ({ g, inputs: [x] }) => [() => mul(g, sign(x))], true);

/** -1, 0 or 1. Its gradient is 0. */
export const sign: UnaryOp = unary("sign", Math.sign, ({ g }) => [() => zerosLike(g)], true);

/** The largest whole number <= x. Its gradient is 0. */
export const floor: UnaryOp = unary("floor", Math.floor, ({ g }) => [() => zerosLike(g)], true);

/** The smallest whole number >= x. Its gradient is 0. */
export const ceil: UnaryOp = unary("ceil", Math.ceil, ({ g }) => [() => zerosLike(g)], true);

/** The nearest whole number, halves to even as NumPy and PyTorch do. Its gradient is 0. */
export const round: UnaryOp = unary(
  "round",
  (x) => {
    const nearest = Math.round(x);
    return nearest - x === 0.5 && nearest % 2 !== 0 ? nearest - 1 : nearest;
  },
  ({ g }) => [() => zerosLike(g)],
  true,
);

/** x^2. */
export const square: UnaryOp = unary(
  "square",
  (x) => x * x,
  ({ g, inputs: [x] }) => [() => mul(g, mul(x, 2))],
  true,
);

/** The square root; its gradient at 0 is infinite (`functional.safeSqrt` has 0 there). */
export const sqrt: UnaryOp = unary("sqrt", Math.sqrt, ({ g, output }) => [() => div(g, mul(output, 2))]);

/** 1 / sqrt(x). */
export const rsqrt: UnaryOp = unary(
  "rsqrt",
  (x) => 1 / Math.sqrt(x),
  ({ g, inputs: [x], output }) => [() => mul(g, div(mul(output, -0.5), x))],
);

/** 1 / x. */
export const reciprocal: UnaryOp = unary(
  "reciprocal",
  (x) => 1 / x,
  ({ g, output }) => [() => neg(mul(g, square(output)))],
);

const exps = map1(Math.exp);

/** e^x. */
export const exp: UnaryOp = unary(
  "exp",
  Math.exp,
  ({ g, output }) => [() => mul(g, output)],
  false,
  (out, x, dtype) => (dtype === "float32" ? exp32(out, x) : exps(out, x, dtype)),
);

/** e^x - 1, accurate near 0. */
export const expm1: UnaryOp = unary("expm1", Math.expm1, ({ g, inputs: [x] }) => [() => mul(g, exp(x))]);

/** The natural logarithm. */
export const log: UnaryOp = unary("log", Math.log, ({ g, inputs: [x] }) => [() => div(g, x)]);

/** log(1 + x), accurate near 0. */
export const log1p: UnaryOp = unary("log1p", Math.log1p, ({ g, inputs: [x] }) => [() => div(g, add(x, 1))]);

export const sin: UnaryOp = unary("sin", Math.sin, ({ g, inputs: [x] }) => [() => mul(g, cos(x))]);
export const cos: UnaryOp = unary("cos", Math.cos, ({ g, inputs: [x] }) => [() => neg(mul(g, sin(x)))]);

/** d/dx tan = 1 + tan^2. */
export const tan: UnaryOp = unary("tan", Math.tan, ({ g, output }) => [() => mul(g, add(square(output), 1))]);

/** d/dx asin = 1 / sqrt(1 - x^2). */
export const asin: UnaryOp = unary("asin", Math.asin, ({ g, inputs: [x] }) => [() => mul(g, rsqrt(oneMinusSquare(x)))]);

/** d/dx acos = -1 / sqrt(1 - x^2). */
export const acos: UnaryOp = unary("acos", Math.acos, ({ g, inputs: [x] }) => [
  () => neg(mul(g, rsqrt(oneMinusSquare(x)))),
]);

/** 1 - x^2 as (1 - x)(1 + x), which keeps its digits near +-1. */
const oneMinusSquare = (x: Tensor): Tensor => mul(sub(1, x), add(x, 1));

/** d/dx atan = 1 / (1 + x^2). */
export const atan: UnaryOp = unary("atan", Math.atan, ({ g, inputs: [x] }) => [() => div(g, add(square(x), 1))]);

export const sinh: UnaryOp = unary("sinh", Math.sinh, ({ g, inputs: [x] }) => [() => mul(g, cosh(x))]);
export const cosh: UnaryOp = unary("cosh", Math.cosh, ({ g, inputs: [x] }) => [() => mul(g, sinh(x))]);

/** d/dx tanh = 1 - tanh^2. */
export const tanh: UnaryOp = unary("tanh", Math.tanh, ({ g, output }) => [() => mul(g, sub(1, square(output)))]);

const positivePart = (x: number): number => (x <= 0 ? 0 : x);
const positiveParts = map1(positivePart);

/** max(x, 0); the gradient at 0 is 0. NaN stays NaN. */
export const relu: UnaryOp = unary(
  "relu",
  positivePart,
  ({ g, output }) => [() => where(eq(output, 0), 0, g)],
  true,
  (out, x, dtype) => {
    if (dtype === "float32") {
      // Without a branch: the bits of x, or none. NaN is not <= 0 and stays.
      const [to, from] = [bitsOf(out), bitsOf(x)];
      for (let i = 0; i < to.length; i++) to[i] = from[i] & -Number(!(x[i] <= 0));
    } else positiveParts(out, x, dtype);
  },
);

/** 1 / (1 + e^-x), by the form whose exponential cannot overflow. */
export const sigmoid: UnaryOp = unary(
  "sigmoid",
  (x) => {
    if (x >= 0) return 1 / (1 + Math.exp(-x));
    const e = Math.exp(x);
    return e / (1 + e);
  },
  // sigmoid(x) sigmoid(-x): 1 - sigmoid(x) would lose all its digits for large x.
  ({ g, inputs: [x], output }) => [() => mul(g, mul(output, sigmoid(neg(x))))],
);

/** log(1 + e^x) as max(x, 0) + log1p(e^-|x|). */
export const softplus: UnaryOp = unary(
  "softplus",
  (x) => (x > 0 ? x : 0) + Math.log1p(Math.exp(x > 0 ? -x : x)),
  ({ g, inputs: [x] }) => [() => mul(g, sigmoid(x))],
);

/** log(e^a + e^b), by the larger of the two; -Infinity where both are. Shares the gradient by softmax. */
export const logAddExp: BinaryOp = binary(
  "logAddExp",
  (x, y) => (x === y ? x + Math.LN2 : (x > y || x !== x ? x : y) + Math.log1p(Math.exp(-Math.abs(x - y)))),
  {
    floats: true,
    vjp: ({ g, inputs: [a, b] }) => {
      // Two equal infinities would differ by NaN.
      const gap = () => where(logicalAnd(eq(a, b), eq(abs(a), Number.POSITIVE_INFINITY)), 0, sub(a, b));
      return [() => mul(g, sigmoid(gap())), () => mul(g, sigmoid(neg(gap())))];
    },
  },
);

/** d/dx erf = 2 / sqrt(pi) e^(-x^2). */
export const erf: UnaryOp = unary("erf", special.erf, ({ g, inputs: [x] }) => [() => mul(g, gaussian(x))]);

/** 1 - erf(x), without cancellation for large x. */
export const erfc: UnaryOp = unary("erfc", special.erfc, ({ g, inputs: [x] }) => [() => neg(mul(g, gaussian(x)))]);

const gaussian = (x: Tensor): Tensor => mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI));

/** log |gamma(x)|. */
export const lgamma: UnaryOp = unary("lgamma", special.lgamma, ({ g, inputs: [x] }) => [() => mul(g, digamma(x))]);

const polygammaOp: Op<[x: Tensor], { order: number }> = primitive({
  name: "polygamma",
  shape: ([x]) => x.shape,
  kernel: ({ data }, [x], { order }) => {
    for (let i = 0; i < data.length; i++) data[i] = special.polygamma(order, x.data[i]);
  },
  element: (x, order) => special.polygamma(order, x),
  vjp: ({ g, inputs: [x], attributes: { order } }) => [() => mul(g, polygammaOp(x, { order: order + 1 }))],
});

/** The derivative of `order` + 1 of log gamma(x): order 0 is digamma, 1 trigamma. */
export const polygamma: Door<(order: number, x: TensorLike) => Tensor, { order: number }> = door(
  polygammaOp,
  (order: number, x: TensorLike) => {
    expectInteger("polygamma", "order", order, 0);
    return polygammaOp(asFloat(x, "polygamma", "x"), { order });
  },
);

/** The derivative of log gamma(x). */
export const digamma: Unary = (x) => polygamma(0, x);
