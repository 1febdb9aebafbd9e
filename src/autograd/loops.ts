import type { TypedArray } from "../tensor/dtype.ts";
import { broadcastStrides, type Shape, sizeOf } from "../tensor/shape.ts";

/**
 * The loops that every elementwise, reduction and movement kernel is made of.
 *
 * An operand is described by a start and one stride for each axis of the shape that is walked; a stride of 0 repeats
 * it (broadcasting), a negative one runs backwards (flip). Axes over which every operand runs on evenly are merged,
 * so that most walks are one or two plain loops.
 */
interface Walk {
  /** Sizes of all axes but the two innermost, after merging. */
  readonly outer: Shape;
  /** Strides on those axes, operand by operand. */
  readonly outerStrides: readonly (readonly number[])[];
  readonly rows: number;
  readonly cols: number;
  /** Strides between rows and between columns, for each operand. */
  readonly row: readonly number[];
  readonly col: readonly number[];
}

function planWalk(shape: Shape, strides: readonly (readonly number[])[]): Walk {
  const sizes: number[] = [];
  const merged: number[][] = strides.map(() => []);
  for (let axis = 0; axis < shape.length; axis++) {
    const size = shape[axis];
    if (size === 1) continue;
    const last = sizes.length - 1;
    let runsOn = last >= 0;
    for (let k = 0; k < strides.length && runsOn; k++) runsOn = merged[k][last] === strides[k][axis] * size;
    if (runsOn) {
      sizes[last] *= size;
      for (let k = 0; k < strides.length; k++) merged[k][last] = strides[k][axis];
    } else {
      sizes.push(size);
      for (let k = 0; k < strides.length; k++) merged[k].push(strides[k][axis]);
    }
  }
  const cols = sizes.pop() ?? 1;
  const col = merged.map((s) => s.pop() ?? 0);
  const rows = sizes.pop() ?? 1;
  const row = merged.map((s) => s.pop() ?? 0);
  return { outer: sizes, outerStrides: merged, rows, cols, row, col };
}

/** Calls `visit` with the start of every operand for each of the outer axes' positions. */
function walk({ outer, outerStrides }: Walk, starts: readonly number[], visit: (at: readonly number[]) => void): void {
  const count = sizeOf(outer);
  if (count === 1) {
    visit(starts);
    return;
  }
  const at = [...starts];
  const index = new Array<number>(outer.length).fill(0);
  for (let n = 0; n < count; n++) {
    visit(at);
    for (let axis = outer.length - 1; axis >= 0; axis--) {
      for (let k = 0; k < at.length; k++) at[k] += outerStrides[k][axis];
      if (++index[axis] < outer[axis]) break;
      for (let k = 0; k < at.length; k++) at[k] -= outerStrides[k][axis] * outer[axis];
      index[axis] = 0;
    }
  }
}

/**
 * A copy of `loop` that V8 optimises on its own. All closures of one function share their type feedback, so a loop
 * that calls many different `f` never inlines any; a copy that only ever sees one is several times faster. Each copy's
 * text must differ, because functions made of equal text share their feedback too.
 * Where code may not be made from text (a strict content security policy) the shared loop serves.
 */
function specialise<L>(loop: L): L {
  try {
    return new Function(`/* ${copies++} */ return ${String(loop)}`)() as L;
  } catch {
    return loop;
  }
}

let copies = 0;

type Map1 = (x: number) => number;
type Map2 = (x: number, y: number) => number;
type Map3 = (x: number, y: number, z: number) => number;

/** The same memory as whole numbers of the elements' size, to move or mask values without looking at them. */
export const bitsOf = (data: TypedArray): Int32Array | Uint8Array =>
  data instanceof Uint8Array ? data : new Int32Array(data.buffer, data.byteOffset, data.length);

function loop1(f: Map1, out: TypedArray, x: TypedArray): void {
  for (let i = 0; i < out.length; i++) out[i] = f(x[i]);
}

// biome-ignore format: one operand a line
function loop2(
  f: Map2, rows: number, cols: number,
  out: TypedArray, o: number,
  x: TypedArray, x0: number, xRow: number, xCol: number,
  y: TypedArray, y0: number, yRow: number, yCol: number,
): void {
  for (let r = 0; r < rows; r++) {
    let i = x0 + r * xRow;
    let j = y0 + r * yRow;
    for (const end = o + cols; o < end; o++) {
      out[o] = f(x[i], y[j]);
      i += xCol;
      j += yCol;
    }
  }
}

// biome-ignore format: one operand a line
function loop3(
  f: Map3, rows: number, cols: number,
  out: TypedArray, o: number,
  x: TypedArray, x0: number, xRow: number, xCol: number,
  y: TypedArray, y0: number, yRow: number, yCol: number,
  z: TypedArray, z0: number, zRow: number, zCol: number,
): void {
  for (let r = 0; r < rows; r++) {
    let i = x0 + r * xRow;
    let j = y0 + r * yRow;
    let k = z0 + r * zRow;
    for (const end = o + cols; o < end; o++) {
      out[o] = f(x[i], y[j], z[k]);
      i += xCol;
      j += yCol;
      k += zCol;
    }
  }
}

// biome-ignore format: one operand a line
function foldLoop(
  f: Map2, rows: number, cols: number,
  out: Float64Array, o0: number, oRow: number, oCol: number,
  x: TypedArray, x0: number,
): void {
  for (let r = 0; r < rows; r++) {
    let o = o0 + r * oRow;
    const end = x0 + cols;
    if (oCol === 0) {
      let total = out[o];
      for (; x0 < end; x0++) total = f(total, x[x0]);
      out[o] = total;
    } else {
      for (; x0 < end; x0++) {
        out[o] = f(out[o], x[x0]);
        o += oCol;
      }
    }
  }
}

