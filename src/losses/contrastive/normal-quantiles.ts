import { erfc } from "../../autograd/special.ts";

const known = new Map<number, readonly number[]>();

/**
 * The quantiles of the standard normal distribution at i / (n + 1), i = 1, ..., n, by bisection of its distribution
 * function.
 */
export function normalQuantiles(n: number): readonly number[] {
  let found = known.get(n);
  if (found === undefined) {
    found = Array.from({ length: n }, (_, i) => quantile((i + 1) / (n + 1)));
    known.set(n, found);
  }
  return found;
}

function quantile(p: number): number {
  if (p > 0.5) return -quantile(1 - p);
  let [low, high] = [-40, 0];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (erfc(-middle / Math.SQRT2) / 2 < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
