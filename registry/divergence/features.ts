import type { Entries } from "../entry.ts";
import { embeddings, scores } from "../inputs.ts";
import { nonNegative, oneOf, reduction } from "../options.ts";

const student = embeddings(["n", "d"]);
const narrow = embeddings(["n", 3], { differentiable: false, seed: "teacher" });

export const features: Entries = {
  embeddingDistillation: {
    title: "Embedding distillation",
    tasks: ["distillation", "text", "embedding"],
    formula: String.raw`1 - \cos(s, t)`,
    use: "To teach a small or a multilingual model the embeddings of another one.",
    avoid: "When the widths differ and only the order of neighbours matters; take relationalDistillation or marginMSE.",
    inputs: { student, teacher: embeddings(["n", "d"], { differentiable: false, seed: "teacher" }) },
    options: { distance: oneOf("cosine", ["cosine", "squared", "euclidean"]), reduction: reduction() },
    variants: [{ distance: "squared" }, { distance: "euclidean", reduction: "sum" }],
    points: [
      {
        at: "equal vectors",
        inputs: [[[1, 2]], [[1, 2]]],
        options: { distance: "euclidean" },
        value: 0,
        gradients: [[0, 0], null],
      },
      { at: "a zero vector", inputs: [[[0, 0]], [[0, 0]]], value: 1, gradients: [[0, 0], null] },
    ],
    sources: [
      "Reimers and Gurevych 2020, Making monolingual sentence embeddings multilingual using knowledge distillation, arXiv:2004.09813",
      "Kim et al. 2023, EmbedDistill, arXiv:2301.12005",
    ],
    libraries: { "sentence-transformers": "MSELoss is the squared form." },
  },

  relationalDistillation: {
    title: "Relational knowledge distillation (RKD)",
    tasks: ["distillation", "embedding"],
    formula: String.raw`\lambda_d\, \ell\left( \frac{d^s_{ij}}{\bar{d}^s}, \frac{d^t_{ij}}{\bar{d}^t} \right) + \lambda_a\, \ell\left( \cos \angle^s_{jik}, \cos \angle^t_{jik} \right)`,
    use: "To pass on the geometry of a teacher's embeddings to a student of any width.",
    avoid: "With large batches, unless angleWeight is 0: the angles take n^3 numbers.",
    inputs: { student, teacher: narrow },
    least: { n: 2 },
    options: { distanceWeight: nonNegative(25), angleWeight: nonNegative(50) },
    variants: [{ angleWeight: 0 }, { distanceWeight: 0 }],
    points: [
      {
        at: "the teacher's shape, twice as large",
        inputs: [
          [
            [0, 0],
            [2, 0],
            [0, 4],
          ],
          [
            [0, 0],
            [1, 0],
            [0, 2],
          ],
        ],
        value: 0,
        gradients: [[0, 0, 0, 0, 0, 0], null],
      },
    ],
    sources: ["Park et al. 2019, Relational knowledge distillation, arXiv:1904.05068"],
    libraries: { mdistiller: "RKD: the same, with weights 25 and 50." },
  },

  similarityPreserving: {
    title: "Similarity-preserving distillation (SP)",
    tasks: ["distillation"],
    formula: String.raw`\frac{1}{n^2} \left\lVert \bar{G}_s - \bar{G}_t \right\rVert_F^2`,
    use: "To make the same pairs of images excite a student as excite a teacher, whatever the widths.",
    avoid: "With very small batches, which have few pairs.",
    inputs: { student, teacher: narrow },
    options: { reduction: reduction() },
    variants: [{ reduction: "sum" }],
    points: [
      {
        at: "a student that is the teacher, scaled",
        inputs: [
          [
            [2, 0],
            [2, 2],
          ],
          [
            [1, 0],
            [1, 1],
          ],
        ],
        value: 0,
        gradients: [[0, 0, 0, 0], null],
      },
    ],
    sources: ["Tung and Mori 2019, Similarity-preserving knowledge distillation, arXiv:1907.09682"],
  },

  attentionTransfer: {
    title: "Attention transfer (AT)",
    tasks: ["distillation"],
    formula: String.raw`\frac{1}{h w} \left\lVert \frac{a_s}{\lVert a_s \rVert} - \frac{a_t}{\lVert a_t \rVert} \right\rVert^2, \quad a = \frac{1}{c} \sum_c x_c^2`,
    use: "To make a convolutional student look where its teacher looks; channels may differ in number.",
    avoid: "When the maps differ in size and are not resized first.",
    inputs: {
      student: scores(["n", "m", "height", "width"]),
      teacher: scores(["n", 2, "height", "width"], { differentiable: false, seed: "teacher" }),
    },
    sizes: { n: 2, m: 3, height: 2, width: 3 },
    options: { reduction: reduction() },
    variants: [{ reduction: "sum" }],
    points: [
      {
        at: "maps of zeros",
        inputs: [[[[[0, 0]]]], [[[[0, 0]]]]],
        value: 0,
        gradients: [[0, 0], null],
      },
    ],
    sources: ["Zagoruyko and Komodakis 2017, Paying more attention to attention, arXiv:1612.03928"],
  },

  centeredKernelAlignment: {
    title: "Centred kernel alignment (linear CKA)",
    tasks: ["distillation", "divergence"],
    formula: String.raw`1 - \frac{\lVert X^\top Y \rVert_F^2}{\lVert X^\top X \rVert_F\, \lVert Y^\top Y \rVert_F}`,
    use: "To align two representations up to rotation and scale, of any widths.",
    avoid: "With batches smaller than the width, where it is biased towards 0: everything looks alike.",
    inputs: { student, teacher: narrow },
    least: { n: 2 },
    options: {},
    points: [
      {
        at: "features that do not vary",
        inputs: [
          [
            [1, 2],
            [1, 2],
          ],
          [
            [1, 0],
            [0, 1],
          ],
        ],
        value: 1,
        gradients: [[0, 0, 0, 0], null],
      },
    ],
    sources: ["Kornblith et al. 2019, Similarity of neural network representations revisited, arXiv:1905.00414"],
  },
};
