import { afterEach, describe, expect, it } from "vitest";
import "../../src/functional/methods.ts";
import { compile } from "../../src/compile/compile.ts";
import { crossEntropy } from "../../src/losses/index.ts";
import * as optim from "../../src/optim/index.ts";
import { ones } from "../../src/tensor/creation.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { useSimd } from "../../src/wasm/runtime.ts";

type Make = (parameters: Tensor[]) => optim.PerParameterOptimizer;

const x = tensor([
  [0.5, -1, 2],
  [1, 0.3, -0.7],
  [-0.2, 0.8, 0.1],
  [2, -1.5, 0.4],
]);
const y = tensor([
  [1, 0.2],
  [-1, 0.5],
  [0.3, -0.3],
  [0.7, 1.1],
]);

/** A linear model with another parameter that does not matter before step `late`. */
function training(make: Make, { late = 0, clip = (_: Tensor[]) => {} } = {}) {
  const parameters = [
    tensor([0.1, -0.2, 0.3, 0.5, -0.4, 0.2], { shape: [3, 2], requiresGrad: true }),
    tensor([0.05, -0.1], { requiresGrad: true }),
    tensor([0.7, 1.3], { requiresGrad: true }),
  ];
  const [weight, bias, gain] = parameters;
  const optimizer = make(parameters);
  const step = (usesGain: boolean): Tensor => {
    optimizer.zeroGrad();
    const linear = x.matmul(weight).add(bias);
    const loss = (usesGain ? linear.mul(gain) : linear).sub(y).square().mean();
    loss.backward();
    clip(parameters);
    optimizer.step();
    return loss;
  };
  return { parameters, optimizer, step: (fn: typeof step, i: number) => fn(i >= late), fn: step };
}

const values = (tensors: readonly Tensor[]) => tensors.map(({ data }) => [...data]);

const difference = (a: readonly Tensor[], b: readonly Tensor[]): number =>
  Math.max(...values(a).flatMap((row, i) => row.map((v, j) => Math.abs(v - b[i].data[j]))));

/** Every optimizer, with options that reach every part of its formula. */
const makers: Record<string, Make> = {
  SGD: (p) => new optim.SGD(p, { lr: 0.1, weightDecay: 0.1 }),
  "SGD, dampened": (p) => new optim.SGD(p, { lr: 0.1, momentum: 0.9, dampening: 0.4, weightDecay: 0.1 }),
  "SGD, Nesterov": (p) => new optim.SGD(p, { lr: 0.1, momentum: 0.8, nesterov: true }),
  "SGD, climbing": (p) => new optim.SGD(p, { lr: 0.001, momentum: 0.5, maximize: true }),
  "SGD, groups": ([w, b, c]) =>
    new optim.SGD(
      [
        { parameters: [w], momentum: 0.9 },
        { parameters: [b, c], lr: 0.01 },
      ],
      { lr: 0.1 },
    ),
  Adam: (p) => new optim.Adam(p, { lr: 0.1, betas: [0.7, 0.9], eps: 1e-3, weightDecay: 0.1, amsgrad: true }),
  AdamW: (p) => new optim.AdamW(p, { lr: 0.05, betas: [0.8, 0.95], weightDecay: 0.3 }),
  NAdam: (p) => new optim.NAdam(p, { lr: 0.05, weightDecay: 0.1, momentumDecay: 0.05 }),
  "NAdam, decoupled": (p) => new optim.NAdam(p, { lr: 0.05, weightDecay: 0.1, decoupledWeightDecay: true }),
  RAdam: (p) => new optim.RAdam(p, { lr: 0.05, betas: [0.8, 0.9], weightDecay: 0.1 }),
  "RAdam, decoupled": (p) => new optim.RAdam(p, { lr: 0.05, weightDecay: 0.1, decoupledWeightDecay: true }),
  RMSprop: (p) => new optim.RMSprop(p, { alpha: 0.9, momentum: 0.7, weightDecay: 0.1, centered: true, eps: 1e-3 }),
  Adagrad: (p) => new optim.Adagrad(p, { lr: 0.2, lrDecay: 0.1, weightDecay: 0.1, initialAccumulatorValue: 0.3 }),
  Adadelta: (p) => new optim.Adadelta(p, { lr: 0.5, rho: 0.6, eps: 1e-3, weightDecay: 0.1 }),
  Lion: (p) => new optim.Lion(p, { lr: 0.01, betas: [0.6, 0.8], weightDecay: 0.2 }),
};

