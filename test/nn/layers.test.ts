import { describe, expect, it } from "vitest";
import { gradcheck } from "../../src/autograd/derivatives.ts";
import * as nn from "../../src/nn/index.ts";
import type { DType } from "../../src/tensor/dtype.ts";
import { Generator } from "../../src/tensor/random.ts";
import { type Nested, type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { loadGolden } from "../golden/load.ts";

interface Stored {
  shape: number[];
  data: number[];
  dtype?: DType;
}

interface Case {
  layer: string;
  args: never[];
  training: boolean;
  state: Record<string, Stored>;
  inputs: Stored[];
  masks?: nn.AttentionMasks & Record<string, Stored>;
  output: Stored;
  gradients: Record<string, Stored>;
  after: Record<string, Stored>;
}

const { cases, sequential } = loadGolden<{
  cases: Case[];
  sequential: { keys: string[]; shapes: number[][] };
}>("nn");

type Float = "float32" | "float64";

const restored = ({ data, shape, dtype }: Stored, float: Float): Tensor =>
  tensor(data, { shape, dtype: dtype ?? float, requiresGrad: dtype === undefined });

const restoredAll = (stored: Record<string, Stored>, float: Float): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(stored).map(([name, t]) => [name, restored(t, float)]));

/** The layer of a case, with its state, and its inputs. */
function build({ layer, args, state, inputs, masks, training }: Case, float: Float) {
  const Layer = Reflect.get(nn, layer) as new (...args: never[]) => nn.Module;
  const module = new Layer(...args).to(float).train(training);
  module.loadStateDict(restoredAll(state, float));
  const given: unknown[] = inputs.map((x) => restored(x, float));
  if (masks !== undefined) {
    const key = given[1] ?? given[0];
    given.push(...[key, given[2] ?? key].slice(given.length - 1), restoredAll(masks, float));
  }
  return { module, given };
}

const cotangent = ({ shape, size, dtype }: Tensor): Tensor =>
  tensor(
    Array.from({ length: size }, (_, i) => 1 + Math.sin(i) / 2),
    { shape, dtype },
  );

/** The largest |found - expected| / (1 + |expected|). */
function difference(found: Tensor | null, { shape, data }: Stored): number {
  expect(found?.shape).toEqual(shape);
  return Math.max(0, ...data.map((v, i) => Math.abs(found!.data[i] - v) / (1 + Math.abs(v))));
}

const titled = cases.map((c) => {
  const masks = c.masks === undefined ? "" : ` with ${Object.keys(c.masks)}`;
  const mode = c.training ? "training" : "evaluation";
  return {
    title: `${c.layer}(${c.args.map((a) => JSON.stringify(a)).join(", ")}) on ${c.inputs.map((x) => `[${x.shape}]`)}${masks} in ${mode}`,
    c,
  };
});

describe.each(titled)("$title", ({ c }) => {
  it.each([
    { float: "float64", precision: 1e-12 },
    { float: "float32", precision: 2e-5 },
  ] as const)("gives PyTorch's output, gradients and buffers in $float", ({ float, precision }) => {
    const { module, given } = build(c, float);
    const output = module.forward(...given);
    expect(output.dtype).toBe(float);
    expect(difference(output, c.output)).toBeLessThan(precision);
    if (output.requiresGrad) output.backward(cotangent(output));
    const leaves = new Map<string, Tensor>(module.namedParameters());
    c.inputs.forEach((_, i) => {
      leaves.set(`input${i}`, given[i] as Tensor);
    });
    for (const [name, gradient] of Object.entries(c.gradients)) {
      expect(difference(leaves.get(name)!.grad, gradient), name).toBeLessThan(precision);
    }
    const state = module.stateDict();
    for (const [name, buffer] of Object.entries(c.after)) {
      expect(difference(state[name], buffer), name).toBeLessThan(precision);
    }
  });
});

/** One case of each layer and mode; the kinks of pooling and activations lie off the random inputs. */
const differentiable = titled.filter(
  ({ c }, i) => titled.findIndex((t) => t.c.layer === c.layer && t.c.training === c.training) === i,
);

