import type { Entries } from "../entry.ts";
import { embeddings, groups } from "../inputs.ts";
import { other, positive, reduction } from "../options.ts";

export const detCon: Entries = {
  detCon: {
    title: "DetCon (contrastive detection)",
    tasks: ["selfSupervised", "segmentation"],
    formula: String.raw`-\frac{1}{|M_i|} \sum_{j \in P_i} \frac{1}{|P_i|} \log \frac{e^{v_i \cdot v'_j / \tau}}{\sum_{c \notin M_i} e^{v_i \cdot c / \tau}}`,
    use: "To pretrain for detection and segmentation, with masks from any segmentation, however rough.",
    avoid: "When whole images are what should be told apart; take ntXent.",
    inputs: {
      view1: embeddings(["n", "m", "d"]),
      view2: embeddings(["n", "m", "d"], { seed: "view2" }),
      masks1: groups(["n", "m"]),
      masks2: groups(["n", "m"], { seed: "masks2" }),
    },
    sizes: { n: 2 },
    options: {
      temperature: positive(0.1),
      targets: other(
        null,
        "{ view1, view2 } of the shape of the views, or null",
        { view1: [[[1]]], view2: [[[1]]] },
        { view1: [[[1]]] },
        3,
      ),
      reduction: reduction(),
    },
    variants: [{ temperature: 0.5, reduction: "sum" }, { reduction: "none" }],
    points: [
      {
        at: "regions without a match",
        inputs: [[[[1, 0]]], [[[0, 1]]], [[1]], [[2]]],
        value: 0,
        gradients: [[0, 0], [0, 0], null, null],
      },
    ],
    sources: ["Hénaff et al. 2021, Efficient visual pretraining with contrastive detection, arXiv:2103.10957"],
    libraries: { lightly: "DetConSLoss is this with targets null, DetConBLoss with those of a target network." },
  },
};