afterEach(() => useSimd(true));

describe.each(Object.entries(makers))("%s", (_, make) => {
  it("takes the same twenty steps as operations, as a program, and inside a compiled step", () => {
    const [plain, own, whole] = [training(make), training(make), training(make)];
    const compiled = compile(whole.fn);
    for (let i = 0; i < 20; i++) {
      useSimd(false);
      plain.step(plain.fn, i);
      useSimd(true);
      own.step(own.fn, i);
      whole.step(compiled, i);
      expect(difference(own.parameters, plain.parameters), `step ${i}`).toBeLessThan(2e-6);
      expect(difference(whole.parameters, plain.parameters), `step ${i}`).toBeLessThan(2e-6);
    }
    const [expected, ...found] = [plain, own, whole].map(({ optimizer }) => optimizer.stateDict());
    for (const state of found) {
      expect(state.groups).toEqual(expected.groups);
      expect(Object.keys(state.tensors)).toEqual(Object.keys(expected.tensors));
      expect(difference(Object.values(state.tensors), Object.values(expected.tensors))).toBeLessThan(1e-5);
    }
    expect(compiled.programs).toHaveLength(1);
  });

  it("is one loop for each parameter", () => {
    const { parameters, optimizer } = training(make);
    for (const p of parameters) p.grad = ones(p.shape);
    const compiled = compile(() => optimizer.step());
    compiled();
    const { units, copies } = compiled.programs[0].schedule;
    const written = units.map(({ writes }) => writes.map(({ size }) => size)).filter((sizes) => sizes[0] > 1);
    expect(written.map(([size]) => size).sort()).toEqual([2, 2, 6]);
    expect(copies).toEqual([]);
  });

  it("may take several steps in one call", () => {
    const [plain, whole] = [training(make), training(make)];
    const compiled = compile(() => {
      for (let i = 0; i < 3; i++) whole.fn(true);
    });
    for (let i = 0; i < 4; i++) compiled();
    for (let i = 0; i < 12; i++) plain.fn(true);
    expect(difference(whole.parameters, plain.parameters)).toBeLessThan(2e-6);
    expect(compiled.programs).toHaveLength(1);
  });

  it("starts the state of a parameter with its first gradient", () => {
    const [plain, whole] = [training(make, { late: 3 }), training(make, { late: 3 })];
    const compiled = compile(whole.fn);
    useSimd(false);
    for (let i = 0; i < 6; i++) plain.step(plain.fn, i);
    useSimd(true);
    for (let i = 0; i < 6; i++) whole.step(compiled, i);
    expect(difference(whole.parameters, plain.parameters)).toBeLessThan(2e-6);
    expect(compiled.programs).toHaveLength(2);
  });

  it("goes back to a kept state, and on with the same bits, in the same program", () => {
    const { parameters, optimizer, fn } = training(make);
    const compiled = compile(fn);
    const run = () => {
      for (let i = 0; i < 3; i++) compiled(true);
      return values(parameters);
    };
    run();
    const [kept, state] = [values(parameters), optimizer.stateDict()];
    const after = run();
    parameters.forEach((p, i) => {
      p.data.set(kept[i]);
    });
    optimizer.loadStateDict(state);
    expect(run()).toEqual(after);
    expect(compiled.programs).toHaveLength(1);
  });
});

