import type { Entries } from "../entry.ts";
import { embeddings } from "../inputs.ts";
import { flag, fraction, nonNegative, positive } from "../options.ts";

const views = { views: embeddings(["views", "n", "d"]) };
const sizes = { views: 2 };

export const whitening: Entries = {
  wMSE: {
    title: "W-MSE (whitening)",
    tasks: ["selfSupervised"],
    formula: String.raw`2 - 2\, \overline{\cos(L_1^{-1}(x_i - \bar x),\ L_2^{-1}(y_i - \bar y))},\ L L^{\top} = \mathrm{Cov}`,
    use: "Self-supervised learning without negatives or a momentum encoder, for embeddings of moderate size.",
    avoid: "With fewer than twice as many samples as coordinates.",
    inputs: { view1: embeddings(["n", "d"]), view2: embeddings(["n", "d"], { seed: "view2" }) },
    sizes: { n: 7, d: 3 },
    least: { n: 2 },
    options: { eps: fraction(0) },
    variants: [{ eps: 0.3 }],
    points: [
      {
        at: "views that do not vary",
        inputs: [
          [
            [1, 2],
            [1, 2],
          ],
          [
            [1, 2],
            [1, 2],
          ],
        ],
        value: 2,
        gradients: [
          [0, 0, 0, 0],
          [0, 0, 0, 0],
        ],
      },
    ],
    sources: ["Ermolov et al. 2021, Whitening for Self-Supervised Representation Learning, arXiv:2007.06346"],
    libraries: {
      lightly: "draws sub-batches of 256 to whiten, and keeps running statistics; a singular covariance is an error.",
    },
  },

  mmcr: {
    title: "Maximum manifold capacity representations (MMCR)",
    tasks: ["selfSupervised"],
    formula: String.raw`\frac{\lambda}{n} \sum_i \lVert Z_i \rVert_* - \lVert C \rVert_*`,
    use: "Many views of few samples: centroids of the views shall span the space.",
    avoid: "With very wide embeddings, whose nuclear norm costs a matrix product of every batch many times over.",
    inputs: views,
    sizes,
    options: { lambda: nonNegative(0.005), normalize: flag(true) },
    variants: [{ lambda: 0 }, { lambda: 0.5, normalize: false }],
    points: [
      { at: "zero embeddings", inputs: [[[[0, 0]], [[0, 0]]]], value: 0, gradients: [[0, 0, 0, 0]] },
      {
        at: "equal views on the axes",
        inputs: [
          [
            [
              [1, 0],
              [0, 1],
            ],
            [
              [1, 0],
              [0, 1],
            ],
          ],
        ],
        options: { lambda: 0 },
        value: -2,
      },
    ],
    sources: [
      "Yerxa et al. 2023, Learning Efficient Coding of Natural Images with Maximum Manifold Capacity Representations, arXiv:2303.03307",
    ],
    libraries: {
      lightly: "leaves normalising to the caller; its SVD has no gradient of second order at repeated singular values.",
    },
  },

  empSSL: {
    title: "EMP-SSL (extreme multi-patch; total coding rate)",
    tasks: ["selfSupervised"],
    formula: String.raw`-\tfrac12 \overline{\log\det\left(I + \tfrac{d}{n \epsilon} Z^{\top} Z\right)} - \lambda\, \overline{\cos(z, \bar z)}`,
    use: "Training in few epochs, with many small patches of each image as views.",
    avoid: "With two views only.",
    inputs: views,
    sizes,
    options: { eps: positive(0.2), invariance: nonNegative(200) },
    variants: [{ eps: 2, invariance: 1 }, { invariance: 0 }],
    points: [{ at: "zero embeddings", inputs: [[[[0, 0]], [[0, 0]]]], value: 0, gradients: [[0, 0, 0, 0]] }],
    sources: ["Tong et al. 2023, EMP-SSL: Towards Self-Supervised Learning in One Training Epoch, arXiv:2304.03977"],
    libraries: { lightly: "EMPSSLLoss adds the coding rate, which is to be large: the opposite sign of the paper." },
  },

  froSSL: {
    title: "FroSSL (Frobenius norm)",
    tasks: ["selfSupervised"],
    formula: String.raw`\sum_v \log \left\lVert \frac{Z_v^{\top} Z_v}{\mathrm{tr}} \right\rVert_F^2 + \lambda \frac{V}{n} \sum_{v, i} \lVert z_{vi} - \bar z_i \rVert^2`,
    use: "Redundancy reduction without eigenvalues, by whichever Gram matrix is smaller.",
    avoid: "When terms shall be read one by one; take vicReg.",
    inputs: views,
    sizes,
    options: { invariance: nonNegative(1) },
    variants: [{ invariance: 0 }, { invariance: 3 }],
    points: [{ at: "zero embeddings", inputs: [[[[0, 0]], [[0, 0]]]], value: 0, gradients: [[0, 0, 0, 0]] }],
    sources: [
      "Skean et al. 2024, FroSSL: Frobenius Norm Minimization for Efficient Multiview Self-Supervised Learning, arXiv:2310.02903",
    ],
    libraries: { lightly: "the same, with the trace held constant, which it is wherever no column is 0." },
  },
};
