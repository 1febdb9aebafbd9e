import type { Entries } from "../entry.ts";
import { scores } from "../inputs.ts";
import { oneOf, reduction, within } from "../options.ts";

const forms = ["nonSaturating", "minimax", "leastSquares", "hinge", "wasserstein"];
const others = forms.slice(1).map((form) => ({ form }));
const sources = [
  "Goodfellow et al. 2014, Generative adversarial nets, arXiv:1406.2661",
  "Mao et al. 2017, Least squares generative adversarial networks, arXiv:1611.04076",
  "Lim and Ye 2017, Geometric GAN, arXiv:1705.02894",
  "Arjovsky et al. 2017, Wasserstein GAN, arXiv:1701.07875",
];

export const gan: Entries = {
  adversarialDiscriminator: {
    title: "GAN discriminator loss",
    tasks: ["generative"],
    formula: String.raw`\operatorname{softplus}(-D(x)) + \operatorname{softplus}(D(G(z)))`,
    use: "To train the discriminator of a GAN; one function for the logistic, least-squares, hinge and Wasserstein games.",
    avoid: "Without watching the generator: a perfect discriminator teaches nothing.",
    inputs: { real: scores(["n"]), fake: scores(["m"], { seed: "fake" }) },
    options: {
      form: oneOf("nonSaturating", forms),
      realTarget: within(1, "in (0.5, 1]", 0.5, 1.1),
      reduction: oneOf("mean", ["mean", "sum"]),
    },
    variants: [
      ...others.filter(({ form }) => form !== "minimax"), // whose discriminator is that of nonSaturating
      { realTarget: 0.9 },
      { form: "leastSquares", realTarget: 0.9, reduction: "sum" },
    ],
    points: [
      { at: "the kinks of hinge", inputs: [[1], [-1]], options: { form: "hinge" }, value: 0, gradients: [[0], [0]] },
    ],
    sources,
    libraries: { MONAI: "applies a leaky ReLU before its least-squares form and tanh before its hinge form." },
  },

  adversarialGenerator: {
    title: "GAN generator loss",
    tasks: ["generative"],
    formula: String.raw`\operatorname{softplus}(-D(G(z)))`,
    use: "To train the generator against adversarialDiscriminator of the same form.",
    avoid: "The form minimax at the start of training: its gradient is faintest where the generator is worst.",
    inputs: { fake: scores(["n"]) },
    options: { form: oneOf("nonSaturating", forms), reduction: reduction() },
    variants: others,
    sources,
  },
};
