import type { Entries } from "../entry.ts";
import { binary, scores } from "../inputs.ts";
import { nonNegative, other, positive, reduction } from "../options.ts";

const dinoOptions = {
  centre: other(null, "a running mean of the teacher's scores, [d]", [1], [[1, 2, 3, 4]]),
  teacherTemperature: positive(0.04),
  studentTemperature: positive(0.1),
};

export const distillation: Entries = {
  dino: {
    title: "DINO (self-distillation without labels)",
    tasks: ["selfSupervised", "distillation"],
    formula: String.raw`-\frac{1}{P} \sum_{i \ne j} \sum_k \mathrm{softmax}\left(\frac{t^{(i)} - c}{\tau_t}\right)_k \log \mathrm{softmax}\left(\frac{s^{(j)}}{\tau_s}\right)_k`,
    use: "Self-supervised vision transformers; the teacher is a running mean of the student and sees the large crops only.",
    avoid: "Without centre and a sharp teacher (low temperature): either keeps the other's way of collapsing in check.",
    inputs: {
      student: scores(["views", "n", "d"], { std: 0.3 }),
      teacher: scores(["teacherViews", "n", "d"], { std: 0.3, seed: "teacher", differentiable: false }),
    },
    sizes: { views: 3, teacherViews: 2 },
    options: dinoOptions,
    variants: [{ centre: [0.1, -0.2, 0.3, 0] }, { teacherTemperature: 0.5, studentTemperature: 1 }],
    sources: ["Caron et al. 2021, Emerging Properties in Self-Supervised Vision Transformers, arXiv:2104.14294"],
    libraries: {
      lightly: "the loss keeps and updates the centre itself; here it is an option, and TeacherCentre keeps it.",
    },
  },

  iBOT: {
    title: "iBOT (masked self-distillation; iBOT++)",
    tasks: ["selfSupervised", "distillation"],
    formula: String.raw`-\frac{1}{|M|} \sum_{i \in M} \sum_k \mathrm{softmax}\left(\frac{t_i - c}{\tau_t}\right)_k \log \mathrm{softmax}\left(\frac{s_i}{\tau_s}\right)_k`,
    use: "Beside dino, for features that are good at every patch: dense prediction.",
    avoid: "Alone, when only an image's embedding is wanted.",
    inputs: {
      student: scores(["n", "patches", "d"], { std: 0.3 }),
      teacher: scores(["n", "patches", "d"], { std: 0.3, seed: "teacher", differentiable: false }),
      mask: binary(["n", "patches"]),
    },
    sizes: { patches: 3 },
    options: { ...dinoOptions, visibleWeight: nonNegative(0), reduction: reduction() },
    variants: [
      { centre: [0.1, -0.2, 0.3, 0], visibleWeight: 1 },
      { teacherTemperature: 0.5, studentTemperature: 1, reduction: "sum" },
      { reduction: "none" },
    ],
    points: [
      {
        at: "an image without masked patches",
        inputs: [[[[1, 2]]], [[[3, 5]]], [[0]]],
        value: 0,
        gradients: [[0, 0], null, null],
      },
    ],
    sources: ["Zhou et al. 2022, iBOT: Image BERT Pre-Training with Online Tokenizer, arXiv:2111.07832"],
    libraries: { lightly: "takes the masked patches only, flattened; here they are all there, with the mask." },
  },
};
