import { expect, test } from "vitest";
import { concat, type Tensor, tensor } from "../../../src/index.ts";
import { infoNCE, multipleNegativesRanking, wrappers } from "../../../src/losses/index.ts";
import { Linear } from "../../../src/nn/index.ts";
import { Generator } from "../../../src/random.ts";
import { normal } from "../metric-properties.ts";

const [a, b] = [normal("a", [7, 6]), normal("b", [7, 6])];
const loss = (u: Tensor, v: Tensor) => infoNCE(u, v, { temperature: 0.3 });
const first = (x: Tensor, length: number) => x.slice([null, { stop: length }]);

test("Matryoshka adds up the losses of the embeddings' beginnings", () => {
  const wrapped = wrappers.matryoshka(loss, { dims: [6, 4, 2], weights: [1, 0.5, 2] });
  const expected = [6, 4, 2].map((length) => loss(first(a, length), first(b, length)).item());
  expect(wrapped(a, b).item()).toBeCloseTo(expected[0] + 0.5 * expected[1] + 2 * expected[2], 10);
});

test("Matryoshka normalises what it has cut, unless told not to", () => {
  const squares = (x: Tensor) => x.square().sum();
  expect(
    wrappers
      .matryoshka(squares, { dims: [3] })(a)
      .item(),
  ).toBeCloseTo(7, 10);
  const plain = wrappers
    .matryoshka(squares, { dims: [3], normalize: false })(a)
    .item();
  expect(plain).toBeCloseTo(squares(first(a, 3)).item(), 10);
});

/** KL(softmax(p / t) || softmax(q / t)) as a mean over the rows. */
function divergence(p: Tensor, q: Tensor, t: number): number {
  const [teacher, student] = [p, q].map((x) => x.div(t).softmax(1));
  return teacher.mul(teacher.log().sub(student.log())).sum().div(p.shape[0]).item();
}

test("adaptive layers: the last layer's loss, the mean of the others', and their divergence from the last", () => {
  const layers = ["l0", "l1", "l2"].map((seed) => [normal(`${seed} a`, [7, 6]), normal(`${seed} b`, [7, 6])] as const);
  const of = layers.map(([u, v]) => loss(u, v).item());
  const apart = layers.map((layer) => divergence(concat(layers[2]), concat(layer), 0.3));
  expect(wrappers.adaptiveLayer(loss)(layers).item()).toBeCloseTo(
    of[2] + (of[0] + of[1]) / 2 + 0.3 * (apart[0] + apart[1]),
    8,
  );
  const options = { lastLayerWeight: 2, priorLayersWeight: 3, layerWeighting: "linear", klWeight: 0 } as const;
  expect(wrappers.adaptiveLayer(loss, options)(layers).item()).toBeCloseTo(2 * of[2] + 1.5 * (of[0] + of[1] / 2), 8);
  const log = { layerWeighting: "log", klWeight: 0 } as const;
  expect(wrappers.adaptiveLayer(loss, log)(layers).item()).toBeCloseTo(of[2] + (of[0] + of[1] / (1 + Math.LN2)) / 2, 8);
});

test("the last layer is a constant to the divergence", () => {
  const [last, prior] = ["last", "prior"].map((seed) => tensor(normal(seed, [3, 4]), { requiresGrad: true }));
  wrappers
    .adaptiveLayer((x) => x.mul(0).sum())([[prior], [last]])
    .backward();
  expect(last.grad?.abs().sum().item()).toBe(0);
  expect(prior.grad?.abs().sum().item()).toBeGreaterThan(0);
});

test("2-D Matryoshka is both", () => {
  const wrapped = wrappers.adaptiveLayer(wrappers.matryoshka(loss, { dims: [6, 2] }), { klWeight: 0 });
  const cut = (length: number) => loss(first(a, length), first(b, length)).item();
  const back = (length: number) => loss(first(b, length), first(a, length)).item();
  expect(
    wrapped([
      [b, a],
      [a, b],
    ]).item(),
  ).toBeCloseTo(cut(6) + cut(2) + back(6) + back(2), 10);
});

test("SPLADE adds what searching costs", () => {
  const [queries, documents] = [a.relu(), b.relu()];
  const cost = (x: Tensor) => x.mean(0).square().sum().item();
  const wrapped = wrappers.splade(loss, { documentWeight: 0.3, queryWeight: 0.2 });
  const expected = loss(queries, documents).item() + 0.3 * cost(documents) + 0.2 * cost(queries);
  expect(wrapped(queries, documents).item()).toBeCloseTo(expected, 10);
});

test("a gradient cache changes neither value nor gradients, whatever the chunks", () => {
  const model = new Linear(6, 3, { generator: new Generator("encoder") });
  const encode = (rows: Tensor) => model.call(rows.to("float32")).tanh();
  const scale = tensor(5, { requiresGrad: true });
  const options = { scale };
  multipleNegativesRanking(encode(a), encode(b), options).backward();
  const whole = [...model.parameters(), scale].map((p) => p.grad!.toArray());
  const value = multipleNegativesRanking(encode(a), encode(b), options).item();
  for (const chunkSize of [1, 3, 7, 100]) {
    for (const p of [...model.parameters(), scale]) p.grad = null;
    const cached = wrappers.cachedMultipleNegatives(encode, a, b, { ...options, chunkSize });
    expect(cached.item()).toBeCloseTo(value, 5);
    expect(cached.requiresGrad).toBe(false);
    for (const [i, p] of [...model.parameters(), scale].entries()) {
      const [found, expected] = [p.grad!.flatten().toArray(), [whole[i]].flat(2)] as number[][];
      for (const [k, g] of found.entries()) expect(g).toBeCloseTo(expected[k], 5);
    }
  }
});

test("hard negatives go through the cache too", () => {
  const model = new Linear(6, 3, { generator: new Generator("encoder") });
  const encode = (rows: Tensor) => model.call(rows.to("float32"));
  const negatives = normal("negatives", [4, 6]);
  const cached = wrappers.cachedMultipleNegatives(encode, a, b, { chunkSize: 3, negatives });
  const plain = multipleNegativesRanking(encode(a), encode(b), { negatives: encode(negatives) });
  expect(cached.item()).toBeCloseTo(plain.item(), 5);
});

test("errors", () => {
  expect(() => wrappers.matryoshka(loss, { dims: [] })).toThrow("matryoshka: dims must list at least one length");
  expect(() => wrappers.matryoshka(loss, { dims: [2, 1], weights: [1] })).toThrow("weights must be 2 numbers");
  expect(() => wrappers.matryoshka(loss, { dims: [9] })(a, b)).toThrow(
    "dims has 9, more than the last axis of embeddings [7, 6]",
  );
  expect(() => wrappers.matryoshka(1 as never, { dims: [1] })).toThrow("matryoshka: loss must be a function, got 1");
  expect(() => wrappers.splade(loss, {} as never)).toThrow(
    "splade: documentWeight must be a number >= 0, got undefined",
  );
  expect(() => wrappers.adaptiveLayer(loss)([])).toThrow("layers must have at least one layer");
  expect(() => wrappers.gradientCache(loss, (x) => x, [a, b], { chunkSize: 0 })).toThrow(
    "gradientCache: chunkSize must be a number that is whole and >= 1, got 0",
  );
});
