import { describe, expect, it, test } from "vitest";
import { CompileError, compile, grad, losses, random, type Tensor, tensor } from "../../src/index.ts";
import { loadGolden } from "../golden/load.ts";
import { expectAllAgree } from "./agreement.ts";

type Float = "float32" | "float64";
type Loss = (...args: unknown[]) => Tensor;

const functions = Object.fromEntries(
  Object.entries(losses).filter(([name, value]) => typeof value === "function" && /^[a-z]/.test(name)),
) as unknown as Record<string, Loss>;

/** The loss and its gradients with respect to all float inputs; a loss for each term is weighted 1/n, 2/n, ... */
const differentiated =
  (loss: (...inputs: Tensor[]) => Tensor) =>
  (...inputs: Tensor[]): Tensor[] => {
    const value = loss(...inputs);
    const weights = Array.from({ length: value.size }, (_, i) => (i + 1) / value.size);
    const total = value.mul(tensor(weights, { dtype: value.dtype, shape: value.shape })).sum();
    const wanted = inputs.filter((t) => t.requiresGrad);
    return [value, ...grad(total, wanted, { allowUnused: true })];
  };

/** Compiled and eager give the same at each of the inputs. */
function expectSame(what: string, loss: (...inputs: Tensor[]) => Tensor, ...inputs: Tensor[][]): void {
  const eager = differentiated(loss);
  const compiled = compile(differentiated(loss));
  for (const [i, given] of inputs.entries()) expectAllAgree(`${what}, call ${i},`, compiled(...given), eager(...given));
  compiled.dispose();
}

const generators = { float32: new random.Generator("losses"), float64: new random.Generator("losses") };

/** What makes the arguments of a sample in one precision. */
class Maker {
  readonly float: Float;
  constructor(float: Float) {
    this.float = float;
  }
  private get generator(): random.Generator {
    return generators[this.float];
  }
  private leaf(t: Tensor): Tensor {
    return tensor(t, { requiresGrad: true });
  }
  scores(...shape: number[]): Tensor {
    return this.leaf(this.generator.normal(shape, { std: 2, dtype: this.float }));
  }
  /**
   * So near each other that rounding near the smallest float32 does not decide whether a soft term counts as a loss.
   */
  embeddings(...shape: number[]): Tensor {
    return this.leaf(this.generator.normal(shape, { dtype: this.float }));
  }
  probabilities(...shape: number[]): Tensor {
    return this.leaf(this.generator.normal(shape, { dtype: this.float }).softmax(-1));
  }
  fractions(...shape: number[]): Tensor {
    return this.leaf(this.generator.uniform(shape, { low: 0.05, high: 0.95, dtype: this.float }));
  }
  binary(...shape: number[]): Tensor {
    return this.generator.integers(shape, { high: 2 }).to(this.float);
  }
  signs(...shape: number[]): Tensor {
    return this.binary(...shape)
      .mul(2)
      .sub(1);
  }
  labels(n: number, classes: number): Tensor {
    return this.generator.integers([n], { high: classes });
  }
}

/**
 * For some losses (test/losses/evidence compiles them all), arguments of a size at which vectors have remainders, and
 * the options to try with them.
 */
type Sample = readonly [make: (m: Maker) => Tensor[], ...options: object[]];
const [n, c, d] = [37, 10, 13];
const regression: Sample = [(m) => [m.scores(n, 3), m.scores(n, 3)], {}, { reduction: "none" }];
const signed: Sample = [(m) => [m.scores(n, c), m.signs(n, c)], {}, { reduction: "sum" }];
const classes: Sample = [(m) => [m.scores(n, c), m.labels(n, c)], {}, { reduction: "none" }];
const binary: Sample = [(m) => [m.scores(n, c), m.binary(n, c)], {}, { reduction: "none" }];
const views: Sample = [(m) => [m.scores(n, d), m.scores(n, d)], {}];
const batch: Sample = [(m) => [m.embeddings(n, d), m.labels(n, 5)], {}, { soft: true, squared: true }];
const centres: Sample = [(m) => [m.scores(n, d), m.scores(c, d), m.labels(n, c)], {}, { scale: 8 }];

