import { describe, expect, test } from "vitest";
import { random, type Tensor, type TensorLike, tensor } from "../../../src/index.ts";
import {
  acceleratedFailureTime,
  betaNLL,
  binaryCrossEntropyWithLogits,
  binomialNLL,
  coxPartialLikelihood,
  crpsEnsemble,
  crpsGaussian,
  crpsLaplace,
  crpsLogistic,
  discreteTimeHazard,
  energyScore,
  evidentialRegression,
  exponentialNLL,
  gammaNLL,
  gaussianMixtureNLL,
  gaussianNLL,
  intervalScore,
  laplaceNLL,
  logNormalNLL,
  meanAbsoluteError,
  mixtureNLL,
  multivariateGaussianNLL,
  negativeBinomialNLL,
  poissonNLL,
  studentTNLL,
  tweedie,
  vonMisesNLL,
  weibullNLL,
} from "../../../src/losses/index.ts";
import { close, gradientAt, values } from "../compare.ts";

const generator = new random.Generator("likelihood");
const normal = (...shape: number[]) => generator.normal(shape, { dtype: "float64" });
const positive = (...shape: number[]) => generator.uniform(shape, { low: 0.3, high: 3, dtype: "float64" });
const exact = (v: TensorLike) => tensor(v, { dtype: "float64" });
const none = { reduction: "none" } as const;
const [x, t, s] = [normal(6), normal(6), positive(6)];
const events = exact([1, 0, 1, 1, 0, 1]);

const expectSame = (a: Tensor, b: Tensor, digits = 10) => close(a, values(b), digits);

