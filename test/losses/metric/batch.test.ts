import { describe, expect, test } from "vitest";
import { compile, grad, random, type Tensor, tensor } from "../../../src/index.ts";
import * as losses from "../../../src/losses/index.ts";

const { distances, miners } = losses;
const generator = new random.Generator("batch");
const x = generator.normal([8, 3], { dtype: "float64" });
const y = tensor([0, 1, 0, 2, 1, 0, 3, 2], { dtype: "int32" });
const indices = (...values: number[]) => tensor(values, { dtype: "int32" });

type BatchLoss = (embeddings: Tensor, labels: Tensor, options: object) => Tensor;

/** The losses that take references and pairs. */
const overBatches: Record<string, BatchLoss> = Object.fromEntries(
  Object.entries({
    batchContrastive: losses.batchContrastive,
    snrContrastive: losses.snrContrastive,
    multiSimilarity: losses.multiSimilarity,
    circle: losses.circle,
    margin: losses.margin,
    generalizedLiftedStructure: losses.generalizedLiftedStructure,
    angular: losses.angular,
    tupletMargin: losses.tupletMargin,
    intraPairVariance: losses.intraPairVariance,
    rankedList: losses.rankedList,
    fastAP: losses.fastAP,
    smoothAP: losses.smoothAP,
    pnp: losses.pnp,
    histogram: losses.histogram,
    nca: losses.nca,
    thresholdConsistentMargin: losses.thresholdConsistentMargin,
    dynamicSoftMargin: losses.dynamicSoftMargin,
    batchAllTriplet: losses.batchAllTriplet,
    batchHardTriplet: losses.batchHardTriplet,
    semiHardTriplet: losses.semiHardTriplet,
  }).map(([name, loss]) => [name, loss as BatchLoss]),
);

describe("a loss over a batch", () => {
  for (const [name, loss] of Object.entries(overBatches)) {
    test(`${name} is the same against its own rows as references, each of which knows itself`, () => {
      const references = { embeddings: x, labels: y, self: [...y.data.keys()] };
      expect(loss(x, y, { references }).item()).toBeCloseTo(loss(x, y, {}).item(), 12);
    });

    test(`${name} is the same with all pairs mined as with none`, () => {
      const all = miners.pairMargin(x, y, { posMargin: 0, negMargin: 1e9 });
      expect(loss(x, y, { pairs: all }).item()).toBeCloseTo(loss(x, y, {}).item(), 12);
    });

    test(`${name} does not depend on the order of the batch`, () => {
      const order = indices(5, 2, 7, 0, 1, 6, 4, 3);
      const [moved, labels] = [x.indexSelect(0, order), y.indexSelect(0, order)];
      expect(loss(moved, labels, {}).item()).toBeCloseTo(loss(x, y, {}).item(), 11);
    });

    test(`${name} is 0, with gradient 0, when no pair was mined`, () => {
      const none = { anchors: indices(), positives: indices(), negativeAnchors: indices(), negatives: indices() };
      const leaf = tensor(x, { requiresGrad: true });
      const value = loss(leaf, y, { pairs: none });
      expect(value.item()).toBe(0);
      expect([...grad(value, [leaf])[0].data].every((v) => v === 0)).toBe(true);
    });

    test(`${name} takes mined pairs when compiled`, () => {
      const pairs = miners.multiSimilarity(x, y);
      const single = x.to("float32");
      const compiled = compile((e: Tensor) => loss(e, y, { pairs }));
      expect(compiled(single).item()).toBeCloseTo(loss(single, y, { pairs }).item(), 4);
      compiled.dispose();
    });
  }
});

test("mined pairs must be rows of the batch, and are named in the error", () => {
  const beyond = { anchors: indices(0), positives: indices(8), negatives: indices(1) };
  expect(() => losses.circle(x, y, { pairs: beyond })).toThrow(
    "circle: pairs[0] is 8, but what it is compared with has",
  );
  expect(() => losses.circle(x, y, { pairs: {} as never })).toThrow("circle: pairs must be what a miner gives");
});

test("references are checked", () => {
  const call = (references: unknown) => () => losses.nca(x, y, { references: references as never });
  expect(call([x, y])).toThrow("nca: references must be { embeddings: [m, d], labels: [m] }");
  expect(call({ embeddings: [[1, 2]], labels: [0] })).toThrow("nca: references.embeddings [1, 2] must be as long as");
  expect(call({ embeddings: x, labels: [0] })).toThrow("nca: references.labels must have shape [8], got [1]");
  expect(call({ embeddings: x, labels: y, self: [0] })).toThrow("nca: references.self must have shape [8], got [1]");
  expect(call({ embeddings: x, labels: y, own: 1 })).toThrow('nca: references: unknown option "own"');
});

