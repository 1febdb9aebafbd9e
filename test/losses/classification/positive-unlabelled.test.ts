import { expect, test } from "vitest";
import { losses, random, type Tensor, tensor } from "../../../src/index.ts";
import { close, gradientAt, values } from "../compare.ts";

const scores = new random.Generator("unlabelled").normal([6], { dtype: "float64" });
const targets = tensor([1, 0, 1, 0, 0, 1]);

test("while the risk of the negatives is positive, it is the unbiased risk in value and gradient", () => {
  const options = { prior: 0.2 };
  const unbiased = (x: Tensor) => losses.positiveUnlabelled(x, targets, { ...options, nonNegative: false });
  const loss = (x: Tensor) => losses.positiveUnlabelled(x, targets, options);
  close(loss(scores), values(unbiased(scores)), 12);
  close(gradientAt(scores, loss), values(gradientAt(scores, unbiased)), 12);
});

test("a risk of the negatives below 0 counts as 0, and its gradient is turned about", () => {
  const x = tensor([3, -4, 2, -5, -3, 4], { dtype: "float64" }); // positives score high, the unlabelled low
  const options = { prior: 0.9 };
  const positives = [3, 2, 4].map((v) => 1 / (1 + Math.exp(v))).reduce((a, b) => a + b) / 3;
  expect(losses.positiveUnlabelled(x, targets, options).item()).toBeCloseTo(0.9 * positives, 12);
  const gradient = values(gradientAt(x, (t) => losses.positiveUnlabelled(t, targets, options)));
  for (const [i, g] of gradient.entries()) expect(Math.sign(g)).toBe(i === 0 || i === 2 || i === 5 ? 1 : -1);
  const half = gradientAt(x, (t) => losses.positiveUnlabelled(t, targets, { ...options, gamma: 0.5 }));
  close(
    half,
    gradient.map((g) => g / 2),
    12,
  );
});

test("the prior must be given", () => {
  expect(() => losses.positiveUnlabelled(scores, targets, {} as { prior: number })).toThrow(
    "positiveUnlabelled: prior must be a number inside (0, 1)",
  );
});
