import { labels, scores } from "../inputs.ts";
import { other } from "../options.ts";

/** The inputs of losses of logits and class labels. */
export const perClass = { logits: scores(["n", "classes"]), labels: labels(["n"]) };

export const ignoreIndex = other(-100, "whole", 0.5, "none");
