import { describe, expect, test } from "vitest";
import { grad, random, type Tensor, type TensorLike, tensor } from "../../../src/index.ts";
import {
  bhattacharyya,
  centeredKernelAlignment,
  decoupledKnowledgeDistillation,
  generalizedJensenShannon,
  generalizedKL,
  hellinger,
  jensenShannon,
  klDivergence,
  knowledgeDistillation,
  marginMSE,
  maximumMeanDiscrepancy,
  multiwayJensenShannon,
  rankingDistillation,
  renyi,
  sinkhornDivergence,
  skewedKL,
  slicedWasserstein,
  symmetricKL,
  totalVariation,
  wasserstein1D,
} from "../../../src/losses/index.ts";
import { close, values } from "../compare.ts";

const generator = new random.Generator("divergence");
const normal = (...shape: number[]) => generator.normal(shape, { dtype: "float64" });
const [logq, logp] = [normal(5, 4).logSoftmax(1), normal(5, 4).logSoftmax(1)];
const [q, p] = [logq.exp(), logp.exp()];
const none = { reduction: "none" } as const;
const expectSame = (a: Tensor, b: Tensor, digits = 10) => close(a, values(b), digits);

describe("divergences in each other's terms", () => {
  test("of distributions the generalised divergence is Kullback and Leibler's", () => {
    expectSame(generalizedKL(logq, p), klDivergence(logq, p));
  });

  test("the symmetric divergence adds both directions", () => {
    expectSame(symmetricKL(logq, p), klDivergence(logq, p).add(klDivergence(logq, p, { reverse: true })));
    expectSame(symmetricKL(logq, p, none), symmetricKL(logp, q, none));
  });

  test("Jensen and Shannon's is symmetric, at most log 2, and the two-way case of several", () => {
    expectSame(jensenShannon(logq, p, none), jensenShannon(logp, q, none));
    const both = tensor([logq.toArray(), logp.toArray()] as TensorLike, { dtype: "float64" });
    expectSame(multiwayJensenShannon(both, none), jensenShannon(logq, p, none));
    expect(jensenShannon([0, Number.NEGATIVE_INFINITY], [0, 1]).item()).toBeCloseTo(Math.LN2, 6);
  });

  test("the generalised one is Jensen and Shannon's inside, and Kullback and Leibler's at its ends", () => {
    expectSame(generalizedJensenShannon(logq, p), jensenShannon(logq, p));
    expectSame(generalizedJensenShannon(logq, p, { beta: 0 }), klDivergence(logq, p));
    expectSame(generalizedJensenShannon(logq, p, { beta: 1 }), klDivergence(logq, p, { reverse: true }));
  });

  test("skewed by little it is Kullback and Leibler's", () => {
    expectSame(skewedKL(logq, p, { alpha: 1e-9 }), klDivergence(logq, p), 6);
    expectSame(skewedKL(logq, p, { alpha: 1e-9, reverse: true }), klDivergence(logq, p, { reverse: true }), 6);
  });

  test("Rényi's is twice Bhattacharyya's at order 1/2, and tends to Kullback and Leibler's at 1", () => {
    expectSame(renyi(logq, p), bhattacharyya(logq, p).mul(2));
    expectSame(renyi(logq, p, { alpha: 1 }), klDivergence(logq, p));
    expectSame(renyi(logq, p, { alpha: 1 + 1e-7 }), klDivergence(logq, p), 5);
  });

  test("squared Hellinger's, total variation and Hellinger's times sqrt 2 are in this order", () => {
    const [h2, tv, h] = [
      hellinger(logq, p, { squared: true, ...none }),
      totalVariation(logq, p, none),
      hellinger(logq, p, none),
    ];
    for (let i = 0; i < 5; i++) {
      expect(h2.data[i]).toBeLessThanOrEqual(tv.data[i]);
      expect(tv.data[i]).toBeLessThanOrEqual(h.data[i] * Math.SQRT2);
    }
  });
});

