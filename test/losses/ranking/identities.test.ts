import { describe, expect, test } from "vitest";
import { grad, random, type Tensor, tensor } from "../../../src/index.ts";
import * as losses from "../../../src/losses/index.ts";

// Losses that are others, or tend to them.

const generator = new random.Generator("identities");
const a = generator.normal([6], { dtype: "float64" });
const b = generator.normal([6], { dtype: "float64" });
const pairs = a
  .unsqueeze(1)
  .mul([1, 0])
  .add(b.unsqueeze(1).mul([0, 1])); // [6, 2], the first of each the better
const better = tensor([[1, 0]])
  .to("float64")
  .add(pairs.mul(0));
const scores = generator.normal([3, 5], { dtype: "float64" });
const relevance = tensor([
  [2, 0, 1, 3, 4],
  [0, 4, 3, 2, 1],
  [1, 0, 3, 4, 2],
]).to("float64");
const oneHot = tensor([
  [0, 0, 1, 0, 0],
  [1, 0, 0, 0, 0],
  [0, 0, 0, 0, 1],
]).to("float64");

function expectSame(found: Tensor, expected: Tensor, digits = 10): void {
  expect(found.item()).toBeCloseTo(expected.item(), digits);
}

describe("of two items", () => {
  const logistic = losses.bradleyTerry(a, b);
  test("RankNet, BPR and Bradley-Terry are one loss", () => {
    expectSame(losses.rankNet(pairs, better), logistic);
    expectSame(losses.bayesianPersonalizedRanking(a, b), logistic);
    expectSame(losses.softMargin(a.sub(b), a.mul(0).add(1)), logistic);
  });

  test("so are ListMLE, p-ListMLE and the softmax", () => {
    for (const loss of [losses.listMLE, losses.pListMLE, losses.listwiseSoftmax, losses.uniqueSoftmax]) {
      expectSame(loss(pairs, better), logistic);
    }
  });

  test("Coupled RankDistil without noise is the likelihood of the teacher's order", () => {
    expectSame(losses.coupledRankDistil(pairs, better, { noise: 0 }), logistic);
  });

  test("pairwise hinge is margin ranking", () => {
    expectSame(losses.pairwiseHinge(pairs, better, { margin: 0.4 }), losses.marginRanking(a, b, 1, { margin: 0.4 }));
  });
});

test("LambdaLoss with weights of 1 and the natural logarithm is RankNet", () => {
  const options = { scheme: "rankNet", logarithm: "natural" } as const;
  expectSame(losses.lambda(scores, relevance, options), losses.pairwiseLogistic(scores, relevance));
  const binary = { preset: "sentenceTransformers" } as const;
  expectSame(
    losses.lambda(scores, relevance, { scheme: "rankNet" }),
    losses.pairwiseLogistic(scores, relevance, binary),
  );
});

test("the lambda weights are constants to the gradient", () => {
  const leaf = tensor([0.3, -0.2, 1], { dtype: "float64", requiresGrad: true });
  const y = [2, 1, 0];
  const [gradient] = grad(losses.lambda(leaf, y, { scheme: "lambdaRank", logarithm: "natural", reduction: "sum" }), [
    leaf,
  ]);
  const s = [0.3, -0.2, 1];
  const rank = [2, 3, 1];
  const discount = (r: number) => 1 / Math.log2(1 + r);
  const ideal = 3 * discount(1) + discount(2);
  const expected = [0, 0, 0];
  for (const [i, j] of [
    [0, 1],
    [0, 2],
    [1, 2],
  ]) {
    const gains = Math.abs(2 ** y[i] - 2 ** y[j]) / ideal;
    const weight = gains * Math.abs(discount(rank[i]) - discount(rank[j]));
    const pull = weight / (1 + Math.exp(s[i] - s[j]));
    expected[i] -= pull;
    expected[j] += pull;
  }
  for (const [i, g] of Array.from(gradient.data).entries()) expect(g).toBeCloseTo(expected[i], 10);
});

describe("with one relevant item", () => {
  test("the listwise softmax is the cross-entropy of its index", () => {
    expectSame(losses.listwiseSoftmax(scores, oneHot), losses.crossEntropy(scores, oneHot.argmax(1)));
    expectSame(losses.uniqueSoftmax(scores, oneHot), losses.crossEntropy(scores, oneHot.argmax(1)));
    expectSame(losses.listMLE(scores, oneHot, { k: 1 }), losses.crossEntropy(scores, oneHot.argmax(1)));
  });

  test("ListNet of a relevance far above the others tends to it", () => {
    expectSame(losses.listNet(scores, oneHot.mul(60)), losses.crossEntropy(scores, oneHot.argmax(1)));
  });

  test("Poly-1 with epsilon 0 and calibrated softmax without its virtual item are the softmax", () => {
    expectSame(losses.polySoftmax(scores, oneHot, { epsilon: 0 }), losses.listwiseSoftmax(scores, oneHot));
    const far = scores.add(50); // e^0 is nothing beside e^50
    expectSame(losses.calibratedSoftmax(far, oneHot), losses.listwiseSoftmax(far, oneHot));
  });
});