/** As `loop3` over x and y, of as many values as the results, and a single z. */
function loop3WithValue(f: Map3, out: TypedArray, x: TypedArray, y: TypedArray, z: number): void {
  for (let i = 0; i < out.length; i++) out[i] = f(x[i], y[i], z);
}

/** One copy of a loop for each dtype, made at its first use. */
function perDtype<L>(loop: L): (dtype: string) => L {
  const byDtype = new Map<string, L>();
  return (dtype) => {
    let copy = byDtype.get(dtype);
    if (copy === undefined) {
      copy = specialise(loop);
      byDtype.set(dtype, copy);
    }
    return copy;
  };
}

/** out[i] = f(x[i]). */
export function map1(f: Map1): (out: TypedArray, x: TypedArray, dtype: string) => void {
  const loopFor = perDtype(loop1);
  return (out, x, dtype) => loopFor(dtype)(f, out, x);
}

/** Values and their shape: a tensor, or its bits. */
export interface Shaped {
  readonly data: TypedArray;
  readonly shape: Shape;
}

/** The step from element to element that walks an operand in step with n results: 1 or, of a single value, 0. */
const evenStep = ({ data }: Shaped, n: number): number | undefined =>
  data.length === n ? 1 : data.length === 1 ? 0 : undefined;

/** out = f(x, y); x and y broadcast. `dtype` is that of the operands. */
export function map2(f: Map2): (out: Shaped, x: Shaped, y: Shaped, dtype: string) => void {
  const loopFor = perDtype(loop2);
  return (out, x, y, dtype) => {
    const n = out.data.length;
    if (n === 0) return;
    const loop = loopFor(dtype);
    const [xStep, yStep] = [evenStep(x, n), evenStep(y, n)];
    if (xStep !== undefined && yStep !== undefined) {
      loop(f, 1, n, out.data, 0, x.data, 0, 0, xStep, y.data, 0, 0, yStep);
      return;
    }
    const plan = planWalk(out.shape, [broadcastStrides(x.shape, out.shape), broadcastStrides(y.shape, out.shape)]);
    const { rows, cols, row, col } = plan;
    let o = 0;
    walk(plan, [0, 0], (at) => {
      loop(f, rows, cols, out.data, o, x.data, at[0], row[0], col[0], y.data, at[1], row[1], col[1]);
      o += rows * cols;
    });
  };
}

/** out = f(x, y, z); x, y and z broadcast. `dtype` is that of the results. */
export function map3(f: Map3): (out: Shaped, x: Shaped, y: Shaped, z: Shaped, dtype: string) => void {
  const loopFor = perDtype(loop3);
  const withValueFor = perDtype(loop3WithValue);
  return (out, x, y, z, dtype) => {
    const n = out.data.length;
    if (n === 0) return;
    if (z.data.length === 1 && x.data.length === n && y.data.length === n) {
      withValueFor(dtype)(f, out.data, x.data, y.data, z.data[0]);
      return;
    }
    const loop = loopFor(dtype);
    const [xStep, yStep, zStep] = [evenStep(x, n), evenStep(y, n), evenStep(z, n)];
    if (xStep !== undefined && yStep !== undefined && zStep !== undefined) {
      loop(f, 1, n, out.data, 0, x.data, 0, 0, xStep, y.data, 0, 0, yStep, z.data, 0, 0, zStep);
      return;
    }
    const plan = planWalk(
      out.shape,
      [x, y, z].map(({ shape }) => broadcastStrides(shape, out.shape)),
    );
    const { rows, cols, row, col } = plan;
    let o = 0;
    walk(plan, [0, 0, 0], ([x0, y0, z0]) => {
      loop(
        f,
        rows,
        cols,
        out.data,
        o,
        x.data,
        x0,
        row[0],
        col[0],
        y.data,
        y0,
        row[1],
        col[1],
        z.data,
        z0,
        row[2],
        col[2],
      );
      o += rows * cols;
    });
  };
}

/**
 * Folds x, which is walked in order, into totals whose strides are 0 on the folded axes. The totals are float64
 * whatever the dtype, so that a long sum rounds once.
 */
export function fold(f: Map2) {
  const loopFor = perDtype(foldLoop);
  return (shape: Shape, totals: Float64Array, totalStrides: readonly number[], x: TypedArray, dtype: string): void => {
    const loop = loopFor(dtype);
    const plan = planWalk(shape, [totalStrides]);
    const { rows, cols, row, col } = plan;
    let i = 0;
    walk(plan, [0], (at) => {
      loop(f, rows, cols, totals, at[0], row[0], col[0], x, i);
      i += rows * cols;
    });
  };
}

/** An array to walk: where to start (default 0), and a stride for each axis of the walk. */
export interface Strided {
  readonly data: TypedArray;
  readonly start?: number;
  readonly strides: readonly number[];
}

/** Copies x to out, element by element over all indices of `shape`. */
export function copy(shape: Shape, out: Strided, x: Strided): void {
  if (sizeOf(shape) === 0) return;
  const plan = planWalk(shape, [out.strides, x.strides]);
  const { rows, cols, row, col } = plan;
  const [target, source] = [out.data, x.data];
  walk(plan, [out.start ?? 0, x.start ?? 0], ([start, from]) => {
    for (let r = 0; r < rows; r++) {
      let to = start + r * row[0];
      let at = from + r * row[1];
      if (col[0] === 1 && col[1] === 1 && cols >= 64) target.set(source.subarray(at, at + cols), to);
      else if (col[0] === 1 && col[1] === 0) target.fill(source[at], to, to + cols);
      else {
        for (let c = 0; c < cols; c++) {
          target[to] = source[at];
          to += col[0];
          at += col[1];
        }
      }
    }
  });
}
