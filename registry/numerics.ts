import { readFileSync } from "node:fs";
import { grad, losses, type Tensor, type TensorLike, tensor } from "../src/index.ts";
import { parseGolden } from "./goldens.ts";

// Calls at which other libraries give NaN, infinity, a dead gradient or a wrong value, and what this one gives. What
// the others give was measured by test/golden/numerics.py and numerics-tfjs.mjs.

export interface Measured {
  case: keyof typeof ours;
  library: string;
  call: string;
  value: number;
  gradients: number[][];
}

export interface Ours {
  /** What goes wrong elsewhere. */
  trouble: string;
  call: string;
  fn: (...inputs: Tensor[]) => Tensor;
  /** What `fn` is differentiated by, in float32. */
  inputs: readonly TensorLike[];
  /** What is right, by the formula. */
  value: number;
  gradients: readonly (readonly number[])[];
}

const opposite = [
  [1, 0],
  [-0.8, 0.6],
  [1, 0],
  [-0.8, 0.6],
];
const pairLabels = [0, 0, 1, 1];
const impossible = Number.NEGATIVE_INFINITY;
const { cos, cosh, exp, log, log1p, sqrt, tanh } = Math;

export const ours = {
  softMargin: {
    trouble: "log(1 + e^-tx) overflows",
    call: "softMargin(-100, 1)",
    fn: (x) => losses.softMargin(x, [1]),
    inputs: [[-100]],
    value: 100,
    gradients: [[-1]],
  },
  allIgnored: {
    trouble: "a mean over nothing",
    call: "crossEntropy, every label ignored",
    fn: (x) => losses.crossEntropy(x, [-100]),
    inputs: [[[1, 2]]],
    value: 0,
    gradients: [[0, 0]],
  },
  softTargetImpossible: {
    trouble: "0 times infinity",
    call: "crossEntropy([1, -Infinity], [1, 0])",
    fn: (x) => losses.crossEntropy(x, [[1, 0]]),
    inputs: [[[1, impossible]]],
    value: 0,
    gradients: [[0, 0]],
  },
  klZeroPrediction: {
    trouble: "0 times infinity",
    call: "klDivergence([0, -Infinity], [1, 0])",
    fn: (q) => losses.klDivergence(q, [[1, 0]]),
    inputs: [[[0, impossible]]],
    value: 0,
    gradients: [[-1, 0]],
  },
  klZeroTarget: {
    trouble: "the gradient of p log p where p = 0, here that of the term 0",
    call: "klDivergence(log q, [1, 0]) by the target",
    fn: (p) => losses.klDivergence([[-0.5, -1]], p),
    inputs: [[[1, 0]]],
    value: 0.5,
    gradients: [[1.5, 1]],
  },
  focalSmallGamma: {
    trouble: "(1 - p)^gamma has an infinite slope where p rounds to 1",
    call: "sigmoidFocal(100, 1, { gamma: 0.5 })",
    fn: (x) => losses.sigmoidFocal(x, [1], { gamma: 0.5 }),
    inputs: [[100]],
    value: 0,
    gradients: [[0]],
  },
  focalConfident: {
    trouble: "1 - p by subtraction loses all digits",
    call: "sigmoidFocal(18, 1)",
    fn: (x) => losses.sigmoidFocal(x, [1]),
    inputs: [[18]],
    value: exp(-36) * log1p(exp(-18)),
    gradients: [[-3 * exp(-54)]],
  },
  hingeEmbeddingLabels: {
    trouble: "labels of another convention are taken in silence",
    call: "hingeEmbedding(0.25, 0) is an error; of -1",
    fn: (x) => losses.hingeEmbedding(x, [-1]),
    inputs: [[0.25]],
    value: 0.75,
    gradients: [[-1]],
  },
  cosineZero: {
    trouble: "a zero vector has no direction",
    call: "cosineEmbedding of a zero vector",
    fn: (x) => losses.cosineEmbedding(x, [[1, 2]], [1]),
    inputs: [[[0, 0]]],
    value: 1,
    gradients: [[-1e6 / sqrt(5), -2e6 / sqrt(5)]], // the slope of x / sqrt(||x||^2 + 1e-12)
  },
  arcFaceOnCentre: {
    trouble: "the derivative of acos at 1",
    call: "arcFace, an embedding on its centre",
    fn: (x) =>
      losses.arcFace(
        x,
        tensor([
          [1, 0],
          [0, 1],
        ]),
        [0],
      ),
    inputs: [[[2, 0]]],
    value: exp(-64 * cos(0.5)),
    gradients: [[0, 32 * exp(-64 * cos(0.5))]], // what pushes it from the other centre
  },
  tripletOddPower: {
    trouble: "a power of a negative difference",
    call: "triplet({ p: 3 })",
    fn: (x) => losses.triplet(x, [[1, 2]], [[3, 4]], { p: 3 }),
    inputs: [[[0, 0]]],
    value: 0,
    gradients: [[0, 0]],
  },
  logCoshSmall: {
    trouble: "cancellation near 0",
    call: "logCosh(1e-4)",
    fn: (x) => losses.logCosh(x, [0]),
    inputs: [[1e-4]],
    value: log(cosh(1e-4)),
    gradients: [[tanh(1e-4)]],
  },
  ntXentCold: {
    trouble: "an epsilon inside a logarithm caps the loss",
    call: "ntXent({ temperature: 0.01 }), positives nearly opposite",
    fn: (x) => losses.ntXent(x.indexSelect(0, [0, 2]), x.indexSelect(0, [1, 3]), { temperature: 0.01 }),
    inputs: [opposite],
    value: 180,
    gradients: [],
  },
  binaryMiss: {
    trouble: "a clamp of the probability ends the gradient",
    call: "sigmoidFocal(-100, 1)",
    fn: (x) => losses.sigmoidFocal(x, [1]),
    inputs: [[-100]],
    value: 100,
    gradients: [[-1]],
  },
  softmaxFocalMiss: {
    trouble: "a clamp of the probability ends the gradient",
    call: "softmaxFocal([-100, 100], class 0)",
    fn: (x) => losses.softmaxFocal(x, [0]),
    inputs: [[[-100, 100]]],
    value: 200,
    gradients: [[-1, 1]],
  },
  categoricalMiss: {
    trouble: "a clamp of the probability ends the gradient",
    call: "crossEntropy([-100, 100], class 0)",
    fn: (x) => losses.crossEntropy(x, [0]),
    inputs: [[[-100, 100]]],
    value: 200,
    gradients: [[-1, 1]],
  },
  probabilityMiss: {
    trouble: "a clamp of the probability ends the gradient",
    call: "binaryCrossEntropy(1e-10, 1)",
    fn: (p) => losses.binaryCrossEntropy(p, [1]),
    inputs: [[1e-10]],
    value: -log(1e-10),
    gradients: [[-1e10]],
  },
  categoricalHinge: {
    trouble: "the labelled class takes part in the maximum with score 0",
    call: "crammerSinger([-1, -3, -4], class 0)",
    fn: (x) => losses.crammerSinger(x, [0]),
    inputs: [[[-1, -3, -4]]],
    value: 0,
    gradients: [[0, 0, 0]],
  },
  cosineUnnormalised: {
    trouble: "vectors are taken to have length 1",
    call: "cosineDistance([3, 4], [3, 4])",
    fn: (x) => losses.cosineDistance(x, [[3, 4]]),
    inputs: [[[3, 4]]],
    value: 0,
    gradients: [],
  },
  generalizedMiss: {
    trouble: "a power of a probability of 0",
    call: "generalizedCrossEntropy([-40, 40], class 0, { q: 0.5 })",
    fn: (x) => losses.generalizedCrossEntropy(x, [0], { q: 0.5 }),
    inputs: [[[-40, 40]]],
    value: 2,
    gradients: [[-exp(-40), exp(-40)]],
  },
  ncaFar: {
    trouble: "the probability of a neighbour underflows before its logarithm is taken",
    call: "nca({ scale: 200 }), positives nearly opposite",
    fn: (x) => losses.nca(x, pairLabels, { scale: 200 }),
    inputs: [opposite],
    value: 720,
    gradients: [],
  },
  emptyBox: {
    trouble: "the aspect of a box without size",
    call: "ciou of two equal empty boxes",
    fn: (x) => losses.ciou(x, [[1, 1, 1, 1]]),
    inputs: [[[1, 1, 1, 1]]],
    value: 1,
    gradients: [[0, 0, 0, 0]],
  },
  flatBox: {
    trouble: "the aspect of a box without height",
    call: "ciou of a box without height",
    fn: (x) => losses.ciou(x, [[0, 0, 2, 2]]),
    inputs: [[[0, 1, 2, 1]]],
    value: 1.05,
    gradients: [[0, 0, 0, 0]], // at the kink where a box turns inside out
  },
  ctcImpossible: {
    trouble: "minus infinity less minus infinity",
    call: "ctc: two equal labels in two steps",
    fn: (x) => losses.ctc(x.logSoftmax(-1), [[1, 1]], [2], [2]),
    inputs: [[[[0, 0, 0]], [[0, 0, 0]]]],
    value: Number.POSITIVE_INFINITY,
    gradients: [[0, 0, 0, 0, 0, 0]],
  },
} as const satisfies Record<string, Ours>;

