import type { Sizes } from "../inputs.ts";
import { fractions, labels, probabilities, scores } from "../inputs.ts";
import { flag, nonNegative, type Option, oneOf, other, reduction } from "../options.ts";

// What the entries of losses over masks share.

export const sizes: Sizes = { n: 2, classes: 3, height: 2, width: 3 };

const form = ["n", "classes", "height", "width"] as const;
const predicted = { what: "in [0, 1]; any number with activation" };

export const ofMasks = { probabilities: probabilities(form, predicted), targets: fractions(form) };
export const ofLabels = { probabilities: probabilities(form, predicted), labels: labels(["n", "height", "width"]) };
export const ofLogits = { logits: scores(form), targets: fractions(form) };

export const classWeight: Option = other(null, "a factor for each class, >= 0", [1], [-1, 1, 1]);
export const pooling: Option = oneOf("sample", ["sample", "batch", "all"]);
export const ignoreIndex: Option = other(-100, "a label", 0.5, "1");
export const activation: Option = oneOf("none", ["none", "sigmoid", "softmax"]);
export const total: Option = oneOf("mean", ["mean", "sum"]);

export const classes = { includeBackground: flag(true), ignoreIndex, activation };

const own = (domain: string): Option => ({ ...nonNegative(), domain });

/** Smoothing of both, of the numerator and of the denominator. */
export const smoothing = (both = 0): Record<"smooth" | "smoothNumerator" | "smoothDenominator", Option> => ({
  smooth: nonNegative(both),
  smoothNumerator: own(">= 0; smooth unless given"),
  smoothDenominator: own(">= 0; smooth unless given"),
});

/** The options that all losses of one overlap have, but for the first of some. */
export const overlap = (smooth = 0): Record<string, Option> => ({
  ...smoothing(smooth),
  axis: pooling,
  empty: oneOf("zero", ["zero", "one", "mask"]),
  classWeight,
  log: flag(false),
  softLabel: flag(false),
  ...classes,
  reduction: reduction(),
});

/** Option sets that try each of those. */
export const overlapVariants: readonly object[] = [
  { smooth: 0.5, log: true },
  { smoothNumerator: 0.1, smoothDenominator: 0.3 },
  { axis: "batch", empty: "mask", classWeight: [1, 2, 0.5] },
  { axis: "all", empty: "one", includeBackground: false },
  { activation: "softmax" },
  { activation: "sigmoid", reduction: "sum", smooth: 1e-5 },
];

export const monaiBackground =
  "include_background false leaves a single class alone; here it is an error. `weight` then has one entry fewer; here all.";

/** A mask of four pixels, the first two of which are in it. */
export const half = [[[1, 1, 0, 0]]];
