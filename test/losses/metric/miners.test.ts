import { expect, test } from "vitest";
import { random, type Tensor, tensor } from "../../../src/index.ts";
import { miners } from "../../../src/losses/index.ts";
import { loadGolden } from "../../golden/load.ts";
import { golden, input } from "../metric-golden.ts";

const [batch, labels] = [input("batch"), input("batchLabels")];

/** Triplets as sorted strings: the libraries' order differs. */
const listed = ([anchors, positives, negatives]: readonly (readonly number[])[]) =>
  anchors.map((a, i) => `${a} ${positives[i]} ${negatives[i]}`).sort();
const found = ({ anchors, positives, negatives }: miners.Triplets) =>
  listed([anchors, positives, negatives].map((t) => t.toArray() as number[]));

test("all, hardest and semi-hard triplets are those of pytorch-metric-learning", () => {
  expect(found(miners.batchAll(labels))).toEqual(listed(golden.miners.batchAll));
  expect(found(miners.batchHard(batch, labels))).toEqual(listed(golden.miners.batchHard));
  for (const margin of [0.2, 1]) {
    const semiHard = miners.semiHard(batch, labels, { select: "all", margin });
    expect(found(semiHard)).toEqual(listed(golden.miners[`semiHard ${margin}`]));
  }
});

test("the nearest semi-hard negative of every pair, else the farthest negative", () => {
  const x = tensor([[0], [2], [1], [3], [4]]);
  const mined = found(miners.semiHard(x, [0, 0, 1, 2, 3]));
  expect(mined).toEqual(["0 1 3", "1 0 4"]); // from row 1, all negatives are at most as far as row 0: 4 is one of the farthest
});

test("ties go to the first row, and anchors without a positive or a negative are left out", () => {
  const x = tensor([[0], [1], [-1], [2], [-2]]);
  expect(found(miners.batchHard(x, [0, 0, 0, 1, 2]))).toEqual(["0 1 3", "1 2 3", "2 1 4"]);
});

test("a batch without triplets gives empty int32 lists", () => {
  for (const y of [
    [0, 0, 0],
    [0, 1, 2],
  ]) {
    const x = tensor([[0], [1], [2]]);
    for (const mined of [miners.batchAll(y), miners.batchHard(x, y), miners.semiHard(x, y)]) {
      for (const rows of Object.values(mined) as Tensor[]) expect([rows.dtype, rows.shape]).toEqual(["int32", [0]]);
    }
  }
});

test("selecting leaves no trace in the graph", () => {
  const x = tensor(batch, { requiresGrad: true });
  const { anchors } = miners.semiHard(x, labels);
  expect(anchors.record).toBe(null);
});

test("errors", () => {
  expect(() => miners.batchAll([[0, 1]])).toThrow("miners.batchAll: labels must be [n], got shape [1, 2]");
  expect(() => miners.batchHard([1, 2], [0, 1])).toThrow("miners.batchHard: embeddings must be [n, d], got shape [2]");
  expect(() => miners.batchHard([[1]], [0, 1])).toThrow("miners.batchHard: labels must have shape [1], got [2]");
  expect(() => miners.batchHard([[1]], tensor([0]))).toThrow("miners.batchHard: labels must be int32, got float32");
  expect(() => miners.semiHard([[1]], [0], { margin: -1 })).toThrow("miners.semiHard: margin must be a number >= 0");
  expect(() => miners.semiHard([[1]], [0], { select: "hard" as never })).toThrow(
    'select must be one of "nearest", "all"',
  );
  expect(() => miners.semiHard([[1]], [0], { margn: 1 } as never)).toThrow('miners.semiHard: unknown option "margn"');
});

interface Selection {
  miner: keyof typeof miners;
  options: object;
  normalized: boolean;
  references: boolean;
  selected: number[][][];
}

const selections = loadGolden<{
  inputs: Record<"x" | "r", number[][]> & Record<"y" | "ry", number[]>;
  cases: Selection[];
}>("miners");

type Miner = (embeddings: Tensor, labels: Tensor, options: object) => miners.Triplets | miners.Pairs;

const rowsOf = (...columns: Tensor[]) =>
  Array.from(columns[0].data, (_, i) => columns.map((c) => c.data[i])).sort(
    (a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2],
  );

for (const [i, { miner, options, normalized, references, selected }] of selections.cases.entries()) {
  const against = references ? " against references" : "";
  test(`${miner} ${JSON.stringify(options)}${against} selects what pytorch-metric-learning does (${i})`, () => {
    const { x, y, r, ry } = selections.inputs;
    const rows = (values: number[][]) => {
      const t = tensor(values, { dtype: "float64" });
      return normalized ? t.normalize() : t;
    };
    const others = { references: { embeddings: rows(r), labels: ry } };
    const mine = miners[miner] as unknown as Miner;
    const mined = mine(rows(x), tensor(y, { dtype: "int32" }), references ? { ...options, ...others } : options);
    const found =
      "negativeAnchors" in mined
        ? [rowsOf(mined.anchors, mined.positives), rowsOf(mined.negativeAnchors, mined.negatives)]
        : [rowsOf(mined.anchors, mined.positives, mined.negatives)];
    expect(found).toEqual(selected);
  });
}

