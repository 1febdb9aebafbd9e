import { describe, expect, it, test } from "vitest";
import { compile, grad, nn, random, type Tensor, tensor } from "../../src/index.ts";
import { loadGolden } from "../golden/load.ts";
import { expectAgreement, expectAllAgree } from "./agreement.ts";

type Float = "float32" | "float64";

/** Output, gradients of float inputs and parameters, for a cotangent 1 + sin(i) / 2. */
const differentiated =
  (module: nn.Module, call: (...inputs: Tensor[]) => Tensor = (...inputs) => module.forward(...inputs)) =>
  (...inputs: Tensor[]): Tensor[] => {
    const output = call(...inputs);
    const wanted = [...inputs.filter((t) => t.requiresGrad), ...module.parameters()];
    const weights = Array.from({ length: output.size }, (_, i) => 1 + Math.sin(i) / 2);
    const total = output.mul(tensor(weights, { dtype: output.dtype, shape: output.shape })).sum();
    return total.requiresGrad ? [output, ...grad(total, wanted, { allowUnused: true })] : [output];
  };

/** Two modules made alike give the same, one compiled and one not, call after call, and end in the same state. */
function expectSame(
  what: string,
  make: () => nn.Module,
  calls: Tensor[][],
  call?: (module: nn.Module, ...inputs: Tensor[]) => Tensor,
): void {
  const [one, two] = [make(), make()];
  const bound = (module: nn.Module) => call && ((...inputs: Tensor[]) => call(module, ...inputs));
  const eager = differentiated(one, bound(one));
  const compiled = compile(differentiated(two, bound(two)));
  for (const [i, inputs] of calls.entries()) {
    expectAllAgree(`${what}, call ${i},`, compiled(...inputs), eager(...inputs));
    expectAllAgree(`${what}, after call ${i},`, two.stateDict(), one.stateDict());
  }
  compiled.dispose();
}

const seeded = () => ({ generator: new random.Generator("layer") });

