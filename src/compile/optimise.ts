import { mergeCommonSubexpressions } from "./passes/common-subexpressions.ts";
import { foldConstants } from "./passes/constants.ts";
import { eliminateDeadCode } from "./passes/dead-code.ts";
import { shareExponentials } from "./passes/shared-exponentials.ts";
import { simplify } from "./passes/simplify.ts";
import type { Step } from "./step.ts";

/** A function from step to step that does not change what the step computes. */
export type Pass = (step: Step) => Step;

/** The passes over a traced step. */
export const passes = {
  eliminateDeadCode,
  simplify,
  foldConstants,
  mergeCommonSubexpressions,
  shareExponentials,
} satisfies Record<string, Pass>;

export type PassName = keyof typeof passes;

/** The order they run in. What one pass uncovers is often work for another, so most run twice. */
const order: readonly PassName[] = [
  "eliminateDeadCode",
  ...(["simplify", "foldConstants", "mergeCommonSubexpressions"] as const),
  "shareExponentials",
  ...(["simplify", "foldConstants", "mergeCommonSubexpressions"] as const),
  "eliminateDeadCode",
];

/** The step after all passes but those that `without` names. `after` sees each result. */
export function optimise(
  step: Step,
  without: readonly PassName[] = [],
  after: (name: PassName, step: Step) => void = () => {},
): Step {
  let now = step;
  for (const name of order) {
    if (without.includes(name)) continue;
    now = passes[name](now);
    after(name, now);
  }
  return now;
}
