import { weightGradientOp } from "../../../src/autograd/convolution.ts";
import { indexAddOp, scatterOp } from "../../../src/autograd/indexing.ts";
import { poolArgmax, spreadPool, sumPool, type Windows } from "../../../src/autograd/pooling.ts";
import type { DType, PrimitiveName, Shape, Tensor } from "../../../src/index.ts";
import * as tg from "../../../src/index.ts";
import { type Builder, type Kind, type Planned, sizeOf, type Value } from "./builder.ts";
import type { Attributes } from "./program.ts";

/** How random programs use an operation. */
export interface Application {
  /** Chooses operands and attributes; null when nothing suits. */
  plan(b: Builder): Planned | null;
  apply(inputs: readonly Tensor[], attributes: never): Tensor;
}

type Range = readonly [low: number, high: number];
const { abs, max, min } = Math;
const bound = (...values: readonly Value[]): number => max(...values.flatMap((v) => [abs(v.low), abs(v.high)]));
const grid = (...values: readonly Value[]): number => min(...values.map((v) => v.grid));
/** The range of sums of up to `n` of the values. */
const summed = (v: { low: number; high: number }, n: number) => ({ low: min(0, v.low * n), high: max(0, v.high * n) });

// Functions of one element.

interface UnaryOptions {
  domain?: Range;
  kind?: Kind;
  /** The result jumps: the operand should not be rounded. */
  jumps?: boolean;
  /** The grid of the result when that of the operand is g > 0. Default: none. */
  grid?: (g: number) => number;
}

/** `corners`: the values at the ends of the domain and wherever it turns decide the range. */
function unary(
  fn: (x: Tensor) => Tensor,
  range: (low: number, high: number) => Range,
  { domain, kind = "float", jumps = false, grid: onGrid }: UnaryOptions = {},
): Application {
  return {
    plan(b) {
      const [low, high] = domain ?? [undefined, undefined];
      const x = jumps ? b.decided({ kind, low, high }) : b.value({ kind, low, high });
      const [from, to] = range(x.low, x.high);
      return { of: [x], low: from, high: to, grid: onGrid !== undefined && x.grid > 0 ? onGrid(x.grid) : 0 };
    },
    apply: ([x]) => fn(x),
  };
}

const rising =
  (f: (x: number) => number) =>
  (low: number, high: number): Range => [f(low), f(high)];
const falling =
  (f: (x: number) => number) =>
  (low: number, high: number): Range => [f(high), f(low)];
const even =
  (f: (x: number) => number) =>
  (low: number, high: number): Range => {
    const ends = [f(low), f(high), ...(low < 0 && high > 0 ? [f(0)] : [])];
    return [min(...ends), max(...ends)];
  };
const within = (low: number, high: number) => (): Range => [low, high];
const same = (g: number): number => g;

/** Either sign of a range away from 0. */
function awayFromZero(
  fn: (x: Tensor) => Tensor,
  range: (low: number, high: number) => Range,
  [low, high]: Range,
): Application {
  const of = (domain: Range) => unary(fn, range, { domain });
  const [positive, negative] = [of([low, high]), of([-high, -low])];
  return { plan: (b) => (b.chance(0.5) ? positive : negative).plan(b), apply: positive.apply };
}

// Functions of two elements.

interface Operands {
  kind?: Kind;
  a?: Range;
  b?: Range;
  jumps?: boolean;
  /** The numbers that may stand for b. */
  numbers?: readonly number[];
  /** Whether a number may stand for a. */
  numberFirst?: boolean;
}

/** A shape that broadcasts with `shape`. */
function companion(b: Builder, shape: Shape): Shape {
  const own = shape.map((s) => (b.chance(0.25) ? 1 : s));
  if (b.chance(0.3)) return own.slice(b.whole(0, own.length));
  return b.chance(0.1) && shape.length < 3 ? [b.size(), ...own] : own;
}

function broadcastTogether(a: Shape, b: Shape): boolean {
  for (let i = 1; i <= min(a.length, b.length); i++) {
    const [m, n] = [a[a.length - i], b[b.length - i]];
    if (m !== n && m !== 1 && n !== 1) return false;
  }
  return true;
}

/** A second operand that broadcasts with the first. */
function partner(
  b: Builder,
  x: Value,
  { kind = "float", low, high, jumps = false }: { kind?: Kind; low?: number; high?: number; jumps?: boolean },
): Value {
  const { shape } = x.tensor;
  const wanted = {
    kind,
    low,
    high,
    shape: (s: Shape) => broadcastTogether(s, shape),
    newShape: () => companion(b, shape),
  };
  return jumps ? b.decided(wanted) : b.value(wanted);
}

const number = (value: number): Value => ({
  id: -1,
  tensor: undefined as never,
  low: value,
  high: value,
  grid: gridOf(value),
  stale: false,
});
const gridOf = (value: number): number => [1, 0.5, 0.25, 0.125].find((g) => value % g === 0) ?? 0;

