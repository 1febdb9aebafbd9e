import { relevance, scores } from "../inputs.ts";
import { type Option, oneOf, other, reduction } from "../options.ts";

// What the entries of losses over lists share.

/** Scores and relevance of the items of lists. */
export const lists = { scores: scores(["n", "items"]), relevance: relevance(["n", "items"]) };

export const mask = other(null, "bool, the shape of the relevance", [[1]], [[0.5]]);

export const generator = other(undefined, "a random.Generator");

export const gain = oneOf("exponential", ["exponential", "linear"]);

export const preset = (...names: string[]): Option => oneOf(null, [null, ...names]);

/** The last options of a loss with a term for each pair. */
export const perPair = (...presets: string[]) => ({
  preset: preset(...presets),
  mask,
  average: oneOf("pairs", ["pairs", "items"]),
  reduction: reduction(),
});

/** The last options of a loss with a term for each list. */
export const perList = (...presets: string[]) => ({
  preset: preset(...presets),
  mask,
  average: oneOf("relevant", ["relevant", "real", "all"]),
  reduction: reduction(),
});

/** The last options of a loss with a term for each item. */
export const perItem = (...presets: string[]) => ({
  preset: preset(...presets),
  mask,
  average: oneOf("real", ["real", "all"]),
  reduction: reduction(),
});