/** For each layer, ways to make it and the shape of its input: sizes at which vectors have remainders. */
const table: Record<string, readonly (readonly [make: () => nn.Module, shape: number[]])[]> = {
  Linear: [
    [() => new nn.Linear(13, 10, seeded()), [37, 13]],
    [() => new nn.Linear(13, 1, { bias: false, ...seeded() }), [5, 3, 13]],
  ],
  Conv1d: [[() => new nn.Conv1d(3, 5, 3, { padding: 1, stride: 2, ...seeded() }), [4, 3, 19]]],
  Conv2d: [
    [() => new nn.Conv2d(3, 10, 3, { padding: 1, ...seeded() }), [4, 3, 9, 11]],
    [
      () => new nn.Conv2d(4, 6, [3, 2], { stride: 2, dilation: [1, 2], groups: 2, bias: false, ...seeded() }),
      [3, 4, 9, 11],
    ],
    [() => new nn.Conv2d(6, 6, 3, { groups: 6, padding: "same", ...seeded() }), [2, 6, 7, 7]],
    [() => new nn.Conv2d(5, 7, 1, seeded()), [2, 5, 6, 6]],
  ],
  ConvTranspose2d: [
    [() => new nn.ConvTranspose2d(4, 6, 3, { stride: 2, padding: 1, outputPadding: 1, ...seeded() }), [2, 4, 5, 7]],
    [() => new nn.ConvTranspose2d(4, 2, [2, 3], { groups: 2, dilation: 2, ...seeded() }), [2, 4, 5, 7]],
  ],
  MaxPool2d: [
    [() => new nn.MaxPool2d(2), [2, 3, 9, 11]],
    [() => new nn.MaxPool2d([3, 2], { stride: 1, padding: [1, 0] }), [2, 3, 9, 11]],
  ],
  AvgPool2d: [
    [() => new nn.AvgPool2d(3, { stride: 2, padding: 1 }), [2, 3, 9, 11]],
    [() => new nn.AvgPool2d(3, { stride: 2, padding: 1, countIncludePad: false }), [2, 3, 9, 11]],
  ],
  AdaptiveAvgPool2d: [[() => new nn.AdaptiveAvgPool2d([3, 4]), [2, 3, 9, 11]]],
  BatchNorm1d: [
    [() => new nn.BatchNorm1d(13), [37, 13]],
    [() => new nn.BatchNorm1d(5, { momentum: null }), [7, 5, 9]],
    [() => new nn.BatchNorm1d(13).eval(), [37, 13]],
  ],
  BatchNorm2d: [
    [() => new nn.BatchNorm2d(5), [3, 5, 6, 7]],
    [() => new nn.BatchNorm2d(5, { affine: false, trackRunningStats: false }), [3, 5, 6, 7]],
    [() => new nn.BatchNorm2d(5).eval(), [3, 5, 6, 7]],
  ],
  LayerNorm: [
    [() => new nn.LayerNorm(13), [9, 13]],
    [() => new nn.LayerNorm([5, 13], { bias: false }), [3, 5, 13]],
  ],
  GroupNorm: [[() => new nn.GroupNorm(3, 6), [4, 6, 5, 3]]],
  Dropout: [
    [() => new nn.Dropout(0.3, seeded()), [37, 13]],
    [() => new nn.Dropout(0.3, seeded()).eval(), [37, 13]],
  ],
  Embedding: [[() => new nn.Embedding(11, 6, seeded()), [5, 7]]],
  Flatten: [[() => new nn.Flatten(), [3, 4, 5]]],
  Sequential: [
    [
      () =>
        new nn.Sequential(
          new nn.Conv2d(1, 4, 3, { bias: false, ...seeded() }), // batch norm takes a bias out again
          new nn.BatchNorm2d(4),
          new nn.ReLU(),
          new nn.MaxPool2d(2),
          new nn.Flatten(),
          new nn.Dropout(0.2, seeded()),
          new nn.Linear(4 * 4 * 4, 10, seeded()),
        ),
      [6, 1, 10, 10],
    ],
  ],
  MultiHeadAttention: [
    [() => new nn.MultiHeadAttention(12, 3, seeded()), [2, 7, 12]],
    [() => new nn.MultiHeadAttention(12, 2, { dropout: 0.2, bias: false, ...seeded() }), [2, 7, 12]],
  ],
  ReLU: [[() => new nn.ReLU(), [37, 13]]],
  LeakyReLU: [[() => new nn.LeakyReLU(0.1), [37, 13]]],
  ELU: [[() => new nn.ELU(0.7), [37, 13]]],
  GELU: [
    [() => new nn.GELU(), [37, 13]],
    [() => new nn.GELU({ approximate: "tanh" }), [37, 13]],
  ],
  SiLU: [[() => new nn.SiLU(), [37, 13]]],
  Mish: [[() => new nn.Mish(), [37, 13]]],
  Sigmoid: [[() => new nn.Sigmoid(), [37, 13]]],
  LogSigmoid: [[() => new nn.LogSigmoid(), [37, 13]]],
  Tanh: [[() => new nn.Tanh(), [37, 13]]],
  Softplus: [[() => new nn.Softplus(2), [37, 13]]],
  Softmax: [[() => new nn.Softmax(), [37, 13]]],
  LogSoftmax: [[() => new nn.LogSoftmax(0), [37, 13]]],
};

describe.each(["float32", "float64"] as const)("compiled in %s, outputs, gradients and buffers", (float) => {
  test.each(Object.keys(table))("%s is what it is", (name) => {
    const generator = new random.Generator("inputs");
    for (const [make, shape] of table[name]) {
      const input = () =>
        name === "Embedding"
          ? generator.integers(shape, { high: 11 })
          : generator.normal(shape, { dtype: float, requiresGrad: true });
      expectSame(`${name} of [${shape}]`, () => make().to(float), [[input()], [input()], [input()]]);
    }
  });
});

