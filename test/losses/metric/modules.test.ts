import { expect, test } from "vitest";
import { compile, noGrad, random, type Tensor, tensor } from "../../../src/index.ts";
import * as losses from "../../../src/losses/index.ts";
import { input } from "../metric-golden.ts";

const [x, labels, speech] = [input("a"), input("labels"), input("speech")];
const { ArcFace, CombinedMargin, CosFace, GE2E, NormalizedSoftmax } = losses;

test("a module with centres is its function with the centres as weight", () => {
  const generator = () => new random.Generator("centres");
  const pairs = [
    [new ArcFace(3, 4, { scale: 8, generator: generator() }), losses.arcFace],
    [new CosFace(3, 4, { scale: 8, generator: generator() }), losses.cosFace],
    [new NormalizedSoftmax(3, 4, { scale: 8, generator: generator() }), losses.normalizedSoftmax],
    [new CombinedMargin(3, 4, { scale: 8, generator: generator() }), losses.combinedMargin],
    [new losses.SphereFace(3, 4, { scale: 8, generator: generator() }), losses.sphereFace],
    [new losses.LargeMarginSoftmax(3, 4, { scale: 8, generator: generator() }), losses.largeMarginSoftmax],
    [new losses.MagFace(3, 4, { scale: 8, generator: generator() }), losses.magFace],
    [new losses.ProxyNCA(3, 4, { scale: 8, generator: generator() }), losses.proxyNCA],
  ] as const;
  for (const [module, fn] of pairs) {
    expect(module.namedParameters().map(([name, t]) => [name, t.shape])).toEqual([["weight", [3, 4]]]);
    const loss = module.call(x, labels);
    expect(loss.item()).toBe(fn(x, module.weight, labels, { scale: 8 }).item());
    loss.backward();
    expect(module.weight.grad?.abs().sum().item()).toBeGreaterThan(0);
  }
});

test("modules without a scale, and with several centres a class, are their functions too", () => {
  const loss = (module: { call(...inputs: unknown[]): Tensor }) => module.call(x, labels).item();
  const anchor = new losses.ProxyAnchor(3, 4, { alpha: 4 });
  expect(loss(anchor)).toBe(losses.proxyAnchor(x, anchor.weight, labels, { alpha: 4 }).item());
  const p2s = new losses.P2SGrad(3, 4);
  expect(loss(p2s)).toBe(losses.p2sGrad(x, p2s.weight, labels).item());
  const center = new losses.Center(3, 4, { reduction: "sum" });
  expect(loss(center)).toBe(losses.center(x, center.weight, labels, { reduction: "sum" }).item());
  const elastic = new losses.ElasticFace(3, 4, { std: 0 });
  expect(loss(elastic)).toBe(losses.elasticFace(x, elastic.weight, labels, { std: 0 }).item());
  const arc = new losses.SubCenterArcFace(3, 4, { scale: 8 });
  expect(arc.weight.shape).toEqual([3, 3, 4]);
  expect(loss(arc)).toBe(losses.subCenterArcFace(x, arc.weight, labels, { scale: 8 }).item());
  const triple = new losses.SoftTriple(3, 4, { centresPerClass: 2, tau: 0 });
  expect(triple.weight.shape).toEqual([3, 2, 4]);
  expect(loss(triple)).toBe(losses.softTriple(x, triple.weight, labels, { tau: 0 }).item());
});

test("AdaFace moves its statistics in training, by a share of each batch, and keeps them after eval", () => {
  const module = new losses.AdaFace(3, 4, { share: 0.25 });
  const lengths = x.norm(1);
  const mean = 20 + 0.25 * (lengths.mean().item() - 20);
  const std = 100 + 0.25 * (lengths.std().item() - 100);
  const value = module.call(x, labels).item();
  expect(module.batchMean.item()).toBeCloseTo(mean, 4);
  expect(module.batchStd.item()).toBeCloseTo(std, 4);
  expect(value).toBeCloseTo(losses.adaFace(x, module.weight, labels, { mean, std }).item(), 4);
  module.eval().call(x, labels);
  expect(module.batchMean.item()).toBeCloseTo(mean, 4);
  expect(Object.keys(module.stateDict()).sort()).toEqual(["batch_mean", "batch_std", "weight"]);
  expect(module.parameters().length).toBe(1);
});

test("AdaFace that takes the batch's own statistics is its function", () => {
  const module = new losses.AdaFace(3, 4, { share: 1 });
  expect(module.call(x, labels).item()).toBeCloseTo(losses.adaFace(x, module.weight, labels).item(), 4);
});

test("CurricularFace moves t towards the own cosines in training, and keeps it after eval", () => {
  const module = new losses.CurricularFace(3, 4, { share: 0.5 });
  const own = x.normalize().mul(module.weight.indexSelect(0, labels).normalize()).sum(1).mean().item();
  const value = module.call(x, labels).item();
  expect(module.t.item()).toBeCloseTo(own / 2, 5);
  expect(value).toBeCloseTo(losses.curricularFace(x, module.weight, labels, { t: own / 2 }).item(), 4);
  module.eval().call(x, labels);
  expect(module.t.item()).toBeCloseTo(own / 2, 5);
});

test("running statistics move in a compiled step as they do eagerly", () => {
  const [eager, compiled] = [1, 2].map(() => new losses.AdaFace(3, 4, { generator: new random.Generator(3) }));
  const e = tensor(x, { dtype: "float32" });
  const step = compile((batch: Tensor) => compiled.call(batch, labels));
  for (let i = 0; i < 3; i++) expect(step(e).item()).toBeCloseTo(eager.call(e, labels).item(), 4);
  expect(compiled.batchMean.item()).toBeCloseTo(eager.batchMean.item(), 5);
  step.dispose();
});

test("centres follow their embeddings by the paper's rule", () => {
  const module = new losses.Center(3, 2, { generator: new random.Generator(5) });
  const before = module.weight.toArray() as number[][];
  module.follow(
    [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
    [0, 0, 2],
  );
  const after = module.weight.toArray() as number[][];
  for (const k of [0, 1]) {
    expect(after[0][k]).toBeCloseTo(before[0][k] + (0.5 * ([1, 2][k] + [3, 4][k] - 2 * before[0][k])) / 3, 5);
    expect(after[1][k]).toBe(before[1][k]);
    expect(after[2][k]).toBeCloseTo(before[2][k] + (0.5 * ([5, 6][k] - before[2][k])) / 2, 5);
  }
});

test("a learned factor and a learned radius start where they are told, and learn", () => {
  const [angular, ring] = [new losses.AngularPrototypical({ w: 3 }), new losses.Ring({ radius: 2 })];
  expect(angular.call(speech).item()).toBeCloseTo(losses.angularPrototypical(speech, { w: 3 }).item(), 5);
  expect(ring.call(x).item()).toBeCloseTo(losses.ring(x, { radius: 2 }).item(), 5);
  angular.call(speech).backward();
  ring.call(x).backward();
  for (const p of [angular.w, ring.radius]) expect(p.grad?.item()).not.toBe(0);
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