function binary(
  fn: (a: Tensor | number, b: Tensor | number) => Tensor,
  result: (a: Value, b: Value) => { low: number; high: number; grid?: number },
  {
    kind = "float",
    a,
    b: second,
    jumps = false,
    numbers = [2, -1, 0.5, 3, 1, 0, 0.7, -1.3],
    numberFirst = true,
  }: Operands = {},
): Application {
  return {
    plan(b) {
      const wanted = { kind, low: a?.[0], high: a?.[1] };
      const x = jumps ? b.decided(wanted) : b.value(wanted);
      const allowed = second === undefined ? numbers : numbers.filter((n) => n >= second[0] && n <= second[1]);
      const fitting =
        numberFirst && (a === undefined || second === undefined)
          ? allowed.filter((n) => a === undefined || (n >= a[0] && n <= a[1]))
          : [];
      if (allowed.length > 0 && b.chance(0.2)) {
        const value = b.pick(allowed);
        return { of: [x], with: { number: value }, ...result(x, number(value)) };
      }
      if (fitting.length > 0 && second === undefined && b.chance(0.1)) {
        const value = b.pick(fitting);
        return { of: [x], with: { number: value, first: true }, ...result(number(value), x) };
      }
      const y = partner(b, x, { kind, low: second?.[0], high: second?.[1], jumps });
      return { of: [x, y], ...result(x, y) };
    },
    apply: ([x, y], { number: value, first }: { number?: number; first?: boolean }) =>
      value === undefined ? fn(x, y) : first ? fn(value, x) : fn(x, value),
  };
}

const product = (a: Value, b: Value): Range => {
  const ends = [a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high].map((v) => (v !== v ? 0 : v));
  return [min(...ends), max(...ends)];
};

const comparison = (fn: (a: Tensor | number, b: Tensor | number) => Tensor): Application =>
  binary(fn, () => ({ low: 0, high: 1, grid: 1 }), { kind: "any", jumps: true });

const logic = (fn: (a: Tensor | number, b: Tensor | number) => Tensor): Application =>
  binary(fn, () => ({ low: 0, high: 1, grid: 1 }), { kind: "any", jumps: true, numbers: [0, 1] });

// Shapes.

const anyKind = (b: Builder): Kind => b.pick(["float", "float", "float", "any"]);
const keeps = (x: Value, attributes: Attributes = {}): Planned => ({
  of: [x],
  with: attributes,
  low: x.low,
  high: x.high,
  grid: x.grid,
});

function movement<A extends Attributes>(
  choose: (b: Builder, shape: Shape) => A | null,
  fn: (x: Tensor, attributes: A) => Tensor,
  least = 0,
): Application {
  return {
    plan(b) {
      const x = b.value({ kind: anyKind(b), shape: (s) => s.length >= least, newShape: () => b.shape(least) });
      const attributes = choose(b, x.tensor.shape);
      return attributes === null ? null : keeps(x, attributes);
    },
    apply: ([x], attributes: A) => fn(x, attributes),
  };
}

function reshaped(b: Builder, shape: Shape): Shape {
  const size = sizeOf(shape);
  const choice = b.whole(0, 4);
  if (choice === 0) return [size];
  if (choice === 1) return withOne(b, shape);
  if (choice === 2 && shape.length >= 2) {
    const at = b.whole(0, shape.length - 2);
    return [...shape.slice(0, at), shape[at] * shape[at + 1], ...shape.slice(at + 2)];
  }
  const divisors = [2, 3, 4, 5, 8].filter((d) => size > 0 && size % d === 0);
  if (choice === 3 && divisors.length > 0) {
    const d = b.pick(divisors);
    return b.chance(0.5) ? [d, size / d] : [size / d, d];
  }
  return shape.filter((s) => s !== 1);
}

const withOne = (b: Builder, shape: Shape): Shape => {
  const at = b.whole(0, shape.length);
  return [...shape.slice(0, at), 1, ...shape.slice(at)];
};

/** Several axes, one (perhaps counted from the end), or all. */
function axesOf(b: Builder, n: number): number | number[] | undefined {
  if (n === 0 || b.chance(0.25)) return undefined;
  if (b.chance(0.65)) return b.chance(0.5) ? b.whole(0, n - 1) : -b.whole(1, n);
  const chosen = Array.from({ length: n }, (_, i) => i).filter(() => b.chance(0.5));
  return chosen.length > 0 ? chosen : [n - 1];
}

const countOver = (shape: Shape, axis: number | number[] | undefined): number =>
  axis === undefined ? sizeOf(shape) : [axis].flat().reduce((n, i) => n * shape[i < 0 ? i + shape.length : i], 1);

type Axes = number | readonly number[] | undefined;
type Reducing = (x: Tensor, axis: Axes, options: { keepDims: boolean }) => Tensor;

function reduction(
  fn: Reducing,
  result: (x: Value, count: number) => { low: number; high: number; grid?: number },
  {
    empty = false,
    single = false,
    kind,
    domain,
    jumps = false,
  }: { empty?: boolean; single?: boolean; kind?: Kind; domain?: Range; jumps?: boolean } = {},
): Application {
  return {
    plan(b) {
      const ok = (s: Shape) => (empty || sizeOf(s) > 0) && (!single || s.length > 0);
      const wanted = {
        kind: kind ?? anyKind(b),
        shape: ok,
        low: domain?.[0],
        high: domain?.[1],
        newShape: () => {
          for (let tries = 0; tries < 20; tries++) {
            const shape = b.shape(single ? 1 : 0);
            if (ok(shape)) return shape;
          }
          return [3];
        },
      };
      const x = jumps ? b.decided(wanted) : b.value(wanted);
      const { shape } = x.tensor;
      let axis = axesOf(b, shape.length);
      if (single) axis = Array.isArray(axis) ? axis[0] : axis;
      const attributes = { ...(axis === undefined ? {} : { axis }), keepDims: b.chance(0.4) };
      return { of: [x], with: attributes, ...result(x, countOver(shape, axis)) };
    },
    apply: ([x], { axis, keepDims }: { axis?: number | number[]; keepDims: boolean }) => fn(x, axis, { keepDims }),
  };
}

