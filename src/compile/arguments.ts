import { CompileError } from "../tensor/errors.ts";
import { Tensor } from "../tensor/tensor.ts";

/** Nested arrays and plain objects, taken apart: the tensors in them, and everything else with its place. */
export interface Flat {
  readonly tensors: Tensor[];
  /** Places and values in turn: what must be the same for the same program to serve. */
  readonly rest: unknown[];
}

const isPlain = (value: object): boolean => {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

/** Takes a list of arguments apart. Throws a CompileError for values that would be compiled in by surprise. */
export function flatten(values: readonly unknown[]): Flat {
  const flat: Flat = { tensors: [], rest: [] };
  for (let i = 0; i < values.length; i++) visit(values[i], i, flat);
  return flat;
}

function visit(value: unknown, place: string | number, flat: Flat): void {
  if (value instanceof Tensor) {
    flat.tensors.push(value);
    flat.rest.push(place);
  } else if (ArrayBuffer.isView(value)) {
    throw new CompileError(
      "compile",
      `argument ${place} is a ${value.constructor.name}, whose values would become part of the program; pass tensor(values)`,
    );
  } else if (Array.isArray(value)) {
    flat.rest.push(place, value.length);
    value.forEach((entry, i) => {
      visit(entry, `${place}[${i}]`, flat);
    });
  } else if (typeof value === "object" && value !== null && isPlain(value)) {
    const entries = Object.entries(value);
    flat.rest.push(place, entries.length);
    for (const [name, entry] of entries) visit(entry, `${place}.${name}`, flat);
  } else flat.rest.push(place, value);
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
