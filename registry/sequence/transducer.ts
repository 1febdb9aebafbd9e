import type { Entries } from "../entry.ts";
import { fixed, scores } from "../inputs.ts";
import { flag, nonNegative, other, reduction } from "../options.ts";

export const transducer: Entries = {
  rnnT: {
    title: "Transducer loss (RNN-T)",
    tasks: ["sequence"],
    formula: String.raw`-\log \sum_{\text{paths}} \prod_{(t,u)} p(k \mid t, u)`,
    use: "Streaming speech recognition: as CTC, but the outputs depend on those before, and a step may emit several.",
    avoid:
      "When memory is short: the joiner's logits have an entry for each step, label and class. CTC needs no label axis.",
    inputs: {
      logits: scores([3, 4, 3, 4], { what: "logits of the joiner [n, T, U + 1, classes]" }),
      targets: fixed([3, 2], {
        what: "labels without the blank, int32 [n, U], padded by anything",
        dtype: "int32",
        values: [
          [1, 2],
          [0, 0],
          [2, -1],
        ],
        wrong: {
          "the blank": [
            [3, 2],
            [0, 0],
            [2, 0],
          ],
          "a label beyond the last class": [
            [1, 2],
            [0, 4],
            [2, 0],
          ],
          "one label for two": [[1], [0], [2]],
        },
      }),
      logitLengths: fixed([3], {
        what: "steps of each sample, int32",
        dtype: "int32",
        values: [4, 3, 2],
        degenerate: { "one step": [1, 1, 1] },
        wrong: { "more than T": [5, 3, 2], "0": [4, 0, 2], "one of three": [4] },
      }),
      targetLengths: fixed([3], {
        what: "labels of each sample, int32",
        dtype: "int32",
        values: [2, 2, 1],
        degenerate: { empty: [0, 0, 0] },
        wrong: { "more than U": [3, 2, 1], "-1": [2, -1, 1] },
      }),
    },
    options: {
      blank: other(-1, "a class, from 0, or from the end when negative", 4, -5, 0.5, "0"),
      fastEmit: nonNegative(0),
      logits: flag(true),
      reduction: reduction(),
    },
    variants: [{ logits: false }, { fastEmit: 0.5 }, { reduction: "none" }],
    detaches: (options) => ((options as { fastEmit?: number }).fastEmit ?? 0) > 0,
    sources: [
      "Graves 2012, Sequence transduction with recurrent neural networks, arXiv:1211.3711",
      "Yu et al. 2021, FastEmit, arXiv:2010.11148",
    ],
    libraries: {
      torchaudio:
        "rnnt_loss has the same blank, the last, and the same mean over n. Its clamp clips the gradient by the logits, which is an optimizer's business here.",
      NeMo: "fastemit_lambda scales the gradient by labels alike.",
    },
  },
};