describe("gradcheck", () => {
  it.each(differentiable)("$title agrees with central differences in inputs and parameters", ({ c }) => {
    const { module, given } = build(c, "float64");
    const isFlat = given.map((x) => (x as Tensor).dtype === "float64");
    const inputs = given.filter((_, i) => isFlat[i]) as Tensor[];
    const kinked = ["ReLU", "LeakyReLU", "ELU"].includes(c.layer);
    const checked = kinked ? inputs.map((x) => x.add(0.01).detach()) : inputs;
    const names = module.namedParameters().map(([name]) => name);
    const fn = (...all: Tensor[]) => {
      // gradcheck differentiates copies: put them where the layer looks for its parameters.
      names.forEach((name, i) => {
        put(module, name, all[checked.length + i]);
      });
      let next = 0;
      return module.forward(...given.map((x, i) => (isFlat[i] ? all[next++] : x)));
    };
    expect(gradcheck(fn, [...checked, ...module.parameters()])).toBe(true);
  });
});

function put(module: nn.Module, name: string, t: Tensor): void {
  const path = name.split(".").map((part) => part.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()));
  const holder = path.slice(0, -1).reduce((at, part) => Reflect.get(at, part), module as object);
  Reflect.set(holder, path[path.length - 1], t);
}

it("names the state of nested Sequentials as PyTorch does", () => {
  const model = new nn.Sequential(
    new nn.Linear(3, 2),
    new nn.Sequential(new nn.BatchNorm1d(2), new nn.ReLU()),
    new nn.Linear(2, 1, { bias: false }),
  );
  const state = model.stateDict();
  expect(Object.keys(state)).toEqual(sequential.keys);
  expect(Object.values(state).map(({ shape }) => shape)).toEqual(sequential.shapes);
});

describe("Dropout", () => {
  const x = new Generator("dropout").normal([200, 50]);

  it("zeroes about p of the elements in training and divides the others by 1 - p", () => {
    const y = new nn.Dropout(0.3, { generator: new Generator(1) }).call(x);
    const zeros = y.data.filter((v) => v === 0).length / y.size;
    expect(Math.abs(zeros - 0.3)).toBeLessThan(0.02);
    y.data.forEach((v, i) => {
      if (v !== 0) expect(v).toBeCloseTo(x.data[i] / 0.7, 5);
    });
  });

  it("draws the same masks from the same seed and others from the next draw", () => {
    const drop = () => new nn.Dropout(0.5, { generator: new Generator("same") });
    const layer = drop();
    const first = layer.call(x);
    expect(drop().call(x).data).toEqual(first.data);
    expect(layer.call(x).data).not.toEqual(first.data);
  });

  it("lets the gradient through where it let the value through", () => {
    const leaf = tensor(x, { requiresGrad: true });
    const y = new nn.Dropout(0.5).call(leaf);
    y.sum().backward();
    leaf.grad!.data.forEach((g, i) => {
      expect(g).toBe(y.data[i] === 0 ? 0 : 2);
    });
  });

  it("passes everything for p = 0 and nothing, with zero gradients, for p = 1", () => {
    expect(new nn.Dropout(0).call(x).data).toEqual(x.data);
    const leaf = tensor([1, -2], { requiresGrad: true });
    const y = new nn.Dropout(1).call(leaf);
    y.sum().backward();
    expect([...y.data, ...leaf.grad!.data].map(Math.abs)).toEqual([0, 0, 0, 0]);
  });

  it("acts on the attention weights of MultiHeadAttention in training only", () => {
    const attention = new nn.MultiHeadAttention(4, 2, { dropout: 0.5, generator: new Generator(3) });
    const q = new Generator(4).normal([1, 5, 4]);
    expect(attention.call(q).data).not.toEqual(attention.call(q).data);
    attention.eval();
    expect(attention.call(q).data).toEqual(attention.call(q).data);
  });
});

