import { describe, expect, it } from "vitest";
import "../../src/functional/methods.ts";
import { noGrad } from "../../src/autograd/primitive.ts";
import * as optim from "../../src/optim/index.ts";
import { ones, zeros } from "../../src/tensor/creation.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { loadGolden } from "../golden/load.ts";

type Options = Record<string, never>;

interface Golden {
  start: number[][];
  gradients: (number[] | null)[][];
  trajectories: { optimizer: string; options: Options; groups: Options[] | null; after: number[][][] }[];
  clips: Record<string, { norm: number | null; gradients: number[][] }>;
}

const golden = loadGolden<Golden>("optim");
const shapes = [[2, 3], [4]];

type Float = "float32" | "float64";

const startingPoint = (dtype: Float): Tensor[] =>
  golden.start.map((values, i) => tensor(values, { shape: shapes[i], dtype, requiresGrad: true }));

function make(
  { optimizer, options, groups }: Golden["trajectories"][0],
  parameters: Tensor[],
): optim.PerParameterOptimizer {
  const Class = Reflect.get(optim, optimizer) as new (given: unknown, options: Options) => optim.PerParameterOptimizer;
  return new Class(
    groups === null ? parameters : groups.map((g, i) => ({ ...g, parameters: [parameters[i]] })),
    options,
  );
}

function giveGradients(parameters: Tensor[], step: number): void {
  golden.gradients[step].forEach((values, i) => {
    const { shape, dtype } = parameters[i];
    parameters[i].grad = values === null ? null : tensor(values, { shape, dtype });
  });
}

const difference = (parameters: Tensor[], expected: number[][]): number =>
  Math.max(...expected.flatMap((values, i) => values.map((v, j) => Math.abs(v - parameters[i].data[j]))));

const titled = golden.trajectories.map((t) => ({
  title: `${t.optimizer}(${JSON.stringify(t.options)}${t.groups === null ? "" : ` for groups ${JSON.stringify(t.groups)}`})`,
  t,
}));

describe.each(titled)("$title", ({ t }) => {
  it.each([
    { dtype: "float64", precision: 1e-12 },
    { dtype: "float32", precision: 3e-6 },
  ] as const)("follows PyTorch's ten steps in $dtype", ({ dtype, precision }) => {
    const parameters = startingPoint(dtype);
    const optimizer = make(t, parameters);
    t.after.forEach((expected, step) => {
      giveGradients(parameters, step);
      optimizer.step();
      expect(difference(parameters, expected), `step ${step}`).toBeLessThan(precision);
    });
  });

  it("goes on with the same bits from a state that went through JSON", () => {
    const parameters = startingPoint("float32");
    const optimizer = make(t, parameters);
    for (let step = 0; step < 4; step++) {
      giveGradients(parameters, step);
      optimizer.step();
    }
    const { groups, tensors } = optimizer.stateDict();
    const copies = parameters.map((p) => tensor(p, { requiresGrad: true }));
    const resumed = make(
      { ...t, options: {} as Options, groups: t.groups?.map(() => ({}) as Options) ?? null },
      copies,
    );
    resumed.loadStateDict({ groups: JSON.parse(JSON.stringify(groups)), tensors });
    for (let step = 4; step < 10; step++) {
      giveGradients(parameters, step);
      giveGradients(copies, step);
      optimizer.step();
      resumed.step();
    }
    expect(copies.map(({ data }) => data)).toEqual(parameters.map(({ data }) => data));
    expect(resumed.stateDict()).toEqual(optimizer.stateDict());
  });
});