test("a distance may be a function, whose shape is checked", () => {
  const bySquares = losses.batchContrastive(x, y, { distance: (a, b) => distances.squaredEuclidean(a, b), margin: 3 });
  expect(bySquares.item()).toBeCloseTo(
    losses.batchContrastive(x, y, { distance: "squaredEuclidean", margin: 3 }).item(),
    12,
  );
  expect(() => losses.nca(x, y, { distance: (a) => a.sum(1) })).toThrow("nca: distance(a, b) must have shape [8, 8]");
});

test("the distances are those of all rows with all rows", () => {
  const other = generator.normal([5, 3], { dtype: "float64" });
  const rows = (t: Tensor) => t.toArray() as number[][];
  const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
  const variance = (v: number[]) => sum(v.map((e) => (e - sum(v) / v.length) ** 2)) / (v.length - 1);
  const length = (v: number[]) => Math.hypot(...v);
  const difference = (a: number[], b: number[]) => a.map((e, i) => e - b[i]);
  const cosine = (a: number[], b: number[]) => sum(a.map((e, i) => e * b[i])) / length(a) / length(b);
  const expected: [losses.distances.Matrix, (a: number[], b: number[]) => number][] = [
    [distances.euclidean, (a, b) => length(difference(a, b))],
    [distances.squaredEuclidean, (a, b) => length(difference(a, b)) ** 2],
    [distances.manhattan, (a, b) => sum(difference(a, b).map(Math.abs))],
    [distances.cosine, (a, b) => 1 - cosine(a, b)],
    [distances.cosineSimilarity, cosine],
    [distances.dot, (a, b) => sum(a.map((e, i) => e * b[i]))],
    [distances.snr, (a, b) => variance(difference(a, b)) / variance(a)],
    [distances.minkowski(), (a, b) => length(difference(a, b))],
    [distances.minkowski({ power: 2 }), (a, b) => length(difference(a, b)) ** 2],
    [
      distances.minkowski({ p: 3, power: 1.5 }),
      (a, b) => Math.sqrt(sum(difference(a, b).map((v) => Math.abs(v) ** 3))),
    ],
  ];
  for (const [distance, of] of expected) {
    const found = rows(distance(x, other));
    for (const [i, a] of rows(x).entries()) {
      for (const [j, b] of rows(other).entries()) expect(found[i][j]).toBeCloseTo(of(a, b), 10);
    }
    expect(distance(x).shape).toEqual([8, 8]);
  }
  expect(() => distances.minkowski({ p: 0.5 })).toThrow(
    "distances.minkowski: p must be a number >= 1 or Infinity, got 0.5",
  );
});

test("a constant embedding has a finite noise-to-signal ratio, with finite gradients", () => {
  const leaf = tensor(
    [
      [1, 1],
      [0, 2],
      [3, 3],
    ],
    { requiresGrad: true },
  );
  const value = distances.snr(leaf).sum();
  expect([value, ...grad(value, [leaf])].every((t) => t.data.every(Number.isFinite))).toBe(true);
});

test("the classes of two rows make N-pair what cross-entropy of the similarities is", () => {
  const labels = indices(0, 0, 1, 1, 2, 2, 3, 3);
  const pick = (start: number) => x.slice([{ start, step: 2 }]);
  const logits = pick(0).matmul(pick(1).transpose());
  const expected = losses.crossEntropy(logits, indices(0, 1, 2, 3)).item();
  expect(losses.nPair(x, labels).item()).toBeCloseTo(expected, 12);
  const oneHot = tensor([
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [0, 0, 1, 0],
    [0, 0, 0, 1],
  ]);
  expect(losses.nPairMultilabel(pick(0), pick(1), oneHot).item()).toBeCloseTo(expected, 12);
});

test("SDML without smoothing is cross-entropy of the negative squared distances", () => {
  const [a, b] = [x, generator.normal([8, 3], { dtype: "float64" })];
  const logits = distances.squaredEuclidean(a, b).neg();
  expect(losses.sdml(a, b, { smoothing: 0 }).item()).toBeCloseTo(
    losses.crossEntropy(logits, [...Array(8).keys()]).item(),
    12,
  );
  expect(() => losses.sdml([[1]], [[1]])).toThrow("sdml: x1 [1, 1] needs at least 2 rows to tell apart");
});

test("Smooth-AP with a small step is one minus the average precision of the retrieved rows", () => {
  const cosines = distances.cosineSimilarity(x).toArray() as number[][];
  const terms = losses.smoothAP(x, y, { temperature: 1e-6, reduction: "none" }).toArray() as number[];
  cosines.forEach((row, i) => {
    const order = [...row.keys()].filter((j) => j !== i).sort((a, b) => row[b] - row[a]);
    const hits = order.flatMap((j, rank) => (y.data[j] === y.data[i] ? [rank + 1] : []));
    const precision = hits.reduce((sum, rank, k) => sum + (k + 1) / rank, 0) / Math.max(1, hits.length);
    expect(terms[i]).toBeCloseTo(hits.length === 0 ? 0 : 1 - precision, 9);
  });
});