it.each<[string, nn.Module, Nested]>([
  ["Linear", new nn.Linear(2, 3), [[1, -2]]],
  ["Conv1d", new nn.Conv1d(1, 2, 1), [[[1, -2]]]],
  [
    "BatchNorm1d",
    new nn.BatchNorm1d(2),
    [
      [1, -2],
      [3, 4],
    ],
  ],
  ["LayerNorm", new nn.LayerNorm(2), [1, -2]],
  ["GroupNorm", new nn.GroupNorm(1, 2), [[1, -2]]],
  ["Dropout", new nn.Dropout().eval(), [1, -2]],
  ["Flatten", new nn.Flatten(), [[[1, -2]]]],
  ["MultiHeadAttention", new nn.MultiHeadAttention(2, 1), [[[1, -2]]]],
  ["MaxPool2d in Sequential", new nn.Sequential(new nn.MaxPool2d(1), new nn.ReLU()), [[[[1]]]]],
  ["Embedding in Sequential", new nn.Sequential(new nn.Embedding(2, 2)), [0, 1]],
  ["ReLU", new nn.ReLU(), [1, -2]],
  ["LeakyReLU", new nn.LeakyReLU(), [1, -2]],
  ["ELU", new nn.ELU(), [1, -2]],
  ["GELU", new nn.GELU(), [1, -2]],
  ["SiLU", new nn.SiLU(), [1, -2]],
  ["Mish", new nn.Mish(), [1, -2]],
  ["Sigmoid", new nn.Sigmoid(), [1, -2]],
  ["LogSigmoid", new nn.LogSigmoid(), [1, -2]],
  ["Tanh", new nn.Tanh(), [1, -2]],
  ["Softplus", new nn.Softplus(), [1, -2]],
  ["Softplus with beta 2", new nn.Softplus(2), [1, -2]],
  ["Softmax", new nn.Softmax(), [1, -2]],
  ["LogSoftmax", new nn.LogSoftmax(), [1, -2]],
])("%s takes nested arrays as it takes a tensor", (name, layer, x) => {
  const dtype = name.startsWith("Embedding") ? "int32" : "float32";
  expect(layer.call(x).toArray()).toEqual(layer.call(tensor(x, { dtype })).toArray());
});

