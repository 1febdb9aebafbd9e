import * as losses from "../../src/losses/index.ts";
import type { Entries } from "../entry.ts";
import { positives, scores, targets } from "../inputs.ts";
import { reduction } from "../options.ts";

export const circular: Entries = {
  vonMisesNLL: {
    title: "von Mises negative log-likelihood (circular regression)",
    tasks: ["regression", "uncertainty"],
    formula: String.raw`-\kappa \cos(t - \mu) + \log 2 \pi I_0(\kappa)`,
    use: "For angles: headings, wind directions, the hour of the day. 359 and 1 degree are 2 degrees apart.",
    avoid: "When angles stay in a part of the circle; gaussianNLL does.",
    inputs: {
      angles: scores(["n"], { what: "radians" }),
      targets: targets(["n"], { what: "radians" }),
      concentration: positives(["n"], { what: "0 or above" }),
    },
    options: { reduction: reduction() },
    variants: [{ reduction: "sum" }],
    points: [
      {
        at: "concentration 0, the uniform distribution",
        inputs: [[0.5], [2], [0]],
        value: Math.log(2 * Math.PI),
        gradients: [[0], null, [-Math.cos(1.5)]],
      },
      {
        at: "a full turn away",
        inputs: [[0], [2 * Math.PI], [0]],
        value: Math.log(2 * Math.PI),
        gradients: [[0], null, [-1]],
      },
    ],
    sources: ["von Mises 1918", "Mardia and Jupp 2000, Directional Statistics"],
    libraries: { PyTorch: "torch.distributions.VonMises approximates log I0 by polynomials of single precision." },
    curves: {
      along: "angle between prediction and target",
      from: -Math.PI,
      to: Math.PI,
      lines: {
        "concentration 0.5": (x) => losses.vonMisesNLL(x, 0, 0.5),
        "concentration 2": (x) => losses.vonMisesNLL(x, 0, 2),
        "concentration 8": (x) => losses.vonMisesNLL(x, 0, 8),
      },
    },
  },
};
