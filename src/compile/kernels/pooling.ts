import type { Windows } from "../../autograd/pooling.ts";
import { bytesOf, type DType } from "../../tensor/dtype.ts";
import { sizeOf } from "../../tensor/shape.ts";
import { call, type FunctionBuilder, type Module } from "../../wasm/assembler.ts";
import type { Expression, Local, Operand } from "../../wasm/encoding.ts";
import { f32, f32x4, f64, i32, i32x4, v128 } from "../../wasm/instructions.ts";
import type { Addresses, Kernel, Layout, Lower } from "../kernel.ts";
import { addressOf, addZero, cut, forRange, imagesOf, loadStrided, minimum } from "./convolution-loops.ts";

/*
 * Windows that lie within the image's width are taken four at a time in float32; those that hang over its left or
 * right edge, and all of other types, one at a time. Rows are cut at the image's edge in either case.
 */

const maximum = (a: Operand<"i32">, b: number): Expression<"i32"> =>
  typeof a === "number" ? i32.const(Math.max(a, b)) : i32.select(a, b, i32.gtS(a, b));

/** The rows or columns [start, end) of the image that window `index` covers along one axis (0 vertical). */
function covered(f: FunctionBuilder, { kernel, stride, padding, image }: Windows, axis: 0 | 1, index: Local<"i32">) {
  const start = f.let(i32.sub(i32.mul(index, stride[axis]), padding[axis]));
  const end = f.let(minimum(i32.add(start, kernel[axis]), image[axis]));
  f.set(start, maximum(start, 0));
  return { start, end };
}

/** The windows [from, to) of a row that lie within the image's width. */
function insideColumns({ kernel, stride, padding, image, result }: Windows): { from: number; to: number } {
  const from = Math.min(result[1], Math.ceil(padding[1] / stride[1]));
  const to = Math.min(result[1], Math.floor((image[1] - kernel[1] + padding[1]) / stride[1]) + 1);
  return { from, to: Math.max(from, to) };
}

/** Where planes, and the rows of one plane, begin: for kernels that walk over windows. */
interface Place {
  /** Where the image's plane begins. */
  image: Local<"i32">;
  /** Where the windows' row begins. */
  windows: Local<"i32">;
  rows: { start: Local<"i32">; end: Local<"i32"> };
}

/** What happens at one window, or at four that begin at `column`. */
interface Visits {
  one(f: FunctionBuilder, place: Place, column: Local<"i32">): void;
  /**
   * Only the lanes [done, lanes) need a visit; those below `done` had one, and those from `lanes` on are no windows.
   */
  four?(f: FunctionBuilder, place: Place, column: Local<"i32">, done: number, lanes: number): void;
  /** Whether `four` must be given four windows. */
  onlyWhole?: boolean;
}

/** Loads across the end of an array stay within what may be read when so few columns are skipped. */
const widestStrideAcrossEnd = 4;

/** Appends loops over the rows of windows of one plane. */
function forWindows(
  f: FunctionBuilder,
  windows: Windows,
  image: Local<"i32">,
  resultPlane: Local<"i32">,
  resultBytes: number,
  { one, four, onlyWhole }: Visits,
): void {
  const [rows, columns] = windows.result;
  const { from, to } = insideColumns(windows);
  const lanes = Math.min(4, to - from);
  const few = lanes > 0 && !onlyWhole && windows.stride[1] <= widestStrideAcrossEnd;
  const useFour = four && (lanes === 4 || few);
  forRange(f, 0, rows, (i) => {
    const place = {
      image,
      windows: f.let(addressOf(resultPlane, [i, resultBytes * columns])),
      rows: covered(f, windows, 0, i),
    };
    const oneByOne = (start: number, end: number) => forRange(f, start, end, (column) => one(f, place, column));
    if (!useFour) {
      oneByOne(0, columns);
      return;
    }
    oneByOne(0, from);
    const rest = (to - from) % 4;
    forRange(f, from, to - rest, (column) => four(f, place, column, 0, 4), 4);
    // The rest as four again, which overlap those before.
    if (rest > 0) four(f, place, f.let(i32.const(Math.max(from, to - 4))), lanes - rest, lanes);
    oneByOne(to, columns);
  });
}

