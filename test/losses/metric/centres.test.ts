import { expect, test } from "vitest";
import { random, type Tensor, tensor } from "../../../src/index.ts";
import * as losses from "../../../src/losses/index.ts";
import { expectSame, normal } from "../metric-properties.ts";

const [x, centres, sub] = [normal("x", [6, 4]), normal("centres", [3, 4]), normal("sub", [3, 2, 4])];
const labels = tensor([2, 0, 1, 0, 2, 1], { dtype: "int32" });

const expectEqual = (one: (x: Tensor, w: Tensor) => Tensor, other: (x: Tensor, w: Tensor) => Tensor) =>
  expectSame(one, other, x, centres);

test("without a margin, the margins are the normalised softmax", () => {
  const plain = (e: Tensor, w: Tensor) => losses.normalizedSoftmax(e, w, labels, { scale: 5 });
  expectEqual((e, w) => losses.arcFace(e, w, labels, { scale: 5, margin: 0 }), plain);
  expectEqual((e, w) => losses.adaFace(e, w, labels, { scale: 5, margin: 0 }), plain);
  expectEqual((e, w) => losses.elasticFace(e, w, labels, { scale: 5, margin: 0, std: 0 }), plain);
  const none = { scale: 5, lowerMargin: 0, upperMargin: 0, lambda: 0 };
  expectEqual((e, w) => losses.magFace(e, w, labels, none), plain);
});

test("one centre a class makes sub-centre ArcFace ArcFace, and SoftTriple CosFace", () => {
  const one = (w: Tensor) => w.unsqueeze(1);
  expectEqual(
    (e, w) => losses.subCenterArcFace(e, one(w), labels),
    (e, w) => losses.arcFace(e, w, labels),
  );
  expectEqual(
    (e, w) => losses.softTriple(e, one(w), labels, { scale: 7, margin: 0.2 }),
    (e, w) => losses.cosFace(e, w, labels, { scale: 7, margin: 0.2 }),
  );
});

test("SoftTriple adds its regulariser to every term", () => {
  const of = (tau: number) => losses.softTriple(x, sub, labels, { tau, reduction: "none" });
  const added = of(0.3).sub(of(0)).toArray() as number[];
  for (const v of added) expect(v).toBeCloseTo(0.3 * losses.sparseCenters(sub).item(), 10);
});

test("Proxy-NCA++ is the normalised softmax of twice its scale", () => {
  expectEqual(
    (e, w) => losses.proxyNCA(e, w, labels, { preset: "plusPlus", scale: 3 }),
    (e, w) => losses.normalizedSoftmax(e, w, labels, { scale: 6 }),
  );
});

test("AdaFace that does not react to lengths is CosFace", () => {
  expectEqual(
    (e, w) => losses.adaFace(e, w, labels, { h: 0 }),
    (e, w) => losses.cosFace(e, w, labels, { margin: 0.4 }),
  );
});

test("AdaFace gives the shortest embeddings ArcFace's margin", () => {
  expectEqual(
    (e, w) => losses.adaFace(e, w, labels, { scale: 4, mean: 1e4, std: 1 }),
    (e, w) => losses.arcFace(e, w, labels, { scale: 4, margin: 0.4, overflow: "none" }),
  );
});

test("MagFace with one margin for all lengths is ArcFace, and adds what its lengths cost", () => {
  const same = {
    scale: 4,
    lowerMargin: 0.5,
    upperMargin: 0.5,
    lowerNorm: 0.1,
    upperNorm: 50,
    overflow: "taylor" as const,
  };
  expectEqual(
    (e, w) => losses.magFace(e, w, labels, { ...same, lambda: 0 }),
    (e, w) => losses.arcFace(e, w, labels, { scale: 4 }),
  );
  const cost = x.norm(1).reciprocal().add(x.norm(1).div(2500)).mean().item();
  const of = (lambda: number) => losses.magFace(x, centres, labels, { ...same, lambda }).item();
  expect(of(3) - of(0)).toBeCloseTo(3 * cost, 10);
});

test("CurricularFace without hard classes is ArcFace", () => {
  const own = centres.indexSelect(0, labels); // on its centre, an embedding is nearest to it by far
  const far = tensor(
    [
      [5, 0.1, 0, 0],
      [0, 5, 0.1, 0],
      [0, 0, 5, 0.1],
    ],
    { dtype: "float64" },
  );
  const e = far.indexSelect(0, labels).add(own.mul(0.01));
  for (const t of [0, 0.7]) {
    expect(losses.curricularFace(e, far, labels, { t, scale: 3 }).item()).toBeCloseTo(
      losses.arcFace(e, far, labels, { scale: 3 }).item(),
      12,
    );
  }
});

