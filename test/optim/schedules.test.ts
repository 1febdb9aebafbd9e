import { describe, expect, it } from "vitest";
import * as optim from "../../src/optim/index.ts";
import { tensor } from "../../src/tensor/tensor.ts";
import { loadGolden } from "../golden/load.ts";

interface Case {
  schedule: string;
  options: object;
  lr: number[];
  momentum: number[];
  metrics?: number[];
}

const { schedules, warmupThenCosine } = loadGolden<{ schedules: Case[]; warmupThenCosine: number[] }>("optim");

const sgd = () => new optim.SGD([tensor([0], { requiresGrad: true })], { lr: 0.5, momentum: 0.9 });

interface AnySchedule {
  step(metric?: number): void;
  stateDict(): object;
  loadStateDict(state: object): void;
}

const make = (name: string, optimizer: optim.Scheduled, options: object): AnySchedule =>
  new (Reflect.get(optim, name) as new (optimizer: optim.Scheduled, options: object) => AnySchedule)(
    optimizer,
    options,
  );

const titled = schedules.map((c) => ({ title: `${c.schedule}(${JSON.stringify(c.options)})`, c }));

describe.each(titled)("$title", ({ c }) => {
  it("has PyTorch's learning rate and momentum at each of 25 steps", () => {
    const optimizer = sgd();
    const schedule = make(c.schedule, optimizer, c.options);
    c.lr.forEach((lr, i) => {
      if (i > 0) schedule.step(c.metrics?.[i - 1]);
      expect(Math.abs(optimizer.lr - lr), `step ${i}`).toBeLessThan(1e-12);
      expect(Math.abs(optimizer.groups[0].momentum - c.momentum[i]), `step ${i}`).toBeLessThan(1e-12);
    });
  });

  it("goes on from a state that went through JSON", () => {
    const [first, second] = [sgd(), sgd()];
    const schedule = make(c.schedule, first, c.options);
    for (let i = 0; i < 9; i++) schedule.step(c.metrics?.[i]);
    const resumed = make(c.schedule, second, c.options);
    second.loadStateDict(first.stateDict());
    resumed.loadStateDict(JSON.parse(JSON.stringify(schedule.stateDict())));
    for (let i = 9; i < 25; i++) {
      schedule.step(c.metrics?.[i]);
      resumed.step(c.metrics?.[i]);
      expect(second.lr).toBe(first.lr);
    }
  });
});

