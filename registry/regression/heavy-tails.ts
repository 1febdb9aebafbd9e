import * as losses from "../../src/losses/index.ts";
import type { Entries } from "../entry.ts";
import { positives, scores, targets } from "../inputs.ts";
import { flag, reduction } from "../options.ts";

export const heavyTails: Entries = {
  laplaceNLL: {
    title: "Laplace negative log-likelihood",
    tasks: ["uncertainty", "robust", "regression"],
    formula: String.raw`\log(2 b) + \frac{\lvert t - \mu \rvert}{b}`,
    use: "To predict a median and a scale from data with outliers: the absolute error with a scale that is learned.",
    avoid: "When errors are nearly normal; gaussianNLL uses them better.",
    inputs: {
      location: scores(["n"]),
      targets: targets(["n"]),
      scale: positives(["n"], { what: "above 0 (its logarithm with logScale)" }),
    },
    options: { logScale: flag(false), reduction: reduction() },
    variants: [{ logScale: true, reduction: "sum" }],
    points: [
      {
        at: "an exact prediction",
        inputs: [[1], [1], [0.5]],
        value: 0,
        gradients: [[0], null, [2]],
      },
    ],
    sources: ["Laplace 1774", "Kotz et al. 2001, The Laplace Distribution and Generalizations"],
    libraries: { PyTorch: "torch.distributions.Laplace has the same density; there is no loss of it." },
    curves: {
      along: "residual",
      from: -5,
      to: 5,
      lines: {
        laplaceNLL: (x) => losses.laplaceNLL(x, 0, 1),
        "studentTNLL, 3 degrees": (x) => losses.studentTNLL(x, 0, 1, 3),
        "gaussianNLL, full": (x) => losses.gaussianNLL(x, 0, 1, { full: true }),
      },
    },
  },

  studentTNLL: {
    title: "Student t negative log-likelihood",
    tasks: ["uncertainty", "robust", "regression", "forecasting"],
    formula: String.raw`\frac{\nu + 1}{2} \log \left( 1 + \frac{z^2}{\nu} \right) + \log s + \frac{1}{2} \log(\nu \pi) + \log \frac{\Gamma(\nu / 2)}{\Gamma((\nu + 1) / 2)}`,
    use: "For predicted distributions with outliers: a far target pulls less the farther it is. The tail can be learned.",
    avoid: "When no outliers are expected; gaussianNLL is convex in the mean, this is not.",
    inputs: {
      location: scores(["n"]),
      targets: targets(["n"]),
      scale: positives(["n"]),
      degreesOfFreedom: positives(["n"], { seed: "degrees" }),
    },
    options: { reduction: reduction() },
    variants: [{ reduction: "sum" }],
    points: [
      {
        at: "one degree of freedom, Cauchy's distribution",
        inputs: [[0], [1], [1], [1]],
        value: Math.log(2 * Math.PI),
        gradients: [[-1], null, [0], null],
      },
    ],
    sources: [
      "Student 1908, The probable error of a mean",
      "Lange et al. 1989, Robust statistical modeling using the t distribution, JASA 84",
    ],
    libraries: { PyTorch: "torch.distributions.StudentT has the same density; there is no loss of it." },
  },
};