function storeLanes(f: FunctionBuilder, to: Expression<"i32">, vector: Local<"v128">, lanes: number): void {
  if (lanes === 4) f.do(v128.store(to, vector));
  else for (let lane = 0; lane < lanes; lane++) f.do(v128.store32Lane(to, vector, lane, 4 * lane));
}

/** A variable that holds one element of a dtype, and whether a candidate takes the place of the largest so far. */
function scalarsOf(f: FunctionBuilder, dtype: DType, first: Expression<"i32">) {
  // NaN replaces every number, nothing replaces NaN: not candidate <= value, and value = value.
  if (dtype === "float64") {
    const value = f.let(f64.load(first));
    return (address: Expression<"i32">, whenLarger: () => void) => {
      const candidate = f.let(f64.load(address));
      const larger = i32.and(i32.eqz(f64.le(candidate, value)), f64.eq(value, value));
      f.if(larger, () => {
        f.set(value, candidate);
        whenLarger();
      });
    };
  }
  if (dtype === "float32") {
    const value = f.let(f32.load(first));
    return (address: Expression<"i32">, whenLarger: () => void) => {
      const candidate = f.let(f32.load(address));
      const larger = i32.and(i32.eqz(f32.le(candidate, value)), f32.eq(value, value));
      f.if(larger, () => {
        f.set(value, candidate);
        whenLarger();
      });
    };
  }
  const load = dtype === "bool" ? i32.load8U : i32.load;
  const value = f.let(load(first));
  return (address: Expression<"i32">, whenLarger: () => void) => {
    const candidate = f.let(load(address));
    f.if(i32.gtS(candidate, value), () => {
      f.set(value, candidate);
      whenLarger();
    });
  };
}

/** The visits of `poolArgmax`. */
function argmaxVisits(dtype: DType, windows: Windows): Visits {
  const [, width] = windows.image;
  const [, stride] = windows.stride;
  const bytes = bytesOf[dtype];
  return {
    one(f, { image, windows: row, rows }, column) {
      const columns = covered(f, windows, 1, column);
      const best = f.let(i32.add(i32.mul(rows.start, width), columns.start));
      const compare = scalarsOf(f, dtype, addressOf(image, [best, bytes]));
      forRange(f, rows.start, rows.end, (i) => {
        const rowStart = f.let(i32.mul(i, width));
        forRange(f, i32.add(rowStart, columns.start), i32.add(rowStart, columns.end), (at) => {
          compare(addressOf(image, [at, bytes]), () => f.set(best, at));
        });
      });
      f.do(i32.store(addressOf(row, [column, 4]), best));
    },
    four(f, { image, windows: row, rows }, column, _, lanes) {
      const left = f.let(i32.sub(i32.mul(column, stride), windows.padding[1]));
      const position = f.let(i32.add(i32.mul(rows.start, width), left));
      const value = f.let(loadStrided(addressOf(image, [position, 4]), stride));
      const best = f.let(i32x4.add(i32x4.splat(position), i32x4.const(0, stride, 2 * stride, 3 * stride)));
      const positions = f.let(i32x4.add(best, i32x4.const(0, 0, 0, 0)));
      const takeRow = (firstTap: number) => {
        const start = f.let(addressOf(image, [position, 4]));
        for (let tap = firstTap; tap < windows.kernel[1]; tap++) {
          const candidate = f.let(loadStrided(start, stride, 4 * tap));
          const larger = f.let(v128.andNot(f32x4.eq(value, value), f32x4.le(candidate, value)));
          f.set(best, v128.bitselect(i32x4.add(positions, i32x4.splat(i32.const(tap))), best, larger));
          f.set(value, v128.bitselect(candidate, value, larger));
        }
      };
      takeRow(1);
      forRange(f, i32.add(rows.start, 1), rows.end, () => {
        f.set(position, i32.add(position, width));
        f.set(positions, i32x4.add(positions, i32x4.splat(i32.const(width))));
        takeRow(0);
      });
      storeLanes(f, addressOf(row, [column, 4]), best, lanes);
    },
  };
}

