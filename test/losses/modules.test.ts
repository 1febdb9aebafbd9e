import { expect, test } from "vitest";
import { noGrad, random, type Tensor, tensor } from "../../src/index.ts";
import * as losses from "../../src/losses/index.ts";
import { input } from "./metric-golden.ts";

const [x, labels, speech] = [input("a"), input("labels"), input("speech")];
const { ArcFace, CombinedMargin, CosFace, GE2E, NormalizedSoftmax } = losses;

test("a module with centres is its function with the centres as weight", () => {
  const generator = () => new random.Generator("centres");
  const pairs = [
    [new ArcFace(3, 4, { scale: 8, generator: generator() }), losses.arcFace],
    [new CosFace(3, 4, { scale: 8, generator: generator() }), losses.cosFace],
    [new NormalizedSoftmax(3, 4, { scale: 8, generator: generator() }), losses.normalizedSoftmax],
    [new CombinedMargin(3, 4, { scale: 8, generator: generator() }), losses.combinedMargin],
  ] as const;
  for (const [module, fn] of pairs) {
    expect(module.namedParameters().map(([name, t]) => [name, t.shape])).toEqual([["weight", [3, 4]]]);
    const loss = module.call(x, labels);
    expect(loss.item()).toBe(fn(x, module.weight, labels, { scale: 8 }).item());
    loss.backward();
    expect(module.weight.grad?.abs().sum().item()).toBeGreaterThan(0);
  }
});

test("equal seeds give equal centres, and different classes start apart", () => {
  const weight = (seed: string) => new ArcFace(5, 8, { generator: new random.Generator(seed) }).weight.toArray();
  expect(weight("a")).toEqual(weight("a"));
  expect(weight("a")).not.toEqual(weight("b"));
});

test("GE2E starts at the paper's w = 10 and b = -5", () => {
  const module = new GE2E();
  expect(module.namedParameters().map(([name]) => name)).toEqual(["w", "b"]);
  expect(module.w.softplus().item()).toBeCloseTo(10, 5);
  expect(module.call(speech).item()).toBeCloseTo(losses.ge2e(speech).item(), 4);
  const contrast = new GE2E({ variant: "contrast", w: 0.3, b: 2, reduction: "mean" });
  expect(contrast.call(speech).item()).toBeCloseTo(
    losses.ge2e(speech, { variant: "contrast", w: 0.3, b: 2, reduction: "mean" }).item(),
    6,
  );
});

test("GE2E's factor stays positive however w moves, and both parameters learn", () => {
  const module = new GE2E({ variant: "contrast" });
  module.call(speech).backward();
  for (const p of module.parameters()) expect(p.grad?.item()).not.toBe(0);
  noGrad(() => module.w.assign(tensor(-30)));
  const loss = module.call(speech).item();
  expect(loss).toBeGreaterThan(0);
  expect(module.w.softplus().item()).toBeGreaterThan(0);
});

test("a few steps of descent on centres separate classes", () => {
  const module = new NormalizedSoftmax(3, 4, { generator: new random.Generator(1) });
  const step = (p: Tensor) => noGrad(() => p.assign(p.sub(p.grad!.mul(0.3))));
  const before = module.call(x, labels).item();
  for (let i = 0; i < 30; i++) {
    module.weight.grad = null;
    module.call(x, labels).backward();
    step(module.weight);
  }
  expect(module.call(x, labels).item()).toBeLessThan(before / 2);
});

test("the state can be saved and loaded", () => {
  const [from, to] = [new ArcFace(3, 4), new ArcFace(3, 4)];
  to.loadStateDict(from.stateDict());
  expect(to.weight.toArray()).toEqual(from.weight.toArray());
});

test("errors come when the module is made", () => {
  expect(() => new ArcFace(0, 4)).toThrow("ArcFace: classes must be a number that is whole and >= 1, got 0");
  expect(() => new CosFace(3, 1.5)).toThrow("CosFace: embeddingSize must be a number that is whole and >= 1, got 1.5");
  expect(() => new ArcFace(3, 4, { margin: 28.6 })).toThrow("arcFace: margin must be a number of radians in [0, pi]");
  expect(() => new CosFace(3, 4, { margn: 1 } as never)).toThrow('cosFace: unknown option "margn"');
  expect(() => new NormalizedSoftmax(3, 4, { scale: -1 })).toThrow("normalizedSoftmax: scale must be a number > 0");
  expect(() => new GE2E({ w: -1 })).toThrow("GE2E: w must be a number > 0, got -1");
  expect(() => new GE2E({ b: "0" as never })).toThrow("GE2E: b must be a number that is finite, got 0");
  expect(() => new GE2E({ varient: "softmax" } as never)).toThrow('ge2e: unknown option "varient"');
});