describe("schedules", () => {
  it("scale every group from its own rate", () => {
    const parameters = () => [tensor([0], { requiresGrad: true })];
    const optimizer = new optim.SGD([
      { parameters: parameters(), lr: 1 },
      { parameters: parameters(), lr: 0.1 },
    ]);
    new optim.StepLR(optimizer, { stepSize: 1, gamma: 0.5 }).step();
    expect(optimizer.groups.map(({ lr }) => lr)).toEqual([0.5, 0.05]);
  });

  it("LinearWarmup hands over to another schedule, as SequentialLR does", () => {
    const optimizer = sgd();
    const after = new optim.CosineAnnealingLR(optimizer, { tMax: 20 });
    const schedule = new optim.LinearWarmup(optimizer, { totalIters: 5, after });
    const resumed = sgd();
    const again = { totalIters: 5, after: new optim.CosineAnnealingLR(resumed, { tMax: 20 }) };
    const copy = new optim.LinearWarmup(resumed, again);
    warmupThenCosine.forEach((lr, i) => {
      if (i > 0) schedule.step();
      expect(Math.abs(optimizer.lr - lr), `step ${i}`).toBeLessThan(1e-12);
      copy.loadStateDict(schedule.stateDict());
      expect(resumed.lr).toBe(optimizer.lr);
    });
  });

  it("OneCycleLR moves Adam's first beta", () => {
    const optimizer = new optim.Adam([tensor([0], { requiresGrad: true })]);
    const schedule = new optim.OneCycleLR(optimizer, { maxLr: 0.1, totalSteps: 10 });
    expect(optimizer.groups[0].betas).toEqual([0.95, 0.999]);
    schedule.step();
    schedule.step();
    expect(optimizer.groups[0].betas[0]).toBeCloseTo(0.85);
  });

  it.each([
    { totalSteps: 10, pctStart: 0.1 },
    { totalSteps: 2, pctStart: 0.5 },
    { totalSteps: 10, pctStart: 0.1, threePhase: true },
  ])("OneCycleLR is at its top from the start when the climb takes one step: %j", (options) => {
    const optimizer = sgd();
    const schedule = new optim.OneCycleLR(optimizer, { maxLr: 0.1, ...options });
    expect([optimizer.lr, optimizer.groups[0].momentum]).toEqual([0.1, 0.85]);
    const rates = Array.from({ length: options.totalSteps - 1 }, () => {
      schedule.step();
      return optimizer.lr;
    });
    expect(rates.every((lr) => lr < 0.1)).toBe(true);
    expect(rates.at(-1)).toBeCloseTo(0.1 / 25 / 1e4, 12);
  });

  it("OneCycleLR reaches its top with the last step when all of them climb", () => {
    const optimizer = sgd();
    const schedule = new optim.OneCycleLR(optimizer, { maxLr: 0.1, totalSteps: 3, pctStart: 1 });
    const rates = [1, 2, 3].map(() => {
      schedule.step();
      return optimizer.lr;
    });
    expect(rates).toEqual([(0.1 + 0.1 / 25) / 2, 0.1, 0.1 / 25 / 1e4]);
  });

  it("OneCycleLR can turn on momentum that SGD and RMSprop started without", () => {
    for (const Class of [optim.SGD, optim.RMSprop]) {
      const p = tensor([0], { requiresGrad: true });
      const optimizer = new Class([p], { momentum: 0 });
      p.grad = tensor([1]);
      optimizer.step();
      new optim.OneCycleLR(optimizer, { maxLr: 0.1, totalSteps: 10 });
      optimizer.step();
      p.grad = tensor([0]);
      const before = p.item();
      optimizer.step();
      expect(p.item()).toBeLessThan(before);
    }
  });

  it("ReduceLROnPlateau counts NaN as no improvement", () => {
    const optimizer = sgd();
    const schedule = new optim.ReduceLROnPlateau(optimizer, { patience: 1 });
    for (const metric of [Number.NaN, Number.NaN]) schedule.step(metric);
    expect(optimizer.lr).toBeCloseTo(0.05);
  });

  const expired = () => {
    const schedule = new optim.OneCycleLR(sgd(), { maxLr: 1, totalSteps: 3 });
    for (let i = 0; i < 4; i++) schedule.step();
  };
  const adagrad = () => new optim.Adagrad([tensor([0], { requiresGrad: true })]);
  it.each<[string, () => unknown, string]>([
    [
      "what is no optimizer",
      () => new optim.StepLR(3 as never, { stepSize: 1 }),
      "StepLR: the first argument must be an optimizer, got 3",
    ],
    [
      "a missing stepSize",
      () => new optim.StepLR(sgd(), {} as never),
      "StepLR: stepSize must be a number that is whole and >= 1, got undefined",
    ],
    [
      "misspelt options",
      () => new optim.StepLR(sgd(), { stepsize: 3 } as never),
      'StepLR: unknown option "stepsize"; it takes stepSize, gamma',
    ],
    [
      "missing milestones",
      () => new optim.MultiStepLR(sgd(), {} as never),
      "MultiStepLR: milestones must be a list of step counts, got []",
    ],
    [
      "milestones that are no counts",
      () => new optim.MultiStepLR(sgd(), { milestones: [0.5] }),
      "MultiStepLR: milestones must be a number that is whole",
    ],
    [
      "a missing gamma",
      () => new optim.ExponentialLR(sgd(), {} as never),
      "ExponentialLR: gamma must be a number >= 0, got undefined",
    ],
    [
      "a missing tMax",
      () => new optim.CosineAnnealingLR(sgd(), {} as never),
      "CosineAnnealingLR: tMax must be a number that is whole and >= 1, got undefined",
    ],
    [
      "what is no schedule after the warm-up",
      () => new optim.LinearWarmup(sgd(), { after: {} as never }),
      "LinearWarmup: after must be a Schedule or null, got [object Object]",
    ],
    [
      "a plateau after the warm-up",
      () => new optim.LinearWarmup(sgd(), { after: new optim.ReduceLROnPlateau(sgd()) as never }),
      "LinearWarmup: after must be a Schedule or null",
    ],
    [
      "a start above 1",
      () => new optim.LinearWarmup(sgd(), { startFactor: 2 }),
      "LinearWarmup: startFactor must be a number in (0, 1], got 2",
    ],
    [
      "a cycle without length",
      () => new optim.OneCycleLR(sgd(), { maxLr: 1 }),
      "OneCycleLR: needs totalSteps, or epochs and stepsPerEpoch",
    ],
    [
      "a cycle without maxLr",
      () => new optim.OneCycleLR(sgd(), { totalSteps: 3 } as never),
      "OneCycleLR: maxLr must be a number > 0, got undefined",
    ],
    [
      "momentum where there is none",
      () => new optim.OneCycleLR(adagrad(), { maxLr: 1, totalSteps: 3 }),
      "OneCycleLR: cycleMomentum needs an optimizer with momentum or betas",
    ],
    [
      "momenta that are no share",
      () => new optim.OneCycleLR(sgd(), { maxLr: 1, totalSteps: 3, baseMomentum: "a" as never }),
      "OneCycleLR: baseMomentum must be a number in [0, 1], got a",
    ],
    [
      "momenta above 1",
      () => new optim.OneCycleLR(sgd(), { maxLr: 1, totalSteps: 3, maxMomentum: 2 }),
      "OneCycleLR: maxMomentum must be a number in [0, 1], got 2",
    ],
    [
      "a cycleMomentum that is no boolean",
      () => new optim.OneCycleLR(sgd(), { maxLr: 1, totalSteps: 3, cycleMomentum: 0.9 as never }),
      "OneCycleLR: cycleMomentum must be one of true, false, got 0.9",
    ],
    [
      "a threePhase that is no boolean",
      () => new optim.OneCycleLR(sgd(), { maxLr: 1, totalSteps: 3, threePhase: "no" as never }),
      'OneCycleLR: threePhase must be one of true, false, got "no"',
    ],
    ["steps after the cycle", expired, "OneCycleLR.step: the cycle has 3 steps, and all have been taken"],
    [
      "a factor of 1",
      () => new optim.ReduceLROnPlateau(sgd(), { factor: 1 }),
      "ReduceLROnPlateau: factor must be a number in [0, 1), got 1",
    ],
    [
      "a mode it does not know",
      () => new optim.ReduceLROnPlateau(sgd(), { mode: "least" as "min" }),
      'ReduceLROnPlateau: mode must be one of "min", "max"',
    ],
    [
      "a step without a metric",
      () => new optim.ReduceLROnPlateau(sgd()).step(undefined as never),
      "ReduceLROnPlateau.step: metric must be a number, got undefined",
    ],
    [
      "a state of another kind",
      () => new optim.ExponentialLR(sgd(), { gamma: 1 }).loadStateDict({} as never),
      "ExponentialLR.loadStateDict: the state must have steps and baseLrs",
    ],
    [
      "a state of other groups",
      () => new optim.ExponentialLR(sgd(), { gamma: 1 }).loadStateDict({ steps: 1, baseLrs: [1, 2] }),
      "baseLrs must be 1 numbers, one for each group, got [1,2]",
    ],
    [
      "a broken plateau state",
      () => new optim.ReduceLROnPlateau(sgd()).loadStateDict({ best: 1, badSteps: -1, cooldownLeft: 0 }),
      "ReduceLROnPlateau.loadStateDict: badSteps must be a number",
    ],
    [
      "no plateau state",
      () => new optim.ReduceLROnPlateau(sgd()).loadStateDict(null as never),
      "ReduceLROnPlateau.loadStateDict: best must be a number or null, got undefined",
    ],
  ])("refuse %s", (_, act, message) => {
    expect(act).toThrow(message);
  });
});
