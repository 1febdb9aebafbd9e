import type { Entries } from "../entry.ts";
import { embeddings, labels } from "../inputs.ts";
import { flag, nonNegative, oneOf, positive, reduction } from "../options.ts";
import { axes, classCentres } from "./inputs.ts";

const withProxies = {
  embeddings: embeddings(["n", "d"]),
  proxies: classCentres("a proxy for each class"),
  labels: labels(["n"]),
};

export const proxies: Entries = {
  proxyNCA: {
    title: "Proxy-NCA, Proxy-NCA++",
    tasks: ["embedding"],
    formula: String.raw`-\log \frac{e^{-s\,d(x, p_y)}}{\sum_{c \ne y} e^{-s\,d(x, p_c)}},\quad d(x, p) = \left\|\tfrac{x}{\|x\|} - \tfrac{p}{\|p\|}\right\|^2`,
    use: "Retrieval from labels without pairs: a proxy stands for each class. Preset plusPlus trains better.",
    avoid: "With so many classes that their proxies do not fit, or classes seen once only.",
    inputs: withProxies,
    options: {
      preset: oneOf("paper", ["paper", "plusPlus", "pml"]),
      scale: positive(1),
      includePositive: flag(false),
      reduction: reduction(),
    },
    variants: [
      { preset: "plusPlus" },
      { preset: "pml", scale: 2 },
      { scale: 3, includePositive: true, reduction: "sum" },
    ],
    points: [
      { at: "on the proxy: -log(1 / e^-2)", inputs: [[[2, 0]], axes, [0]], value: -2 },
      {
        at: "on the proxy, which is in the denominator",
        inputs: [[[2, 0]], axes, [0]],
        options: { includePositive: true },
        value: Math.log1p(Math.exp(-2)),
      },
    ],
    sources: [
      "Movshovitz-Attias et al. 2017, No fuss distance metric learning using proxies, arXiv:1703.07464",
      "Teh et al. 2020, ProxyNCA++, arXiv:2004.01113",
    ],
    libraries: {
      "pytorch-metric-learning": "ProxyNCALoss has the own proxy in the denominator, against the paper: preset pml.",
    },
  },

  proxyAnchor: {
    title: "Proxy-Anchor",
    tasks: ["embedding"],
    formula: String.raw`\frac{1}{|P^+|}\sum_{p \in P^+} \log\Big(1 + \sum_{x \in X_p^+} e^{-\alpha(s(x,p) - \delta)}\Big) + \frac{1}{|P|}\sum_{p \in P} \log\Big(1 + \sum_{x \in X_p^-} e^{\alpha(s(x,p) + \delta)}\Big)`,
    use: "Retrieval from labels: fast like proxies, and the hardest samples of the batch count most.",
    avoid: "With batches much smaller than the number of classes: most proxies see negatives only.",
    inputs: withProxies,
    options: { margin: nonNegative(0.1), alpha: positive(32) },
    variants: [
      { margin: 0.3, alpha: 4 },
      { margin: 0, alpha: 2 },
    ],
    points: [
      {
        at: "one class, so that nothing is negative",
        inputs: [[[3, 0]], [[1, 0]], [0]],
        options: { margin: 0, alpha: 1 },
        value: Math.log1p(Math.exp(-1)),
      },
      {
        at: "a class without positives, which has a negative only",
        inputs: [[[3, 0]], axes, [0]],
        options: { margin: 0, alpha: 1 },
        value: Math.log1p(Math.exp(-1)) + Math.LN2 / 2,
      },
    ],
    sources: ["Kim et al. 2020, Proxy anchor loss for deep metric learning, arXiv:2003.13911"],
    libraries: { "pytorch-metric-learning": "ProxyAnchorLoss." },
  },
};
