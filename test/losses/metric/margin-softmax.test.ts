import { expect, test } from "vitest";
import { tensor } from "../../../src/index.ts";
import {
  type ArcFaceOptions,
  arcFace,
  type CombinedMarginOptions,
  combinedMargin,
  cosFace,
  normalizedSoftmax,
} from "../../../src/losses/index.ts";
import { input, testGolden } from "../metric-golden.ts";
import {
  differentiate,
  expectDerivatives,
  expectFiniteEverywhere,
  expectReductions,
  normal,
  permuted,
} from "../metric-properties.ts";

testGolden("normalizedSoftmax");
testGolden("cosFace");
testGolden("arcFace");
testGolden("combinedMargin");

const [x, opposed, centres, labels] = [input("a"), input("opposed"), input("centres"), input("labels")];

const arcVariants: ArcFaceOptions[] = [
  {},
  { easyMargin: true },
  { overflow: "none" },
  { margin: 0 },
  { margin: Math.PI },
  { scale: 1e4 },
];
const combined: CombinedMarginOptions[] = [
  {},
  { m1: 2, m2: 0.1 },
  { m1: 1.35, m2: 0, m3: 0.1 },
  { m1: 1.2, overflow: "easy" },
];

test("derivatives away from the overflow and from cosines of +-1", () => {
  expectDerivatives((e, w) => normalizedSoftmax(e, w, labels), x, centres);
  expectDerivatives((e, w) => cosFace(e, w, labels, { scale: 10 }), x, centres);
  for (const options of arcVariants.slice(0, 4)) {
    for (const e of [x, opposed])
      expectDerivatives((u, w) => arcFace(u, w, labels, { scale: 8, ...options }), e, centres);
  }
  for (const options of combined)
    expectDerivatives((u, w) => combinedMargin(u, w, labels, { scale: 8, ...options }), x, centres);
});

test("reductions", () => {
  for (const loss of [normalizedSoftmax, cosFace, arcFace, combinedMargin]) {
    expect(expectReductions((reduction) => loss(x, centres, labels, { reduction })).shape).toEqual([5]);
  }
});

test("without a margin they are all the normalised softmax", () => {
  const plain = normalizedSoftmax(x, centres, labels, { scale: 64 }).item();
  expect(normalizedSoftmax(x, centres, labels, { temperature: 1 / 64 }).item()).toBe(plain);
  expect(cosFace(x, centres, labels, { margin: 0 }).item()).toBe(plain);
  for (const overflow of ["taylor", "easy", "none"] as const) {
    expect(arcFace(x, centres, labels, { margin: 0, overflow }).item()).toBeCloseTo(plain, 12);
  }
  expect(combinedMargin(x, centres, labels, { m2: 0 }).item()).toBeCloseTo(plain, 12);
});

test("the combined margin has ArcFace and CosFace as special cases", () => {
  expect(combinedMargin(x, centres, labels).item()).toBe(arcFace(x, centres, labels).item());
  const additive = combinedMargin(x, centres, labels, { m2: 0, m3: 0.35 });
  expect(additive.item()).toBeCloseTo(cosFace(x, centres, labels).item(), 12);
});

test("normalised softmax is cross-entropy of scaled cosines", () => {
  const logits = x.normalize().matmul(centres.normalize().transpose()).mul(20);
  const expected = logits.logSoftmax(1).gather(1, labels.unsqueeze(1)).mean().neg();
  expect(normalizedSoftmax(x, centres, labels).item()).toBeCloseTo(expected.item(), 12);
});

test("the lengths of embeddings and centres do not matter", () => {
  for (const loss of [normalizedSoftmax, cosFace, arcFace]) {
    const scaled = loss(x.mul(7), centres.mul(0.01), labels).item();
    expect(scaled).toBeCloseTo(loss(x, centres, labels).item(), 9);
  }
});

test("a larger margin never lowers the loss, not even past pi", () => {
  for (const e of [x, opposed]) {
    const of = (margin: number) => arcFace(e, centres, labels, { margin }).item();
    const values = [0, 0.2, 0.5, 1, 1.5].map(of);
    expect(values).toEqual([...values].sort((u, v) => u - v));
  }
});

test("the order of batch and classes does not matter", () => {
  const order = [4, 2, 0, 3, 1];
  const [e, y] = [permuted(x, order), permuted(labels, order)];
  expect(arcFace(e, centres, y).item()).toBeCloseTo(arcFace(x, centres, labels).item(), 12);
  const renamed = labels.toArray() as number[];
  const moved = arcFace(
    x,
    permuted(centres, [2, 0, 1]),
    renamed.map((label) => (label + 1) % 3),
  );
  expect(moved.item()).toBeCloseTo(arcFace(x, centres, labels).item(), 12);
});

test("degenerate embeddings and centres stay finite in float32", () => {
  const y = [0, 1, 2, 3];
  expectFiniteEverywhere("normalizedSoftmax", (e, w) => normalizedSoftmax(e, w, y));
  expectFiniteEverywhere("cosFace", (e, w) => cosFace(e, w, y));
  for (const options of arcVariants)
    expectFiniteEverywhere(JSON.stringify(options), (e, w) => arcFace(e, w, y, options));
  for (const options of combined) {
    expectFiniteEverywhere(JSON.stringify(options), (e, w) => combinedMargin(e, w, y, options));
  }
});

