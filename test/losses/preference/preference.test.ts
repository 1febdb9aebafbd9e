import { describe, expect, test } from "vitest";
import { grad, type Tensor, tensor } from "../../../src/index.ts";
import * as losses from "../../../src/losses/index.ts";

const leaf = (values: number[] | number[][]): Tensor => tensor(values, { dtype: "float64", requiresGrad: true });

describe("what a policy is compared with is a constant:", () => {
  const [a, b] = [leaf([-1, -2, -3]), leaf([-2, -1, -4])];
  const [c, d] = [leaf([-1.5, -2.5, -1]), leaf([-1, -3, -2])];
  const quartets = {
    directPreference: losses.directPreference,
    identityPreference: losses.identityPreference,
    hingePreference: losses.hingePreference,
    noiseContrastivePreference: losses.noiseContrastivePreference,
    binaryClassifierPreference: losses.binaryClassifierPreference,
    selfPlayPreference: losses.selfPlayPreference,
    exactPreference: losses.exactPreference,
    anchoredPreference: losses.anchoredPreference,
    transportPreference: losses.transportPreference,
    discoveredPreference: losses.discoveredPreference,
  };
  const calls: Record<string, [value: Tensor, learned: Tensor[], constant: Tensor[]]> = {
    ...Object.fromEntries(Object.entries(quartets).map(([name, loss]) => [name, [loss(a, b, c, d), [a, b], [c, d]]])),
    kahnemanTversky: [losses.kahnemanTversky(a, c, [1, 0, 1]), [a], [c]],
    clippedSurrogate: [losses.clippedSurrogate(a, c, d), [a], [c, d]],
    clippedValue: [losses.clippedValue(a, c, d), [a], [c, d]],
  };
  for (const [name, [value, learned, constant]] of Object.entries(calls)) {
    test(name, () => {
      const gradients = grad(value, [...learned, ...constant], { allowUnused: true });
      for (const [i, g] of gradients.entries()) expect(g.data.some((v) => v !== 0)).toBe(i < learned.length);
    });
  }
});

test("a policy that is its own old one learns from its advantages all the same", () => {
  const now = leaf([
    [-1, -2],
    [-3, -0.5],
  ]);
  for (const form of ["grpo", "bnpo", "drGRPO", "dapo", "gspo", "cispo", "sapo"] as const) {
    const [g] = grad(losses.groupRelativePolicy(now, now, [1, -1], { form }), [now]);
    for (const [i, v] of [-0.25, -0.25, 0.25, 0.25].entries()) expect(g.data[i]).toBeCloseTo(v, 12);
  }
  const flat = leaf([-1, -2]);
  const [g] = grad(losses.clippedSurrogate(flat, flat, [1, -3]), [flat]);
  expect([...g.data]).toEqual([-0.5, 1.5]);
});

test("the reward of binary classifier optimisation is measured from its shift, which is a constant", () => {
  const shift = leaf([0.2]);
  const policy = leaf([-1]);
  const value = losses.binaryClassifierPreference(policy, [-3], [-2], [-2], { beta: 0.5, shift });
  expect(value.item()).toBeCloseTo(Math.log1p(Math.exp(-0.3)) + Math.log1p(Math.exp(-0.7)), 12);
  expect([...grad(value, [shift], { allowUnused: true })[0].data]).toEqual([0]);
});

test("average log-probabilities above 0 are refused: they would be logits", () => {
  expect(() => losses.oddsRatioPreference([0.5], [-1])).toThrow(
    "oddsRatioPreference: chosen[0] is 0.5, but must be <= 0",
  );
});