describe("distillation", () => {
  const [student, teacher] = [normal(5, 4), normal(5, 4)];
  const labels = tensor([0, 3, 2, 1, 1], { dtype: "int32" });

  test("gives the teacher no gradient", () => {
    const t = tensor(teacher, { requiresGrad: true });
    expect(knowledgeDistillation(student, t).requiresGrad).toBe(false);
  });

  test("Hinton's is the decoupled one with the teacher's doubt as the weight of the other classes", () => {
    const options = { temperature: 2, ...none };
    const decided = decoupledKnowledgeDistillation(student, teacher, labels, { alpha: 1, beta: 0, ...options });
    const among = decoupledKnowledgeDistillation(student, teacher, labels, { alpha: 0, beta: 1, ...options });
    const sure = teacher.div(2).softmax(1).gather(1, labels.unsqueeze(1)).squeeze(1);
    const whole = knowledgeDistillation(student, teacher, options);
    expectSame(decided.add(among.mul(sure.neg().add(1))), whole);
  });

  test("of two classes the decoupled one has nothing among the others", () => {
    const [s, t] = [normal(3, 2), normal(3, 2)];
    const y = tensor([0, 1, 1], { dtype: "int32" });
    expectSame(decoupledKnowledgeDistillation(s, t, y), knowledgeDistillation(s, t));
  });

  test("of a ranking is that of classes at temperature 1", () => {
    expectSame(rankingDistillation(student, teacher), knowledgeDistillation(student, teacher, { temperature: 1 }));
  });

  test("at a high temperature it is half the squared difference of centred logits over the classes", () => {
    const r = student.sub(teacher);
    const centred = r.sub(r.mean(1, { keepDims: true }));
    const hot = knowledgeDistillation(student, teacher, { temperature: 1e4, ...none });
    expectSame(hot, centred.square().mean(1).div(2), 3);
  });

  test("margins do not see an offset of the teacher's scores", () => {
    const [a, b, c, d] = [normal(5), normal(5), normal(5), normal(5)];
    expectSame(marginMSE(a, b, c.add(100), d.add(100)), marginMSE(a, b, c, d), 9);
  });

  test("names the score that does not fit", () => {
    expect(() => marginMSE([1, 2], [1], [1, 2], [1])).toThrow(
      "marginMSE: studentNegative must have shape [2], got [1]",
    );
  });
});

describe("sets of samples", () => {
  const [x, y] = [normal(6, 3), normal(6, 3).add(1)];

  test("are as far apart in one dimension as sorted", () => {
    expect(wasserstein1D([3, 1, 2], [12, 13, 11]).item()).toBe(10);
  });

  test("sliced along the axis of a line are what they are on it", () => {
    const [a, b] = [normal(7, 1), normal(7, 1)];
    const expected = wasserstein1D(a.flatten(), b.flatten(), { p: 2 });
    expectSame(slicedWasserstein(a, b, { projections: 3 }), expected, 6);
  });

  test("draw their directions from the generator", () => {
    const sliced = (seed: string) => slicedWasserstein(x, y, { generator: new random.Generator(seed) }).item();
    expect(sliced("a")).toBe(sliced("a"));
    expect(sliced("a")).not.toBe(sliced("b"));
  });

  test("are compared with the right gradient once Sinkhorn's updates have converged", () => {
    const options = { epsilon: 1, iterations: 300 };
    const leaf = tensor(x, { requiresGrad: true });
    const [g] = grad(sinkhornDivergence(leaf, y, options), [leaf]);
    const step = 1e-5;
    for (const i of [0, 7, 17]) {
      const at = (d: number) => {
        const data = Array.from(x.data);
        data[i] += d;
        return sinkhornDivergence(tensor(data, { dtype: "float64", shape: [6, 3] }), y, options).item();
      };
      expect(g.data[i]).toBeCloseTo((at(step) - at(-step)) / (2 * step), 6);
    }
  });

  test("with a large epsilon or equal samples have Sinkhorn divergences of mean and of nothing", () => {
    const means = x.mean(0).sub(y.mean(0)).square().sum().mul(0.5);
    expectSame(sinkhornDivergence(x, y, { epsilon: 1e6 }), means, 3);
    expect(sinkhornDivergence(x, x).item()).toBeCloseTo(0, 9);
  });

  test("have a discrepancy of 0 from themselves, whatever the kernel", () => {
    expect(maximumMeanDiscrepancy(x, x, { bandwidth: [0.1, 1, 10] }).item()).toBeCloseTo(0, 12);
    expect(maximumMeanDiscrepancy(x, y).item()).toBeGreaterThan(0.01);
  });

  test("are aligned when one is the other turned, scaled and moved", () => {
    const turned = x
      .matmul(
        tensor(
          [
            [0, 2, 0],
            [-2, 0, 0],
            [0, 0, 2],
          ],
          { dtype: "float64" },
        ),
      )
      .add(5);
    expect(centeredKernelAlignment(turned, x).item()).toBeCloseTo(0, 12);
    expect(centeredKernelAlignment(x, y).item()).toBeGreaterThan(0);
  });
});
