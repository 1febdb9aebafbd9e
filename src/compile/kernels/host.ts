import { type PrimitiveName, primitives } from "../../autograd/primitives.ts";
import type { Module } from "../../wasm/assembler.ts";
import { call } from "../../wasm/assembler.ts";
import type { Operand } from "../../wasm/encoding.ts";

/**
 * Functions of one element that WebAssembly leaves to JavaScript: those of float64, which is for checking, and rare
 * ones. A program imports one function for all of them, which is told the primitive's number.
 */

const names = Object.keys(primitives) as PrimitiveName[];
const elements = names.map((name) => (primitives[name] as { element?: (...values: number[]) => number }).element);

/** What programs import as "host"."element". */
export const hostElement = (code: number, x: number, y: number): number => elements[code]!(x, y);

/** Imports the function; comes before the module's own functions. */
export const importHost = (module: Module) =>
  module.importFunction("host", "element", { code: "i32", x: "f64", y: "f64" }, "f64");

const calls = new WeakMap<Module, number>();

/** How often a module calls JavaScript, so far. */
export const hostCallsIn = (module: Module): number => calls.get(module) ?? 0;

/**
 * The element function of a primitive, called. Only the main thread can do that: the code of a kernel that needs it
 * contains the call itself, so that it is counted, and not a function that several kernels call.
 */
export function callHost(module: Module, primitive: string, x: Operand<"f64">, y: Operand<"f64"> = 0) {
  calls.set(module, hostCallsIn(module) + 1);
  return call(module.once(importHost), { code: names.indexOf(primitive as PrimitiveName), x, y });
}