test("distance-weighted negatives are drawn by one over the density of distances on the sphere", () => {
  const angles = [0, 0.1, 0.7, 1.2, 3];
  const x = tensor(angles.map((t) => [Math.cos(t), Math.sin(t), 0]));
  const y = [0, 0, 1, 2, 3];
  const generator = new random.Generator("draws");
  const counts = [0, 0, 0, 0, 0];
  const draws = 4000;
  for (let i = 0; i < draws; i++) {
    const { anchors, negatives } = miners.distanceWeighted(x, y, { generator });
    anchors.data.forEach((a, k) => {
      if (a === 0) counts[negatives.data[k]]++;
    });
  }
  const weight = (t: number) => 1 / Math.max(0.5, 2 * Math.sin(t / 2)); // in three dimensions the density is d
  const [near, far] = [weight(0.7), weight(1.2)];
  expect(counts[4]).toBe(0); // beyond 1.4
  expect(counts[2] + counts[3]).toBe(draws);
  expect(Math.abs(counts[2] / draws - near / (near + far))).toBeLessThan(0.03);
});

test("a generator decides what is drawn", () => {
  for (const mine of [miners.distanceWeighted, miners.uniformHistogram] as Miner[]) {
    const draw = () =>
      Object.values(mine(batch, labels, { generator: new random.Generator(5) })).map((t) => t.toArray());
    expect(draw()).toEqual(draw());
  }
});

test("uniformHistogram draws as many pairs for each bin that has one", () => {
  const x = tensor([[0], [1], [1.02], [3], [9]]);
  const options = { bins: 3, posPerBin: 4, negPerBin: 2, generator: new random.Generator(1) };
  const { anchors, positives, negatives } = miners.uniformHistogram(x, [0, 0, 0, 0, 1], options);
  const distances = rowsOf(anchors, positives).map(([a, p]) => Math.abs(x.data[a] - x.data[p]));
  const inBin = [0, 1.01, 2.5].map((low, i) => distances.filter((d) => d > low && d < [1.01, 2.5, 4][i]));
  expect(inBin.map((found) => found.length)).toEqual([4, 4, 4]);
  expect(negatives.size).toBe(6);
});

test("a guide takes away the negatives that it finds as near as the positives", () => {
  const guide = tensor([
    [1, 0],
    [0.8, 0.6],
    [0.9, 0.1],
    [0, 1],
  ]);
  const { anchors, negativeAnchors, negatives } = miners.maskedByGuide(guide, [0, 0, 1, 2]);
  expect(anchors.toArray()).toEqual([0, 1]);
  const kept = rowsOf(negativeAnchors, negatives).map(String);
  expect(kept).not.toContain("0,2"); // cosine 0.99, above the positive's 0.8
  expect(kept).toContain("0,3");
});

test("pairs become triplets with one anchor, and triplets pairs", () => {
  const triplets = miners.batchHard(batch, labels);
  expect(found(miners.tripletsOf(miners.pairsOf(triplets)))).toEqual(found(triplets));
  const all = miners.pairMargin(batch, labels, { posMargin: 0, negMargin: 1e9 });
  expect(found(miners.tripletsOf(all))).toEqual(found(miners.batchAll(labels)));
  expect(miners.tripletsOf(triplets)).toBe(triplets);
  expect(miners.pairsOf(all)).toBe(all);
  expect(() => miners.pairsOf({} as never)).toThrow("miners.pairsOf: mined must be what a miner gives");
});

test("options of the miners are checked", () => {
  const [x, y] = [tensor([[1], [2]]), [0, 1]];
  const refused: [() => unknown, string][] = [
    [() => miners.multiSimilarity(x, y, { epsilon: -1 }), "miners.multiSimilarity: epsilon"],
    [() => miners.pairMargin(x, y, { posMargin: -1 }), "miners.pairMargin: posMargin"],
    [() => miners.tripletMargin(x, y, { kind: "soft" as never }), "miners.tripletMargin: kind"],
    [() => miners.hdc(x, y, { fraction: 0 }), "miners.hdc: fraction"],
    [() => miners.angular(x, y, { angle: 90 }), "miners.angular: angle"],
    [() => miners.uniformHistogram(x, y, { bins: 0 }), "miners.uniformHistogram: bins"],
    [() => miners.distanceWeighted(x, y, { cutoff: 2 }), "miners.distanceWeighted: cutoff 2 must be below maximum 1.4"],
    [() => miners.batchEasyHard(x, y, { positive: "all" }), "miners.batchEasyHard: positive and negative"],
    [() => miners.batchEasyHard(x, y, { negativeRange: [2, 1] }), "miners.batchEasyHard: negativeRange"],
    [() => miners.batchHard(x, y, { distance: "hamming" as never }), "miners.batchHard: distance must be one of"],
    [() => miners.maskedByGuide(x, y, { margin: -1 }), "miners.maskedByGuide: margin"],
  ];
  for (const [call, message] of refused) expect(call).toThrow(message);
});