describe("every optimizer", () => {
  const parameter = () => tensor([1, 2], { requiresGrad: true });

  it("forgets gradients on zeroGrad", () => {
    const p = parameter();
    p.mul(p).sum().backward();
    new optim.SGD([p]).zeroGrad();
    expect(p.grad).toBe(null);
  });

  it("changes values in place, and a graph that used the old ones says so", () => {
    const p = parameter();
    const sharing = p.detach();
    const loss = p.square().sum();
    p.grad = ones([2]);
    new optim.Adam([p], { lr: 0.1 }).step();
    expect(p.data[0]).toBeCloseTo(0.9);
    expect(sharing.data).toBe(p.data);
    expect(() => loss.backward()).toThrow("was assigned to after square ran");
  });

  it("runs a closure with recording on, and returns its loss", () => {
    const p = parameter();
    const optimizer = new optim.SGD([p], { lr: 0.5 });
    const loss = noGrad(() =>
      optimizer.step(() => {
        optimizer.zeroGrad();
        const loss = p.square().sum();
        loss.backward();
        return loss;
      }),
    );
    expect(loss!.item()).toBe(5);
    expect([...p.data]).toEqual([0, 0]);
  });

  it("lets NaN and infinite gradients through", () => {
    const p = tensor([1, 2, 3], { requiresGrad: true });
    p.grad = tensor([Number.NaN, Number.POSITIVE_INFINITY, 0]);
    new optim.SGD([p], { lr: 0.1 }).step();
    expect([...p.data]).toEqual([Number.NaN, Number.NEGATIVE_INFINITY, 3]);
    for (const Class of [optim.Adam, optim.AdamW, optim.NAdam, optim.RAdam, optim.RMSprop, optim.Adagrad, optim.Lion]) {
      const q = parameter();
      const optimizer = new Class([q], { ...(Class === optim.Adam ? { amsgrad: true } : {}) });
      for (const g of [Number.NaN, 1]) {
        q.grad = tensor([g, 1]);
        optimizer.step();
      }
      expect([Class.name, q.data[0], Number.isFinite(q.data[1])]).toEqual([Class.name, Number.NaN, true]);
    }
  });

  it("has a learning rate that can be set, for all groups at once", () => {
    const optimizer = new optim.SGD([{ parameters: [parameter()], lr: 0.3 }, { parameters: [parameter()] }], {
      lr: 0.1,
    });
    expect(optimizer.groups.map(({ lr }) => lr)).toEqual([0.3, 0.1]);
    optimizer.lr = 0.2;
    expect(optimizer.groups.map(({ lr }) => lr)).toEqual([0.2, 0.2]);
    expect(() => {
      optimizer.lr = -1;
    }).toThrow("SGD: lr must be a number >= 0, got -1");
  });

  it.each<[string, () => unknown, string]>([
    ["a negative rate", () => new optim.SGD([parameter()], { lr: -1 }), "SGD: lr must be a number >= 0, got -1"],
    [
      "a rate that is NaN",
      () => new optim.Adam([parameter()], { lr: Number.NaN }),
      "Adam: lr must be a number >= 0, got NaN",
    ],
    [
      "a negative momentum",
      () => new optim.SGD([parameter()], { momentum: -0.1 }),
      "SGD: momentum must be a number >= 0, got -0.1",
    ],
    [
      "a dampening that is no number",
      () => new optim.SGD([parameter()], { dampening: "a" as never }),
      "SGD: dampening must be a number that is finite, got a",
    ],
    [
      "switches that are no booleans",
      () => new optim.SGD([parameter()], { momentum: 0.9, nesterov: "x" as never }),
      'SGD: nesterov must be one of true, false, got "x"',
    ],
    [
      "switches of a group that are no booleans",
      () => new optim.Adam([{ parameters: [parameter()], maximize: 1 as never }]),
      "Adam: maximize must be one of true, false, got 1",
    ],
    [
      "nesterov without momentum",
      () => new optim.SGD([parameter()], { nesterov: true }),
      "SGD: nesterov needs momentum > 0 and dampening 0",
    ],
    [
      "betas outside [0, 1)",
      () => new optim.AdamW([parameter()], { betas: [0.9, 1] }),
      "AdamW: betas must be two numbers in [0, 1), got [0.9,1]",
    ],
    ["a negative eps", () => new optim.NAdam([parameter()], { eps: -1 }), "NAdam: eps must be a number >= 0, got -1"],
    [
      "a negative decay",
      () => new optim.RAdam([parameter()], { weightDecay: -1 }),
      "RAdam: weightDecay must be a number >= 0, got -1",
    ],
    [
      "a negative alpha",
      () => new optim.RMSprop([parameter()], { alpha: -1 }),
      "RMSprop: alpha must be a number >= 0, got -1",
    ],
    [
      "a negative lrDecay",
      () => new optim.Adagrad([parameter()], { lrDecay: -1 }),
      "Adagrad: lrDecay must be a number >= 0, got -1",
    ],
    [
      "rho above 1",
      () => new optim.Adadelta([parameter()], { rho: 2 }),
      "Adadelta: rho must be a number in [0, 1], got 2",
    ],
    [
      "bad betas of Lion",
      () => new optim.Lion([parameter()], { betas: [0.9] as never }),
      "Lion: betas must be two numbers in [0, 1), got [0.9]",
    ],
    [
      "misspelt options",
      () => new optim.Adam([parameter()], { learningRate: 1 } as object),
      'Adam: unknown option "learningRate"; it takes lr, betas',
    ],
    [
      "misspelt options of a group",
      () => new optim.Adam([{ parameters: [parameter()], rate: 1 } as never]),
      'Adam: unknown option "rate"',
    ],
    [
      "a bad option of a group",
      () => new optim.Adam([{ parameters: [parameter()], lr: -1 }]),
      "Adam: lr must be a number >= 0, got -1",
    ],
    ["no parameters", () => new optim.SGD([]), "SGD: parameters must be a list with at least one tensor or group"],
    ["a tensor instead of a list", () => new optim.SGD(parameter() as never), "SGD: parameters must be a list"],
    [
      "an empty group",
      () => new optim.SGD([{ parameters: [parameter()] }, { parameters: [] }]),
      "SGD: groups[1].parameters must be a list with at least one tensor",
    ],
    [
      "what is no tensor",
      () => new optim.SGD([{ parameters: [3 as never] }]),
      "SGD: parameters[0] must be a tensor, got 3",
    ],
    [
      "null for a tensor",
      () => new optim.SGD([parameter(), null as never]),
      "SGD: parameters[1] must be a tensor or a group of them, got null",
    ],
    [
      "whole numbers",
      () => new optim.SGD([Object.assign(tensor([1], { dtype: "int32" }), { requiresGrad: true })]),
      "SGD: parameters[0] must be float32 or float64, got int32",
    ],
    [
      "tensors without gradients",
      () => new optim.SGD([parameter(), ones([3])]),
      "SGD: parameters[1] [3] does not require gradients; make it with { requiresGrad: true }",
    ],
    [
      "results of operations",
      () => new optim.SGD([parameter().mul(2)]),
      "SGD: parameters[0] [2] is the output of mul; only leaves can be optimized",
    ],
    [
      "a parameter twice",
      () => {
        const p = parameter();
        return new optim.SGD([{ parameters: [p] }, { parameters: [p] }]);
      },
      "SGD: groups[1].parameters[0] occurs twice",
    ],
  ])("refuses %s", (_, act, message) => {
    expect(act).toThrow(message);
  });

  it("refuses a gradient of another shape before it changes any parameter", () => {
    const [p, q] = [parameter(), parameter()];
    p.grad = ones([2]);
    q.grad = ones([1]);
    expect(() => new optim.SGD([p, q]).step()).toThrow("SGD: a parameter [2] has a gradient of shape [1]");
    expect([...p.data]).toEqual([1, 2]);
  });

  describe("loading a state that does not fit", () => {
    const trained = () => {
      const p = parameter();
      p.grad = ones([2]);
      const optimizer = new optim.Adam([p], { lr: 0.5 });
      optimizer.step();
      return optimizer;
    };
    const { groups, tensors } = trained().stateDict();
    const { "0.step": step, "0.expAvg": expAvg } = tensors;
    it.each<[string, optim.OptimizerState, string]>([
      ["null", null as never, "Adam.loadStateDict: the state must have groups and tensors"],
      ["an empty object", {} as never, "Adam.loadStateDict: the state must have groups and tensors"],
      ["groups alone", { groups } as never, "Adam.loadStateDict: the state must have groups and tensors"],
      [
        "groups that are none",
        { groups: [null], tensors } as never,
        "Adam.loadStateDict: the state must have groups and tensors",
      ],
      [
        "other groups",
        { groups: [{ parameters: [0, 1] }], tensors },
        "Adam.loadStateDict: the state has groups of 2 parameters, but this optimizer of 1",
      ],
      [
        "missing and misshapen tensors",
        { groups, tensors: { "0.step": step, "0.expAvg": zeros([3]), "1.x": expAvg } },
        'Adam.loadStateDict: "0.expAvg" has shape [3], but belongs to a parameter with [2], "0.expAvgSq" is missing, "1.x" is unexpected',
      ],
      [
        "another optimizer's options",
        { groups: [{ ...groups[0], momentum: 0.9 }], tensors },
        'Adam.loadStateDict: unknown option "momentum"',
      ],
      [
        "options outside their domain",
        { groups: [{ ...groups[0], lr: -1 }], tensors },
        "Adam.loadStateDict: lr must be a number >= 0, got -1",
      ],
    ])("says what is wrong with %s and changes nothing", (_, state, message) => {
      const optimizer = trained();
      const before = optimizer.stateDict();
      expect(() => optimizer.loadStateDict(state)).toThrow(message);
      expect(optimizer.stateDict()).toEqual(before);
    });
  });

  it("keeps states that further steps do not change", () => {
    const p = parameter();
    p.grad = ones([2]);
    const optimizer: optim.Optimizer = new optim.SGD([p], { momentum: 0.9 });
    optimizer.step();
    const kept = optimizer.stateDict();
    optimizer.step();
    expect([...kept.tensors["0.momentumBuffer"].data]).toEqual([1, 1]);
  });
});

