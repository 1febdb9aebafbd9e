import { expect, test } from "vitest";
import { grad, type Tensor, tensor } from "../../../src/index.ts";
import * as losses from "../../../src/losses/index.ts";
import { expectSame, normal } from "../metric-properties.ts";

const [a, b] = [normal("a", [6, 4]), normal("b", [6, 4])];
const [guideA, guideB] = [normal("guide a", [6, 3]), normal("guide b", [6, 3])];

const expectEqual = (one: (u: Tensor, v: Tensor) => Tensor, other: (u: Tensor, v: Tensor) => Tensor) =>
  expectSame(one, other, a, b);

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

test("errors", () => {
  expect(() => losses.gist(a, b, guideA, guideB, { negatives: a })).toThrow(
    "gist: negatives and guideNegatives belong",
  );
  expect(() => losses.gist(a, b, guideA.slice([{ stop: 2 }]), guideB.slice([{ stop: 2 }]))).toThrow(
    "gist: guideAnchors [2, 3] must have as many rows as anchors [6, 4]",
  );
});
