import { describe, expect, it } from "vitest";
import * as nn from "../../src/nn/index.ts";
import { zeros } from "../../src/tensor/creation.ts";
import { Generator } from "../../src/tensor/random.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";

const { init } = nn;

const statistics = ({ data }: Tensor) => {
  const values = Array.from(data);
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const std = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
  return { mean, std, least: Math.min(...values), most: Math.max(...values) };
};

/** A uniform sample of this many fills its range almost to the ends. */
function expectUniform(t: Tensor, low: number, high: number): void {
  const { mean, std, least, most } = statistics(t);
  const width = high - low;
  expect(least).toBeGreaterThanOrEqual(Math.fround(low));
  expect(most).toBeLessThanOrEqual(Math.fround(high));
  expect(most - least).toBeGreaterThan(0.98 * width);
  expect(Math.abs(mean - (low + high) / 2)).toBeLessThan(0.03 * width);
  expect(std).toBeCloseTo(width / Math.sqrt(12), 1.5 - Math.log10(width));
}

function expectNormal(t: Tensor, mean: number, std: number): void {
  const found = statistics(t);
  expect(Math.abs(found.mean - mean)).toBeLessThan(0.06 * std);
  expect(Math.abs(found.std / std - 1)).toBeLessThan(0.04);
  expect(found.most).toBeGreaterThan(mean + 2.5 * std);
}

const generator = new Generator("init");
const weight = () => zeros([60, 10, 3, 2], { requiresGrad: true }); // fanIn 60, fanOut 360

describe("initialisers", () => {
  it("fill in place, outside any graph, and return their tensor", () => {
    const t = weight();
    expect(init.kaimingNormal(t)).toBe(t);
    expect([t.requiresGrad, t.record]).toEqual([true, null]);
  });

  it("draw the same numbers from the same seed, in float32 and float64", () => {
    const draw = (dtype: "float32" | "float64") =>
      init.xavierUniform(zeros([4, 5], { dtype }), { generator: new Generator(7) }).data;
    expect(draw("float32")).toEqual(draw("float32"));
    expect(draw("float32")).toEqual(Float32Array.from(draw("float64")));
  });

  it("uniform and normal have the range and moments asked for", () => {
    expectUniform(init.uniform(weight(), { low: -2, high: 5, generator }), -2, 5);
    expectNormal(init.normal(weight(), { mean: 3, std: 0.2, generator }), 3, 0.2);
  });

  it("constant, zeros and ones are that", () => {
    expect([...init.constant(zeros([2]), 3).data, ...init.ones(zeros([1])).data]).toEqual([3, 3, 1]);
    expect([...init.zeros(init.ones(zeros([2]))).data]).toEqual([0, 0]);
  });

  it("kaimingUniform is uniform on +-gain sqrt(3 / fan)", () => {
    expectUniform(init.kaimingUniform(weight(), { generator }), -Math.sqrt(6 / 60), Math.sqrt(6 / 60));
    const bound = Math.sqrt(3 / 360) * (5 / 3);
    const t = init.kaimingUniform(weight(), { mode: "fanOut", nonlinearity: "tanh", generator });
    expectUniform(t, -bound, bound);
  });

  it("kaimingNormal has std gain / sqrt(fan)", () => {
    expectNormal(init.kaimingNormal(weight(), { generator }), 0, Math.sqrt(2 / 60));
    expectNormal(init.kaimingNormal(weight(), { a: 1, mode: "fanOut", generator }), 0, Math.sqrt(1 / 360));
  });

  it("xavierUniform and xavierNormal have std gain sqrt(2 / (fanIn + fanOut))", () => {
    const bound = Math.sqrt(6 / 420);
    expectUniform(init.xavierUniform(weight(), { generator }), -bound, bound);
    expectNormal(init.xavierNormal(weight(), { gain: 2, generator }), 0, 2 * Math.sqrt(2 / 420));
  });

  it("gain has PyTorch's values", () => {
    const names = ["linear", "sigmoid", "tanh", "relu", "leakyRelu", "selu"] as const;
    const expected = [1, 1, 5 / 3, Math.SQRT2, Math.sqrt(2 / 1.0001), 0.75];
    expect(names.map((name) => init.gain(name))).toEqual(expected);
  });

  it.each([[[12, 5]], [[5, 12]], [[6, 2, 3]]])(
    "orthogonal makes the shorter side of %j orthonormal times gain",
    (shape) => {
      const t = init.orthogonal(zeros(shape, { dtype: "float64" }), { gain: 3, generator });
      const matrix = t.reshape([shape[0], -1]);
      const [rows, cols] = matrix.shape;
      const gram = rows <= cols ? matrix.matmul(matrix.transpose()) : matrix.transpose().matmul(matrix);
      for (let i = 0; i < gram.size; i++) {
        expect(gram.data[i]).toBeCloseTo(i % (gram.shape[0] + 1) === 0 ? 9 : 0, 12);
      }
    },
  );

  it("truncatedNormal keeps the normal's shape inside its bounds", () => {
    const wide = statistics(init.truncatedNormal(weight(), { generator }));
    expect([wide.least, wide.most].map(Math.abs).every((v) => v <= 2 && v > 1.9)).toBe(true);
    expect(wide.std).toBeCloseTo(0.8796, 1); // of a standard normal cut off at +-2
    const narrow = statistics(init.truncatedNormal(weight(), { mean: 1, std: 2, low: 2, high: 3, generator }));
    expect([narrow.least >= 2, narrow.most <= 3]).toEqual([true, true]);
    expect(narrow.mean).toBeCloseTo(2.469, 1.5); // 1 + 2 (phi(0.5) - phi(1)) / (Phi(1) - Phi(0.5))
  });

  it.each<[string, () => unknown, string]>([
    [
      "vectors where fans are needed",
      () => init.kaimingUniform(zeros([3])),
      "init.kaimingUniform: needs a weight [out, in, ...kernel], got shape [3]",
    ],
    ["arrays", () => init.uniform([1, 2] as never), "init.uniform: needs a tensor to fill, got 1,2"],
    [
      "arrays where fans are needed",
      () => init.kaimingNormal([1, 2] as never),
      "init.kaimingNormal: needs a tensor to fill, got 1,2",
    ],
    [
      "whole numbers",
      () => init.ones(zeros([3], { dtype: "int32" })),
      "init.constant: tensor must be float32 or float64, got int32",
    ],
    [
      "misspelt options",
      () => init.xavierNormal(zeros([3, 3]), { gian: 2 } as object),
      'init.xavierNormal: unknown option "gian"',
    ],
    [
      "unknown modes",
      () => init.kaimingNormal(zeros([3, 3]), { mode: "fan_in" as "fanIn" }),
      'init.kaimingNormal: mode must be one of "fanIn", "fanOut"',
    ],
    ["unknown nonlinearities", () => init.gain("swish" as "relu"), "init.gain: nonlinearity must be one of"],
    [
      "bounds the wrong way round",
      () => init.truncatedNormal(zeros([2]), { low: 1, high: 0 }),
      "init.truncatedNormal: low must be < high, got 1 and 0",
    ],
    [
      "bounds far from the mean",
      () => init.truncatedNormal(zeros([2]), { low: 8, high: 9 }),
      "must begin within two standard deviations (1) of mean 0",
    ],
  ])("refuse %s", (_, act, message) => {
    expect(act).toThrow(message);
  });
});

