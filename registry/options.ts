// Options of losses: their default, their domain in words, and values outside it, which every loss must refuse.

export interface Option {
  /** undefined where the loss works it out, or where it must be given. */
  default: unknown;
  /** The domain, as a reader wants it: "> 0". */
  domain: string;
  /** Values that must be refused with an error that names loss and option. */
  wrong: readonly unknown[];
}

const option = (fallback: unknown, domain: string, wrong: readonly unknown[]): Option => ({
  default: fallback,
  domain,
  wrong,
});

export const positive = (fallback?: number): Option =>
  option(fallback, "> 0", [0, -1, Number.NaN, Number.POSITIVE_INFINITY, "1"]);
export const nonNegative = (fallback?: number): Option =>
  option(fallback, ">= 0", [-1, Number.NaN, Number.POSITIVE_INFINITY, "1"]);
export const finite = (fallback?: number): Option =>
  option(fallback, "any number", [Number.NaN, Number.POSITIVE_INFINITY, "1"]);
export const fraction = (fallback?: number): Option => option(fallback, "in [0, 1]", [-0.1, 1.1, Number.NaN]);
export const insideUnit = (fallback?: number): Option => option(fallback, "inside (0, 1)", [0, 1, Number.NaN]);
export const whole = (fallback?: number, least = 1): Option =>
  option(fallback, `whole, >= ${least}`, [least - 1, least + 0.5, Number.POSITIVE_INFINITY]);
export const flag = (fallback: boolean): Option => option(fallback, "true or false", [1, "yes"]);

/** A number in a range of its own, with values just outside it. It is finite unless the domain speaks of Infinity. */
export const within = (fallback: number | undefined, domain: string, ...wrong: number[]): Option =>
  option(fallback, domain, [...wrong, ...(domain.includes("Infinity") ? [] : infinities), Number.NaN, "1"]);

const infinities = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

export const oneOf = <T>(fallback: T | undefined, choices: readonly T[]): Option =>
  option(fallback, choices.map((c) => JSON.stringify(c)).join(", "), ["nonsense"]);

/** A tensor, a function, a list, ...: `domain` says which; `wrong` lists what must be refused. */
export const other = (fallback: unknown, domain: string, ...wrong: unknown[]): Option =>
  option(fallback, domain, wrong);

export const reduction = (fallback = "mean", more: readonly string[] = []): Option =>
  oneOf(fallback, ["none", "mean", "sum", ...more]);