test("at a cosine of exactly 1 or -1 the value is right and the root has gradient 0", () => {
  const w = tensor([
    [1, 0],
    [0, 1],
  ]);
  const at = (e: number[]) => differentiate((u) => arcFace(u, w, [0], { scale: 1, overflow: "none" }), tensor([e]));
  const softmax = (own: number) => Math.log(Math.exp(own) + 1) - own;
  expect(at([1, 0]).value).toBeCloseTo(softmax(Math.cos(0.5)), 6);
  expect(at([-1, 0]).value).toBeCloseTo(softmax(-Math.cos(0.5)), 6);
  // Only the other class pulls: along axis 1, by its probability.
  const p = 1 / (1 + Math.exp(Math.cos(0.5)));
  expect(at([1, 0]).gradients[0][0]).toBeCloseTo(0, 6);
  expect(at([1, 0]).gradients[0][1]).toBeCloseTo(p, 6);
});

test("past pi the logit follows insightface: cos - margin sin(margin)", () => {
  const e = tensor([[-1, 0.1]], { dtype: "float64" });
  const w = tensor(
    [
      [1, 0],
      [0, 1],
    ],
    { dtype: "float64" },
  );
  const [c, s] = [-1 / Math.hypot(1, 0.1), 0.1 / Math.hypot(1, 0.1)];
  const own = c - 0.5 * Math.sin(0.5);
  const loss = arcFace(e, w, [0], { scale: 3 }).item();
  expect(loss).toBeCloseTo(Math.log(Math.exp(3 * own) + Math.exp(3 * s)) - 3 * own, 12);
});

test("one class has loss 0", () => {
  expect(arcFace(x, centres.slice({ stop: 1 }), [0, 0, 0, 0, 0]).item()).toBe(0);
});

test("a large problem costs one matrix product", () => {
  const [e, w] = [normal("e", [64, 32]), normal("w", [500, 32])];
  const y = Array.from({ length: 64 }, (_, i) => i * 7);
  expectReductions((reduction) => arcFace(e, w, y, { reduction }));
});

test("errors", () => {
  for (const [name, loss] of Object.entries({ normalizedSoftmax, cosFace, arcFace, combinedMargin })) {
    const w = [
      [1, 0],
      [0, 1],
    ];
    expect(() => loss([[1, 0]], w, [2])).toThrow(`${name}: labels[0] is 2, but centres [2, 2] has entries 0..1`);
    expect(() => loss([[1, 0]], w, [-1])).toThrow(`${name}: labels[0] is -1`);
    expect(() => loss([[1, 0, 0]], w, [0])).toThrow(
      `${name}: centres [2, 2] must have rows as long as those of embeddings [1, 3]`,
    );
    expect(() => loss([1, 0], w, [0])).toThrow(`${name}: embeddings must be [n, d], got shape [2]`);
    expect(() => loss([[1, 0]], [1, 0], [0])).toThrow(`${name}: centres must be [classes, d], got shape [2]`);
    expect(() => loss([[1, 0]], w, [0, 1])).toThrow(`${name}: labels must have shape [1], got [2]`);
    expect(() => loss([[1, 0]], w, tensor([0]))).toThrow(`${name}: labels must be int32, got float32`);
    expect(() => loss([[1, 0]], w, [0], { scale: 0 })).toThrow(`${name}: scale must be a number > 0, got 0`);
    expect(() => loss([[1, 0]], w, [0], { reduction: "all" as never })).toThrow("reduction must be one of");
    expect(() => loss([[1, 0]], w, [0], { marginRad: 1 } as never)).toThrow(`${name}: unknown option "marginRad"`);
    const none = tensor([[1, 0]]).slice({ stop: 0 });
    expect(() => loss(none, w, [])).toThrow(`${name}: the batch is empty; a mean needs at least one element`);
  }
  const arc = (options: ArcFaceOptions) => () => arcFace(x, centres, labels, options);
  expect(arc({ margin: 28.6 })).toThrow("arcFace: margin must be a number of radians in [0, pi], got 28.6");
  expect(arc({ margin: -0.5 })).toThrow("arcFace: margin must be a number of radians in [0, pi], got -0.5");
  expect(arc({ overflow: "hard" as never })).toThrow('overflow must be one of "taylor", "easy", "none", got "hard"');
  expect(arc({ easyMargin: true, overflow: "none" })).toThrow('easyMargin is overflow "easy", but overflow is "none"');
  expect(arc({ easyMargin: 1 as never })).toThrow("easyMargin must be one of true, false, got 1");
  expect(() => cosFace(x, centres, labels, { margin: -0.1 })).toThrow(
    "cosFace: margin must be a number >= 0, got -0.1",
  );
  expect(() => normalizedSoftmax(x, centres, labels, { scale: 1, temperature: 1 })).toThrow("give one of the two");
  expect(() => normalizedSoftmax(x, centres, labels, { temperature: 0 })).toThrow("temperature must be a number > 0");
  const combine = (options: CombinedMarginOptions) => () => combinedMargin(x, centres, labels, options);
  expect(combine({ m1: 0.5 })).toThrow("combinedMargin: m1 must be a number >= 1 and finite, got 0.5");
  expect(combine({ m2: 4 })).toThrow("combinedMargin: m2 must be a number of radians in [0, pi], got 4");
  expect(combine({ m3: -1 })).toThrow("combinedMargin: m3 must be a number >= 0, got -1");
  expect(combine({ m1: 2, overflow: "taylor" })).toThrow('overflow "taylor" is defined for m1 = 1, got 2');
});
