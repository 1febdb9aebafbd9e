import { CompileError } from "../tensor/errors.ts";
import { tracing } from "../tensor/tracing.ts";

/** Throws a CompileError while a function is compiled: what happens then would happen once, and at no later call. */
export function expectOutside(where: string, message: string): void {
  if (tracing.tracer !== null) throw new CompileError(where, message);
}

/** Of learning rates. */
export const outsideOnly =
  "a compiled function reads the learning rate at each call, but cannot change it; do so outside, between calls";
