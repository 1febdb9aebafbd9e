import { ValueError } from "./errors.ts";

/**
 * Options over their defaults. A name that is not among the defaults throws, so that a misspelt option
 * is never ignored in silence, and so does anything but true or false for a default that is one of them;
 * `undefined` means "not given".
 */
export function resolve<T extends object>(where: string, options: Partial<NoInfer<T>> | undefined, defaults: T): T {
  if (options === undefined) return defaults;
  expectOptions(where, options, defaults);
  const resolved = { ...defaults };
  for (const name of Object.keys(options) as (keyof T)[]) {
    if (!Object.hasOwn(defaults, name)) {
      throw new ValueError(where, `unknown option "${String(name)}"; it takes ${names(defaults)}`);
    }
    const value = options[name];
    if (value === undefined) continue;
    if (typeof defaults[name] === "boolean") expectOneOf<unknown>(where, String(name), value, [true, false]);
    resolved[name] = value as T[keyof T];
  }
  return resolved;
}

/** The options of a function that takes none, whose last argument is checked all the same. */
export type NoOptions = Record<string, never>;

const names = (defaults: object): string => Object.keys(defaults).join(", ") || "no options";

/** Throws unless `options` is an object; `defaults` says what it may hold. */
export function expectOptions(where: string, options: unknown, defaults: object): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new ValueError(where, `options must be an object with ${names(defaults)}, got ${String(options)}`);
  }
}

/** Throws unless `value` is one of the choices. */
export function expectOneOf<T>(where: string, name: string, value: T, choices: readonly T[]): void {
  if (!choices.includes(value)) {
    throw new ValueError(
      where,
      `${name} must be one of ${choices.map((c) => JSON.stringify(c)).join(", ")}, got ${JSON.stringify(value)}`,
    );
  }
}

/** Throws unless `value` is a function; `name` is that of the argument. */
export function expectFunction(where: string, name: string, value: unknown): void {
  if (typeof value !== "function") throw new ValueError(where, `${name} must be a function, got ${String(value)}`);
}

/** Throws unless `value` is a number for which `holds` is true; `domain` says which those are ("> 0"). */
export function expectNumber(
  where: string,
  name: string,
  value: unknown,
  domain = "",
  holds: (value: number) => boolean = () => true,
): void {
  if (typeof value !== "number" || !holds(value)) {
    throw new ValueError(where, `${name} must be a number${domain && ` ${domain}`}, got ${String(value)}`);
  }
}

const finite = (domain: string, value: unknown): string => (value === Infinity ? `${domain} and finite` : domain);

/** Throws unless `value` is a finite number > 0. */
export const expectPositive = (where: string, name: string, value: unknown): void =>
  expectNumber(where, name, value, finite("> 0", value), (v) => v > 0 && v < Infinity);

/** Throws unless `value` is a finite number >= 0. */
export const expectNonNegative = (where: string, name: string, value: unknown): void =>
  expectNumber(where, name, value, finite(">= 0", value), (v) => v >= 0 && v < Infinity);

/** Throws unless `value` is a whole number of at least `least`. */
export const expectInteger = (where: string, name: string, value: unknown, least = 1): void =>
  expectNumber(where, name, value, `that is whole and >= ${least}`, (v) => Number.isInteger(v) && v >= least);

/** A whole number or a list of them, as a list. Throws unless each is at least `least`. */
export function integerList(where: string, name: string, value: number | readonly number[], least = 1): number[] {
  if (typeof value !== "number" && !Array.isArray(value)) {
    throw new ValueError(where, `${name} must be a whole number or a list of them, got ${String(value)}`);
  }
  const list = typeof value === "number" ? [value] : [...value];
  for (const entry of list) expectInteger(where, name, entry, least);
  return list;
}