describe("likelihoods in each other's terms", () => {
  test("beta-NLL with beta 0 is the Gaussian one", () => {
    expectSame(betaNLL(x, t, s, { beta: 0, ...none }), gaussianNLL(x, t, s, none));
  });

  test("beta-NLL with beta 1 gives the mean the gradient of half the squared error", () => {
    const g = gradientAt(x, (m) => betaNLL(m, t, s, { beta: 1, reduction: "sum" }));
    expectSame(g, x.sub(t));
  });

  test("a variance and its logarithm say the same", () => {
    expectSame(gaussianNLL(x, t, s.log(), { logVariance: true }), gaussianNLL(x, t, s));
    expectSame(laplaceNLL(x, t, s.log(), { logScale: true }), laplaceNLL(x, t, s));
  });

  test("a diagonal factor makes the multivariate density a product", () => {
    const [m, y, v] = [normal(3, 2), normal(3, 2), positive(3, 2)];
    const factor = v.unsqueeze(2).mul([
      [1, 0],
      [0, 1],
    ]);
    const parts = gaussianNLL(m, y, v.square(), { full: true, ...none }).sum(1);
    expectSame(multivariateGaussianNLL(m, y, factor, { full: true, ...none }), parts);
  });

  test("what lies above the diagonal of a factor is not read", () => {
    const lower = exact([
      [
        [1, 0],
        [0.5, 2],
      ],
    ]);
    const more = lower.add([
      [0, 7],
      [0, 0],
    ]);
    expectSame(
      multivariateGaussianNLL([[0, 0]], [[1, 1]], more),
      multivariateGaussianNLL([[0, 0]], [[1, 1]], lower),
      6,
    );
  });

  test("many degrees of freedom make Student's t normal", () => {
    expectSame(studentTNLL(x, t, s, 1e8, none), gaussianNLL(x, t, s.square(), { full: true, ...none }), 6);
  });

  test("without its penalty, evidential regression is Student's t", () => {
    const [nu, alpha, beta] = [positive(6), positive(6), positive(6)];
    const scale = beta.mul(nu.add(1)).div(nu.mul(alpha)).sqrt();
    expectSame(
      evidentialRegression(x, t, nu, alpha, beta, { coefficient: 0, ...none }),
      studentTNLL(x, t, scale, alpha.mul(2), none),
    );
  });

  test("a small dispersion makes the negative binomial distribution Poisson's", () => {
    const [m, k] = [positive(6), exact([0, 1, 2, 3, 5, 8])];
    const factorials = k.add(1).lgamma();
    const poisson = poissonNLL(m.log(), k, none).add(factorials);
    expectSame(negativeBinomialNLL(m, k, 1e-9, none), poisson, 6);
    expectSame(negativeBinomialNLL(m.to("float32"), k, 1e-6, none), poisson, 4);
  });

  test("a mean, its logarithm and logits say the same of counts", () => {
    const [m, k] = [positive(6), exact([0, 1, 2, 3, 5, 8])];
    const expected = negativeBinomialNLL(m, k, s, none);
    expectSame(negativeBinomialNLL(m.log(), k, s, { input: "logMean", ...none }), expected);
    expectSame(negativeBinomialNLL(m.mul(s).log(), k, s, { input: "logits", ...none }), expected);
  });

  test("one trial is binary cross-entropy", () => {
    expectSame(binomialNLL(x, events, 1, none), binaryCrossEntropyWithLogits(x, events, none));
    expectSame(binomialNLL(x, events, 1, { full: true, ...none }), binaryCrossEntropyWithLogits(x, events, none));
  });

  test("shape 1 makes gamma and Weibull exponential", () => {
    const y = positive(6);
    const expected = exponentialNLL(s.log().neg(), y, none);
    expectSame(gammaNLL(s, y, 1, none), expected);
    expectSame(weibullNLL(s, y, 1, none), expected);
  });

  test("Tweedie's deviance is 0 at an exact fit and positive elsewhere", () => {
    const y = positive(6);
    close(tweedie(y.log(), y, { deviance: true, ...none }), new Array(6).fill(0), 10);
    expect(tweedie(y.log().add(0.1), y, { deviance: true }).item()).toBeGreaterThan(0);
  });

  test("a mixture of normal distributions is one of any, and that of one component the component", () => {
    const [means, variances, logits] = [normal(6, 3), positive(6, 3), normal(6, 3)];
    const each = gaussianNLL(means, t.unsqueeze(1).broadcastTo([6, 3]), variances, { full: true, ...none });
    expectSame(gaussianMixtureNLL(means, t, variances, logits, none), mixtureNLL(each, logits, none));
    expectSame(mixtureNLL(each.slice([null, { stop: 1 }]), normal(6, 1), none), each.slice([null, 0]));
  });

  test("a mixture of Poisson distributions has the mean of their probabilities", () => {
    const [logRates, logits] = [normal(6, 3), normal(6, 3)];
    const k = exact([0, 1, 2, 3, 5, 8]).unsqueeze(1).broadcastTo([6, 3]);
    const each = poissonNLL(logRates, k, none).add(k.add(1).lgamma());
    const probability = each.neg().exp().mul(logits.softmax(1)).sum(1);
    expectSame(mixtureNLL(each, logits, none), probability.log().neg());
  });

  test("a high concentration makes angles normal", () => {
    const near = x.mul(1e-3);
    expectSame(
      vonMisesNLL(near, x.mul(0), 1e8, none),
      gaussianNLL(near, x.mul(0), 1e-8, { full: true, eps: 1e-9, ...none }),
      3,
    );
  });

  test("the density of von Mises's distribution integrates to 1 on both sides of where its series changes", () => {
    const steps = 4000;
    const angles = exact(Array.from({ length: steps }, (_, i) => (2 * Math.PI * i) / steps));
    for (const k of [0, 0.3, 5, 39.9, 40.1, 300]) {
      const density = vonMisesNLL(angles, angles.mul(0), k, none).neg().exp();
      expect(density.mean().item() * 2 * Math.PI, `concentration ${k}`).toBeCloseTo(1, 12);
    }
  });
});