describe("layers start as PyTorch's do", () => {
  const bound = (t: Tensor | null, fanIn: number) => expectUniform(t!, -1 / Math.sqrt(fanIn), 1 / Math.sqrt(fanIn));

  it("Linear, Conv2d, Conv1d and ConvTranspose2d: uniform on +-1 / sqrt(fanIn), biases too", () => {
    const linear = new nn.Linear(20, 300, { generator });
    bound(linear.weight, 20);
    bound(linear.bias, 20);
    const conv = new nn.Conv2d(8, 300, [3, 2], { groups: 2, generator });
    bound(conv.weight, 24);
    bound(conv.bias, 24);
    bound(new nn.Conv1d(8, 300, 5, { generator }).weight, 40);
    const transpose = new nn.ConvTranspose2d(100, 20, 3, { groups: 2, generator });
    bound(transpose.weight, 90);
  });

  it("Embedding: standard normal, zeros in the padding row", () => {
    const { weight } = new nn.Embedding(100, 50, { paddingIndex: 3, generator });
    expectNormal(weight, 0, 1);
    expect(weight.slice(3).data.every((v) => v === 0)).toBe(true);
  });

  it("normalisation: weight 1, bias 0, running statistics of a standard normal", () => {
    const layer = new nn.BatchNorm1d(2);
    expect(Object.values(layer.stateDict()).map(({ data }) => [...data])).toEqual([
      [1, 1],
      [0, 0],
      [0, 0],
      [1, 1],
      [0],
    ]);
  });

  it("MultiHeadAttention: Xavier for the projections in, zero biases", () => {
    const layer = new nn.MultiHeadAttention(40, 4, { generator });
    const limit = Math.sqrt(6 / (40 + 120));
    expectUniform(layer.inProjWeight, -limit, limit);
    expect([...layer.inProjBias!.data, ...layer.outProj.bias!.data].every((v) => v === 0)).toBe(true);
    bound(layer.outProj.weight, 40);
  });

  it("one seed gives one model", () => {
    const model = (seed: number) => {
      const generator = new Generator(seed);
      return new nn.Sequential(new nn.Linear(3, 4, { generator }), new nn.Linear(4, 2, { generator })).stateDict();
    };
    expect(model(1)).toEqual(model(1));
    expect(model(1)).not.toEqual(model(2));
  });
});
