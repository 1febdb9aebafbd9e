import { stack, type Tensor } from "../../src/index.ts";
import * as losses from "../../src/losses/index.ts";
import type { Entries, Entry } from "../entry.ts";
import { positive, reduction, whole } from "../options.ts";
import { axes, withCentres } from "./inputs.ts";

const at = (angle: Tensor) => stack([angle.cos(), angle.sin()]).unsqueeze(0);

const shared = {
  tasks: ["verification"],
  inputs: withCentres,
  options: { margin: whole(4), scale: positive(1), reduction: reduction() },
  variants: [{ margin: 1 }, { margin: 2, scale: 0.5 }, { margin: 3, reduction: "sum" }],
} satisfies Partial<Entry>;

export const multipliedAngle: Entries = {
  sphereFace: {
    ...shared,
    title: "SphereFace (A-softmax)",
    formula: String.raw`-\log \frac{e^{\|x\|\psi(\theta_y)}}{e^{\|x\|\psi(\theta_y)} + \sum_{c \ne y} e^{\|x\|\cos\theta_c}},\quad \psi(\theta) = (-1)^k\cos(m\theta) - 2k`,
    use: "To reproduce SphereFace, the first loss with a margin on the angle.",
    avoid: "For new work: it is hard to train without annealing the margin; arcFace and cosFace are not.",
    points: [
      {
        at: "on the centre",
        inputs: [[[1, 0]], axes, [0]],
        value: Math.log1p(Math.exp(-1)),
      },
      {
        at: "opposite the centre, where psi is 1 - 2 m",
        inputs: [[[-1, 0]], axes, [0]],
        value: Math.log1p(Math.exp(7)),
      },
      {
        at: "a multiple of pi / m, where k steps and psi does not",
        inputs: [[[0, -1]], axes, [0]],
        options: { margin: 2 },
        value: Math.log1p(Math.exp(-1 + 1)),
      },
    ],
    sources: ["Liu et al. 2017, SphereFace, arXiv:1704.08063"],
    libraries: { "pytorch-metric-learning": "SphereFaceLoss, without the annealing of the authors' code, as here." },
    curves: {
      along: "angle to the own centre, the other centre at a right angle",
      from: 0,
      to: Math.PI,
      lines: {
        "margin 1": (x) => losses.sphereFace(at(x), axes, [0], { margin: 1 }),
        "margin 2": (x) => losses.sphereFace(at(x), axes, [0], { margin: 2 }),
        "margin 4": (x) => losses.sphereFace(at(x), axes, [0]),
      },
    },
  },

  largeMarginSoftmax: {
    ...shared,
    title: "Large-margin softmax (L-softmax)",
    formula: String.raw`-\log \frac{e^{\|x\|\|w_y\|\psi(\theta_y)}}{e^{\|x\|\|w_y\|\psi(\theta_y)} + \sum_{c \ne y} e^{\|x\|\|w_c\|\cos\theta_c}}`,
    use: "To reproduce L-softmax: classification with a margin on the angle, centres of any length.",
    avoid: "When embeddings are compared by cosine; take arcFace.",
    points: [
      {
        at: "on the centre",
        inputs: [
          [[1, 0]],
          [
            [2, 0],
            [0, 1],
          ],
          [0],
        ],
        value: Math.log1p(Math.exp(-2)),
      },
    ],
    sources: ["Liu et al. 2016, Large-margin softmax loss, arXiv:1612.02295"],
    libraries: { "pytorch-metric-learning": "LargeMarginSoftmaxLoss." },
  },
};
