import { stack, type Tensor } from "../../src/index.ts";
import * as losses from "../../src/losses/index.ts";
import type { Entries } from "../entry.ts";
import { finite, nonNegative, oneOf, other, positive, reduction, within } from "../options.ts";
import { axes, withCentres } from "./inputs.ts";

const radians = (fallback: number) => within(fallback, "radians in [0, pi]", -0.1, 3.2, Number.NaN);

/** An embedding of a length, 1 radian from the first of two perpendicular centres. */
const long = (length: Tensor) => stack([length.mul(Math.cos(1)), length.mul(Math.sin(1))]).unsqueeze(0);

const softmax = (own: number, other: number) => Math.log1p(Math.exp(other - own));

export const adaptiveMargin: Entries = {
  adaFace: {
    title: "AdaFace",
    tasks: ["verification"],
    formula: String.raw`-\log \frac{e^{s(\cos(\theta_y - m\hat z) - m(1 + \hat z))}}{e^{s(\cos(\theta_y - m\hat z) - m(1 + \hat z))} + \sum_{c \ne y} e^{s\cos\theta_c}},\quad \hat z = \mathrm{clip}\left(h\,\tfrac{\|x\| - \mu}{\sigma + 10^{-3}}, -1, 1\right)`,
    use: "Faces of mixed quality: blurred ones, whose embeddings are short, are not forced where nothing can be recognised.",
    avoid: "When embeddings are normalised before: their lengths must tell the quality.",
    inputs: withCentres,
    options: {
      scale: positive(64),
      margin: within(0.4, "radians in [0, pi / 2]", -0.1, 1.6, Number.NaN),
      h: nonNegative(0.333),
      mean: finite(),
      std: nonNegative(),
      reduction: reduction(),
    },
    variants: [
      { scale: 4, margin: 0.2, h: 1 },
      { scale: 4, mean: 1.5, std: 0.4 },
      { scale: 4, h: 0, reduction: "sum" },
    ],
    detaches: ({ h }: { h?: number }) => h !== 0, // the lengths
    points: [
      {
        at: "a batch of one, which has no deviation",
        inputs: [[[3, 0]], axes, [0]],
        options: { scale: 1 },
        value: softmax(1 - 0.4, 0),
      },
      {
        at: "a long embedding on its centre, where the angle stays 0",
        inputs: [[[9, 0]], axes, [0]],
        options: { scale: 1, mean: 1, std: 0.1 },
        value: softmax(1 - 0.8, 0),
      },
      {
        at: "a short embedding opposite its centre, where the angle stays pi",
        inputs: [[[-1, 0]], axes, [0]],
        options: { scale: 1, mean: 9, std: 0.1 },
        value: softmax(-1, 0),
      },
    ],
    sources: ["Kim et al. 2022, AdaFace, arXiv:2204.00964"],
    libraries: {
      "AdaFace repository":
        "clamps all cosines to +-0.999 and the angle to [0.001, pi - 0.001]; the running statistics of its class take the batch's own by default (t_alpha 1), its training script 1% of them.",
    },
  },

  magFace: {
    title: "MagFace",
    tasks: ["verification"],
    formula: String.raw`-\log \frac{e^{s\cos(\theta_y + m(a))}}{e^{s\cos(\theta_y + m(a))} + \sum_{c \ne y} e^{s\cos\theta_c}} + \lambda\left(\frac1a + \frac{a}{u^2}\right),\quad a = \|x\|`,
    use: "Faces, when the length of an embedding shall tell the quality of the image.",
    avoid: "With lengths far from [10, 110]: they count as its ends and learn nothing about length.",
    inputs: withCentres,
    options: {
      scale: positive(64),
      lowerNorm: positive(10),
      upperNorm: within(110, "> lowerNorm", 10, Number.NaN),
      lowerMargin: radians(0.45),
      upperMargin: radians(0.8),
      lambda: nonNegative(35),
      overflow: oneOf("easy", ["taylor", "easy", "none"]),
      reduction: reduction(),
    },
    variants: [
      { scale: 4, lowerNorm: 0.5, upperNorm: 9, lambda: 2 },
      { scale: 4, lowerNorm: 0.5, upperNorm: 9, overflow: "taylor", lowerMargin: 0.2, upperMargin: 0.6 },
      { scale: 4, lowerNorm: 0.5, upperNorm: 9, overflow: "none", reduction: "sum" },
    ],
    points: [
      {
        at: "on the centre, shorter than lowerNorm",
        inputs: [[[1, 0]], axes, [0]],
        options: { scale: 1, lambda: 0 },
        value: softmax(Math.cos(0.45), 0),
      },
      {
        at: "at upperNorm, where the reward for length ends",
        inputs: [[[1, 0]], axes, [0]],
        options: { scale: 1, lowerNorm: 0.5, upperNorm: 1, lambda: 3 },
        value: softmax(Math.cos(0.8), 0) + 6,
      },
    ],
    sources: ["Meng et al. 2021, MagFace, arXiv:2103.06627"],
    libraries: {
      "MagFace repository":
        "returns the two parts apart; lambda 20 by default, below the paper's own bound of 22.6, and 35 in the paper.",
    },
    curves: {
      along: "length of the embedding, 1 radian from its centre",
      from: 1,
      to: 130,
      lines: {
        "lambda 35": (x) => losses.magFace(long(x), axes, [0], { scale: 4 }),
        "lambda 0": (x) => losses.magFace(long(x), axes, [0], { scale: 4, lambda: 0 }),
      },
    },
  },

  curricularFace: {
    title: "CurricularFace",
    tasks: ["verification"],
    formula: String.raw`-\log \frac{e^{s\cos(\theta_y + m)}}{e^{s\cos(\theta_y + m)} + \sum_{c \ne y} e^{s N_c}},\quad N_c = \begin{cases} \cos\theta_c\,(t + \cos\theta_c) & \cos\theta_c > \cos(\theta_y + m) \\ \cos\theta_c & \text{else} \end{cases}`,
    use: "Faces: easy samples first, hard ones more as training goes on. The module keeps t.",
    avoid: "With noisy labels, whose samples stay the hardest.",
    inputs: withCentres,
    options: { scale: positive(64), margin: radians(0.5), t: finite(0), reduction: reduction() },
    variants: [
      { scale: 4, t: 0.4 },
      { scale: 4, margin: 0.2, t: 1, reduction: "sum" },
    ],
    points: [
      {
        at: "another class as near as the own one with its margin, which is not hard",
        inputs: [[[0, 1]], axes, [1]],
        options: { scale: 1, margin: Math.PI / 2, t: 0.5 },
        value: Math.LN2,
      },
    ],
    sources: ["Huang et al. 2020, CurricularFace, arXiv:2004.00288"],
    libraries: { "CurricularFace repository": "moves t by 1% of each batch before it is used, as the module here." },
  },

  elasticFace: {
    title: "ElasticFace",
    tasks: ["verification"],
    formula: String.raw`-\log \frac{e^{s\cos(\theta_y + m)}}{e^{s\cos(\theta_y + m)} + \sum_{c \ne y} e^{s\cos\theta_c}},\quad m \sim \mathcal N(\mu, \sigma^2)`,
    use: "Faces with classes of uneven spread: a margin drawn for each sample does not force one size on all.",
    avoid: "When runs must not depend on draws; arcFace has a fixed margin.",
    inputs: withCentres,
    options: {
      scale: positive(64),
      margin: nonNegative(),
      std: nonNegative(0.0125),
      variant: oneOf("arc", ["arc", "cos"]),
      generator: other(undefined, "a generator"),
      reduction: reduction(),
    },
    variants: [
      { scale: 4, std: 0 },
      { scale: 4, std: 0.2, variant: "cos" },
      { scale: 4, margin: 0.1 },
    ],
    points: [
      {
        at: "on the centre, with one margin for all",
        inputs: [[[1, 0]], axes, [0]],
        options: { scale: 1, std: 0 },
        value: softmax(Math.cos(0.5), 0),
      },
    ],
    sources: ["Boutros et al. 2022, ElasticFace, arXiv:2109.09416"],
    libraries: {
      "ElasticFace repository":
        "adds the margin by acos; its plus variant, which sorts the margins by the cosines, is not here.",
    },
  },
};
