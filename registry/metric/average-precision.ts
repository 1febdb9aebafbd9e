import type { Entries } from "../entry.ts";
import { flag, oneOf, positive, reduction, whole } from "../options.ts";
import { batch, batchVariants, noPositives, pairs, references, zeros } from "./batch.ts";

export const averagePrecision: Entries = {
  fastAP: {
    title: "FastAP",
    tasks: ["embedding", "ranking"],
    formula: String.raw`1 - \frac{1}{|P|} \sum_r \frac{h^+_r H^+_r}{H_r}`,
    use: "To raise average precision in retrieval with large batches: cost grows with pairs, not with triplets.",
    avoid: "With small batches: a histogram of few distances is coarse.",
    inputs: batch,
    options: { bins: whole(10), references, pairs, reduction: reduction() },
    variants: [{ bins: 4 }, { bins: 25, reduction: "none" }, ...batchVariants],
    points: [{ ...noPositives, value: 0, gradients: zeros }],
    sources: ["Cakir, He, Xia, Kulis and Sclaroff 2019, Deep metric learning to rank, CVPR"],
    libraries: { "pytorch-metric-learning": "the same value." },
  },

  smoothAP: {
    title: "Smooth-AP",
    tasks: ["embedding", "ranking"],
    formula: String.raw`1 - \frac{1}{|P|} \sum_{p} \frac{1 + \sum_{j \in P} \sigma((s_j - s_p)/\tau)}{1 + \sum_{j} \sigma((s_j - s_p)/\tau)}`,
    use: "To raise average precision itself, as closely as a smooth step allows.",
    avoid: "With more than a few hundred rows: it takes n^3 memory. fastAP takes n^2.",
    inputs: batch,
    options: {
      temperature: positive(0.01),
      includeQuery: flag(false),
      references,
      pairs,
      reduction: reduction(),
    },
    variants: [{ temperature: 0.2 }, { temperature: 0.1, includeQuery: true, reduction: "none" }, ...batchVariants],
    points: [{ ...noPositives, value: 0, gradients: zeros }],
    sources: [
      "Brown, Xie, Kalogeiton and Zisserman 2020, Smooth-AP: smoothing the path towards large-scale image retrieval, ECCV, arXiv:2007.12163",
    ],
    libraries: {
      "pytorch-metric-learning":
        "includeQuery: true; right only for rows sorted by class, with as many rows in each class as there are classes.",
    },
  },

  pnp: {
    title: "Penalising negatives before positives (PNP)",
    tasks: ["embedding", "ranking"],
    formula: String.raw`\frac{1}{|P|} \sum_p f\Big(\sum_{n} \sigma\big((s_n - s_p)/\tau\big)\Big)`,
    use: 'For retrieval: as Smooth-AP, but only negatives ranked before a positive count; variant "Dq" suits noisy labels.',
    avoid: "With more than a few hundred rows: it takes n^3 memory.",
    inputs: batch,
    options: {
      variant: oneOf("O", ["O", "Ds", "Dq", "Iu", "Ib"]),
      b: positive(2),
      alpha: positive(1),
      temperature: positive(0.01),
      includeQuery: flag(false),
      references,
      pairs,
      reduction: reduction(),
    },
    variants: [
      { variant: "Ds", temperature: 0.2 },
      { variant: "Dq", temperature: 0.2, alpha: 2 },
      { variant: "Iu", temperature: 0.2, includeQuery: true },
      { variant: "Ib", temperature: 0.2, b: 3, reduction: "none" },
      ...batchVariants,
    ],
    points: [{ ...noPositives, value: 0, gradients: zeros }],
    sources: [
      "Li, Min, Song, Wang and Zhang 2022, Rethinking the optimization of average precision: only penalizing negative instances before positive ones is enough, AAAI, arXiv:2102.04640",
    ],
    libraries: { "pytorch-metric-learning": "includeQuery: true." },
  },
};
