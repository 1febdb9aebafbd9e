import * as losses from "../../src/losses/index.ts";
import type { Entries } from "../entry.ts";
import { scores, targets } from "../inputs.ts";
import { nonNegative, positive, reduction } from "../options.ts";

const residual = { predictions: scores(["n"]), targets: targets(["n"]) };

export const huber: Entries = {
  smoothL1: {
    title: "Smooth L1",
    tasks: ["regression", "robust", "detection"],
    formula: String.raw`\begin{cases} \frac{r^2}{2\beta} & |r| \le \beta \\ |r| - \frac{\beta}{2} & \text{else} \end{cases}`,
    use: "Box coordinates and other targets with outliers: like the absolute error, but smooth at the fit.",
    avoid: "When it should be quadratic at its scale whatever beta is; that is huber.",
    inputs: residual,
    options: { beta: nonNegative(1), reduction: reduction() },
    variants: [{ beta: 0.3 }, { beta: 0 }],
    points: [
      { at: "an exact fit, beta 0", inputs: [[1], [1]], options: { beta: 0 }, value: 0, gradients: [[0], null] },
    ],
    sources: ["Girshick 2015, Fast R-CNN, arXiv:1504.08083"],
    libraries: { MXNet: "its HuberLoss is this one, not huber." },
  },

  huber: {
    title: "Huber loss",
    tasks: ["regression", "robust", "forecasting"],
    formula: String.raw`\begin{cases} \frac12 r^2 & |r| \le \delta \\ \delta\,(|r| - \frac{\delta}{2}) & \text{else} \end{cases}`,
    use: "A number with some bad targets: squared error near the fit, bounded pull beyond delta.",
    avoid: "When far outliers should not pull at all; take tukey or cauchy.",
    inputs: residual,
    options: { delta: positive(1), reduction: reduction() },
    variants: [{ delta: 0.3 }],
    reference: (p: number[], t: number[], { delta }: { delta: number }) => {
      const integral = (r: number) => (r <= delta ? r ** 2 / 2 : delta ** 2 / 2 + delta * (r - delta)); // of the slope min(r, delta)
      return p.reduce((sum, v, i) => sum + integral(Math.abs(v - t[i])), 0) / p.length;
    },
    points: [{ at: "|r| = delta", inputs: [[1], [0]], value: 0.5, gradients: [[1], null] }],
    sources: ["Huber 1964, Robust estimation of a location parameter, Annals of Mathematical Statistics 35"],
    curves: {
      along: "residual",
      from: -4,
      to: 4,
      lines: {
        "delta 1": (x) => losses.huber(x, 0),
        "delta 2": (x) => losses.huber(x, 0, { delta: 2 }),
        pseudoHuber: (x) => losses.pseudoHuber(x, 0),
        logCosh: (x) => losses.logCosh(x, 0),
      },
    },
  },

  pseudoHuber: {
    title: "Pseudo-Huber loss (Charbonnier)",
    tasks: ["regression", "robust"],
    formula: String.raw`\delta^2 \left( \sqrt{1 + (r / \delta)^2} - 1 \right)`,
    use: "As huber, where all derivatives should exist: second-order methods, image restoration.",
    avoid: "When the pull should be exactly constant beyond delta.",
    inputs: residual,
    options: { delta: positive(1), reduction: reduction() },
    variants: [{ delta: 0.3 }],
    sources: [
      "Charbonnier et al. 1994, Two deterministic half-quadratic regularization algorithms for computed imaging, ICIP",
    ],
    libraries: { kornia: "charbonnier_loss is delta 1." },
  },

  logCosh: {
    title: "Log-cosh",
    tasks: ["regression", "robust"],
    formula: String.raw`\log \cosh (\hat y - y)`,
    use: "A smooth Huber loss without a parameter.",
    avoid: "When the scale of outliers is known; huber lets you set it.",
    inputs: residual,
    options: { reduction: reduction() },
    sources: ["Chen, Chen, He, Gao and Wang 2019, Log-cosh loss for variational autoencoders"],
    libraries: {
      "optax, Keras": "give 0 for errors below about 1e-4 in float32, where the formula they take cancels.",
    },
  },
};
