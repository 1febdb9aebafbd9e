import { CompileError } from "../tensor/errors.ts";
import type { Storage } from "../tensor/storage.ts";
import { Tensor } from "../tensor/tensor.ts";

/** Nested arrays and plain objects, taken apart: the tensors in them, and everything else with its place. */
export interface Flat {
  readonly tensors: Tensor[];
  /** Places and values in turn: what must be the same for the same program to serve. */
  readonly rest: unknown[];
}

/** Numbers that arrays among the arguments may hold: sizes and settings, but no batches. */
const mostNumbers = 32;

const isPlain = (value: object): boolean => {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

/** Takes a list of arguments apart. Throws a CompileError for values that would be compiled in by surprise. */
export function flatten(values: readonly unknown[]): Flat {
  const flat = { tensors: [], rest: [], numbers: 0 };
  for (let i = 0; i < values.length; i++) visit(values[i], i, flat);
  return flat;
}

function visit(value: unknown, place: string | number, flat: Flat & { numbers: number }): void {
  if (value instanceof Tensor) {
    // Which tensors are one, or share their values, is part of what the function does.
    flat.rest.push(place, Tensor, flat.tensors.indexOf(value), firstWith(value.storage, flat.tensors));
    flat.tensors.push(value);
  } else if (ArrayBuffer.isView(value)) {
    throw new CompileError(
      "compile",
      `argument ${place} is a ${value.constructor.name}, whose values would become part of the program; pass tensor(values)`,
    );
  } else if (Array.isArray(value)) {
    flat.rest.push(place, Array, value.length);
    flat.numbers += value.filter((entry) => typeof entry === "number").length;
    if (flat.numbers > mostNumbers) {
      throw new CompileError(
        "compile",
        `argument ${place} is an array of numbers, which would become part of the program and make a new one for every batch; pass tensor(values)`,
      );
    }
    value.forEach((entry, i) => {
      visit(entry, `${place}[${i}]`, flat);
    });
  } else if (typeof value === "object" && value !== null && isPlain(value)) {
    const entries = Object.entries(value);
    flat.rest.push(place, Object, entries.length);
    for (const [name, entry] of entries) visit(entry, `${place}.${name}`, flat);
  } else if ((value instanceof Map || value instanceof Set) && [...value.values()].some((v) => v instanceof Tensor)) {
    throw new CompileError(
      "compile",
      `argument ${place} is a ${value.constructor.name} with tensors, which would be those of the first call for ever; pass them in an array or a plain object`,
    );
  } else flat.rest.push(place, value);
}

/** Where a storage first occurs. */
const firstWith = (storage: Storage, tensors: readonly Tensor[]): number =>
  tensors.findIndex((t) => t.storage === storage);

/** The tensors in nested arrays and plain objects, in their order. */
export function tensorsIn(value: unknown): Tensor[] {
  if (value instanceof Tensor) return [value];
  if (Array.isArray(value)) return value.flatMap(tensorsIn);
  return typeof value === "object" && value !== null && isPlain(value) ? Object.values(value).flatMap(tensorsIn) : [];
}

/** The same structure with other tensors in the place of its own, in their order. */
export function withTensors(value: unknown, next: () => Tensor): unknown {
  if (value instanceof Tensor) return next();
  if (Array.isArray(value)) return value.map((entry) => withTensors(entry, next));
  if (typeof value === "object" && value !== null && isPlain(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, withTensors(entry, next)]));
  }
  return value;
}

export const sameRest = (a: readonly unknown[], b: readonly unknown[]): boolean => {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
};
