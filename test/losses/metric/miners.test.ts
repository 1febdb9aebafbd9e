import { expect, test } from "vitest";
import { type Tensor, tensor } from "../../../src/index.ts";
import { miners } from "../../../src/losses/index.ts";
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
