import { expect, test } from "vitest";
import { concat, grad, random, type Tensor, tensor } from "../../../src/index.ts";
import * as losses from "../../../src/losses/index.ts";
import { normal } from "../metric-properties.ts";

const [a, b] = [normal("a", [6, 4]), normal("b", [6, 4])];
const [guideA, guideB] = [normal("guide a", [6, 3]), normal("guide b", [6, 3])];

const differentiated = (loss: (u: Tensor, v: Tensor) => Tensor) => {
  const leaves = [a, b].map((t) => tensor(t, { requiresGrad: true }));
  const value = loss(leaves[0], leaves[1]);
  return [value, ...grad(value, leaves)].flatMap((t) => Array.from(t.data));
};

/** Values and gradients are equal. */
function expectEqual(one: (u: Tensor, v: Tensor) => Tensor, other: (u: Tensor, v: Tensor) => Tensor): void {
  const [first, second] = [differentiated(one), differentiated(other)];
  for (const [i, v] of first.entries()) expect(v).toBeCloseTo(second[i], 9);
}

test("SupCon with two views for each label is NT-Xent", () => {
  const labels = [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5];
  expectEqual(
    (u, v) => losses.supCon(concat([u, v]), labels, { temperature: 0.5 }),
    (u, v) => losses.ntXent(u, v),
  );
});

test("SupCon depends on which labels are equal, not on what they are, nor on the order of rows", () => {
  const value = losses.supCon(a, [0, 1, 0, 1, 2, 2]).item();
  expect(losses.supCon(a, [7, -3, 7, -3, 100000, 100000]).item()).toBe(value);
  const order = [5, 2, 0, 4, 1, 3];
  const moved = losses.supCon(a.indexSelect(0, tensor(order, { dtype: "int32" })), [2, 0, 0, 2, 1, 1]);
  expect(moved.item()).toBeCloseTo(value, 10);
});

test("SupCon's presets differ by the temperature's factor, and by the anchors that count", () => {
  const labels = [0, 0, 1, 1, 2, 3];
  const terms = losses.supCon(a, labels, { reduction: "none" }).toArray() as number[];
  expect(terms.slice(4)).toEqual([0, 0]);
  expect(losses.supCon(a, labels).item()).toBeCloseTo(terms.reduce((x, y) => x + y) / 4, 10);
  expect(losses.supCon(a, labels, { preset: "pml" }).item()).toBeCloseTo(losses.supCon(a, labels).item(), 10);
  expect(losses.supCon(a, labels, { preset: "supContrast", temperature: 0.14 }).item()).toBeCloseTo(
    2 * losses.supCon(a, labels, { temperature: 0.14 }).item(),
    10,
  );
});

test("a batch of one class is not 0", () => {
  const same = tensor([
    [1, 2],
    [1, 2],
    [1, 2],
  ]);
  expect(losses.supCon(same, [4, 4, 4]).item()).toBeCloseTo(Math.log(2), 5);
});

test("SigLIP is binary cross-entropy of all pairs, over their number on one side", () => {
  const pairs = (u: Tensor, v: Tensor) => {
    const logits = u.normalize().matmul(v.normalize(), { transposeB: true }).mul(3).sub(1);
    const same = tensor(
      Array.from({ length: 36 }, (_, i) => (i % 7 === 0 ? 1 : 0)),
      { shape: [6, 6], dtype: "float64" },
    );
    return losses.binaryCrossEntropyWithLogits(logits, same, { reduction: "sum" }).div(6);
  };
  expectEqual((u, v) => losses.sigLIP(u, v, { scale: 3, bias: -1 }), pairs);
});

test("GIST with a guide that finds nothing false is multiple negatives ranking, with one that finds all false 0", () => {
  const own = tensor(
    [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
      [-1, 0, 0],
      [0, -1, 0],
      [0, 0, -1],
    ],
    { dtype: "float64" },
  );
  const only = { contrastAnchors: false, contrastPositives: false, temperature: 0.2 };
  expectEqual(
    (u, v) => losses.gist(u, v, own, own, only),
    (u, v) => losses.multipleNegativesRanking(u, v, { scale: 5 }),
  );
  const both = { directions: ["queryToDocument", "queryToQuery"] as const, scale: 5 };
  expectEqual(
    (u, v) => losses.gist(u, v, own, own, { ...only, contrastAnchors: true }),
    (u, v) => losses.multipleNegativesRanking(u, v, both),
  );
  expect(losses.gist(a, b, own, own, { margin: 3 }).item()).toBe(0);
});

test("no gradient reaches the guide", () => {
  const guides = [guideA, guideB].map((t) => tensor(t, { requiresGrad: true }));
  const loss = losses.gist(tensor(a, { requiresGrad: true }), b, guides[0], guides[1]);
  for (const g of grad(loss, guides, { allowUnused: true })) expect(g.abs().sum().item()).toBe(0);
});

