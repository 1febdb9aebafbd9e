import { describe, expect, test } from "vitest";
import { random, tensor } from "../../../src/index.ts";
import * as losses from "../../../src/losses/index.ts";

// Losses that draw lots.

const scores = [0.4, -0.3, 1.1];
const relevance = [2, 0, 1];

describe("a generator's seed decides the draws, and the global one is used without it:", () => {
  const sampled = {
    yetiLogistic: losses.yetiLogistic,
    gumbelApproxNDCG: losses.gumbelApproxNDCG,
    coupledRankDistil: losses.coupledRankDistil,
    neuralSortNDCG: losses.neuralSortNDCG,
    neuralNDCG: losses.neuralNDCG,
  };
  for (const [name, loss] of Object.entries(sampled)) {
    test(name, () => {
      const run = (seed: number) =>
        loss(tensor(scores), tensor(relevance), { samples: 4, noise: 1, generator: new random.Generator(seed) }).item();
      expect(run(1)).toBe(run(1));
      expect(run(1)).not.toBe(run(2));
      random.manualSeed(1);
      expect(loss(tensor(scores), tensor(relevance), { samples: 4, noise: 1 }).item()).toBe(run(1));
    });
  }
});

/** All orders of three items with their chance under Plackett-Luce. */
function orders(s: readonly number[]): { order: number[]; chance: number }[] {
  const e = s.map(Math.exp);
  return [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ].map((order) => {
    const [a, b, c] = order.map((i) => e[i]);
    return { order, chance: (a / (a + b + c)) * (b / (b + c)) };
  });
}

test("perturbed by Gumbel noise, lists are drawn from the Plackett-Luce model: Coupled RankDistil is its cross-entropy", () => {
  const student = [0.9, 0.1, -0.5];
  const ours = orders(student);
  const expected = orders(scores).reduce((sum, { chance }, i) => sum - chance * Math.log(ours[i].chance), 0);
  const generator = new random.Generator("coupled");
  const found = losses.coupledRankDistil(student, scores, { samples: 40000, generator }).item();
  expect(Math.abs(found - expected)).toBeLessThan(0.02); // the standard error is below 0.004
});

test("Gumbel ApproxNDCG of sharp ranks is the expectation of 1 - NDCG over the drawn orders", () => {
  const gain = relevance.map((y) => 2 ** y - 1);
  const dcg = (order: readonly number[]) => order.reduce((sum, i, r) => sum + gain[i] / Math.log2(2 + r), 0);
  const expected = orders(scores).reduce(
    (sum, { order, chance }) => sum + chance * (1 - dcg(order) / dcg([0, 2, 1])),
    0,
  );
  const generator = new random.Generator("gumbel");
  const options = { samples: 40000, temperature: 1e-3, generator };
  expect(Math.abs(losses.gumbelApproxNDCG(scores, relevance, options).item() - expected)).toBeLessThan(0.01);
});

test("ties in random order meet every order, and the items that are not tied stay where they are", () => {
  const generator = new random.Generator("ties");
  const values = new Set<string>();
  for (let i = 0; i < 40; i++) {
    values.add(losses.listMLE([0.5, 1, -1], [1, 1, 2], { ties: "random", generator }).item().toFixed(5));
  }
  const likelihood = (order: number[]) =>
    -Math.log(orders([0.5, 1, -1]).find((o) => `${o.order}` === `${order}`)!.chance);
  expect([...values].sort()).toEqual([likelihood([2, 0, 1]), likelihood([2, 1, 0])].map((v) => v.toFixed(5)).sort());
});

test("without noise nothing is drawn", () => {
  const options = { noise: 0, samples: 3 };
  expect(losses.gumbelApproxNDCG(scores, relevance, options).item()).toBeCloseTo(
    losses.approxNDCG(scores, relevance).item(),
    6,
  );
});
