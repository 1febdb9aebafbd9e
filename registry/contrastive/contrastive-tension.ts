import type { Entries } from "../entry.ts";
import { binary } from "../inputs.ts";
import { positive, reduction } from "../options.ts";
import { pairs } from "./inputs.ts";

const models = pairs("x1", "x2", ["embeddings by one model", "embeddings by the other model"]);

export const contrastiveTension: Entries = {
  contrastiveTension: {
    title: "Contrastive tension (pairs)",
    tasks: ["text", "selfSupervised"],
    formula: String.raw`\log(1 + e^{u \cdot v}) - y\,u \cdot v`,
    use: "Sentence embeddings from plain text, with two copies of a model and 7 different sentences for each same one.",
    avoid: "When there are pairs of any kind; multipleNegativesRanking learns more from them.",
    inputs: { ...models, targets: binary(["n"]) },
    options: { reduction: reduction("sum") },
    variants: [{ reduction: "mean" }],
    points: [
      {
        at: "the zero vector",
        inputs: [[[0, 0]], [[1, 2]], [1]],
        value: Math.LN2,
        gradients: [[-0.5, -1], [0, 0], null],
      },
    ],
    sources: ["Carlsson et al. 2021, Semantic re-tuning with contrastive tension, ICLR"],
    libraries: { "sentence-transformers": "ContrastiveTensionLoss." },
  },

  contrastiveTensionInBatch: {
    title: "Contrastive tension with in-batch negatives",
    tasks: ["text", "selfSupervised"],
    formula: String.raw`-\tfrac12 \log \frac{e^{s\cos(u_i, v_i)}}{\sum_j e^{s\cos(u_i, v_j)}} - \tfrac12 \log \frac{e^{s\cos(u_i, v_i)}}{\sum_j e^{s\cos(u_j, v_i)}}`,
    use: "As contrastiveTension, with all other sentences of the batch for negatives: faster, and usually better.",
    avoid: "When there are pairs of any kind; multipleNegativesRanking learns more from them.",
    inputs: models,
    options: { scale: positive(20), reduction: reduction() },
    variants: [{ scale: 3 }, { scale: 1, reduction: "sum" }],
    points: [
      {
        at: "one sentence",
        inputs: [[[1, 2]], [[2, 1]]],
        value: 0,
        gradients: [
          [0, 0],
          [0, 0],
        ],
      },
    ],
    sources: ["Carlsson et al. 2021, Semantic re-tuning with contrastive tension, ICLR"],
    libraries: {
      "sentence-transformers":
        "ContrastiveTensionLossInBatchNegatives learns the scale, as losses.ContrastiveTensionInBatch.",
    },
  },
};