/** A sum in the memory type; adds what lies at an address to it. */
function sumOf(f: FunctionBuilder, dtype: DType) {
  if (dtype === "float64") {
    const total = f.let(f64.const(0));
    return {
      add: (address: Expression<"i32">) => f.set(total, f64.add(total, f64.load(address))),
      store: (address: Expression<"i32">) => f.do(f64.store(address, total)),
    };
  }
  const total = f.let(f32.const(0));
  return {
    add: (address: Expression<"i32">) => f.set(total, f32.add(total, f32.load(address))),
    store: (address: Expression<"i32">) => f.do(f32.store(address, total)),
  };
}

function sumVisits(dtype: DType, windows: Windows): Visits {
  const [, width] = windows.image;
  const [, stride] = windows.stride;
  const bytes = bytesOf[dtype];
  return {
    one(f, { image, windows: row, rows }, column) {
      const columns = covered(f, windows, 1, column);
      const total = sumOf(f, dtype);
      forRange(f, rows.start, rows.end, (i) => {
        const rowStart = f.let(i32.mul(i, width));
        forRange(f, i32.add(rowStart, columns.start), i32.add(rowStart, columns.end), (at) => {
          total.add(addressOf(image, [at, bytes]));
        });
      });
      total.store(addressOf(row, [column, bytes]));
    },
    four(f, { image, windows: row, rows }, column, _, lanes) {
      const left = i32.sub(i32.mul(column, stride), windows.padding[1]);
      const start = f.let(addressOf(image, [rows.start, 4 * width], [left, 4]));
      const total = f.let(f32x4.const(0, 0, 0, 0));
      forRange(f, rows.start, rows.end, () => {
        for (let tap = 0; tap < windows.kernel[1]; tap++) {
          f.set(total, f32x4.add(total, loadStrided(start, stride, 4 * tap)));
        }
        f.set(start, i32.add(start, 4 * width));
      });
      storeLanes(f, addressOf(row, [column, 4]), total, lanes);
    },
  };
}

/** Adds each window's value to the pixels it covers; they are zero before. */
function spreadVisits(dtype: DType, windows: Windows): Visits {
  const [, width] = windows.image;
  const bytes = bytesOf[dtype];
  const [, kernel] = windows.kernel;
  const [, stride] = windows.stride;
  const addTo = (f: FunctionBuilder, pixel: Local<"i32">, window: Local<"i32">) =>
    f.do(
      dtype === "float64"
        ? f64.store(pixel, f64.add(f64.load(pixel), f64.load(window)))
        : f32.store(pixel, f32.add(f32.load(pixel), f32.load(window))),
    );
  const visits: Visits = {
    onlyWhole: true,
    one(f, { image, windows: row, rows }, column) {
      const columns = covered(f, windows, 1, column);
      const window = f.let(addressOf(row, [column, bytes]));
      forRange(f, rows.start, rows.end, (i) => {
        const rowStart = f.let(i32.mul(i, width));
        forRange(f, i32.add(rowStart, columns.start), i32.add(rowStart, columns.end), (at) => {
          addTo(f, f.let(addressOf(image, [at, bytes])), window);
        });
      });
    },
  };
  if (stride === 2 && kernel === 2) {
    visits.four = (f, { image, windows: row, rows }, column, done) => {
      const g = f.let(v128.load(addressOf(row, [column, 4])));
      const lane = (index: number) => (index < done ? 0 : -1);
      if (done > 0) f.set(g, v128.and(g, f.constant(i32x4.const(lane(0), lane(1), lane(2), -1))));
      const [first, last] = [f32x4.shuffle(g, g, [0, 0, 1, 1]), f32x4.shuffle(g, g, [2, 2, 3, 3])].map((v) => f.let(v));
      const to = f.let(addressOf(image, [rows.start, 4 * width], [i32.sub(i32.mul(column, 2), windows.padding[1]), 4]));
      forRange(f, rows.start, rows.end, () => {
        f.do(v128.store(to, f32x4.add(v128.load(to), first)));
        f.do(v128.store(to, f32x4.add(v128.load(to, 16), last), 16));
        f.set(to, i32.add(to, 4 * width));
      });
    };
  }
  return visits;
}

