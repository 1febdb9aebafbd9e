import * as losses from "../src/losses/index.ts";
import type { Tensor, TensorLike } from "../src/tensor/tensor.ts";
import type { Input, Sizes } from "./inputs.ts";
import type { Option } from "./options.ts";

// What is known of a loss besides its code. Tests, the README's table and the gallery read it: a loss is tested,
// documented and drawn because it has an entry.

/** What a reader wants to do; the gallery's index lists the losses by it. */
export const tasks = {
  binary: "Tell yes from no",
  multiclass: "Choose one of several classes",
  multilabel: "Choose any number of labels",
  imbalance: "Learn from rare classes",
  noise: "Learn from wrong labels",
  ordinal: "Predict an ordered level",
  regression: "Predict a number",
  robust: "Predict a number despite outliers",
  uncertainty: "Predict a distribution",
  survival: "Predict a time until an event",
  forecasting: "Forecast a series",
  segmentation: "Label every pixel",
  detection: "Find boxes",
  ranking: "Order a list",
  recommendation: "Recommend items, complete a graph",
  embedding: "Learn embeddings from labels or pairs",
  verification: "Recognise faces and speakers",
  text: "Embed sentences, search text",
  selfSupervised: "Learn without labels",
  sequence: "Transcribe and tag sequences",
  distillation: "Learn from another model",
  divergence: "Compare distributions",
  generative: "Generate data",
  preference: "Learn from preferences and rewards",
  regularisation: "Keep representations well-behaved",
} as const;

export type Task = keyof typeof tasks;

/** A loss whose value and gradients at one place are declared: a kink, an empty class, a batch without pairs. */
export interface Point {
  /** What is special there, as in "at the margin". */
  at: string;
  inputs: readonly TensorLike[];
  options?: object;
  /** The value, or the list of values for reduction "none". */
  value: number | readonly number[];
  /** The gradient of the sum by each input, flat; null where it is not checked or there is none. */
  gradients?: readonly (readonly number[] | null)[];
}

/** Curves of a loss along one number, where the default picture does not show what is special. */
export interface Curves {
  /** What the number is: "score of the labelled class". */
  along: string;
  from: number;
  to: number;
  /** Each line by the name in its legend: the loss at x, a scalar tensor, as a scalar. */
  lines: Readonly<Record<string, (x: Tensor) => Tensor>>;
}

export interface Entry {
  /** The field's name of it, with its other names: "InfoNCE (CPC)". */
  title: string;
  tasks: readonly Task[];
  /** In TeX. */
  formula: string;
  /** When to take it, and when not: a sentence or two each. */
  use: string;
  avoid: string;
  /** The arguments by name, in their order. */
  inputs: Readonly<Record<string, Input>>;
  /** Sizes other than those that `inputs.ts` gives to the names in shapes. */
  sizes?: Sizes;
  /** The least sizes it takes where 1 is too few: `{ n: 2 }`. Smaller ones are an error. */
  least?: Sizes;
  options: Readonly<Record<string, Option>>;
  /** Options that must be given: part of every call. */
  required?: object;
  /** Further options to test it with; the defaults are tested in any case. */
  variants?: readonly object[];
  /**
   * The value in float64 by a formula written differently from the loss, of nested arrays and the full options; where
   * `test/golden` has no case of it.
   */
  reference?: (...args: never[]) => number;
  points?: readonly Point[];
  /**
   * Whether part of it is a constant to its gradient under these options, so that finite differences are those of
   * another function; golden values check it then. Default never.
   */
  detaches?: (options: object) => boolean;
  /** Whether it runs inside `compile`: false where it looks at values. Default true. */
  compiles?: boolean;
  /** Authors, year, title, and where: arXiv number or venue. */
  sources: readonly string[];
  /** How libraries differ from it, by name. */
  libraries?: Readonly<Record<string, string>>;
  curves?: Curves;
}

/** Entries by the name under which `tapegrad/losses` exports the loss. */
export type Entries = Readonly<Record<string, Entry>>;

type Loss = (...args: unknown[]) => Tensor;

/** The loss of an entry, as a function of its inputs and options. */
export function lossOf(name: string): Loss {
  const found = (losses as unknown as Record<string, unknown>)[name];
  if (typeof found !== "function")
    throw new Error(`the registry has "${name}", but tapegrad/losses does not export it`);
  return found as Loss;
}

/** Other names of losses, which need no entry of their own. */
export const aliases: Readonly<Record<string, string>> = {
  l1: "meanAbsoluteError",
  mse: "meanSquaredError",
  halfMse: "halfMeanSquaredError",
  rankNet: "pairwiseLogistic",
};

/** Every option set to test an entry with, the required ones included. */
export const optionSets = ({ required = {}, variants = [] }: Entry): object[] =>
  [{}, ...variants].map((options) => ({ ...required, ...options }));