/** Along one axis of something that has one. */
function lane<A extends object>(
  fn: (x: Tensor, axis: number, attributes: A) => Tensor,
  result: (x: Value, length: number) => { low: number; high: number; grid?: number },
  {
    kind,
    domain,
    jumps = false,
    empty = true,
    more = () => ({}) as A,
  }: { kind?: Kind; domain?: Range; jumps?: boolean; empty?: boolean; more?: (b: Builder) => A } = {},
): Application {
  return {
    plan(b) {
      const ok = (s: Shape) => s.length > 0 && (empty || sizeOf(s) > 0);
      const wanted = {
        kind: kind ?? anyKind(b),
        shape: ok,
        low: domain?.[0],
        high: domain?.[1],
        newShape: () => b.shape(1).map((s) => (empty ? s : max(1, s))),
      };
      const x = jumps ? b.decided(wanted) : b.value(wanted);
      const { shape } = x.tensor;
      const axis = b.whole(-shape.length, shape.length - 1);
      return { of: [x], with: { axis, ...more(b) }, ...result(x, shape.at(axis)!) };
    },
    apply: ([x], { axis, ...attributes }: A & { axis: number }) => fn(x, axis, attributes as unknown as A),
  };
}

// Indexing.

/** Whole numbers 0, ..., size - 1 of a shape: something computed, or new. */
function indices(b: Builder, shape: Shape, size: number): Value {
  const same = (s: Shape) => s.length === shape.length && s.every((n, i) => n === shape[i]);
  const found = b.values.filter(
    (v) => v.tensor.dtype === "int32" && same(v.tensor.shape) && v.low >= 0 && v.high < size,
  );
  if (found.length > 0 && b.chance(0.6)) return b.pick(found);
  return b.leaf({ shape, kind: "int", dtype: "int32", low: 0, high: size - 1 });
}

/** A shape of picks from `shape` along `axis`. */
const picked = (b: Builder, shape: Shape, axis: number): Shape =>
  shape.map((s, i) => (i === axis ? b.whole(0, 6) : b.chance(0.3) ? b.whole(min(1, s), s) : s));

const axisOf = (b: Builder, shape: Shape): number => b.whole(0, shape.length - 1);
const notEmpty = (s: Shape): boolean => s.length > 0 && sizeOf(s) > 0;
const aShape = (b: Builder) => () => b.shape(1).map((s) => max(1, s));

// Images.

/** [n, channels, height, width]. */
const imageShape = (b: Builder): Shape => [
  b.chance(0.05) ? 0 : b.whole(1, 3),
  channels(b),
  b.whole(2, b.large ? 24 : 8),
  b.whole(2, b.large ? 24 : 8),
];
const channels = (b: Builder): number => b.whole(1, b.large ? 20 : 5);
const isImage = (s: Shape): boolean => s.length === 4 && s[2] > 1 && s[3] > 1 && s[1] > 0;
const image = (b: Builder, domain: Range = [-4, 4], jumps = false): Value => {
  const wanted = { low: domain[0], high: domain[1], shape: isImage, newShape: () => imageShape(b) };
  return jumps ? b.decided(wanted) : b.value(wanted);
};
const pairOf = (b: Builder, low: number, high: number): [number, number] => [b.whole(low, high), b.whole(low, high)];

function groupsOf(b: Builder, ...channels: number[]): number {
  const divisors = [1, 2, 3, 4].filter((g) => channels.every((c) => c % g === 0));
  return b.pick(divisors);
}

interface Spacing {
  stride: [number, number];
  padding: [number, number];
  dilation: [number, number];
}
type ConvAttributes = Spacing & { groups: number };

const spacing = (b: Builder): Spacing => ({
  stride: pairOf(b, 1, 2),
  padding: pairOf(b, 0, 2),
  dilation: pairOf(b, 1, 2),
});

const convolved = (x: Value, w: Value, terms: number): { low: number; high: number; grid: number } => {
  const most = bound(x) * bound(w) * terms;
  return { low: -most, high: most, grid: x.grid * w.grid };
};

