import type { Entries } from "../entry.ts";
import { reduction, within } from "../options.ts";
import { batch, batchVariants, noNegatives, noPositives, pairs, references, zeros } from "./batch.ts";

export const angular: Entries = {
  angular: {
    title: "Angular loss",
    tasks: ["embedding"],
    formula: String.raw`\log\Big(1 + \sum_n e^{4 \tan^2\!\alpha\,(a + p) \cdot n - 2 (1 + \tan^2\!\alpha)\, a \cdot p}\Big)`,
    use: "When triplets should be judged by an angle, which does not change with the scale of distances; also beside nPair.",
    avoid: "As the only loss on hard data; the paper adds it to the N-pair loss.",
    inputs: batch,
    options: { angle: within(40, "degrees, > 0 and <= 60", 0, 61, -1), references, pairs, reduction: reduction() },
    variants: [{ angle: 55 }, { angle: 20, reduction: "none" }, ...batchVariants],
    points: [
      { ...noPositives, value: 0, gradients: zeros },
      { ...noNegatives, value: 0, gradients: zeros },
    ],
    sources: ["Wang, Zhou, Wen, Liu and Lin 2017, Deep metric learning with angular loss, ICCV, arXiv:1708.01682"],
    libraries: {
      "pytorch-metric-learning":
        "normalises anchors and positives, but not the negatives; the same value for unit vectors.",
    },
  },
};
