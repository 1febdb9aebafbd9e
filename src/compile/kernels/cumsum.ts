import { bytesOf } from "../../tensor/dtype.ts";
import { sizeOf } from "../../tensor/shape.ts";
import type { FunctionBuilder } from "../../wasm/assembler.ts";
import type { Expression, Local } from "../../wasm/encoding.ts";
import { f32, f32x4, f64, f64x2, i32, i32x4, v128 } from "../../wasm/instructions.ts";
import type { Lower } from "../kernel.ts";
import { laneAxes, lanesOf, vectorsOf, zeroVector } from "./lane-axes.ts";
import { partsOf, singleStage, walk } from "./walk.ts";

/** The running totals of one lane, or of the lanes in a vector: how they start, and what one element does. */
interface Running<T extends "f64" | "i32" | "v128"> {
  readonly total: readonly Expression<T>[];
  step(
    f: FunctionBuilder,
    totals: readonly Local<T>[],
    to: Expression<"i32">,
    from: Expression<"i32">,
    offset: number,
  ): void;
}

/** Adds an element to the total, which it stores. A float32 total is a float64, as in the eager loop. */
const float32Total: Running<"f64"> = {
  total: [f64.const(0)],
  step: (f, [total], to, from) => {
    f.set(total, f64.add(total, f64.promoteF32(f32.load(from))));
    f.do(f32.store(to, f32.demoteF64(total)));
  },
};

const float64Total: Running<"f64"> = {
  total: [f64.const(0)],
  step: (f, [total], to, from) => {
    f.set(total, f64.add(total, f64.load(from)));
    f.do(f64.store(to, total));
  },
};

const int32Total: Running<"i32"> = {
  total: [i32.const(0)],
  step: (f, [total], to, from) => {
    f.set(total, i32.add(total, i32.load(from)));
    f.do(i32.store(to, total));
  },
};

const boolTotal: Running<"i32"> = {
  total: [i32.const(0)],
  step: (f, [total], to, from) => {
    f.set(total, i32.add(total, i32.load8U(from)));
    f.do(i32.store8(to, total));
  },
};

const float32Totals: Running<"v128"> = {
  total: [zeroVector, zeroVector],
  step: (f, [low, high], to, from, offset) => {
    const next = f.let(v128.load(from, offset));
    f.set(low, f64x2.add(low, f64x2.promoteLowF32x4(next)));
    f.set(high, f64x2.add(high, f64x2.promoteLowF32x4(f32x4.shuffle(next, next, [2, 3, 2, 3]))));
    const [a, b] = [low, high].map((total) => f32x4.demoteF64x2Zero(total));
    f.do(v128.store(to, f32x4.shuffle(a, b, [0, 1, 4, 5]), offset));
  },
};

const totalsWith = (add: typeof f64x2.add): Running<"v128"> => ({
  total: [zeroVector],
  step: (f, [total], to, from, offset) => {
    f.set(total, add(total, v128.load(from, offset)));
    f.do(v128.store(to, total, offset));
  },
});

const vectorTotals = { float32: float32Totals, float64: totalsWith(f64x2.add), int32: totalsWith(i32x4.add) };

/** The running sum. */
export const lowerCumsum: Lower<{ axis: number }> = (output, [x], { axis }) => {
  const { dtype } = x;
  const { outer, length, inner } = lanesOf(x, axis);
  const bytes = bytesOf[dtype];
  const slab = length * inner * bytes;
  const along = { size: length, steps: [inner * bytes, inner * bytes] };

  const kernel = <T extends "f64" | "i32" | "v128">({ total, step }: Running<T>, block: number, vectors = 1) => {
    const axes = laneAxes(outer, [slab, slab], inner, [bytes, bytes], block);
    const sumLane = (f: FunctionBuilder, starts: readonly Expression<"i32">[]) => {
      const running = Array.from({ length: vectors }, () => total.map((start) => f.let(start)));
      walk(f, [along], starts, ([to, from]) => {
        running.forEach((totals, k) => {
          step(f, totals, to, from, 16 * k);
        });
      });
    };
    return singleStage(
      sizeOf(output.shape),
      (f, at, share) => walk(f, axes, [at.output, at.inputs[0]].map(i32.const), (starts) => sumLane(f, starts), share),
      Math.min(partsOf(sizeOf(x.shape)), Math.max(1, outer * Math.ceil(inner / block))),
    );
  };

  const lanes = 16 / bytes;
  if (dtype !== "bool" && inner >= lanes) {
    const vectors = vectorsOf(inner, lanes);
    return kernel(vectorTotals[dtype], lanes * vectors, vectors);
  }
  if (dtype === "float32") return kernel(float32Total, 1);
  if (dtype === "float64") return kernel(float64Total, 1);
  return kernel(dtype === "int32" ? int32Total : boolTotal, 1);
};