describe("clipping", () => {
  const withGradients = () => {
    const parameters = startingPoint("float64");
    giveGradients(parameters, 0);
    return parameters;
  };
  const gradients = (parameters: Tensor[]) => parameters.map(({ grad }) => grad!);

  it.each([
    ["norm2", 1.5, 2],
    ["norm3", 0.5, 3],
    ["normInfinity", 0.7, Number.POSITIVE_INFINITY],
    ["loose", 100, 2],
  ])("clipGradNorm %s is PyTorch's", (name, maxNorm, p) => {
    const parameters = withGradients();
    const { norm, gradients: expected } = golden.clips[name];
    expect(optim.clipGradNorm(parameters, maxNorm, { p })).toBeCloseTo(norm!, 12);
    expect(difference(gradients(parameters), expected)).toBeLessThan(1e-12);
  });

  it("clipGradValue is PyTorch's", () => {
    const parameters = withGradients();
    optim.clipGradValue(parameters, 0.4);
    expect(difference(gradients(parameters), golden.clips.value.gradients)).toBeLessThan(1e-15);
  });

  it("leaves parameters without gradients out, and finds norm 0 when there are none", () => {
    const parameters = startingPoint("float32");
    expect(optim.clipGradNorm(parameters, 1)).toBe(0);
    parameters[1].grad = tensor([3, 0, 4, 0]);
    expect(optim.clipGradNorm(parameters, 1)).toBe(5);
    expect(parameters[1].grad.data[0]).toBeCloseTo(0.6, 5);
  });

  it("scales a gradient that two parameters share once", () => {
    const parameters = [tensor([1], { requiresGrad: true }), tensor([1], { requiresGrad: true })];
    parameters[0].grad = parameters[1].grad = tensor([4]);
    optim.clipGradValue(parameters, 3);
    optim.clipGradNorm(parameters, 1.5);
    expect(parameters[0].grad.item()).toBeCloseTo(1.5, 5);
  });

  it("refuses bad arguments", () => {
    expect(() => optim.clipGradNorm([], -1)).toThrow("clipGradNorm: maxNorm must be a number >= 0, got -1");
    expect(() => optim.clipGradNorm([], 1, { p: 0 })).toThrow(
      "clipGradNorm: p must be a number > 0 or Infinity, got 0",
    );
    expect(() => optim.clipGradNorm([], 1, { norm: 2 } as object)).toThrow('unknown option "norm"');
    expect(() => optim.clipGradValue([1 as never], 1)).toThrow("clipGradValue: parameters must be a list of tensors");
    expect(() => optim.clipGradValue([], Number.NaN)).toThrow(
      "clipGradValue: clipValue must be a number >= 0, got NaN",
    );
  });
});
