import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { compile, grad, losses, random, type Tensor, tensor } from "../../../src/index.ts";

interface Listed {
  shape: number[];
  data: number[];
}
interface Case {
  cutoffs: number[];
  options: object;
  state: Record<string, Listed>;
  features: Listed;
  labels: number[];
  terms: Listed;
  loss: number;
  gradients: Record<string, Listed>;
  logProbabilities: Listed;
  predicted: number[];
}

const cases: Case[] = JSON.parse(readFileSync("test/golden/adaptive-softmax.json", "utf8"));
const of = ({ shape, data }: Listed, requiresGrad = false) => tensor(data, { shape, dtype: "float64", requiresGrad });

function expectClose(found: Tensor, { shape, data }: Listed): void {
  expect(found.shape).toEqual(shape);
  for (const [i, v] of data.entries()) expect(found.data[i]).toBeCloseTo(v, 6);
}

describe("AdaptiveSoftmax agrees with PyTorch", () => {
  for (const c of cases) {
    test(JSON.stringify({ cutoffs: c.cutoffs, ...c.options }), () => {
      const model = new losses.AdaptiveSoftmax(16, 10, c.cutoffs, { ...c.options, reduction: "none" });
      expect(Object.keys(model.stateDict()).sort()).toEqual(Object.keys(c.state).sort());
      model.loadStateDict(Object.fromEntries(Object.entries(c.state).map(([name, t]) => [name, of(t)])));
      const features = of(c.features, true);
      const labels = tensor(c.labels, { dtype: "int32" });
      const terms = model.call(features, labels);
      expectClose(terms, c.terms);
      expect(terms.mean().item()).toBeCloseTo(c.loss, 6);
      const named = model.namedParameters();
      const weighted = terms.mul(tensor(c.labels.map((_, i) => (i + 1) / c.labels.length))).sum();
      const [byFeatures, ...others] = grad(weighted, [features, ...named.map(([, p]) => p)]);
      expectClose(byFeatures, c.gradients.features);
      for (const [i, [name]] of named.entries()) expectClose(others[i], c.gradients[name]);
      expectClose(model.logProbabilities(features), c.logProbabilities);
      expect([...model.predict(features).data]).toEqual(c.predicted);
    });
  }
});

test("AdaptiveSoftmax is negativeLogLikelihood of its log-probabilities, which compile", () => {
  const model = new losses.AdaptiveSoftmax(8, 9, [2, 5], { divValue: 2, generator: new random.Generator(3) });
  const x = new random.Generator(4).normal([5, 8]);
  const labels = tensor([8, 0, 4, 2, 1], { dtype: "int32" });
  const all = compile((rows: Tensor) => model.logProbabilities(rows));
  expect(all(x).exp().sum(1).sub(1).abs().max().item()).toBeLessThan(1e-6);
  expect(model.call(x, labels).item()).toBeCloseTo(losses.negativeLogLikelihood(all(x), labels).item(), 5);
  all.dispose();
});

test("AdaptiveSoftmax says what is wrong", () => {
  expect(() => new losses.AdaptiveSoftmax(8, 9, [5, 2])).toThrow(
    "AdaptiveSoftmax: cutoffs must be whole numbers that rise",
  );
  expect(() => new losses.AdaptiveSoftmax(8, 9, [2, 4], { divValue: 4 })).toThrow("lower divValue");
  expect(() => new losses.AdaptiveSoftmax(8, 9, [2], { div: 2 } as never)).toThrow('unknown option "div"');
  const model = new losses.AdaptiveSoftmax(8, 9, [2]);
  expect(() => model.call([[1, 2]], [0])).toThrow("AdaptiveSoftmax: features must be [n, 8], got [1, 2]");
  expect(() => model.call(tensor(new Array(8).fill(1)).reshape([1, 8]), [9])).toThrow(
    "AdaptiveSoftmax: labels[0] is 9",
  );
});
