import type { Entries } from "../entry.ts";
import { embeddings } from "../inputs.ts";
import { finite, flag, oneOf, positive, reduction } from "../options.ts";

export const ge2e: Entries = {
  ge2e: {
    title: "GE2E, generalised end-to-end loss",
    tasks: ["verification"],
    formula: String.raw`-S_{ji,j} + \log \sum_k e^{S_{ji,k}},\quad S_{ji,k} = w\cos(e_{ji}, c_k) + b`,
    use: "Speakers, in batches of several utterances from each: every utterance against the mean of every speaker.",
    avoid: "With one utterance from each speaker.",
    inputs: { embeddings: embeddings(["n", 3, "d"], { what: "some utterances of each speaker" }) },
    options: {
      w: positive(10),
      b: finite(-5),
      variant: oneOf("softmax", ["softmax", "contrast"]),
      excludeSelf: flag(true),
      reduction: reduction("sum"),
    },
    variants: [
      { variant: "contrast", w: 2, b: 0.5 },
      { w: 2, excludeSelf: false },
      { w: 2, reduction: "mean" },
    ],
    points: [
      {
        at: "one speaker",
        inputs: [
          [
            [
              [1, 0],
              [0, 1],
            ],
          ],
        ],
        value: 0,
        gradients: [[0, 0, 0, 0]],
      },
      {
        at: "two speakers that sound alike",
        inputs: [
          [
            [
              [1, 0],
              [1, 0],
            ],
            [
              [1, 0],
              [1, 0],
            ],
          ],
        ],
        value: 4 * Math.LN2,
        gradients: [[0, 0, 0, 0, 0, 0, 0, 0]],
      },
    ],
    sources: ["Wan et al. 2018, Generalized end-to-end loss for speaker verification, arXiv:1710.10467"],
    libraries: { "coqui-TTS": "averages, clamps cosines at 1e-6 from below, and does not keep w above 0." },
  },
};