const samples: Record<string, Sample> = {
  binaryCrossEntropy: [(m) => [m.fractions(n, c), m.binary(n, c)], {}, { reduction: "none" }],
  binaryCrossEntropyWithLogits: [binary[0], {}, { labelSmoothing: 0.1, posWeight: 2 }],
  negativeLogLikelihood: [(m) => [m.scores(n, c), m.labels(n, c)], {}, { ignoreIndex: 3 }],
  crossEntropy: [classes[0], {}, { labelSmoothing: 0.1, ignoreIndex: 2 }, { reduction: "none" }],
  entropy: [(m) => [m.probabilities(n, c)], {}],
  klDivergence: [(m) => [m.scores(n, c), m.probabilities(n, c)], {}, { reduction: "sum" }],
  sigmoidFocal: [binary[0], {}, { alpha: 0.25, gamma: 1.5 }],
  softmaxFocal: [classes[0], {}, { gamma: 3, ignoreIndex: 1 }],
  poly: [classes[0], {}, { epsilon: [1, 0.5] }],
  sigmoidPoly: [binary[0], {}],
  polyFocal: [binary[0], {}],
  ge2e: [(m) => [m.scores(7, 5, d)], {}, { variant: "contrast" }],
  hinge: signed,
  squaredHinge: signed,
  softMargin: signed,
  multiMargin: [classes[0], {}, { p: 2 }],
  crammerSinger: classes,
  categoricalHinge: classes,
  infoNCE: [views[0], {}, { symmetric: true, temperature: 0.5 }],
  ntXent: views,
  clip: views,
  multipleNegativesRanking: [views[0], {}, { similarity: "dot", scale: 1 }],
  normalizedSoftmax: centres,
  cosFace: centres,
  arcFace: [centres[0], {}, { easyMargin: true, scale: 8 }],
  combinedMargin: [centres[0], {}, { m1: 1.35, m2: 0.2, m3: 0.1, scale: 8 }],
  contrastive: [
    (m) => [m.scores(n, d), m.scores(n, d), m.labels(n, 2)],
    { positiveLabel: 1 },
    { positiveLabel: 0, half: true },
  ],
  hingeEmbedding: [(m) => [m.fractions(n), m.signs(n)], {}],
  cosineEmbedding: [(m) => [m.scores(n, d), m.scores(n, d), m.signs(n)], {}, { margin: 0.2 }],
  marginRanking: [(m) => [m.scores(n), m.scores(n), m.signs(n)], {}, { margin: 0.5 }],
  knowledgeGraphMarginRanking: [(m) => [m.scores(n), m.scores(n)], { pairs: "aligned" }, { pairs: "all" }],
  l1: regression,
  mse: regression,
  halfMse: regression,
  meanAbsoluteError: regression,
  meanSquaredError: regression,
  halfMeanSquaredError: regression,
  smoothL1: [regression[0], {}, { beta: 0.3 }],
  huber: [regression[0], {}, { delta: 0.3 }],
  pseudoHuber: [regression[0], {}, { delta: 0.3 }],
  logCosh: regression,
  quantile: [regression[0], {}, { quantile: 0.1 }],
  dice: [(m) => [m.fractions(3, 2, 5, 7), m.binary(3, 2, 5, 7)], {}, { squared: false }],
  triplet: [
    (m) => [m.scores(n, d), m.scores(n, d), m.scores(n, d)],
    {},
    { swap: true, p: 1 },
    { preset: "facenet", soft: true },
  ],
  batchAllTriplet: batch,
  batchHardTriplet: batch,
  semiHardTriplet: batch,
};

describe.each(["float32", "float64"] as const)("compiled in %s, value and gradients", (float) => {
  test.each(Object.keys(samples))("%s is what it is", (name) => {
    const [make, ...options] = samples[name];
    for (const o of options) {
      const inputs = [1, 2].map(() => make(new Maker(float)));
      expectSame(`${name} ${JSON.stringify(o)}`, (...args) => functions[name](...args, o), ...inputs);
    }
  });
});

interface Golden {
  inputs: Record<string, { shape: number[]; dtype: "float64" | "int32"; data: number[] }>;
  cases: { loss: string; args: string[]; options: Record<string, unknown> }[];
}

