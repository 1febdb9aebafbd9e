import { type ReductionAttributes, reducedShape } from "../../autograd/movement.ts";
import type { PrimitiveName } from "../../autograd/primitives.ts";
import { arange } from "../../tensor/creation.ts";
import { broadcastShapes, type Shape, sameShape } from "../../tensor/shape.ts";
import { scalar, type TapeRecord, Tensor } from "../../tensor/tensor.ts";
import { loweringOf } from "../lowering.ts";
import type { Step } from "../step.ts";
import { ofNonPositive } from "./ranges.ts";
import { type Rewriter, type Rule, rewrite } from "./rewriter.ts";

/** The step with what can be said more simply, with the same bits: each rule below, wherever it applies. */
export function simplify(step: Step): Step {
  return rewrite(step, (record, rewriter) => {
    const rule = rules[record.primitive.name as PrimitiveName];
    const simpler = rule?.(record, rewriter);
    if (simpler !== undefined) return simpler;
    return loweringOf(record.primitive) === "element" ? withoutBroadcasts(record, rewriter) : undefined;
  });
}

const rules: { readonly [P in PrimitiveName]?: Rule } = {
  stopGradient: ({ inputs: [x] }) => x,

  /** Of a reshape only the last shape counts. */
  reshape: ({ inputs: [x], output: { shape } }, rewriter) => {
    if (sameShape(x.shape, shape)) return x;
    const inner = rewriter.madeBy(x, "reshape");
    if (inner !== undefined) return rewriter.make("reshape", inner.inputs, { shape });
    if (rewriter.isConstant(x)) return rewriter.constant(new Tensor(x.storage, shape, x.dtype));
    const repeated = rewriter.madeBy(x, "broadcastTo");
    return repeated?.inputs[0].size === 1
      ? rewriter.make("broadcastTo", [rewriter.make("reshape", repeated.inputs, { shape: [] })], { shape })
      : undefined;
  },

  /** Two transposes are one. */
  transpose: ({ inputs: [x], attributes }, rewriter) => {
    const axes = attributes.axes as readonly number[];
    if (axes.every((axis, i) => axis === i)) return x;
    const inner = rewriter.madeBy(x, "transpose");
    if (inner === undefined) return undefined;
    const before = inner.attributes.axes as readonly number[];
    return rewriter.make("transpose", inner.inputs, { axes: axes.map((axis) => before[axis]) });
  },

  cast: ({ inputs: [x], output: { dtype } }, rewriter) => {
    if (x.dtype === dtype) return x;
    const inner = rewriter.madeBy(x, "cast");
    // A truth value is 0 or 1 in any dtype on the way.
    return inner?.inputs[0].dtype === "bool" && dtype !== "bool"
      ? rewriter.make("cast", inner.inputs, { dtype })
      : undefined;
  },

  broadcastTo: ({ inputs: [x], output: { shape } }, rewriter) => {
    if (sameShape(x.shape, shape)) return x;
    const inner = rewriter.madeBy(x, "broadcastTo");
    return inner && rewriter.make("broadcastTo", inner.inputs, { shape });
  },

  mul: ({ inputs: [a, b], output }, rewriter) => {
    if (rewriter.valueOf(b) === 1 && sameShape(a.shape, output.shape)) return a;
    return rewriter.valueOf(a) === 1 && sameShape(b.shape, output.shape) ? b : undefined;
  },

  /** Dividing by a power of two is multiplying by another. */
  div: ({ inputs: [a, b], output }, rewriter) => {
    const value = rewriter.valueOf(b);
    if (value === undefined) return undefined;
    if (value === 1 && sameShape(a.shape, output.shape)) return a;
    const exponent = Math.log2(Math.abs(value));
    if (!Number.isInteger(exponent) || Math.abs(exponent) > 100) return undefined;
    return rewriter.make("mul", [a, rewriter.constant(new Tensor(scalar(1 / value, b.dtype).data, b.shape, b.dtype))]);
  },

  add: ({ inputs: [a, b] }, rewriter) => {
    const [minusA, minusB] = [rewriter.madeBy(a, "neg"), rewriter.madeBy(b, "neg")];
    if (minusB !== undefined) return rewriter.make("sub", [a, minusB.inputs[0]]);
    return minusA && rewriter.make("sub", [b, minusA.inputs[0]]);
  },

  sub: ({ inputs: [a, b], output }, rewriter) => {
    if (Object.is(rewriter.valueOf(b), 0) && sameShape(a.shape, output.shape)) return a;
    const minusB = rewriter.madeBy(b, "neg");
    return minusB && rewriter.make("add", [a, minusB.inputs[0]]);
  },

  /** Not, of a truth value, is to be equal to false; where it chooses, the choices change places. */
  eq: ({ inputs: [a, b] }, rewriter) => {
    const counted = rewriter.madeBy(a, "cast")?.inputs[0];
    if (counted?.dtype === "bool" && rewriter.valueOf(b) === 0 && b.ndim === 0) {
      return rewriter.make("eq", [counted, rewriter.constant(scalar(0, "bool"))]);
    }
    const equal = a.dtype === "bool" && rewriter.valueOf(b) === 0 ? rewriter.madeBy(a, "eq") : undefined;
    return equal && equal.inputs[0].dtype !== "bool" && b.ndim === 0 ? rewriter.make("ne", equal.inputs) : undefined;
  },

  pow: ({ inputs: [a, b], output }, rewriter) => {
    const exponent = rewriter.valueOf(b);
    if (!sameShape(a.shape, output.shape)) return undefined;
    if (exponent === 1) return a;
    return exponent === 2 ? rewriter.make("square", [a]) : undefined;
  },

  where: ({ inputs: [condition, a, b], output }, rewriter) => {
    const known = rewriter.valueOf(condition);
    if (known !== undefined) {
      const chosen = known === 0 ? b : a;
      return sameShape(chosen.shape, output.shape)
        ? chosen
        : rewriter.make("broadcastTo", [chosen], { shape: output.shape });
    }
    const not = rewriter.madeBy(condition, "eq");
    if (not?.inputs[0].dtype !== "bool" || rewriter.valueOf(not.inputs[1]) !== 0) return undefined;
    return sameShape(not.inputs[0].shape, condition.shape) ? rewriter.make("where", [not.inputs[0], b, a]) : undefined;
  },

  /** e to the difference from the largest. */
  exp: ({ inputs: [x], attributes }, rewriter) => {
    if ("range" in attributes) return undefined;
    const difference = rewriter.madeBy(x, "sub");
    const largest = difference && rewriter.madeBy(difference.inputs[1], "max");
    const isOfSame = largest?.inputs[0] === difference?.inputs[0] && largest?.attributes.keepDims === true;
    return isOfSame ? rewriter.make("exp", [x], ofNonPositive) : undefined;
  },

  sum: ({ inputs: [x], attributes }, rewriter) => {
    const negative = rewriter.madeBy(x, "neg");
    if (negative !== undefined) {
      // 0 - sum and not -sum: a sum is never -0.
      const zero = rewriter.constant(scalar(0, x.dtype));
      return rewriter.make("sub", [zero, rewriter.make("sum", negative.inputs, attributes)]);
    }
    // The sum of a lane with one element that is not 0.
    const lanes = rewriter.madeBy(x, "where");
    const { axes, keepDims } = attributes as unknown as ReductionAttributes;
    if (lanes === undefined || axes.length !== 1 || lanes.attributes.oneHot !== axes[0]) return undefined;
    const [, element] = lanes.inputs;
    const along = x.shape.map((size, axis) => (axis === axes[0] ? 1 : size));
    if (!sameShape(element.shape, along)) return undefined;
    return keepDims ? element : rewriter.make("reshape", [element], { shape: reducedShape(x.shape, axes, false) });
  },

  neg: ({ inputs: [x] }, rewriter) => rewriter.madeBy(x, "neg")?.inputs[0],

  /** A matrix product reads its operands transposed at no cost. */
  matmul: ({ inputs: [a, b], attributes }, rewriter) => {
    const [plainA, plainB] = [transposed(a, rewriter), transposed(b, rewriter)];
    if (plainA === undefined && plainB === undefined) return undefined;
    return rewriter.make("matmul", [plainA ?? a, plainB ?? b], {
      transposeA: attributes.transposeA !== (plainA !== undefined),
      transposeB: attributes.transposeB !== (plainB !== undefined),
    });
  },

  gather: gatherBefore,
  scatter: oneHot,
};

