import * as losses from "../../src/losses/index.ts";
import type { Entries } from "../entry.ts";
import { fractions, scores, targets } from "../inputs.ts";
import { other, positive, reduction, within } from "../options.ts";

const residual = { predictions: scores(["n"]), targets: targets(["n"]) };
const scaled = { scale: positive(1), reduction: reduction() };

export const robust: Entries = {
  cauchy: {
    title: "Cauchy loss (Lorentzian)",
    tasks: ["robust"],
    formula: String.raw`\log\Big(1 + \tfrac12 (r / c)^2\Big)`,
    use: "Outliers that should pull ever less the farther they are, without being forgotten.",
    avoid: "For a cold start far from the targets: the pull there is weak.",
    inputs: residual,
    options: scaled,
    variants: [{ scale: 0.4 }],
    sources: ["Black and Anandan 1996, The robust estimation of multiple motions, CVIU 63"],
    curves: {
      along: "residual",
      from: -8,
      to: 8,
      lines: {
        cauchy: (x) => losses.cauchy(x, 0),
        gemanMcClure: (x) => losses.gemanMcClure(x, 0),
        welsch: (x) => losses.welsch(x, 0),
        tukey: (x) => losses.tukey(x, 0),
      },
    },
  },

  gemanMcClure: {
    title: "Geman-McClure loss",
    tasks: ["robust"],
    formula: String.raw`\frac{2\,(r / c)^2}{(r / c)^2 + 4}`,
    use: "Outliers that should hardly pull at all.",
    avoid: "For a cold start far from the targets.",
    inputs: residual,
    options: scaled,
    variants: [{ scale: 0.4 }],
    sources: ["Geman and McClure 1985, Bayesian image analysis: an application to single photon emission tomography"],
  },

  welsch: {
    title: "Welsch loss (Leclerc)",
    tasks: ["robust"],
    formula: String.raw`1 - \exp\Big(-\tfrac12 (r / c)^2\Big)`,
    use: "Outliers that should not pull: the pull falls like a Gaussian.",
    avoid: "For a cold start: far residuals have no gradient left.",
    inputs: residual,
    options: scaled,
    variants: [{ scale: 0.4 }],
    sources: ["Dennis and Welsch 1978, Techniques for nonlinear least squares and robust regression"],
  },

  tukey: {
    title: "Tukey's biweight",
    tasks: ["robust"],
    formula: String.raw`\begin{cases} \frac{c^2}{6}\Big(1 - \big(1 - (r / c)^2\big)^3\Big) & |r| \le c \\ \frac{c^2}{6} & \text{else} \end{cases}`,
    use: "Outliers that should be dropped: beyond the scale there is no pull at all.",
    avoid: "Without a good start, or without targets scaled to unit deviation.",
    inputs: residual,
    options: { scale: positive(4.685), reduction: reduction() },
    variants: [{ scale: 1.3 }],
    points: [{ at: "beyond the scale", inputs: [[9], [0]], value: 4.685 ** 2 / 6, gradients: [[0], null] }],
    sources: ["Beaton and Tukey 1974, The fitting of power series, Technometrics 16"],
    libraries: { neuralforecast: "TukeyLoss falls with the residual inside the window: a sign is missing." },
  },

  generalRobust: {
    title: "General robust loss (Barron)",
    tasks: ["robust"],
    formula: String.raw`\frac{|\alpha - 2|}{\alpha} \left( \Big( \frac{(r / c)^2}{|\alpha - 2|} + 1 \Big)^{\alpha / 2} - 1 \right)`,
    use: "One knob from squared error (2) over Charbonnier (1), Cauchy (0), Geman-McClure (-2) to Welsch (-Infinity).",
    avoid: "With alpha above 2 when residuals of many scales occur: it grows like their power.",
    inputs: { predictions: scores(["n"], { extreme: 1e4 }), targets: targets(["n"]) },
    options: { alpha: other(1, "any number, or an infinity", Number.NaN, "1"), ...scaled },
    variants: [
      { alpha: 2 },
      { alpha: 0 },
      { alpha: -2, scale: 0.7 },
      { alpha: Number.NEGATIVE_INFINITY },
      { alpha: 3, scale: 2 },
    ],
    sources: ["Barron 2019, A general and adaptive robust loss function, arXiv:1701.03077"],
    curves: {
      along: "residual",
      from: -6,
      to: 6,
      lines: Object.fromEntries(
        [2, 1, 0, -2].map((alpha) => [`alpha ${alpha}`, (x) => losses.generalRobust(x, 0, { alpha })]),
      ),
    },
  },

  wing: {
    title: "Wing loss",
    tasks: ["regression", "detection"],
    formula: String.raw`\begin{cases} w \log(1 + |r| / \varepsilon) & |r| < w \\ |r| - C & \text{else} \end{cases}`,
    use: "Landmarks: small and medium errors should pull more than the few large ones.",
    avoid: "When targets are noisy: it insists on the last pixel.",
    inputs: residual,
    options: { width: positive(10), epsilon: positive(2), reduction: reduction() },
    variants: [{ width: 1, epsilon: 0.5 }],
    points: [{ at: "an exact fit", inputs: [[1], [1]], value: 0, gradients: [[0], null] }],
    sources: ["Feng et al. 2018, Wing loss for robust facial landmark localisation, arXiv:1711.06753"],
    libraries: { segmentation_models_pytorch: "defaults to width 5, epsilon 0.5." },
  },

  adaptiveWing: {
    title: "Adaptive wing loss",
    tasks: ["regression", "detection"],
    formula: String.raw`\begin{cases} \omega \log\big(1 + |r / \varepsilon|^{\alpha - y}\big) & |r| < \theta \\ A\,|r| - C & \text{else} \end{cases}`,
    use: "Heat maps of landmarks: sharp on the peaks, forgiving on the background.",
    avoid: "For targets outside [0, 1]; take wing.",
    inputs: { predictions: scores(["n"]), targets: fractions(["n"]) },
    options: {
      alpha: within(2.1, "> 1", 1, 0.5),
      omega: positive(14),
      epsilon: positive(1),
      theta: positive(0.5),
      reduction: reduction(),
    },
    variants: [{ alpha: 2.5, omega: 3, epsilon: 0.7, theta: 1.5 }],
    points: [{ at: "an exact fit", inputs: [[0.5], [0.5]], value: 0, gradients: [[0], null] }],
    sources: ["Wang, Bo and Fuxin 2019, Adaptive wing loss for robust face alignment, arXiv:1904.07399"],
  },

  balancedL1: {
    title: "Balanced L1",
    tasks: ["detection", "robust"],
    formula: String.raw`\begin{cases} \frac{\alpha}{b}(b|r| + 1)\log\big(\tfrac{b|r|}{\beta} + 1\big) - \alpha |r| & |r| < \beta \\ \gamma |r| + \frac{\gamma}{b} - \alpha\beta & \text{else} \end{cases}`,
    use: "Box regression in which accurate boxes should keep pulling their weight against bad ones.",
    avoid: "Outside detection, where huber has one parameter in place of three.",
    inputs: residual,
    options: { alpha: positive(0.5), gamma: positive(1.5), beta: positive(1), reduction: reduction() },
    variants: [{ alpha: 0.8, gamma: 1.2, beta: 0.6 }],
    points: [{ at: "an exact fit", inputs: [[1], [1]], value: 0, gradients: [[0], null] }],
    sources: ["Pang et al. 2019, Libra R-CNN, arXiv:1904.02701"],
  },

  reverseHuber: {
    title: "Reverse Huber loss (berHu)",
    tasks: ["regression"],
    formula: String.raw`\begin{cases} |r| & |r| \le c \\ \frac{r^2 + c^2}{2c} & \text{else} \end{cases}, \quad c = s \max |r|`,
    use: "Depth maps: small errors count as in the absolute error, large ones more.",
    avoid: "With outliers in the targets: they set the scale and pull hardest.",
    inputs: residual,
    options: { share: within(0.2, "in (0, 1]", 0, 1.1), reduction: reduction() },
    variants: [{ share: 0.6 }],
    points: [{ at: "an exact fit", inputs: [[1], [1]], value: 0, gradients: [[0], null] }],
    detaches: () => true,
    sources: ["Owen 2007, A robust hybrid of lasso and ridge regression", "Laina et al. 2016, arXiv:1606.00373"],
  },
};
