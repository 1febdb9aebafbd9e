import { type Compile, failure } from "./programs/check.ts";
import { generate } from "./programs/generate.ts";
import { format, type Program } from "./programs/program.ts";
import { shrink } from "./programs/shrink.ts";

export { primitiveNames } from "./programs/applications.ts";
export { type Compile, difference, failure, observe } from "./programs/check.ts";
export { generate } from "./programs/generate.ts";
export { withKernels, withNoise } from "./programs/noise.ts";
export { format, type Program } from "./programs/program.ts";
export { shrink } from "./programs/shrink.ts";

/** The seed of program number i of a run. */
export const seedOf = (run: string | number, i: number): string => `${run}-${i}`;

/** A failing program, made small, with what is wrong with it: text that can be read, and JSON that can be run again. */
export function report(program: Program, compile: Compile): string {
  const found = failure(program, compile);
  const kind = (text: string | null) => text?.startsWith("threw");
  const small = shrink(program, compile, 400, (text) => kind(text) === kind(found));
  // What depends on the contents of memory may be right by now.
  const still = failure(small, compile) ?? `now it agrees; the whole program: ${found}`;
  return `${format(small)}\n${still}\n${JSON.stringify(small)}`;
}

/** The failures among the programs `from`, ..., `until` - 1 of a run, at most `most` of them. */
export function failures(run: string | number, from: number, until: number, compile: Compile, most = 5): string[] {
  const found: string[] = [];
  for (let i = from; i < until && found.length < most; i++) {
    const program = generate(seedOf(run, i));
    if (failure(program, compile) !== null) found.push(report(program, compile));
  }
  return found;
}