/** x without a transpose that exchanges its last two axes. */
function transposed(x: Tensor, rewriter: Rewriter): Tensor | undefined {
  const maker = rewriter.madeBy(x, "transpose");
  if (maker === undefined) return undefined;
  const axes = maker.attributes.axes as readonly number[];
  const n = axes.length;
  const exchanges = axes.every((axis, i) => axis === (i === n - 1 ? n - 2 : i === n - 2 ? n - 1 : i));
  return exchanges ? maker.inputs[0] : undefined;
}

/**
 * An elementwise operation repeats its operands by itself. Where all of them are repeated, the operation comes before
 * the repetition.
 */
function withoutBroadcasts(
  { primitive, inputs, attributes, output }: TapeRecord,
  rewriter: Rewriter,
): Tensor | undefined {
  const name = primitive.name as PrimitiveName;
  if (name === "broadcastTo") return undefined;
  const bare = inputs.map((t) => rewriter.madeBy(t, "broadcastTo")?.inputs[0] ?? t);
  if (bare.every((t, i) => t === inputs[i])) return undefined;
  const value = rewriter.make(name, bare, attributes);
  return sameShape(value.shape, output.shape) ? value : rewriter.make("broadcastTo", [value], { shape: output.shape });
}

/** Picking few elements of a result of an elementwise operation: pick them from its operands, and compute only them. */
function gatherBefore({ inputs: [x, indices], attributes }: TapeRecord, rewriter: Rewriter): Tensor | undefined {
  const axis = attributes.axis as number;
  const maker = rewriter.makerOf(x);
  if (maker === undefined || loweringOf(maker.primitive) !== "element") return undefined;
  if (indices.shape[axis] * 4 > x.shape[axis] || !sameButFor(axis, indices.shape, x.shape)) return undefined;
  const picked: Tensor[] = [];
  for (const operand of maker.inputs) {
    const position = axis - (x.ndim - operand.ndim);
    if (sameShape(operand.shape, x.shape)) picked.push(rewriter.make("gather", [operand, indices], { axis }));
    else if (position < 0 || operand.shape[position] === 1) picked.push(operand);
    else return undefined;
  }
  const attributesNow = maker.primitive.name === "broadcastTo" ? { shape: indices.shape } : maker.attributes;
  const value = rewriter.make(maker.primitive.name as PrimitiveName, picked, attributesNow);
  return sameShape(value.shape, indices.shape)
    ? value
    : rewriter.make("broadcastTo", [value], { shape: indices.shape });
}

const sameButFor = (axis: number, a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((size, i) => i === axis || size === b[i]);

/** One element for each lane scattered along an axis: the element where the position is its index, 0 elsewhere. */
function oneHot({ inputs: [source, indices], attributes, output }: TapeRecord, rewriter: Rewriter): Tensor | undefined {
  const axis = attributes.axis as number;
  const { shape, dtype } = output;
  if (indices.shape[axis] !== 1 || !sameButFor(axis, indices.shape, shape) || dtype === "bool") return undefined;
  const along = shape.map((size, i) => (i === axis ? size : 1));
  const positions = rewriter.constant(
    new Tensor(arange(shape[axis], undefined, 1, { dtype: "int32" }).data, along, "int32"),
  );
  const zero = rewriter.constant(scalar(0, dtype));
  const chosen = rewriter.make("eq", [positions, indices]);
  const value = rewriter.make("where", [chosen, source, zero], { oneHot: axis });
  const full = broadcastShapes("scatter", value.shape, shape);
  return sameShape(value.shape, full) ? value : rewriter.make("broadcastTo", [value], { shape });
}