test("SphereFace with margin 1 is softmax over normalised centres, L-softmax that of plain products", () => {
  expectEqual(
    (e, w) => losses.sphereFace(e, w, labels, { margin: 1 }),
    (e, w) => losses.crossEntropy(e.matmul(w.normalize(), { transposeB: true }), labels),
  );
  expectEqual(
    (e, w) => losses.largeMarginSoftmax(e, w, labels, { margin: 1 }),
    (e, w) => losses.crossEntropy(e.matmul(w, { transposeB: true }), labels),
  );
});

test("SphereFace grows with the angle, however often its margin goes round", () => {
  const at = (angle: number) =>
    losses
      .sphereFace(
        [[Math.cos(angle), Math.sin(angle), 0]],
        [
          [1, 0, 0],
          [0, 0, 1],
        ],
        [0],
        { margin: 5 },
      )
      .item();
  const values = Array.from({ length: 60 }, (_, i) => at((i * Math.PI) / 59));
  for (const [i, v] of values.slice(1).entries()) expect(v).toBeGreaterThan(values[i] - 1e-6);
  expect(values[59]).toBeCloseTo(Math.log1p(Math.exp(9)), 4);
});

test("ElasticFace draws a margin for each sample, anew at each call, from its generator", () => {
  const draw = (generator: random.Generator) => losses.elasticFace(x, centres, labels, { std: 0.1, generator }).item();
  const generator = new random.Generator("margins");
  const first = draw(generator);
  expect(draw(generator)).not.toBe(first);
  expect(draw(new random.Generator("margins"))).toBe(first);
});

test("prototypes of one shot are the examples, and a speaker's angular prototype is a centre", () => {
  const shots = centres.unsqueeze(1);
  const distances = x
    .square()
    .sum(1, { keepDims: true })
    .add(centres.square().sum(1))
    .sub(x.matmul(centres.transpose()).mul(2));
  expect(losses.prototypical(x, shots, labels).item()).toBeCloseTo(
    losses.crossEntropy(distances.neg(), labels).item(),
    9,
  );
  const speech = normal("speech", [4, 2, 3]);
  const [queries, others] = [0, 1].map((i) => speech.slice([null, { start: i, stop: i + 1 }]).squeeze(1));
  expect(losses.angularPrototypical(speech, { w: 6 }).item()).toBeCloseTo(
    losses.normalizedSoftmax(queries, others, [0, 1, 2, 3], { scale: 6 }).item(),
    10,
  );
});

test("the instance loss is the normalised softmax with the embeddings for centres", () => {
  const value = losses.instance(x, { scale: 4 }).item();
  expect(value).toBeCloseTo(losses.normalizedSoftmax(x, x, [0, 1, 2, 3, 4, 5], { scale: 4 }).item(), 10);
});

test("a well-classified sample keeps the digits of its small loss in float32", () => {
  const loss = losses
    .normalizedSoftmax(
      [[1, 0]],
      [
        [1, 0],
        [0, 1],
      ],
      [0],
      { scale: 64 },
    )
    .item();
  expect(loss / Math.exp(-64)).toBeCloseTo(1, 5);
});

test("errors", () => {
  const [e, w] = [
    [[1, 0]],
    [
      [1, 0],
      [0, 1],
    ],
  ];
  expect(() => losses.proxyNCA(e, [[1, 0]], [0])).toThrow("proxyNCA: proxies [1, 2] must be of at least 2 classes");
  expect(() => losses.proxyAnchor(e, w, [2])).toThrow(
    "proxyAnchor: labels[0] is 2, but proxies [2, 2] has entries 0..1",
  );
  expect(() => losses.subCenterArcFace(e, w, [0])).toThrow("centres must be [classes, k, d], got shape [2, 2]");
  expect(() => losses.magFace(e, w, [0], { upperNorm: 5 })).toThrow(
    "upperNorm must be a number > lowerNorm, 10, and finite, got 5",
  );
  expect(() => losses.magFace(e, w, [0], { lowerMargin: 0.9 })).toThrow(
    "upperMargin, 0.8, must be at least lowerMargin",
  );
  expect(() => losses.angularPrototypical([[[1, 0]]])).toThrow("need at least 2 utterances a speaker");
  expect(() => losses.regularFace([[1, 0]])).toThrow("regularFace: centres [1, 2] must be of at least 2 classes");
  expect(() => losses.sphereFace(e, w, [0], { margin: 1.5 })).toThrow("margin must be a number that is whole and >= 1");
});
