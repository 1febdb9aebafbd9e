import { ValueError } from "./errors.ts";

/**
 * Options over their defaults. A name that is not among the defaults throws, so that a misspelt option
 * is never ignored in silence; `undefined` means "not given".
 */
export function resolve<T extends object>(where: string, options: Partial<NoInfer<T>> | undefined, defaults: T): T {
  if (options === undefined) return defaults;
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new ValueError(where, `options must be an object with ${names(defaults)}, got ${String(options)}`);
  }
  const resolved = { ...defaults };
  for (const name of Object.keys(options) as (keyof T)[]) {
    if (!Object.hasOwn(defaults, name)) {
      throw new ValueError(where, `unknown option "${String(name)}"; it takes ${names(defaults)}`);
    }
    const value = options[name];
    if (value !== undefined) resolved[name] = value as T[keyof T];
  }
  return resolved;
}

const names = (defaults: object): string => Object.keys(defaults).join(", ") || "no options";

/** Throws unless `value` is one of the choices. */
export function expectOneOf<T>(where: string, name: string, value: T, choices: readonly T[]): void {
  if (!choices.includes(value)) {
    throw new ValueError(
      where,
      `${name} must be one of ${choices.map((c) => JSON.stringify(c)).join(", ")}, got ${JSON.stringify(value)}`,
    );
  }
}

/** Throws unless `value` is a number for which `holds` is true; `domain` says which those are ("> 0"). */
export function expectNumber(
  where: string,
  name: string,
  value: unknown,
  domain: string,
  holds: (value: number) => boolean,
): void {
  if (typeof value !== "number" || !holds(value)) {
    throw new ValueError(where, `${name} must be a number ${domain}, got ${String(value)}`);
  }
}

export const expectPositive = (where: string, name: string, value: unknown): void =>
  expectNumber(where, name, value, "> 0", (v) => v > 0);

export const expectNonNegative = (where: string, name: string, value: unknown): void =>
  expectNumber(where, name, value, ">= 0", (v) => v >= 0);

/** Throws unless `value` is a whole number of at least `least`. */
export const expectInteger = (where: string, name: string, value: unknown, least = 1): void =>
  expectNumber(where, name, value, `that is whole and >= ${least}`, (v) => Number.isInteger(v) && v >= least);