/** The rows of the table in docs/numerics.md: trouble, what another library gives, what this one gives. */
export function numericsRows(): string[][] {
  return measured.map(({ case: name, library, call, value, gradients }) => {
    const { trouble, call: own } = ours[name];
    const found = run(ours[name]);
    return [trouble, `${library}: ${call}`, described(value, gradients), own, described(found.value, found.gradients)];
  });
}

const described = (value: number, gradients: readonly (readonly number[])[]): string =>
  `${short(value)}; gradient ${gradients.map((g) => (g.length > 6 ? rangeOf(g) : g.map(short).join(", "))).join("; ")}`;

const rangeOf = (g: readonly number[]): string =>
  g.every((v) => v === 0) ? `all 0` : `${short(Math.min(...g))} to ${short(Math.max(...g))}`;

const short = (v: number): string => String(Number(v.toPrecision(3)));

/** What the other libraries gave. */
export const measured: Measured[] = ["numerics", "numerics-tfjs"].flatMap((name): Measured[] =>
  parseGolden(readFileSync(`test/golden/${name}.json`, "utf8")),
);

/** Value and gradients of our call, in float32. */
export function run({ fn, inputs }: Ours): { value: number; gradients: number[][] } {
  const leaves = inputs.map((x) => tensor(x, { requiresGrad: true }));
  const value = fn(...leaves);
  const gradients = grad(value, leaves, { allowUnused: true });
  return { value: value.item(), gradients: gradients.map((g) => Array.from(g.data, (v) => v + 0)) };
}
