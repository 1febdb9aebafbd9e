import { stack, type Tensor } from "../../src/index.ts";
import * as losses from "../../src/losses/index.ts";
import type { Entries } from "../entry.ts";
import { flag, nonNegative, oneOf, positive, reduction, within } from "../options.ts";
import { axes, withCentres } from "./inputs.ts";

const radians = (fallback: number) => within(fallback, "radians in [0, pi]", -0.1, 3.2, Number.NaN);
const overflow = oneOf(undefined, ["taylor", "easy", "none"]);

/** A unit vector at an angle from the first of two perpendicular centres. */
const at = (angle: Tensor) => stack([angle.cos(), angle.sin()]).unsqueeze(0);

const softmax = (own: number, other: number) => Math.log1p(Math.exp(other - own));

export const marginSoftmax: Entries = {
  normalizedSoftmax: {
    title: "Normalised softmax (NormFace)",
    tasks: ["verification", "embedding"],
    formula: String.raw`-\log \frac{e^{s \cos\theta_y}}{\sum_c e^{s \cos\theta_c}}`,
    use: "The plainest loss with a centre for each class, and a strong baseline for retrieval.",
    avoid:
      "When classes at test time must be told apart by a threshold; a margin, as in arcFace, separates them further.",
    inputs: withCentres,
    options: { scale: positive(), temperature: positive(), reduction: reduction() },
    variants: [{ scale: 4 }, { temperature: 0.3, reduction: "sum" }],
    points: [
      { at: "an embedding between two centres", inputs: [[[1, 1]], axes, [0]], value: Math.LN2 },
      { at: "one class", inputs: [[[1, 2]], [[1, 0]], [0]], value: 0, gradients: [[0, 0], [0, 0], null] },
    ],
    sources: [
      "Wang et al. 2017, NormFace, arXiv:1704.06369",
      "Zhai and Wu 2019, Classification is a strong baseline for deep metric learning, arXiv:1811.12649",
    ],
    libraries: {
      "pytorch-metric-learning": "NormalizedSoftmaxLoss(temperature=0.05) normalises the embeddings only if asked to.",
    },
  },

  cosFace: {
    title: "CosFace (AM-softmax, LMCL)",
    tasks: ["verification"],
    formula: String.raw`-\log \frac{e^{s(\cos\theta_y - m)}}{e^{s(\cos\theta_y - m)} + \sum_{c \ne y} e^{s\cos\theta_c}}`,
    use: "Faces and speakers, where identities at test time are new: the margin makes classes compact.",
    avoid: "With few samples a class or noisy labels; then take a smaller margin, or subCenterArcFace.",
    inputs: withCentres,
    options: { scale: positive(64), margin: nonNegative(0.35), reduction: reduction() },
    variants: [{ scale: 5, margin: 0.1, reduction: "sum" }],
    points: [{ at: "on the centre", inputs: [[[2, 0]], axes, [0]], options: { scale: 1 }, value: softmax(0.65, 0) }],
    sources: [
      "Wang et al. 2018, CosFace, arXiv:1801.09414",
      "Wang et al. 2018, Additive margin softmax for face verification, arXiv:1801.05599",
    ],
    libraries: { insightface: "margin 0.4.", "pytorch-metric-learning": "CosFaceLoss, margin 0.35." },
  },

  arcFace: {
    title: "ArcFace (additive angular margin, AAM-softmax)",
    tasks: ["verification", "embedding"],
    formula: String.raw`-\log \frac{e^{s\cos(\theta_y + m)}}{e^{s\cos(\theta_y + m)} + \sum_{c \ne y} e^{s\cos\theta_c}}`,
    use: "The standard for faces and speakers: identities at test time are new, and a threshold on the cosine decides.",
    avoid:
      "At the start of a hard training, where it may not converge: begin with a smaller margin. With noisy labels take subCenterArcFace.",
    inputs: withCentres,
    options: {
      scale: positive(64),
      margin: radians(0.5),
      easyMargin: flag(false),
      overflow,
      reduction: reduction(),
    },
    variants: [
      { scale: 4, margin: 0.3 },
      { scale: 4, easyMargin: true },
      { scale: 4, overflow: "none", reduction: "sum" },
    ],
    points: [
      {
        at: "on the centre, where the sine's root has gradient 0",
        inputs: [[[1, 0]], axes, [0]],
        options: { scale: 1 },
        value: softmax(Math.cos(0.5), 0),
        gradients: [[0, 1 / (1 + Math.exp(Math.cos(0.5)))], null, null],
      },
      {
        at: "opposite the centre, past pi",
        inputs: [[[-1, 0]], axes, [0]],
        options: { scale: 1 },
        value: softmax(-1 - 0.5 * Math.sin(0.5), 0),
      },
      {
        at: "a right angle, with an easy margin",
        inputs: [[[0, -1]], axes, [0]],
        options: { scale: 1, easyMargin: true },
        value: softmax(0, -1),
      },
    ],
    sources: ["Deng et al. 2019, ArcFace, arXiv:1801.07698"],
    libraries: {
      "pytorch-metric-learning":
        "ArcFaceLoss takes the margin in degrees, 28.6, and has a NaN gradient at cosines of exactly +-1.",
      insightface: "margin 0.5 radians; past pi the cosine less margin sin(margin), or an easy margin.",
    },
    curves: {
      along: "angle to the own centre, the other centre at a right angle; scale 4",
      from: 0,
      to: Math.PI,
      lines: {
        normalizedSoftmax: (x) => losses.normalizedSoftmax(at(x), axes, [0], { scale: 4 }),
        cosFace: (x) => losses.cosFace(at(x), axes, [0], { scale: 4 }),
        arcFace: (x) => losses.arcFace(at(x), axes, [0], { scale: 4 }),
        "arcFace, easy margin": (x) => losses.arcFace(at(x), axes, [0], { scale: 4, easyMargin: true }),
      },
    },
  },

  combinedMargin: {
    title: "Combined margin (CM1, CM2)",
    tasks: ["verification"],
    formula: String.raw`-\log \frac{e^{s(\cos(m_1\theta_y + m_2) - m_3)}}{e^{s(\cos(m_1\theta_y + m_2) - m_3)} + \sum_{c \ne y} e^{s\cos\theta_c}}`,
    use: "To mix the margins of SphereFace, ArcFace and CosFace, as (1, 0.3, 0.2).",
    avoid: "For a first try: arcFace has one number less to choose.",
    inputs: withCentres,
    options: {
      scale: positive(64),
      m1: within(1, ">= 1", 0.5, Number.NaN),
      m2: radians(0.5),
      m3: nonNegative(0),
      overflow,
      reduction: reduction(),
    },
    variants: [
      { scale: 4, m2: 0.3, m3: 0.2 },
      { scale: 4, m1: 1.35, m2: 0 },
      { scale: 4, m1: 1.2, m2: 0.1, overflow: "easy" },
      { scale: 4, overflow: "none", reduction: "sum" },
    ],
    points: [
      {
        at: "on the centre",
        inputs: [[[1, 0]], axes, [0]],
        options: { scale: 1, m1: 2, m2: 0.1, m3: 0.2 },
        value: softmax(Math.cos(0.1) - 0.2, 0),
      },
    ],
    sources: ["Deng et al. 2019, ArcFace, arXiv:1801.07698, section 2.3"],
    libraries: { insightface: "CombinedMarginLoss(m1, m2, m3), of which other losses are presets." },
  },
};