describe("layers refuse, and say why,", () => {
  const zeros = (...shape: number[]) => tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)), { shape });
  it.each<[string, () => unknown, string]>([
    [
      "an option they do not have",
      () => new nn.Linear(2, 3, { biass: true } as object),
      'Linear: unknown option "biass"',
    ],
    ["sizes below 1", () => new nn.Linear(0, 3), "Linear: inFeatures must be a number that is whole and >= 1, got 0"],
    [
      "inputs of another width",
      () => new nn.Linear(2, 3).call(zeros(4, 5)),
      "Linear: input [4, 5] must end with 2 features",
    ],
    [
      "groups that do not divide",
      () => new nn.Conv2d(3, 4, 3, { groups: 2 }),
      "Conv2d: groups must divide the 3 input and 4 output channels, got 2",
    ],
    ["a bad kernel", () => new nn.Conv2d(3, 4, 0), "Conv2d: kernel must be a whole number >= 1"],
    ["a bad stride", () => new nn.Conv2d(3, 4, 3, { stride: 0 }), "Conv2d: stride must be a whole number >= 1"],
    [
      "same with a stride",
      () => new nn.Conv2d(3, 4, 3, { stride: 2, padding: "same" }),
      'Conv2d: padding "same" needs stride 1, got [2, 2]',
    ],
    [
      "the wrong channels",
      () => new nn.Conv2d(3, 4, 3).call(zeros(1, 2, 5, 5)),
      "has 2 channels, but weight [4, 3, 3, 3]",
    ],
    [
      "images in Conv1d",
      () => new nn.Conv1d(3, 4, 3).call(zeros(1, 3, 5, 5)),
      "Conv1d: input must be [n, channels, length], got [1, 3, 5, 5]",
    ],
    [
      "a bad output padding",
      () => new nn.ConvTranspose2d(3, 4, 3, { outputPadding: -1 }),
      "ConvTranspose2d: outputPadding must be a whole number >= 0",
    ],
    [
      "a misspelt pooling option",
      () => new nn.MaxPool2d(2, { strid: 1 } as object),
      'MaxPool2d: unknown option "strid"',
    ],
    ["a bad output size", () => new nn.AdaptiveAvgPool2d(0), "AdaptiveAvgPool2d: outputSize must be"],
    [
      "the wrong axes in batch norm",
      () => new nn.BatchNorm2d(3).call(zeros(2, 3)),
      "BatchNorm2d: input must be [n, 3, height, width], got [2, 3]",
    ],
    [
      "the wrong channels in batch norm",
      () => new nn.BatchNorm1d(3).call(zeros(2, 4)),
      "BatchNorm1d: input must be [n, 3] or [n, 3, length], got [2, 4]",
    ],
    [
      "a batch of one in training",
      () => new nn.BatchNorm1d(3).call(zeros(1, 3)),
      "BatchNorm1d: input [1, 3] has 1 value a channel, too few for a variance",
    ],
    [
      "a momentum above 1",
      () => new nn.BatchNorm1d(3, { momentum: 2 }),
      "BatchNorm1d: momentum must be a number in [0, 1] or null, got 2",
    ],
    [
      "the wrong last axes",
      () => new nn.LayerNorm([2, 3]).call(zeros(4, 3)),
      "LayerNorm: input [4, 3] must end with the sizes [2, 3]",
    ],
    ["an empty shape", () => new nn.LayerNorm([]), "LayerNorm: shape must have sizes >= 1, got []"],
    [
      "groups of channels that do not divide",
      () => new nn.GroupNorm(2, 3),
      "GroupNorm: groups must divide the 3 channels, got 2",
    ],
    [
      "other channels than promised",
      () => new nn.GroupNorm(1, 3).call(zeros(2, 4)),
      "GroupNorm: input must be [n, 3, ...], got [2, 4]",
    ],
    ["a probability above 1", () => new nn.Dropout(1.5), "Dropout: p must be a number in [0, 1], got 1.5"],
    [
      "an index outside the table",
      () => new nn.Embedding(3, 2).call([0, 3]),
      "Embedding: indices[1] is 3, but the table has entries 0..2",
    ],
    [
      "indices that are floats",
      () => new nn.Embedding(3, 2).call(zeros(2)),
      "Embedding: indices must be int32, got float32",
    ],
    [
      "a padding index outside the table",
      () => new nn.Embedding(3, 2, { paddingIndex: 3 }),
      "Embedding: paddingIndex must be a number that is whole and in 0..2, got 3",
    ],
    ["what is no module", () => new nn.Sequential([new nn.ReLU()] as never), "Sequential: modules[0] must be a Module"],
    [
      "an unknown approximation",
      () => new nn.GELU({ approximate: "erf" as "none" }),
      'GELU: approximate must be one of "none", "tanh"',
    ],
    [
      "heads that do not divide",
      () => new nn.MultiHeadAttention(4, 3),
      "MultiHeadAttention: heads must divide embedSize 4, got 3",
    ],
    [
      "a query without batch",
      () => new nn.MultiHeadAttention(4, 2).call(zeros(3, 4)),
      "MultiHeadAttention: query must be [n, length, 4], got [3, 4]",
    ],
    [
      "keys and values of two lengths",
      () => new nn.MultiHeadAttention(4, 2).call(zeros(1, 3, 4), zeros(1, 2, 4), zeros(1, 3, 4)),
      "must share n, and key and value their length",
    ],
    [
      "a mask of another shape",
      () => {
        const q = zeros(1, 3, 4);
        return new nn.MultiHeadAttention(4, 2).call(q, q, q, { attentionMask: zeros(2, 3) });
      },
      "attentionMask must be [3, 3] or [2, 3, 3], got [2, 3]",
    ],
    [
      "a misspelt mask",
      () => {
        const q = zeros(1, 3, 4);
        return new nn.MultiHeadAttention(4, 2).call(q, q, q, { mask: zeros(3, 3) } as object);
      },
      'unknown option "mask"',
    ],
  ])("%s", (_, act, message) => {
    expect(act).toThrow(message);
  });
});

it("batch norm leaves its statistics alone when the input is refused", () => {
  const layer = new nn.BatchNorm2d(2);
  expect(() => layer.call(tensor([1, 2], { shape: [1, 2, 1, 1] }))).toThrow();
  expect(layer.numBatchesTracked!.item()).toBe(0);
});