describe("a compiled step", () => {
  it.each<[string, Make, (optimizer: optim.Optimizer) => optim.Schedule]>([
    ["a decaying rate", makers.AdamW, (o) => new optim.CosineAnnealingLR(o, { tMax: 12 })],
    ["a rate that starts at 0", makers.SGD, (o) => new optim.LinearWarmup(o, { startFactor: 1e-9, totalIters: 5 })],
    [
      "a cycle of rates and momenta",
      makers["SGD, dampened"],
      (o) => new optim.OneCycleLR(o, { maxLr: 0.1, totalSteps: 13 }),
    ],
    ["a cycle of rates and betas", makers.Adam, (o) => new optim.OneCycleLR(o, { maxLr: 0.1, totalSteps: 13 })],
  ])("follows %s without a new program", (_, make, scheduled) => {
    const [plain, whole] = [training(make), training(make)];
    const schedules = [plain, whole].map(({ optimizer }) => scheduled(optimizer));
    const compiled = compile(whole.fn);
    for (let i = 0; i < 12; i++) {
      plain.step(plain.fn, i);
      whole.step(compiled, i);
      for (const schedule of schedules) schedule.step();
    }
    expect(difference(whole.parameters, plain.parameters)).toBeLessThan(2e-6);
    expect(compiled.programs).toHaveLength(1);
  });

  it.each<[string, Make, object, number]>([
    ["eps", makers.Adam, { eps: 0.5 }, 1],
    ["weightDecay", makers.AdamW, { weightDecay: 0.9 }, 1],
    ["weightDecay set to 0", makers.AdamW, { weightDecay: 0 }, 2],
    ["decoupledWeightDecay", makers.NAdam, { decoupledWeightDecay: true }, 2],
    ["maximize", makers.Lion, { maximize: true }, 2],
    ["nesterov", (p) => new optim.SGD(p, { momentum: 0.9 }), { nesterov: true }, 2],
    ["momentum that was off", makers.SGD, { momentum: 0.9 }, 2],
    ["momentum that was off", (p) => new optim.RMSprop(p), { momentum: 0.9 }, 2],
  ])("notices another %s", (_, make, options, programs) => {
    const [plain, whole] = [training(make), training(make)];
    const compiled = compile(whole.fn);
    for (let i = 0; i < 6; i++) {
      plain.step(plain.fn, i);
      whole.step(compiled, i);
      if (i === 2) for (const { optimizer } of [plain, whole]) Object.assign(optimizer.groups[0], options);
    }
    expect(difference(whole.parameters, plain.parameters)).toBeLessThan(2e-6);
    expect(compiled.programs).toHaveLength(programs);
    const others = training(make);
    for (let i = 0; i < 6; i++) others.step(others.fn, i);
    expect(difference(whole.parameters, others.parameters)).toBeGreaterThan(1e-4);
  });

  it("starts anew when a state without running quantities is loaded", () => {
    const { parameters, optimizer, fn } = training(makers.Adam);
    const [fresh, start] = [optimizer.stateDict(), values(parameters)];
    const compiled = compile(fn);
    const run = () => {
      for (let i = 0; i < 3; i++) compiled(true);
      return values(parameters);
    };
    const first = run();
    parameters.forEach((p, i) => {
      p.data.set(start[i]);
    });
    optimizer.loadStateDict(fresh);
    expect(run()).toEqual(first);
  });

  it("counts no step that a check has stopped", () => {
    const w = tensor([0.1, 0.2], { shape: [1, 2], requiresGrad: true });
    const optimizer = new optim.Adam([w]);
    const compiled = compile((targets: Tensor) => {
      optimizer.zeroGrad();
      crossEntropy(w, targets).backward();
      optimizer.step();
    });
    compiled(tensor([1], { dtype: "int32" }));
    const before = optimizer.stateDict();
    expect(() => compiled(tensor([2], { dtype: "int32" }))).toThrow("labels[0] is 2");
    expect(optimizer.stateDict()).toEqual(before);
    expect(before.tensors["0.step"].item()).toBe(1);
  });

  it.each<[string, (p: Tensor[]) => unknown]>([
    ["by their norm", (p) => optim.clipGradNorm(p, 0.05)],
    ["by their 3-norm", (p) => optim.clipGradNorm(p, 0.05, { p: 3 })],
    ["by their largest", (p) => optim.clipGradNorm(p, 0.05, { p: Number.POSITIVE_INFINITY })],
    ["not, where the norm is small", (p) => optim.clipGradNorm(p, 100)],
    ["by value", (p) => optim.clipGradValue(p, 0.05)],
  ])("clips gradients %s", (_, clip) => {
    const make = (p: Tensor[]) => new optim.SGD(p, { lr: 0.5 });
    const [plain, whole] = [training(make, { clip, late: 2 }), training(make, { clip, late: 2 })];
    const compiled = compile(whole.fn);
    for (let i = 0; i < 5; i++) {
      plain.step(plain.fn, i);
      whole.step(compiled, i);
    }
    expect(difference(whole.parameters, plain.parameters)).toBeLessThan(1e-6);
    const gradients = (parameters: Tensor[]) => parameters.map(({ grad }) => grad!);
    expect(difference(gradients(whole.parameters), gradients(plain.parameters))).toBeLessThan(1e-6);
  });

  it("clips as eager code does without gradients, and with those that are not finite", () => {
    const cases: (number[] | null)[] = [null, [3, 4], [Number.NaN, 1], [Number.POSITIVE_INFINITY, 1]];
    for (const given of cases) {
      const run = (how: (fn: () => unknown) => () => unknown, clip: (p: Tensor[]) => unknown) => {
        const p = [0, 1].map(() => tensor([1, 2], { requiresGrad: true }));
        if (given !== null) for (const t of p) t.grad = tensor(given);
        how(() => clip(p))();
        return p.map(({ grad }) => grad && [...grad.data].map((v) => Math.fround(v).toPrecision(5)));
      };
      for (const clip of [(p: Tensor[]) => void optim.clipGradNorm(p, 1), (p: Tensor[]) => optim.clipGradValue(p, 2)]) {
        expect(run(compile, clip)).toEqual(run((fn) => fn, clip));
      }
    }
  });

  it("gives NaN for a norm, which is not known while compiling", () => {
    const { parameters, fn } = training(makers.SGD);
    fn(true);
    const compiled = compile(() => optim.clipGradNorm(parameters, 1));
    expect(compiled()).toBe(Number.NaN);
  });

  it.each<[string, (optimizer: optim.PerParameterOptimizer) => () => unknown, string]>([
    [
      "a schedule's step",
      (o) => () => new optim.ExponentialLR(o, { gamma: 0.9 }).step(),
      "ExponentialLR.step: a compiled",
    ],
    ["that of a plateau", (o) => () => new optim.ReduceLROnPlateau(o).step(1), "ReduceLROnPlateau.step: a compiled"],
    [
      "another rate",
      (o) => () => Object.assign(o, { lr: 1 }),
      "SGD.lr: a compiled function reads the learning rate at each call",
    ],
    [
      "a state to load",
      (o) => () => o.loadStateDict({ groups: [], tensors: {} }),
      "SGD.loadStateDict: inside a compiled",
    ],
  ])("refuses %s, which would happen only once", (_, act, message) => {
    const { optimizer } = training(makers.SGD);
    const before = optimizer.stateDict();
    expect(compile(act(optimizer))).toThrow(message);
    expect(optimizer.stateDict()).toEqual(before);
  });

  it("cannot hold LBFGS, which says so", () => {
    const w = tensor([1, 2], { requiresGrad: true });
    const optimizer = new optim.LBFGS([w]);
    const step = compile(() => optimizer.step(() => w.square().sum()));
    expect(() => step()).toThrow("LBFGS.step: decides by the values of losses and gradients");
    expect([...w.data]).toEqual([1, 2]);
  });
});

describe("an eager step", () => {
  it("takes a gradient with a graph of its own, and leaves it in its place", () => {
    const w = tensor([1, 2], { requiresGrad: true });
    w.pow(3).sum().backward(undefined, { createGraph: true });
    const { grad } = w;
    new optim.SGD([w], { lr: 0.1 }).step();
    expect(w.grad).toBe(grad);
    expect(w.data[1]).toBeCloseTo(2 - 0.1 * 12);
  });

  it("takes gradients of another dtype", () => {
    const w = tensor([1, 2], { requiresGrad: true });
    w.grad = ones([2], { dtype: "float64" });
    new optim.Adam([w], { lr: 0.1 }).step();
    expect(w.dtype).toBe("float32");
    expect(w.data[0]).toBeCloseTo(0.9);
  });

  it("divides by no root of less than nothing in centered RMSprop", () => {
    const w = tensor([0], { requiresGrad: true });
    const optimizer = new optim.RMSprop([w], { centered: true, alpha: 0.5 });
    for (let i = 0; i < 60; i++) {
      w.grad = tensor([0.1]);
      optimizer.step();
    }
    expect(w.item()).not.toBe(Number.NaN);
  });
});