describe("scores", () => {
  test("a distribution without spread has the absolute error as its CRPS", () => {
    const distance = meanAbsoluteError(x, t, none);
    for (const score of [crpsGaussian, crpsLogistic, crpsLaplace]) expectSame(score(x, t, 1e-12, none), distance);
    expectSame(crpsEnsemble(x.unsqueeze(1), t, none), distance);
  });

  test("a large ensemble drawn from a normal distribution scores as it does", () => {
    const members = new random.Generator("members").normal([1, 20000], { mean: 1, std: 2, dtype: "float64" });
    expect(crpsEnsemble(members, [2]).item()).toBeCloseTo(crpsGaussian([1], [2], 2).item(), 1);
  });

  test("the energy score of numbers is the CRPS of their ensemble", () => {
    const members = normal(4, 5);
    for (const fair of [false, true]) {
      expectSame(
        energyScore(members.unsqueeze(2), members.slice([null, { stop: 1 }]).mul(2), { fair, ...none }),
        crpsEnsemble(members, members.slice([null, 0]).mul(2), { fair, ...none }),
      );
    }
  });

  test("the order of members and samples is nothing to them", () => {
    const members = normal(2, 4, 3);
    const y = normal(2, 3);
    expectSame(
      energyScore(members.flip(1), y, { beta: 0.7, ...none }),
      energyScore(members, y, { beta: 0.7, ...none }),
    );
    expectSame(
      crpsEnsemble(members.flip(2), normal(2, 4).mul(0), none),
      crpsEnsemble(members, normal(2, 4).mul(0), none),
    );
  });

  test("a fair score needs two members", () => {
    expect(() => crpsEnsemble([[1]], [1], { fair: true })).toThrow(
      "crpsEnsemble: members are 1; a fair score needs two",
    );
  });

  test("an interval that holds its target costs its width", () => {
    close(intervalScore([0, 0], [2, 2], [1, 3], none), [2, 22]);
  });
});

describe("survival", () => {
  test("a common offset of the log-hazards changes nothing", () => {
    const times = exact([1, 2, 2, 3, 2, 1]);
    for (const ties of ["efron", "breslow"] as const) {
      const options = { ties, ...none };
      expectSame(
        coxPartialLikelihood(x.add(7), times, events, options),
        coxPartialLikelihood(x, times, events, options),
      );
    }
  });

  test("without ties Efron and Breslow agree, and the last event costs nothing", () => {
    const times = exact([1, 2, 3, 4, 5, 6]);
    const found = coxPartialLikelihood(x, times, events, none);
    expectSame(found, coxPartialLikelihood(x, times, events, { ties: "breslow", ...none }));
    expect(found.data[5]).toBeCloseTo(0, 12);
    expect(found.data[1]).toBe(0);
  });

  test("the order of samples is nothing to Efron's sum", () => {
    const times = exact([1, 2, 2, 3, 2, 1]);
    const all = exact([1, 1, 1, 1, 1, 1]);
    expect(coxPartialLikelihood(x.flip(0), times.flip(0), all).item()).toBeCloseTo(
      coxPartialLikelihood(x, times, all).item(),
      10,
    );
  });

  test("events alone make a failure time model the likelihood of its distribution", () => {
    const [times, all] = [positive(6), exact([1, 1, 1, 1, 1, 1])];
    expectSame(acceleratedFailureTime(x, times, all, s, none), logNormalNLL(x, times, s, none));
    expectSame(
      acceleratedFailureTime(x, times, all, s, { distribution: "extreme", ...none }),
      weibullNLL(x.exp(), times, s.reciprocal(), none),
    );
  });

  test("a time censored far in the tail keeps value and gradient", () => {
    const g = gradientAt([-30], (m) => acceleratedFailureTime(m, [1], [0], 1));
    expect(acceleratedFailureTime([-30], [1], [0], 1).item()).toBeCloseTo(454.321, 2); // -scipy.stats.norm.logsf(30)
    expect(values(g)[0]).toBeCloseTo(-30.033, 2);
  });

  test("hazards before the interval are survived, those after it do not count", () => {
    const logits = exact([[1, -1, 2, 50]]);
    const interval = tensor([2], { dtype: "int32" });
    const before = logits.softplus().data;
    expect(discreteTimeHazard(logits, interval, [1]).item()).toBeCloseTo(before[0] + before[1] + before[2] - 2, 10);
    expect(discreteTimeHazard(logits, interval, [0]).item()).toBeCloseTo(before[0] + before[1] + before[2], 10);
  });
});
