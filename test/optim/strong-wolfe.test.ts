import { expect, it } from "vitest";
import { strongWolfe } from "../../src/optim/strong-wolfe.ts";
import { loadGolden } from "../golden/load.ts";

const { searches } = loadGolden<{
  searches: { line: keyof typeof lines; first: number; most: number; tried: number[]; taken: number }[];
}>("optim");

/** Value and slope at t. */
const lines = {
  kink: (t: number) => {
    const f = Math.sqrt((t - 0.9) ** 2 + 1e-4);
    return [f, (t - 0.9) / f];
  },
  wall: (t: number) => [Math.exp(20 * (t - 1)) - t, 20 * Math.exp(20 * (t - 1)) - 1],
  basin: (t: number) => [-t / (t * t + 2), (t * t - 2) / (t * t + 2) ** 2],
  cliff: (t: number) => [(t + 0.004) ** 5 - 2 * (t + 0.004) ** 4, 5 * (t + 0.004) ** 4 - 8 * (t + 0.004) ** 3],
};

it("halves its bracket where a value has overflowed", () => {
  const tried: number[] = [];
  const evaluate = (t: number) => {
    tried.push(t);
    const [f, slope] = lines.wall(t);
    return { t, f, g: Float64Array.of(slope), slope };
  };
  const { point } = strongWolfe(evaluate, evaluate(0), 1000, 1, 1e-9, 25);
  expect(tried.slice(0, 3)).toEqual([0, 1000, 500]);
  expect(point.t).toBeGreaterThan(0.5);
  expect(point.t).toBeLessThan(1);
});

it.each(searches)("on the $line, first step $first of at most $most, tries PyTorch's steps", (c) => {
  const tried: number[] = [];
  const at = (t: number) => {
    const [f, slope] = lines[c.line](t);
    return { t, f, g: Float64Array.of(slope), slope };
  };
  const evaluate = (t: number) => {
    tried.push(t);
    return at(t);
  };
  const { point, evaluations } = strongWolfe(evaluate, at(0), c.first, 1, 1e-9, c.most);
  expect(evaluations).toBe(c.tried.length);
  [...c.tried, c.taken].forEach((t, i) => {
    expect(Math.abs([...tried, point.t][i] - t)).toBeLessThan(1e-7 * (1 + t));
  });
});
