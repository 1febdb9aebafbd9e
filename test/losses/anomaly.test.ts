import { describe, expect, test } from "vitest";
import { detectAnomaly, grad, type Tensor, type TensorLike, tensor } from "../../src/index.ts";
import * as losses from "../../src/losses/index.ts";

// No loss has a false alarm: what `detectAnomaly` reports would be a fault of the caller's values, and these have none.

type Loss = (...inputs: Tensor[]) => Tensor;

/** A call of a loss with the float32 inputs that it is differentiated by. */
type Call = readonly [loss: Loss, ...inputs: TensorLike[]];

const scores = {
  ordinary: [
    [0.5, -1.5, 2],
    [1, 0.25, -0.75],
  ],
  equal: [
    [0, 0, 0],
    [3, 3, 3],
  ],
  extreme: [
    [1e4, -1e4, 0],
    [-1e4, 1e-30, 1e4],
  ],
};

const probabilities = {
  ordinary: [
    [0.5, 0.125, 0.375],
    [0.25, 0.25, 0.5],
  ],
  certain: [
    [1, 0, 0],
    [0, 0, 1],
  ],
  nearly: [
    [1e-30, 1, 1e-7],
    [1e-44, 0.5, 0.5],
  ],
  nothing: [
    [0, 0, 0],
    [0, 0, 0],
  ],
  everything: [
    [1, 1, 1],
    [1, 1, 1],
  ],
};

