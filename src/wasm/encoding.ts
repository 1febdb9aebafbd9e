/** How WebAssembly writes numbers, and what an expression is. */

export const valueTypes = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b };

export type ValueType = keyof typeof valueTypes;

/** Byte code that leaves one value of type T on the stack, or none when T is "void". */
export interface Expression<T extends ValueType | "void"> {
  readonly type: T;
  readonly code: readonly number[];
}

/** A variable of a function; as an expression it is its value. */
export interface Local<T extends ValueType> extends Expression<T> {
  readonly index: number;
}

/** What an instruction takes: an expression, or a JavaScript number that stands for a constant. */
export type Operand<T extends ValueType> = Expression<T> | (T extends "v128" | "i64" ? never : number);

/** LEB128 of an unsigned integer below 2^32. */
export function unsignedLeb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return bytes;
}

/** LEB128 of a signed 32-bit integer. */
export function signedLeb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  // The last byte's bit 6 is the sign, so that the rest must be all equal to it.
  while (rest < -0x40 || rest >= 0x40) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>= 7;
  }
  bytes.push(rest & 0x7f);
  return bytes;
}

/** Byte code as it grows. */
export class ByteCode {
  #bytes = new Uint8Array(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(code: ArrayLike<number>): void {
    const needed = this.#length + code.length;
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = larger;
    }
    this.#bytes.set(code, this.#length);
    this.#length = needed;
  }

  push(...code: number[]): void {
    this.append(code);
  }

  toBytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }
}

/** Appends byte code to byte code. A loop: spreading is several times as slow. */
export function append(code: number[], more: readonly number[]): void {
  for (let i = 0; i < more.length; i++) code.push(more[i]);
}

export const float32Bytes = (value: number): number[] => [...new Uint8Array(new Float32Array([value]).buffer)];

export const float64Bytes = (value: number): number[] => [...new Uint8Array(new Float64Array([value]).buffer)];