/** How many outputs a convolution or pooling has along an axis. */
const outputs = (size: number, kernel: number, stride: number, padding: number, dilation = 1): number =>
  Math.floor((size + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 1;

function pooling(b: Builder, [height, width]: Range): Windows | null {
  const kernel = pairOf(b, 1, 3);
  const stride = pairOf(b, 1, 3);
  const padding = kernel.map((k) => b.whole(0, Math.floor(k / 2))) as [number, number];
  const result = [height, width].map((s, i) => outputs(s, kernel[i], stride[i], padding[i])) as [number, number];
  return result.every((n) => n >= 1) ? { kernel, stride, padding, image: [height, width], result } : null;
}

const castRange = (x: Value, dtype: DType): Range =>
  dtype === "bool" ? [0, 1] : [Math.floor(x.low), Math.ceil(x.high)];

/** Every primitive, applied through the public function, or the operation itself where there is none. */
const byPrimitive: { [P in PrimitiveName]: Application } = {
  cast: {
    plan(b) {
      const dtype = b.pick<DType>(["float32", "float64", "int32", "bool", "float32"]);
      const x = dtype === "int32" || dtype === "bool" ? b.decided({ kind: "any" }) : b.value({ kind: "any" });
      if (dtype === x.tensor.dtype) return keeps(x, { dtype });
      const [low, high] = castRange(x, dtype);
      return { of: [x], with: { dtype }, low, high, grid: dtype === "int32" || dtype === "bool" ? 1 : x.grid };
    },
    apply: ([x], { dtype }: { dtype: DType }) => x.to(dtype),
  },
  stopGradient: {
    plan: (b) => keeps(b.value({ kind: anyKind(b) }), { detach: b.chance(0.4) }),
    apply: ([x], { detach }: { detach: boolean }) => (detach ? x.detach() : tg.stopGradient(x)),
  },
  where: {
    plan(b) {
      const condition = b.chance(0.8) ? b.value({ kind: "bool" }) : b.decided({ kind: "number" });
      const x = partner(b, condition, { kind: anyKind(b) });
      const fits = (s: Shape) => broadcastTogether(s, condition.tensor.shape) && broadcastTogether(s, x.tensor.shape);
      if (b.chance(0.2)) {
        const value = b.pick([0, 1, -2.5]);
        return {
          of: [condition, x],
          with: { number: value },
          low: min(value, x.low),
          high: max(value, x.high),
          grid: min(x.grid, gridOf(value)),
        };
      }
      const y = b.value({
        kind: x.tensor.dtype.startsWith("float") ? "float" : "any",
        shape: fits,
        newShape: () => companion(b, x.tensor.shape),
      });
      if (!fits(y.tensor.shape)) return null;
      return { of: [condition, x, y], low: min(x.low, y.low), high: max(x.high, y.high), grid: grid(x, y) };
    },
    apply: ([c, x, y], { number: value }: { number?: number }) => tg.where(c, x, value ?? y),
  },

  add: binary(tg.add, (a, b) => ({ low: a.low + b.low, high: a.high + b.high, grid: grid(a, b) }), { kind: "any" }),
  sub: binary(tg.sub, (a, b) => ({ low: a.low - b.high, high: a.high - b.low, grid: grid(a, b) }), { kind: "any" }),
  mul: binary(
    tg.mul,
    (a, b) => {
      const [low, high] = product(a, b);
      return { low, high, grid: a.grid * b.grid };
    },
    { kind: "any", a: [-50, 50], b: [-50, 50] },
  ),
  div: binary(
    tg.div,
    (a, b) => {
      const most = bound(a) / 0.25;
      return { low: b.low > 0 && a.low >= 0 ? 0 : -most, high: most };
    },
    { a: [-50, 50], b: [0.25, 8] },
  ),
  pow: {
    plan(b) {
      if (b.chance(0.5)) {
        const exponent = b.pick([0, 1, 2, 3, 0.5, -1, -2, 1.5]);
        const whole = Number.isInteger(exponent) && exponent >= 0;
        const x = b.value(whole ? { low: -3, high: 3 } : { low: 0.2, high: 4 });
        return { of: [x], with: { number: exponent }, low: whole ? -27 : 0, high: whole ? 27 : 30 };
      }
      const x = b.value({ low: 0.2, high: 3 });
      const y = partner(b, x, { low: -3, high: 3 });
      return { of: [x, y], low: 0, high: 125 };
    },
    apply: ([x, y], { number: value }: { number?: number }) => tg.pow(x, value ?? y),
  },
  atan2: binary(tg.atan2, () => ({ low: -3.2, high: 3.2 }), { a: [-5, 5], b: [0.2, 5] }),
  maximum: binary(tg.maximum, (a, b) => ({ low: max(a.low, b.low), high: max(a.high, b.high), grid: grid(a, b) }), {
    kind: "any",
  }),
  minimum: binary(tg.minimum, (a, b) => ({ low: min(a.low, b.low), high: min(a.high, b.high), grid: grid(a, b) }), {
    kind: "any",
  }),
  logAddExp: binary(tg.logAddExp, (a, b) => ({ low: max(a.low, b.low), high: max(a.high, b.high) + 0.7 }), {
    a: [-20, 20],
    b: [-20, 20],
  }),
  eq: comparison(tg.eq),
  ne: comparison(tg.ne),
  lt: comparison(tg.lt),
  le: comparison(tg.le),
  gt: comparison(tg.gt),
  ge: comparison(tg.ge),
  logicalAnd: logic(tg.logicalAnd),
  logicalOr: logic(tg.logicalOr),

  neg: unary(tg.neg, (low, high) => [-high, -low], { kind: "any", grid: same }),
  abs: unary(tg.abs, even(abs), { kind: "any", grid: same }),
  sign: unary(tg.sign, within(-1, 1), { kind: "any", jumps: true, grid: () => 1 }),
  floor: unary(tg.floor, rising(Math.floor), { kind: "any", jumps: true, grid: () => 1 }),
  ceil: unary(tg.ceil, rising(Math.ceil), { kind: "any", jumps: true, grid: () => 1 }),
  round: unary(tg.round, rising(Math.round), { kind: "any", jumps: true, grid: () => 1 }),
  square: unary(
    tg.square,
    even((x) => x * x),
    { kind: "any", domain: [-30, 30], grid: (g) => g * g },
  ),
  sqrt: unary(tg.sqrt, rising(Math.sqrt), { domain: [0.05, 50] }),
  rsqrt: unary(
    tg.rsqrt,
    falling((x) => 1 / Math.sqrt(x)),
    { domain: [0.05, 50] },
  ),
  reciprocal: awayFromZero(
    tg.reciprocal,
    falling((x) => 1 / x),
    [0.1, 10],
  ),
  exp: unary(tg.exp, rising(Math.exp), { domain: [-6, 3] }),
  expm1: unary(tg.expm1, rising(Math.expm1), { domain: [-4, 3] }),
  log: unary(tg.log, rising(Math.log), { domain: [0.1, 20] }),
  log1p: unary(tg.log1p, rising(Math.log1p), { domain: [-0.8, 10] }),
  sin: unary(tg.sin, within(-1, 1), { domain: [-20, 20] }),
  cos: unary(tg.cos, within(-1, 1), { domain: [-20, 20] }),
  tan: unary(tg.tan, rising(Math.tan), { domain: [-1.2, 1.2] }),
  asin: unary(tg.asin, rising(Math.asin), { domain: [-0.9, 0.9] }),
  acos: unary(tg.acos, falling(Math.acos), { domain: [-0.9, 0.9] }),
  atan: unary(tg.atan, rising(Math.atan)),
  sinh: unary(tg.sinh, rising(Math.sinh), { domain: [-3, 3] }),
  cosh: unary(tg.cosh, even(Math.cosh), { domain: [-3, 3] }),
  tanh: unary(tg.tanh, rising(Math.tanh), { domain: [-8, 8] }),
  relu: unary(
    tg.relu,
    rising((x) => max(0, x)),
    { kind: "any", grid: same },
  ),
  sigmoid: unary(tg.sigmoid, within(0, 1), { domain: [-20, 20] }),
  softplus: unary(
    tg.softplus,
    rising((x) => max(x, 0) + Math.log1p(Math.exp(-abs(x)))),
    { domain: [-20, 20] },
  ),
  erf: unary(tg.erf, within(-1, 1), { domain: [-3, 3] }),
  erfc: unary(tg.erfc, within(0, 2), { domain: [-3, 4] }),
  lgamma: unary(tg.lgamma, within(-0.13, 8.6), { domain: [0.3, 8] }),
  polygamma: {
    plan: (b) => ({ of: [b.value({ low: 0.5, high: 8 })], with: { order: b.whole(0, 2) }, low: -17, high: 8 }),
    apply: ([x], { order }: { order: number }) => tg.polygamma(order, x),
  },

  reshape: movement(
    (b, shape) => ({ shape: reshaped(b, shape) }),
    (x, { shape }) => x.reshape(shape),
  ),
  transpose: movement(
    (b, shape) => (b.chance(0.4) ? {} : { axes: [...b.random.permutation(shape.length).data] }),
    (x, { axes }: { axes?: number[] }) => x.transpose(axes),
    1,
  ),
  flip: movement(
    (b, shape) => ({ axis: axesOf(b, shape.length) }),
    (x, { axis }) => x.flip(axis),
  ),
  broadcastTo: movement(
    (b, shape) => {
      const grown = shape.map((s) => (s === 1 ? b.size() : s));
      return { shape: b.chance(0.5) && shape.length < 3 ? [b.size(), ...grown] : grown };
    },
    (x, { shape }) => x.broadcastTo(shape),
  ),
  slice: movement(
    (b, shape) => ({
      ranges: shape.slice(0, b.whole(1, shape.length)).map((size) => {
        if (size > 0 && b.chance(0.2)) return b.whole(-size, size - 1);
        if (b.chance(0.2)) return null;
        const start = b.whole(-size, size);
        return {
          start,
          ...(b.chance(0.5) ? { stop: b.whole(-1, size) } : {}),
          ...(b.chance(0.5) ? { step: b.whole(1, 3) } : {}),
        };
      }),
    }),
    (x, { ranges }) => x.slice(ranges),
    1,
  ),
  pad: {
    plan(b) {
      const x = b.value({ kind: anyKind(b), shape: (s) => s.length > 0, newShape: () => b.shape(1) });
      const value = b.pick([0, 0, 1, -2]);
      const stored = x.tensor.dtype === "bool" ? Number(value !== 0) : value;
      return {
        of: [x],
        with: { widths: x.tensor.shape.map(() => pairOf(b, 0, 2)), value: stored },
        low: min(stored, x.low),
        high: max(stored, x.high),
        grid: x.grid,
      };
    },
    apply: ([x], { widths, value }: { widths: [number, number][]; value: number }) => x.pad(widths, { value }),
  },
  concat: {
    plan(b) {
      const x = b.value({ kind: anyKind(b), shape: (s) => s.length > 0, newShape: () => b.shape(1) });
      const { shape } = x.tensor;
      const axis = axisOf(b, shape);
      const fits = (s: Shape) => s.length === shape.length && s.every((n, i) => i === axis || n === shape[i]);
      const newShape = () => shape.map((s, i) => (i === axis ? b.whole(0, 4) : s));
      const kind: Kind = x.tensor.dtype.startsWith("float") ? "float" : x.tensor.dtype === "bool" ? "bool" : "whole";
      const others = Array.from({ length: b.whole(1, 2) }, () => b.value({ kind, shape: fits, newShape }));
      const all = [x, ...others];
      return {
        of: all,
        with: { axis },
        low: min(...all.map((v) => v.low)),
        high: max(...all.map((v) => v.high)),
        grid: grid(...all),
      };
    },
    apply: (inputs, { axis }: { axis: number }) => tg.concat(inputs, axis),
  },

  sum: reduction(
    (x, axis, o) => x.sum(axis, o),
    (x, n) => ({ ...summed(x, n), grid: x.grid }),
    { empty: true },
  ),
  max: reduction(
    (x, axis, o) => x.max(axis, o),
    (x) => x,
  ),
  min: reduction(
    (x, axis, o) => x.min(axis, o),
    (x) => x,
  ),
  argmax: reduction(
    (x, axis, o) => x.argmax(axis as number, o),
    (_, n) => ({ low: 0, high: n - 1, grid: 1 }),
    { single: true, kind: "any", jumps: true },
  ),
  argmin: reduction(
    (x, axis, o) => x.argmin(axis as number, o),
    (_, n) => ({ low: 0, high: n - 1, grid: 1 }),
    { single: true, kind: "any", jumps: true },
  ),
  cumsum: lane(
    (x, axis) => x.cumsum(axis),
    (x, n) => ({ ...summed(x, n), grid: x.grid }),
  ),
  argsort: lane(
    (x, axis, options: { descending: boolean }) => x.argsort(axis, options),
    (_, n) => ({ low: 0, high: max(0, n - 1), grid: 1 }),
    { kind: "any", jumps: true, more: (b) => ({ descending: b.chance(0.5) }) },
  ),

  gather: {
    plan(b) {
      const x = b.value({ kind: anyKind(b), shape: notEmpty, newShape: aShape(b) });
      const axis = axisOf(b, x.tensor.shape);
      const shape = b.chance(0.4) ? x.tensor.shape : picked(b, x.tensor.shape, axis);
      return { ...keeps(x, { axis }), of: [x, indices(b, shape, x.tensor.shape[axis])] };
    },
    apply: ([x, i], { axis }: { axis: number }) => x.gather(axis, i),
  },
  scatter: {
    plan(b) {
      const x = b.value({
        kind: b.pick<Kind>(["float", "float", "number"]),
        low: -50,
        high: 50,
        shape: (s) => s.length > 0,
        newShape: () => b.shape(1),
      });
      const axis = axisOf(b, x.tensor.shape);
      const shape = x.tensor.shape.map((s, i) => (i === axis ? b.whole(1, 6) : s + b.whole(0, 1)));
      const i = indices(b, x.tensor.shape, shape[axis]);
      return { of: [x, i], with: { axis, shape }, ...summed(x, x.tensor.shape[axis]), grid: x.grid };
    },
    apply: ([x, i], { axis, shape }: { axis: number; shape: Shape }) => scatterOp(x, i, { axis, shape }),
  },
  indexSelect: {
    plan(b) {
      const x = b.value({ kind: anyKind(b), shape: notEmpty, newShape: aShape(b) });
      const axis = axisOf(b, x.tensor.shape);
      return {
        ...keeps(x, { axis }),
        of: [x, indices(b, [b.chance(0.5) ? b.size() : b.whole(0, 5)], x.tensor.shape[axis])],
      };
    },
    apply: ([x, i], { axis }: { axis: number }) => x.indexSelect(axis, i),
  },
  indexAdd: {
    plan(b) {
      const x = b.value({
        kind: b.pick<Kind>(["float", "float", "number"]),
        low: -50,
        high: 50,
        shape: (s) => s.length > 0,
        newShape: () => b.shape(1),
      });
      const axis = axisOf(b, x.tensor.shape);
      const size = b.whole(1, 6);
      const i = indices(b, [x.tensor.shape[axis]], size);
      return { of: [x, i], with: { axis, size }, ...summed(x, x.tensor.shape[axis]), grid: x.grid };
    },
    apply: ([x, i], { axis, size }: { axis: number; size: number }) => indexAddOp(x, i, { axis, size }),
  },

  matmul: {
    plan(b) {
      const kind = b.pick<Kind>(["float", "float", "float", "number"]);
      const x = b.value({ kind, low: -4, high: 4, shape: (s) => s.length > 0, newShape: () => b.shape(1) });
      const { shape } = x.tensor;
      const [transposeA, transposeB] = [b.chance(0.3), b.chance(0.4)];
      const inner = shape.length === 1 ? shape[0] : shape[shape.length - (transposeA ? 2 : 1)];
      const innerOf = (s: Shape) => (s.length === 1 ? s[0] : s[s.length - (transposeB ? 1 : 2)]);
      const batch = shape.slice(0, -2);
      const fits = (s: Shape) => s.length > 0 && innerOf(s) === inner && broadcastTogether(s.slice(0, -2), batch);
      const newShape = (): Shape => {
        if (b.chance(0.1)) return [inner];
        const n = b.size();
        const lead = batch.length > 0 && b.chance(0.5) ? batch.map((s) => (b.chance(0.3) ? 1 : s)) : [];
        return [...lead, ...(transposeB ? [n, inner] : [inner, n])];
      };
      const y = b.value({ kind, low: -4, high: 4, shape: fits, newShape });
      return { of: [x, y], with: { transposeA, transposeB }, ...convolved(x, y, inner) };
    },
    apply: ([x, y], flags: { transposeA: boolean; transposeB: boolean }) => x.matmul(y, flags),
  },
  conv2d: {
    plan(b) {
      if (b.special) return null; // 0 times infinity, with the zeros of the padding: any answer is right
      const x = image(b);
      const [, inChannels, height, width] = x.tensor.shape;
      const out = channels(b);
      const groups = groupsOf(b, inChannels, out);
      const attributes = { ...spacing(b), groups };
      const kernel = pairOf(b, 1, 3);
      const result = [height, width].map((s, i) =>
        outputs(s, kernel[i], attributes.stride[i], attributes.padding[i], attributes.dilation[i]),
      );
      if (result.some((n) => n < 1)) return null;
      const shape = [out, inChannels / groups, ...kernel];
      const w = b.value({ low: -4, high: 4, shape: (s) => s.join() === shape.join(), newShape: () => shape });
      return { of: [x, w], with: attributes, ...convolved(x, w, sizeOf(shape) / out) };
    },
    apply: ([x, w], attributes: ConvAttributes) => tg.conv2d(x, w, attributes),
  },
  conv2dInputGradient: {
    plan(b) {
      if (b.special) return null; // 0 times infinity, with the zeros of the padding: any answer is right
      const x = image(b);
      const [, inChannels, h, w] = x.tensor.shape;
      const attributes = spacing(b);
      const groups = groupsOf(b, inChannels);
      const kernel = pairOf(b, 1, 3);
      const sizes = [h, w].map(
        (s, i) =>
          (s - 1) * attributes.stride[i] - 2 * attributes.padding[i] + attributes.dilation[i] * (kernel[i] - 1) + 1,
      );
      if (sizes.some((n) => n < 1 || n > 32)) return null;
      const shape = [inChannels, channels(b), ...kernel];
      const weight = b.value({ low: -4, high: 4, shape: (s) => s.join() === shape.join(), newShape: () => shape });
      return {
        of: [x, weight],
        with: { ...attributes, groups },
        ...convolved(x, weight, (inChannels / groups) * kernel[0] * kernel[1]),
      };
    },
    apply: ([x, w], attributes: ConvAttributes) => tg.convTranspose2d(x, w, attributes),
  },
  conv2dWeightGradient: {
    plan(b) {
      if (b.special) return null; // 0 times infinity, with the zeros of the padding: any answer is right
      const x = image(b);
      const [batch, inChannels, height, width] = x.tensor.shape;
      const outChannels = channels(b);
      const groups = groupsOf(b, inChannels, outChannels);
      const { stride, padding, dilation } = spacing(b);
      const kernel = pairOf(b, 1, 3);
      const [outHeight, outWidth] = [height, width].map((s, i) =>
        outputs(s, kernel[i], stride[i], padding[i], dilation[i]),
      );
      if (outHeight < 1 || outWidth < 1) return null;
      const shape = [batch, outChannels, outHeight, outWidth];
      const g = b.value({ low: -4, high: 4, shape: (s) => s.join() === shape.join(), newShape: () => shape });
      if (g.tensor.dtype !== x.tensor.dtype) return null;
      const geometry = {
        batch,
        inChannels,
        height,
        width,
        outChannels,
        kernelHeight: kernel[0],
        kernelWidth: kernel[1],
        strideH: stride[0],
        strideW: stride[1],
        padTop: padding[0],
        padLeft: padding[1],
        dilationH: dilation[0],
        dilationW: dilation[1],
        groups,
        outHeight,
        outWidth,
      };
      return { of: [x, g], with: geometry, ...convolved(x, g, batch * outHeight * outWidth) };
    },
    apply: ([x, g], geometry: Parameters<typeof weightGradientOp>[2]) => weightGradientOp(x, g, geometry),
  },
  poolArgmax: {
    plan(b) {
      const x = image(b, [-50, 50], true);
      const windows = pooling(b, x.tensor.shape.slice(2) as unknown as Range);
      return windows && { of: [x], with: windows, low: 0, high: windows.image[0] * windows.image[1] - 1, grid: 1 };
    },
    apply: ([x], windows: Windows) => poolArgmax(x, windows),
  },
  sumPool: {
    plan(b) {
      const x = image(b, [-50, 50]);
      const windows = pooling(b, x.tensor.shape.slice(2) as unknown as Range);
      return windows && { of: [x], with: windows, ...summed(x, windows.kernel[0] * windows.kernel[1]), grid: x.grid };
    },
    apply: ([x], windows: Windows) => sumPool(x, windows),
  },
  spreadPool: {
    plan(b) {
      const windows = pooling(b, [b.whole(2, 8), b.whole(2, 8)]);
      if (windows === null) return null;
      const shape = [b.whole(1, 2), b.whole(1, 3), ...windows.result];
      const x = b.value({
        low: -50,
        high: 50,
        shape: (s) => s.length === 4 && s[2] === windows.result[0] && s[3] === windows.result[1],
        newShape: () => shape,
      });
      return { of: [x], with: windows, ...summed(x, windows.kernel[0] * windows.kernel[1]), grid: x.grid };
    },
    apply: ([x], windows: Windows) => spreadPool(x, windows),
  },
};

/** What people build from them, and backends may take for one thing. */
const composites = {
  softmax: lane(
    (x, axis) => x.softmax(axis),
    () => ({ low: 0, high: 1 }),
    { kind: "float", domain: [-30, 30], empty: false },
  ),
  logSoftmax: lane(
    (x, axis) => x.logSoftmax(axis),
    (x, n) => ({ low: -(x.high - x.low) - Math.log(n), high: 0 }),
    { kind: "float", domain: [-30, 30], empty: false },
  ),
  logSumExp: reduction(
    (x, axis, o) => x.logSumExp(axis, o),
    (x, n) => ({ low: x.low, high: x.high + Math.log(n) }),
    { kind: "float", domain: [-30, 30] },
  ),
  mean: reduction(
    (x, axis, o) => x.mean(axis, o),
    ({ low, high }) => ({ low, high }),
    { kind: "float" },
  ),
  variance: reduction(
    (x, axis, o) => x.variance(axis, { ...o, correction: 0 } as never),
    (x) => ({ low: 0, high: 4 * bound(x) ** 2 }),
    { kind: "float", domain: [-20, 20] },
  ),
  norm: reduction(
    (x, axis, o) => x.norm(axis, o),
    (x, n) => ({ low: 0, high: bound(x) * Math.sqrt(n) }),
    { kind: "float", domain: [-20, 20] },
  ),
  normalize: lane(
    (x, axis) => x.normalize({ axis }),
    () => ({ low: -1, high: 1 }),
    { kind: "float", domain: [-20, 20] },
  ),
  logSigmoid: unary(
    (x) => x.logSigmoid(),
    () => [-20, 0],
    { domain: [-20, 20] },
  ),
  gelu: unary(
    (x) => x.gelu(),
    (_, high) => [-0.2, max(0, high)],
    { domain: [-8, 8] },
  ),
  silu: unary(
    (x) => x.silu(),
    (_, high) => [-0.3, max(0, high)],
    { domain: [-8, 8] },
  ),
  elu: unary(
    (x) => x.elu(),
    (_, high) => [-1, max(0, high)],
    { domain: [-8, 8] },
  ),
  leakyRelu: unary(
    (x) => x.leakyRelu(),
    (low, high) => [min(0, low), max(0, high)],
  ),
  clamp: unary(
    (x) => x.clamp(-1, 1.5),
    () => [-1, 1.5],
    { grid: (g) => min(g, 0.5) },
  ),
  sort: lane(
    (x, axis) => x.sort(axis),
    ({ low, high, grid }) => ({ low, high, grid }),
    { kind: "float" },
  ),
  linear: {
    plan(b) {
      const x = b.value({ low: -4, high: 4, shape: (s) => s.length >= 2, newShape: () => b.shape(2) });
      const [inner, out] = [x.tensor.shape.at(-1)!, b.size()];
      const w = b.value({
        low: -1,
        high: 1,
        shape: (s) => s.length === 2 && s[1] === inner,
        newShape: () => [out, inner],
      });
      const bias = b.value({
        low: -1,
        high: 1,
        shape: (s) => s.length === 1 && s[0] === w.tensor.shape[0],
        newShape: () => [w.tensor.shape[0]],
      });
      const most = bound(x) * bound(w) * inner + bound(bias);
      return { of: [x, w, bias], with: { relu: b.chance(0.5) }, low: -most, high: most };
    },
    apply: ([x, w, bias], { relu }: { relu: boolean }) => {
      const y = x.matmul(w, { transposeB: true }).add(bias);
      return relu ? y.relu() : y;
    },
  },
  crossEntropy: {
    plan(b) {
      const x = b.value({
        low: -20,
        high: 20,
        shape: (s) => s.length === 2 && sizeOf(s) > 0,
        newShape: () => [max(1, b.size()), max(1, b.size())],
      });
      const labels = indices(b, [x.tensor.shape[0]], x.tensor.shape[1]);
      return { of: [x, labels], with: {}, low: 0, high: 60 };
    },
    apply: ([x, labels]) => tg.losses.crossEntropy(x, labels),
  },
  maxPool2d: {
    plan(b) {
      const x = image(b, [-50, 50]);
      const windows = pooling(b, x.tensor.shape.slice(2) as unknown as Range);
      if (windows === null) return null;
      const { kernel, stride, padding } = windows;
      return keeps(x, { kernel, stride, padding });
    },
    apply: ([x], { kernel, stride, padding }: Pick<Windows, "kernel" | "stride" | "padding">) =>
      tg.maxPool2d(x, kernel, { stride, padding }),
  },
  standardize: lane(
    (x, axis) => {
      const centered = x.sub(x.mean(axis, { keepDims: true }));
      return centered.mul(centered.square().mean(axis, { keepDims: true }).add(0.01).rsqrt());
    },
    (_, n) => ({ low: -Math.sqrt(n), high: Math.sqrt(n) }),
    { kind: "float", domain: [-20, 20], empty: false },
  ),
} satisfies Record<string, Application>;

export type ApplicationName = PrimitiveName | keyof typeof composites;

export const applications: { [N in ApplicationName]: Application } = { ...byPrimitive, ...composites };

export const primitiveNames = Object.keys(byPrimitive) as PrimitiveName[];
export const applicationNames = Object.keys(applications) as ApplicationName[];

export const apply = (name: ApplicationName, inputs: readonly Tensor[], attributes: Attributes): Tensor =>
  applications[name].apply(inputs, attributes as never);