const embeddings = {
  ordinary: [
    [0.5, -1.5, 2],
    [1, 0.25, -0.75],
    [0.5, 0.5, 1],
    [-1, 2, 0],
  ],
  equal: [
    [1, 2, 3],
    [1, 2, 3],
    [1, 2, 3],
    [1, 2, 3],
  ],
  zero: [
    [0, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
  ],
  opposite: [
    [1e4, 0, 0],
    [-1e4, 0, 0],
    [0, 1e-30, 0],
    [0, 0, 1e-38],
  ],
};

const impossible = Number.NEGATIVE_INFINITY;
const binary = [
  [1, 0, 1],
  [0, 0, 1],
];
const signs = [
  [1, -1, 1],
  [-1, -1, 1],
];
const oneHot = [
  [0, 1, 0],
  [1, 0, 0],
];
const none = [
  [0, 0, 0],
  [0, 0, 0],
];
const all = [
  [1, 1, 1],
  [1, 1, 1],
];
const soft = probabilities.ordinary;
const labels = [1, 0];
const ignored = [-100, -100];
const classes = [0, 1, 0, 1];

/** The loss of each of the inputs, with each of the further arguments. */
function over(inputs: object, loss: (x: Tensor, ...rest: never[]) => Tensor, ...rests: unknown[][]): Call[] {
  return Object.values(inputs).flatMap((x) =>
    rests.map((rest): Call => [(t) => (loss as (...all: unknown[]) => Tensor)(t, ...rest), x]),
  );
}

/** The same for losses of two inputs that are both differentiated: every pair of them. */
function overPairs(inputs: object, loss: (a: Tensor, b: Tensor, ...rest: never[]) => Tensor, ...rests: unknown[][]) {
  const values: TensorLike[] = Object.values(inputs);
  return values.flatMap((a) =>
    values.flatMap((b) =>
      rests.map((rest): Call => [(s, t) => (loss as (...all: unknown[]) => Tensor)(s, t, ...rest), a, b]),
    ),
  );
}

const logs = (p: readonly number[][]) => p.map((row) => row.map((v) => (v === 0 ? impossible : Math.log(v))));
const binaryTargets = [[binary], [none], [all], [soft], [probabilities.nearly]];
const signed = [[signs], [signs, { margin: 0 }], [binary, { labels: "binary" }]];
const focal = [{}, { gamma: 0 }, { gamma: 0.5, alpha: 0.25 }, { normalizer: "positives", detachPt: true }];
const withOptions = (targets: unknown[][], options: readonly object[]) =>
  targets.flatMap((t) => options.map((o) => [...t, o]));
const classTargets = [[labels], [ignored], [soft], [oneHot], [none]];
const residuals = [[none], [scores.ordinary], [scores.extreme]];
const soles = {
  ...scores,
  impossible: [
    [0, impossible, impossible],
    [impossible, 1, 2],
  ],
};
const stacks = Object.fromEntries(
  Object.entries(embeddings).map(([name, rows]) => [name, [rows.slice(0, 2), rows.slice(2)]]),
);
const masks = Object.fromEntries(Object.entries(probabilities).map(([name, p]) => [name, [p]]));
const centres = (loss: (...inputs: never[]) => Tensor, ...options: object[]) =>
  overPairs(
    embeddings,
    (x, w, o) => (loss as (...all: unknown[]) => Tensor)(x, w, [0, 1, 2, 3], o),
    ...options.map((o) => [o]),
  );

const table: Record<string, Call[]> = {
  binaryCrossEntropy: over(probabilities, losses.binaryCrossEntropy, ...binaryTargets, [
    binary,
    { clamp: { eps: 1e-7 } },
  ]),
  binaryCrossEntropyWithLogits: over(scores, losses.binaryCrossEntropyWithLogits, ...binaryTargets),
  negativeLogLikelihood: over([logs(probabilities.nearly)], losses.negativeLogLikelihood, [labels], [ignored]),
  crossEntropy: over(soles, losses.crossEntropy, [[0, 1]], [ignored], [oneHot.toReversed()]),
  hinge: over(scores, losses.hinge, ...signed),
  squaredHinge: over(scores, losses.squaredHinge, ...signed),
  softMargin: over(scores, losses.softMargin, [signs]),
  multiMargin: over(scores, losses.multiMargin, [labels], [labels, { p: 2, margin: 0 }]),
  crammerSinger: over(scores, losses.crammerSinger, [labels], [labels, { margin: 0 }]),
  categoricalHinge: over(scores, losses.categoricalHinge, [labels], [oneHot]),
  sigmoidFocal: over(scores, losses.sigmoidFocal, ...withOptions(binaryTargets, focal)),
  softmaxFocal: [
    ...over(scores, losses.softmaxFocal, ...withOptions(classTargets, focal)),
    ...over([[[3]]], losses.softmaxFocal, ...withOptions([[[0]], [[[1]]]], focal)),
  ],
  poly: over(scores, losses.poly, ...withOptions(classTargets, [{}, { epsilon: [0, 1, 2] }])),
  sigmoidPoly: over(scores, losses.sigmoidPoly, ...withOptions(binaryTargets, [{}, { epsilon: [0, 1, 2] }])),
  polyFocal: over(scores, losses.polyFocal, ...withOptions([...binaryTargets, [labels], [ignored]], focal)),
  meanAbsoluteError: over(scores, losses.meanAbsoluteError, ...residuals),
  meanSquaredError: over(scores, losses.meanSquaredError, ...residuals),
  halfMeanSquaredError: over(scores, losses.halfMeanSquaredError, ...residuals),
  smoothL1: over(scores, losses.smoothL1, ...withOptions(residuals, [{}, { beta: 0 }])),
  huber: over(scores, losses.huber, ...withOptions(residuals, [{}, { delta: 1e-3 }])),
  pseudoHuber: over(scores, losses.pseudoHuber, ...withOptions(residuals, [{}, { delta: 1e-3 }])),
  logCosh: over(scores, losses.logCosh, ...residuals),
  quantile: over(scores, losses.quantile, ...withOptions(residuals, [{}, { quantile: 0.1 }])),
  entropy: over(probabilities, losses.entropy, []),
  klDivergence: [
    ...over([logs(soft), logs(probabilities.nearly)], losses.klDivergence, [soft], [none], [soft, { reverse: true }]),
    ...over(
      [logs(probabilities.certain)],
      losses.klDivergence,
      ...withOptions([[probabilities.certain]], [{}, { reverse: true }]),
    ),
    ...over([logs(soft)], losses.klDivergence, [logs(probabilities.certain), { logTarget: true }]),
  ],
  dice: over(
    masks,
    losses.dice,
    ...withOptions(
      [[[binary]], [[none]], [[all]], [[soft]]],
      [{}, { preset: "smp" }, { preset: "keras" }, { preset: "detr", log: true, softLabel: true }],
    ),
  ),
  marginRanking: overPairs(scores, losses.marginRanking, [signs], [1, { margin: 1 }]),
  knowledgeGraphMarginRanking: overPairs(scores, losses.knowledgeGraphMarginRanking, [{ pairs: "aligned" }]),
  contrastive: overPairs(
    embeddings,
    losses.contrastive,
    ...["hadsell2006", "siamese", "pml"].map((preset) => [classes, { preset }]),
    [classes, { positiveLabel: 1, distance: "cosine" }],
  ),
  hingeEmbedding: over([[0, 1, 2, 1e4]], losses.hingeEmbedding, [[1, -1, -1, -1]], [[1, 1, -1, 1], { margin: 0 }]),
  cosineEmbedding: overPairs(embeddings, losses.cosineEmbedding, [[1, -1, 1, -1]]),
  triplet: overPairs(
    embeddings,
    (a, b, o) => losses.triplet(a, b, a, o),
    [{}],
    [{ preset: "facenet" }],
    [{ soft: true, eps: 0 }],
    [{ swap: true, normalize: true }],
  ),
  batchAllTriplet: over(
    embeddings,
    losses.batchAllTriplet,
    [classes],
    [classes, { soft: true }],
    [[0, 0, 0, 0]],
    [[0, 1, 2, 3]],
  ),
  batchHardTriplet: over(
    embeddings,
    losses.batchHardTriplet,
    [classes],
    [classes, { soft: true }],
    [[0, 0, 0, 0]],
    [[0, 1, 2, 3]],
  ),
  semiHardTriplet: over(
    embeddings,
    losses.semiHardTriplet,
    [classes],
    [classes, { soft: true }],
    [[0, 0, 0, 0]],
    [[0, 1, 2, 3]],
  ),
  normalizedSoftmax: centres(losses.normalizedSoftmax, {}),
  cosFace: centres(losses.cosFace, {}),
  arcFace: centres(losses.arcFace, {}, { easyMargin: true }, { overflow: "none" }),
  combinedMargin: centres(losses.combinedMargin, {}, { m1: 1.35, m2: 0.2, m3: 0.1 }),
  ge2e: over(stacks, losses.ge2e, [], [{ variant: "contrast" }], [{ excludeSelf: false }]),
  infoNCE: overPairs(
    embeddings,
    losses.infoNCE,
    [],
    [{ symmetric: true, sameView: true }],
    [{ inBatch: false, negatives: embeddings.ordinary }],
  ),
  ntXent: overPairs(embeddings, losses.ntXent, []),
  clip: overPairs(embeddings, losses.clip, []),
  multipleNegativesRanking: overPairs(
    embeddings,
    losses.multipleNegativesRanking,
    [],
    [{ directions: ["queryToDocument", "queryToQuery", "documentToQuery", "documentToDocument"] }],
  ),
};

describe("detectAnomaly finds nothing, forwards or backwards, in", () => {
  for (const [name, calls] of Object.entries(table)) {
    test(`${name}, ${calls.length} calls`, () => {
      for (const [loss, ...inputs] of calls) {
        const leaves = inputs.map((x) => tensor(x, { requiresGrad: true }));
        const value = detectAnomaly(() => {
          const found = loss(...leaves);
          grad(found, leaves, { allowUnused: true });
          return found;
        });
        expect(value.item(), JSON.stringify(inputs)).toSatisfy(Number.isFinite);
      }
    });
  }

  test("every loss there is", () => {
    const aliases = new Set(["l1", "mse", "halfMse"]);
    const functions = Object.entries(losses).filter(([name, v]) => typeof v === "function" && /^[a-z]/.test(name));
    expect(Object.keys(table).sort()).toEqual(
      functions
        .map(([name]) => name)
        .filter((n) => !aliases.has(n))
        .sort(),
    );
  });
});