test("every layer has a row", () => {
  const layers = Object.entries(nn).filter(([name, v]) => typeof v === "function" && name !== "Module");
  expect(Object.keys(table).sort()).toEqual(layers.map(([name]) => name).sort());
});

interface Stored {
  shape: number[];
  data: number[];
  dtype?: "int32" | "bool";
}
interface Case {
  layer: string;
  args: never[];
  training: boolean;
  state: Record<string, Stored>;
  inputs: Stored[];
  masks?: Record<string, Stored>;
}
const { cases } = loadGolden<{ cases: Case[] }>("nn");

test.each([...new Set(cases.map(({ layer }) => layer))])("compiled, %s is what it is in every golden case", (layer) => {
  for (const { args, training, state, inputs, masks } of cases.filter((golden) => golden.layer === layer)) {
    for (const float of ["float32", "float64"] as Float[]) {
      const restored = ({ data, shape, dtype }: Stored) =>
        tensor(data, { shape, dtype: dtype ?? float, requiresGrad: dtype === undefined });
      const all = (stored: Record<string, Stored>) =>
        Object.fromEntries(Object.entries(stored).map(([name, t]) => [name, restored(t)]));
      const make = () => {
        const Layer = Reflect.get(nn, layer) as new (...args: never[]) => nn.Module;
        const module = new Layer(...args).to(float).train(training);
        module.loadStateDict(all(state));
        return module;
      };
      const given = inputs.map(restored);
      const call = (module: nn.Module, ...xs: Tensor[]) => {
        const [query, key = query, value = key] = xs;
        return masks === undefined
          ? module.forward(...xs)
          : (module as nn.MultiHeadAttention).forward(query, key, value, all(masks));
      };
      expectSame(`${layer}(${JSON.stringify(args)}) in ${float}`, make, [given, given], call);
    }
  }
});

describe("compiled dropout", () => {
  const x = new random.Generator("x").normal([40, 33]);

  it("draws the masks that eager dropout draws from the same seed, bit for bit, one after the other", () => {
    const make = () => new nn.Dropout(0.4, { generator: new random.Generator("mask") });
    const [one, two] = [make(), make()];
    const compiled = compile((t: Tensor) => two.call(t));
    for (let i = 0; i < 3; i++) expect(compiled(x).data).toEqual(one.call(x).data);
  });

  it("takes turns with eager draws from the global generator", () => {
    const draws = (dropout: (t: Tensor) => Tensor) => {
      random.manualSeed("turns");
      return [dropout(x), random.normal([3]), dropout(x), random.uniform([2]), dropout(x)].map((t) => [...t.data]);
    };
    const layer = new nn.Dropout(0.5);
    const compiled = compile((t: Tensor) => layer.call(t));
    expect(draws(compiled)).toEqual(draws((t) => layer.call(t)));
  });
});

it("batch norm that refuses a batch keeps its statistics when compiled", () => {
  const layer = new nn.BatchNorm1d(3);
  const compiled = compile((t: Tensor) => layer.call(t));
  expect(() => compiled(tensor([[1, 2, 3]]))).toThrow("too few for a variance");
  expect(layer.numBatchesTracked!.item()).toBe(0);
  const x = new random.Generator(1).normal([4, 3]);
  expectAgreement("the next batch", compiled(x), new nn.BatchNorm1d(3).call(x));
  expect(layer.numBatchesTracked!.item()).toBe(1);
});

it("an index outside the table is the same error compiled and eager", () => {
  const layer = new nn.Embedding(3, 2);
  const compiled = compile((i: Tensor) => layer.call(i));
  const message = "Embedding: indices[1] is 3, but the table has entries 0..2";
  expect(() => layer.call([0, 3])).toThrow(message);
  expect(() => compiled(tensor([0, 3], { dtype: "int32" }))).toThrow(message);
  expect(compiled(tensor([0, 2], { dtype: "int32" })).data).toEqual(layer.call([0, 2]).data);
});