/** Calls the pooling of one plane for every plane of a part. */
function poolingKernel(
  planes: number,
  windows: Windows,
  operationsOfTap: number,
  plane: (module: Module, f: FunctionBuilder, index: Local<"i32">, at: Addresses) => void,
): Kernel {
  const { parts, images } = cut(planes, 32);
  const work = planes * sizeOf(windows.result) * sizeOf(windows.kernel);
  return {
    operations: operationsOfTap * work,
    stages: [
      {
        parts: planes * sizeOf(windows.image) === 0 ? 0 : parts,
        emit: (module, f, part, at) => {
          const { first, last } = imagesOf(f, part, images, planes);
          forRange(f, first, last, (index) => plane(module, f, index, at));
        },
      },
    ],
  };
}

const planesOf = ({ shape }: Layout): number => sizeOf(shape.slice(0, -2));

/** A kernel from windows' images to one value for each window. */
function reducing(visitsOf: (dtype: DType, windows: Windows) => Visits): Lower<Windows> {
  return (output, [x], windows) => {
    const visits = visitsOf(x.dtype, windows);
    const planeBytes = bytesOf[x.dtype] * sizeOf(windows.image);
    const resultBytes = bytesOf[output.dtype];
    const used = x.dtype === "float32" ? visits : { one: visits.one };
    return poolingKernel(planesOf(x), windows, 1, (module, f, index, at) => {
      const pool = module.function("pool", { image: "i32", result: "i32" }, (g, { image, result }) =>
        forWindows(g, windows, image, result, resultBytes, used),
      );
      const image = addressOf(at.inputs[0], [index, planeBytes]);
      const result = addressOf(at.output, [index, resultBytes * sizeOf(windows.result)]);
      f.do(call(pool, { image, result }));
    });
  };
}

/** Where in its plane each window's largest value is, as int32. */
export const lowerPoolArgmax: Lower<Windows> = reducing(argmaxVisits);

/** The sum of each window. */
export const lowerSumPool: Lower<Windows> = reducing(sumVisits);

/** Each pixel the sum of the values of the windows that cover it. */
export const lowerSpreadPool: Lower<Windows> = (output, [g], windows) => {
  const { kernel, stride, padding, image, result } = windows;
  if (stride.every((step) => step === 1)) {
    // Under stride 1 the windows that cover a pixel are a window of windows themselves.
    const [ph, pw] = padding.map((size, axis) => kernel[axis] - 1 - size);
    return lowerSumPool(output, [g], { kernel, stride, padding: [ph, pw], image: result, result: image });
  }
  const visits = spreadVisits(output.dtype, windows);
  const used = output.dtype === "float32" ? visits : { one: visits.one };
  const bytes = bytesOf[output.dtype];
  const imageBytes = bytes * sizeOf(windows.image);
  return poolingKernel(planesOf(g), windows, 1, (module, f, index, at) => {
    const zero = module.once(addZero);
    const spread = module.function("spread", { pixels: "i32", values: "i32" }, (h, { pixels, values }) => {
      h.do(call(zero, { to: pixels, bytes: imageBytes }));
      forWindows(h, windows, pixels, values, bytes, used);
    });
    const values = addressOf(at.inputs[0], [index, bytes * sizeOf(result)]);
    f.do(call(spread, { pixels: addressOf(at.output, [index, imageBytes]), values }));
  });
};
