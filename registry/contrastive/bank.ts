import type { Entries } from "../entry.ts";
import { embeddings } from "../inputs.ts";
import { other, positive, reduction } from "../options.ts";

const queries = embeddings(["n", "d"]);
const keys = embeddings(["n", "d"], { seed: "view2", differentiable: false });
const bank = embeddings(["m", "d"], { seed: "bank", differentiable: false });

export const banks: Entries = {
  nnCLR: {
    title: "NNCLR (nearest neighbours as positives)",
    tasks: ["selfSupervised"],
    formula: String.raw`-\log \frac{e^{\mathrm{nn}(k_i) \cdot q_i / \tau}}{\sum_j e^{\mathrm{nn}(k_i) \cdot q_j / \tau}}`,
    use: "When augmentations alone give positives that are too alike: the bank's nearest neighbour is another image.",
    avoid: "With a bank that is small or stale, whose neighbours are of other classes.",
    inputs: { queries, keys, bank },
    options: { temperature: positive(0.1), reduction: reduction() },
    variants: [{ temperature: 0.5, reduction: "sum" }, { reduction: "none" }],
    sources: [
      "Dwibedi et al. 2021, With a Little Help from My Friends: Nearest-Neighbor Contrastive Learning, arXiv:2104.14548",
    ],
    libraries: {
      lightly: "a memory bank module that replaces the keys, and NTXentLoss, whose negatives include the same view.",
    },
  },

  reSSL: {
    title: "ReSSL (relations to a bank)",
    tasks: ["selfSupervised", "distillation"],
    formula: String.raw`-\sum_j \mathrm{softmax}(k \cdot b / \tau_t)_j \log \mathrm{softmax}(q \cdot b / \tau_s)_j`,
    use: "A student learns the similarities that a momentum teacher sees, from a weaker augmentation; nothing is called a negative.",
    avoid:
      "With a teacher temperature that is not below the student's: the targets are then no sharper than the predictions.",
    inputs: { queries, keys, bank },
    options: { studentTemperature: positive(0.1), teacherTemperature: positive(0.04), reduction: reduction() },
    variants: [{ studentTemperature: 1, teacherTemperature: 0.5, reduction: "sum" }, { reduction: "none" }],
    sources: ["Zheng et al. 2021, ReSSL: Relational Self-Supervised Learning with Weak Augmentation, arXiv:2107.09282"],
  },

  co2: {
    title: "Consistent contrast (CO2)",
    tasks: ["selfSupervised", "regularisation"],
    formula: String.raw`\tfrac12 \left(D(p \Vert q) + D(q \Vert p)\right)`,
    use: "Beside infoNCE: the views of a sample shall agree on the negatives as well.",
    avoid: "Alone: embeddings that are all equal agree.",
    inputs: { view1: embeddings(["n", "d"]), view2: embeddings(["n", "d"], { seed: "view2" }) },
    least: { n: 2 },
    options: {
      bank: other(null, "negatives [m, d]", [[1]], [1]),
      temperature: positive(0.05),
      reduction: reduction(),
    },
    variants: [
      {
        bank: [
          [1, 2, 0, -1],
          [0, 1, 1, 3],
        ],
        temperature: 0.5,
      },
      { temperature: 1, reduction: "sum" },
      { reduction: "none" },
    ],
    sources: [
      "Wei et al. 2021, CO2: Consistent Contrast for Unsupervised Visual Representation Learning, arXiv:2010.02217",
    ],
    libraries: { lightly: "CO2Regularizer returns torch.tensor(...) of its value, through which no gradient flows." },
  },
};
