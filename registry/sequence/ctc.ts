import type { Entries } from "../entry.ts";
import { fixed, logDistribution } from "../inputs.ts";
import { flag, other, reduction } from "../options.ts";

const { log } = Math;

export const ctc: Entries = {
  ctc: {
    title: "Connectionist temporal classification (CTC)",
    tasks: ["sequence"],
    formula: String.raw`-\log \sum_{\pi \in B^{-1}(y)} \prod_{t=1}^{T} p_t(\pi_t)`,
    use: "Transcribing speech or handwriting when nobody knows which step belongs to which symbol, and outputs come in the order of inputs.",
    avoid:
      "When outputs depend on each other (take rnnT), or may be longer than the input: every symbol needs a step, and every repeat one more.",
    inputs: {
      logProbabilities: logDistribution([6, 3, 4], { axis: 2, what: "log-probabilities [T, n, classes]" }),
      targets: fixed([3, 2], {
        what: "labels without the blank, int32 [n, S], padded by anything",
        dtype: "int32",
        values: [
          [1, 2],
          [3, 3],
          [2, -1],
        ],
        degenerate: {
          repeats: [
            [1, 1],
            [3, 3],
            [2, 2],
          ],
        },
        wrong: {
          "the blank": [
            [0, 2],
            [3, 3],
            [2, 0],
          ],
          "a label beyond the last class": [
            [1, 2],
            [3, 4],
            [2, 0],
          ],
          "two rows for three samples": [
            [1, 2],
            [3, 3],
          ],
        },
      }),
      inputLengths: fixed([3], {
        what: "steps of each sample, int32",
        dtype: "int32",
        values: [6, 5, 3],
        degenerate: { "just enough": [3, 3, 3] },
        wrong: { "more than T": [7, 5, 3], "-1": [6, -1, 3], "one of three": [6] },
      }),
      targetLengths: fixed([3], {
        what: "labels of each sample, int32",
        dtype: "int32",
        values: [2, 2, 1],
        degenerate: { empty: [0, 0, 0] },
        wrong: { "more than S": [3, 2, 1], "-1": [2, -1, 1] },
      }),
    },
    options: {
      blank: other(0, "a class, from 0, or from the end when negative", 4, -5, 0.5, "0"),
      zeroInfinity: flag(false),
      logits: flag(false),
      batchFirst: flag(false),
      divideByTargetLength: flag(true),
      reduction: reduction(),
    },
    variants: [
      { logits: true, divideByTargetLength: false },
      { zeroInfinity: true, reduction: "none" },
      { reduction: "sum" },
    ],
    points: [
      {
        at: "the only alignment",
        inputs: [
          [
            [log(0.5), log(0.5)],
            [log(0.25), log(0.75)],
          ],
          [1],
          1,
          1,
        ],
        value: log(2),
        gradients: [[0, -1, 0, 0], null, null, null],
      },
      {
        at: "a target that does not fit",
        inputs: [[[log(0.5), log(0.5)]], [1, 1], 1, 2],
        value: Number.POSITIVE_INFINITY,
        gradients: [[0, 0], null, null, null],
      },
      {
        at: "a target that does not fit, as 0",
        inputs: [[[log(0.5), log(0.5)]], [1, 1], 1, 2],
        options: { zeroInfinity: true },
        value: 0,
        gradients: [[0, 0], null, null, null],
      },
      {
        at: "an empty target",
        inputs: [
          [
            [log(0.5), log(0.5)],
            [log(0.25), log(0.75)],
          ],
          [1],
          2,
          0,
        ],
        value: log(8),
        gradients: [[-1, 0, -1, 0], null, null, null],
      },
    ],
    sources: [
      "Graves, Fernandez, Gomez and Schmidhuber 2006, Connectionist temporal classification: labelling unsegmented sequence data with recurrent neural networks, ICML",
    ],
    libraries: {
      PyTorch:
        "Same values. Its gradient takes the log-probabilities for the output of log_softmax; through one the gradients agree. Accepts the blank as a label, which is an error here.",
      optax:
        'ctc_loss takes logits [n, T, classes] and paddings in place of lengths, and gives one loss for each sequence: logits: true, batchFirst: true, reduction: "none". An impossible target costs about 1e5 there.',
      Keras: "keras.losses.CTC takes logits, batch first, and does not divide by the target's length.",
      MXNet: "gluon.loss.CTCLoss has the blank last: blank: -1.",
    },
  },
};
