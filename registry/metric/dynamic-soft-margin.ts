import type { Entries } from "../entry.ts";
import { other, reduction, whole } from "../options.ts";
import { batch, batchVariants, indices, noNegatives, noPositives, pairs, references, zeros } from "./batch.ts";

export const dynamicSoftMargin: Entries = {
  dynamicSoftMargin: {
    title: "Dynamic soft margin loss (CDF-based)",
    tasks: ["embedding"],
    formula: String.raw`F(d_p - d_n)\,(d_p - d_n)`,
    use: "For descriptors and views of the same things: each triplet weighs by how hard it is among those seen so far.",
    avoid: "With tiny batches and no running histogram: the distribution F needs many triplets.",
    inputs: batch,
    options: {
      bins: whole(10),
      histogram: other(null, "bins + 1 numbers >= 0", [1, 2], [-1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
      references,
      pairs,
      reduction: reduction(),
    },
    variants: [{ bins: 4 }, { bins: 4, histogram: [1, 0, 2, 3, 1] }, { reduction: "none" }, ...batchVariants],
    points: [
      { ...noPositives, value: 0, gradients: zeros },
      { ...noNegatives, value: 0, gradients: zeros },
      {
        at: "an empty histogram",
        inputs: [
          [
            [1, 0],
            [0, 1],
            [1, 1],
          ],
          indices(0, 0, 1),
        ],
        options: { bins: 2, histogram: [0, 0, 0] },
        value: 0,
        gradients: [[0, 0, 0, 0, 0, 0], null],
      },
    ],
    detaches: (options) => !("histogram" in options),
    sources: ["Zhang and Rusinkiewicz 2019, Learning local descriptors with a CDF-based dynamic soft margin, ICCV"],
    libraries: {
      "pytorch-metric-learning":
        "lacks the last node of the histogram, and fails for differences beyond it; with labels it takes all triplets, without them it has no gradient (it writes into a result of cdist).",
    },
  },
};
