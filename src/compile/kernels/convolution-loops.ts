import type { FunctionBuilder, Module } from "../../wasm/assembler.ts";
import type { Expression, Local, Operand } from "../../wasm/encoding.ts";
import { f32, f32x4, i32, i32x4, v128 } from "../../wasm/instructions.ts";
import type { Addresses } from "../kernel.ts";

/** `body` for i = start, start + step, ... below `end`. A single round is no loop. */
export function forRange(
  f: FunctionBuilder,
  start: Operand<"i32">,
  end: Operand<"i32">,
  body: (i: Local<"i32">) => void,
  step = 1,
): void {
  const i = f.let(typeof start === "number" ? i32.const(start) : start);
  const round = () => {
    body(i);
    f.set(i, i32.add(i, step));
  };
  const rounds = typeof start === "number" && typeof end === "number" ? Math.ceil((end - start) / step) : undefined;
  if (rounds === undefined) f.while(i32.ltS(i, end), round);
  else if (rounds === 1) body(i);
  else if (rounds > 1) f.doWhile(round, () => i32.ltS(i, end));
}

/** base + the sum of index * stride. */
export function addressOf(
  base: Operand<"i32">,
  ...terms: readonly (readonly [index: Operand<"i32">, stride: number])[]
): Expression<"i32"> {
  const start = typeof base === "number" ? i32.const(base) : base;
  return terms.reduce((sum, [index, stride]) => i32.add(sum, i32.mul(index, stride)), start);
}

export const minimum = (a: Operand<"i32">, b: Operand<"i32">): Expression<"i32"> =>
  i32.select(a, b, typeof a === "number" ? i32.gtS(b, a) : i32.ltS(a, b));

/** Four float32 from `address + offset` on, `stride` elements apart. */
export function loadStrided(address: Operand<"i32">, stride: number, offset = 0): Expression<"v128"> {
  if (stride === 1) return v128.load(address, offset);
  if (stride === 2) return f32x4.shuffle(v128.load(address, offset), v128.load(address, offset + 16), [0, 2, 4, 6]);
  const insert = (vector: Expression<"v128">, lane: number) =>
    v128.load32Lane(address, vector, lane, offset + 4 * stride * lane);
  return [1, 2, 3].reduce(insert, v128.load32Zero(address, offset));
}

/** Adds `zero`, which fills `bytes` bytes, a multiple of 4, with zeros. */
export function addZero(module: Module) {
  return module.function("zero", { to: "i32", bytes: "i32" }, (f, { to, bytes }) => {
    const end = f.let(i32.add(to, bytes));
    const vectorEnd = f.let(i32.sub(end, 15));
    f.while(i32.ltU(to, vectorEnd), () => {
      f.do(v128.store(to, i32x4.const(0, 0, 0, 0)));
      f.set(to, i32.add(to, 16));
    });
    f.while(i32.ltU(to, end), () => {
      f.do(f32.store(to, 0));
      f.set(to, i32.add(to, 4));
    });
  });
}

/** Into how many parts a batch is cut, and how many images are in each but the last. */
export function cut(batch: number, most: number): { parts: number; images: number } {
  const images = Math.max(1, Math.ceil(batch / most));
  return { parts: Math.ceil(batch / images), images };
}

/** The images [first, last) of a part. */
export function imagesOf(f: FunctionBuilder, part: Local<"i32">, images: number, batch: number) {
  const first = f.let(i32.mul(part, images));
  const last = f.let(minimum(i32.add(first, images), batch));
  return { first, last };
}

/** Whether any lane is infinite or NaN. Of a sum: whether any term is; seldom, that finite ones overflow. */
export function isNotFinite(f: FunctionBuilder, vector: Local<"v128">): Expression<"i32"> {
  const difference = f.let(f32x4.sub(vector, vector));
  return v128.anyTrue(f32x4.ne(difference, difference));
}

/** Appends what is to happen to the images [first, last) of an output once they are final. */
export type AfterImages = (
  module: Module,
  f: FunctionBuilder,
  first: Local<"i32">,
  last: Local<"i32">,
  at: Addresses,
) => void;