describe("as the temperature tends to 0", () => {
  /** NDCG by sorting. */
  function ndcg(s: number[], y: number[], k = y.length): number {
    const dcg = (order: number[]) =>
      order.slice(0, k).reduce((sum, i, r) => sum + (2 ** y[i] - 1) / Math.log2(2 + r), 0);
    const indices = y.map((_, i) => i);
    return dcg(indices.toSorted((i, j) => s[j] - s[i])) / dcg(indices.toSorted((i, j) => y[j] - y[i]));
  }
  const rows = (t: Tensor) => t.toArray() as number[][];
  const mean = (k?: number) =>
    rows(scores).reduce((sum, s, i) => sum + 1 - ndcg(s, rows(relevance)[i], k), 0) / scores.shape[0];

  test("ApproxNDCG tends to 1 - NDCG", () => {
    expect(losses.approxNDCG(scores, relevance, { temperature: 1e-4 }).item()).toBeCloseTo(mean(), 8);
  });

  test("so do NeuralSort NDCG and NeuralNDCG, both forms, at any cutoff", () => {
    for (const k of [1, 3, 5]) {
      const options = { temperature: 1e-4, k };
      expect(losses.neuralSortNDCG(scores, relevance, options).item()).toBeCloseTo(mean(k), 8);
      expect(losses.neuralNDCG(scores, relevance, options).item()).toBeCloseTo(mean(k), 8);
      expect(losses.neuralNDCG(scores, relevance, { transposed: true, ...options }).item()).toBeCloseTo(mean(k), 8);
    }
  });

  test("ApproxMRR tends to 1 - the reciprocal rank", () => {
    const reciprocal = rows(scores).map((s, i) => {
      const relevant = rows(oneHot)[i].indexOf(1);
      return 1 / (1 + s.filter((x) => x > s[relevant]).length);
    });
    const expected = 1 - reciprocal.reduce((x, y) => x + y) / 3;
    expect(losses.approxMRR(scores, oneHot, { temperature: 1e-4 }).item()).toBeCloseTo(expected, 8);
  });

  test("ADR-MSE tends to 0 for the order that is wanted", () => {
    expect(losses.adrMSE(relevance, relevance, { alpha: 100 }).item()).toBeCloseTo(0, 8);
  });
});

test("the two forms of NeuralNDCG are the same number", () => {
  const plain = losses.neuralNDCG(scores, relevance);
  expectSame(losses.neuralNDCG(scores, relevance, { transposed: true }), plain);
});

test("the circle loss of one query's binary relevance is that of metric learning", () => {
  const s = [0.9, 0.3, 0.6, 0.1];
  const y = [1, 0, 1, 0];
  const sum = (of: number, term: (x: number) => number) =>
    s.reduce((total, x, i) => total + (y[i] === of ? Math.exp(term(x)) : 0), 0);
  const [gamma, m] = [8, 0.25];
  const positives = sum(1, (x) => gamma * Math.max(1 + m - x, 0) * (1 - m - x));
  const negatives = sum(0, (x) => gamma * Math.max(x + m, 0) * (x - m));
  const loss = losses.rankingCircle(tensor(s, { dtype: "float64" }), y, { gamma });
  expect(loss.item()).toBeCloseTo(Math.log(1 + positives * negatives), 10);
});

test("p-ListMLE takes long lists: its weights neither overflow nor lose the first positions", () => {
  const long = tensor(Array.from({ length: 300 }, (_, i) => i));
  const value = losses.pListMLE(long.mul(0), long).item();
  const expected = Array.from({ length: 60 }, (_, k) => 2 ** -(k + 1) * Math.log(300 - k)).reduce((x, y) => x + y);
  expect(value).toBeCloseTo(expected, 4);
});

test("self-adversarial weights of 0 are a mean over the negatives", () => {
  const negatives = generator.normal([6, 3], { dtype: "float64" });
  const plain = a.sub(1).softplus().add(negatives.neg().add(1).softplus().mean(1)).mean();
  expectSame(losses.selfAdversarial(a, negatives, { margin: 1, alpha: 0 }), plain);
});

test("click EM's loss falls as the clicks become likely", () => {
  let [e, r] = [tensor([[0, 0, 0]]), tensor([[0, 0, 0]])];
  const clicks = [[1, 0, 0]];
  const likelihood = () => {
    const p = e.sigmoid().mul(r.sigmoid()).data;
    return p[0] * (1 - p[1]) * (1 - p[2]);
  };
  let before = likelihood();
  for (let step = 0; step < 20; step++) {
    const leaves = [tensor(e, { requiresGrad: true }), tensor(r, { requiresGrad: true })];
    const [ge, gr] = grad(losses.clickEM(leaves[0], leaves[1], clicks), leaves);
    [e, r] = [e.sub(ge), r.sub(gr)];
    expect(likelihood()).toBeGreaterThan(before);
    before = likelihood();
  }
});