/** The arguments of the golden files: small, with all options, at kinks and ends of domains. */
const goldens = ["losses-classification", "losses-metric"].map((name) => loadGolden<Golden>(name));
const withNegatives = new Set(["infoNCE", "multipleNegativesRanking"]);

test.each([...new Set(goldens.flatMap(({ cases }) => cases.map((golden) => golden.loss)))])(
  "compiled, %s is what it is in every golden case",
  (name) => {
    for (const { inputs, cases } of goldens) {
      for (const { loss, args, options } of cases) {
        if (loss !== name) continue;
        for (const float of ["float32", "float64"] as const) {
          const given = args.map((arg) => {
            const { shape, dtype, data } = inputs[arg];
            const isFloat = dtype === "float64";
            return tensor(data, { shape, dtype: isFloat ? float : dtype, requiresGrad: isFloat });
          });
          const call = (...all: Tensor[]) =>
            withNegatives.has(loss) && all.length > 2
              ? functions[loss](all[0], all[1], { ...options, negatives: all[2] })
              : functions[loss](...all, options);
          expectSame(`${loss}(${args}, ${JSON.stringify(options)}) in ${float}`, call, given);
        }
      }
    }
  },
);

describe("miners, which look at values,", () => {
  const [embeddings, labels] = [
    new random.Generator(1).normal([8, 4]),
    tensor([0, 0, 1, 1, 2, 2, 3, 3], { dtype: "int32" }),
  ];
  it.each(["batchAll", "batchHard", "semiHard"] as const)(
    "%s cannot run under compile, and the error says so",
    (name) => {
      const mine = losses.miners[name] as (...args: Tensor[]) => losses.miners.Triplets;
      const compiled = compile((x: Tensor, y: Tensor) => (name === "batchAll" ? mine(y) : mine(x, y)).anchors);
      expect(() => compiled(embeddings, labels)).toThrow(CompileError);
      expect(() => compiled(embeddings, labels)).toThrow(/compile.*(data|value|read)/is);
    },
  );

  it("feed a compiled loss from outside", () => {
    const { anchors, positives, negatives } = losses.miners.semiHard(embeddings, labels);
    const x = tensor(embeddings, { requiresGrad: true });
    const rows = (...picks: Tensor[]) =>
      losses.triplet(...(picks.map((i) => x.indexSelect(0, i)) as [Tensor, Tensor, Tensor]));
    const step = (...picks: Tensor[]) => {
      const loss = rows(...picks);
      return [loss, ...grad(loss, [x])];
    };
    expectAllAgree("triplets", compile(step)(anchors, positives, negatives), step(anchors, positives, negatives));
  });
});

describe("modules of losses", () => {
  const make: Record<string, () => losses.ArcFace | losses.GE2E> = {
    NormalizedSoftmax: () => new losses.NormalizedSoftmax(c, d, { scale: 8, generator: new random.Generator(2) }),
    CosFace: () => new losses.CosFace(c, d, { scale: 8, generator: new random.Generator(2) }),
    ArcFace: () => new losses.ArcFace(c, d, { scale: 8, generator: new random.Generator(2) }),
    CombinedMargin: () => new losses.CombinedMargin(c, d, { scale: 8, generator: new random.Generator(2) }),
    GE2E: () => new losses.GE2E({ variant: "contrast" }), // the softmax takes b out again
  };
  it.each(Object.keys(make))("%s is what it is, and so are the gradients of its parameters", (name) => {
    const m = new Maker("float32");
    const inputs = name === "GE2E" ? [m.scores(7, 5, d)] : [m.scores(n, d), m.labels(n, c)];
    const [one, two] = [make[name](), make[name]()];
    const step =
      (module: typeof one) =>
      (...args: Tensor[]) => {
        for (const p of module.parameters()) p.grad = null;
        const loss = (module.call as Loss)(...args);
        loss.backward();
        return loss;
      };
    const compiled = compile(step(two));
    for (let i = 0; i < 2; i++) {
      expectAllAgree(name, [compiled(...inputs)], [step(one)(...inputs)]);
      expectAllAgree(
        `${name} gradient`,
        two.parameters().map((p) => p.grad!),
        one.parameters().map((p) => p.grad!),
      );
    }
  });
});