test("contrastive tension in a batch is CLIP", () => {
  expectEqual(
    (u, v) => losses.contrastiveTensionInBatch(u, v, { scale: 4 }),
    (u, v) => losses.clip(u, v, { temperature: 0.25 }),
  );
});

test("CoSENT by brute force, and blind to the scale of the grades", () => {
  const grades = [3, 1, 4, 1, 5, 2];
  const s = a.normalize().mul(b.normalize()).sum(1).toArray() as number[];
  let sum = 1;
  for (const i of s.keys()) for (const j of s.keys()) if (grades[i] < grades[j]) sum += Math.exp(3 * (s[i] - s[j]));
  const value = losses.coSENT(a, b, grades, { scale: 3 }).item();
  expect(value).toBeCloseTo(Math.log(sum), 10);
  expect(
    losses
      .coSENT(
        a,
        b,
        grades.map((y) => y ** 3 - 7),
        { scale: 3 },
      )
      .item(),
  ).toBe(value);
});

test("AnglE pads rows of odd length", () => {
  const [u, v] = [normal("u", [4, 3]), normal("v", [4, 3])];
  const padded = (x: Tensor) => concat([x, x.slice([null, { stop: 1 }]).mul(0)], 1);
  const grades = [1, 2, 3, 4];
  expect(losses.anglE(u, v, grades).item()).toBeCloseTo(losses.anglE(padded(u), padded(v), grades).item(), 12);
});

test("the presets of multiple negatives ranking are their directions", () => {
  const of = (options: losses.MultipleNegativesRankingOptions) => losses.multipleNegativesRanking(a, b, options).item();
  expect(of({ preset: "symmetric" })).toBeCloseTo(losses.clip(a, b, { temperature: 0.05 }).item(), 10);
  const every = ["queryToDocument", "queryToQuery", "documentToQuery", "documentToDocument"] as const;
  expect(of({ preset: "gte", scale: 3 })).toBe(of({ directions: every, scale: 3 }));
  expect(of({ preset: "gte", partition: "joint", directions: ["queryToDocument"] })).toBe(of({}));
});

test("modules start at their function's defaults, and learn", () => {
  const [clip, sigLIP, tension] = [new losses.Clip(), new losses.SigLIP(), new losses.ContrastiveTensionInBatch()];
  expect(clip.call(a, b).item()).toBeCloseTo(losses.clip(a, b).item(), 5);
  expect(sigLIP.call(a, b).item()).toBeCloseTo(losses.sigLIP(a, b).item(), 4);
  expect(tension.call(a, b).item()).toBeCloseTo(losses.contrastiveTensionInBatch(a, b).item(), 4);
  for (const module of [clip, sigLIP, tension]) {
    module.call(a, b).backward();
    for (const p of module.parameters()) expect(p.grad?.item()).not.toBe(0);
  }
  const pairs = new losses.SentencePairSoftmax(3, 4, { generator: new random.Generator(1), product: true });
  expect(pairs.weight.shape).toEqual([3, 16]);
  const labels = [0, 1, 2, 0, 1, 2];
  const { weight, bias } = pairs;
  expect(pairs.call(a, b, labels).item()).toBe(
    losses.sentencePairSoftmax(a, b, weight, labels, { bias, product: true }).item(),
  );
});

test("CLIP's learned scale counts as 100 at most", () => {
  const module = new losses.Clip({ temperature: 0.001 });
  expect(module.call(a, b).item()).toBeCloseTo(losses.clip(a, b, { temperature: 0.01 }).item(), 4);
});

test("errors", () => {
  expect(() => losses.gist(a, b, guideA, guideB, { negatives: a })).toThrow(
    "gist: negatives and guideNegatives belong",
  );
  expect(() => losses.gist(a, b, guideA.slice([{ stop: 2 }]), guideB.slice([{ stop: 2 }]))).toThrow(
    "gist: guideAnchors [2, 3] must have as many rows as anchors [6, 4]",
  );
  expect(() => losses.sentencePairSoftmax(a, b, normal("w", [3, 8]), [0, 1, 2, 0, 1, 2])).toThrow(
    "weight must be [classes, 12] for 3 parts of x1 [6, 4], got [3, 8]",
  );
  const none = { concatenation: false, difference: false };
  expect(() => losses.sentencePairSoftmax(a, b, a, [0], none)).toThrow("one of concatenation, difference and product");
  expect(() => losses.globalOrthogonal(a, { meanWeight: 0, secondMomentWeight: 0 })).toThrow("nothing is left");
  expect(() => losses.supCon(a, [1, 2])).toThrow("supCon: labels must have shape [6], got [2]");
  expect(() => new losses.SigLIP({ scale: 0 })).toThrow("SigLIP: scale must be a number > 0, got 0");
});
