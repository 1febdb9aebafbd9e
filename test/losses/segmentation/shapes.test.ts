import { describe, expect, test } from "vitest";
import { compile, random, type Tensor, tensor } from "../../../src/index.ts";
import {
  boundary,
  clDice,
  dice,
  distanceMaps,
  hausdorffDistanceTransform,
  hinge,
  lovaszHinge,
  lovaszSoftmax,
  matthews,
  wrappers,
} from "../../../src/losses/index.ts";
import { close, values } from "../compare.ts";

const draw = new random.Generator("shapes");

describe("the Lovasz extension", () => {
  test("of one pixel is the hinge loss", () => {
    for (const [logit, target] of [
      [0.3, 1],
      [0.3, 0],
      [-2, 1],
      [1.5, 1],
    ]) {
      const x = tensor([[logit]]);
      expect(lovaszHinge(x, [[target]]).item()).toBeCloseTo(hinge(x, [[target]], { labels: "binary" }).item(), 6);
    }
  });

  test("of a prediction of zeros and ones is the Jaccard loss", () => {
    const t = draw.integers([1, 2, 3, 4], { high: 2 }).to("float64");
    const p = draw.integers([1, 2, 3, 4], { high: 2 }).to("float64");
    const jaccard = (a: Tensor, b: Tensor) => 1 - a.mul(b).sum().item() / a.maximum(b).sum().item();
    const expected = [0, 1].map((c) => jaccard(p.slice([null, c]), t.slice([null, c])));
    expect(values(lovaszSoftmax(p, t, { reduction: "none" }))).toEqual(expected.map((v) => expect.closeTo(v, 12)));
  });
});

describe("Matthews correlation", () => {
  test("of masks of zeros and ones is that of their table", () => {
    const [tp, tn, fp, fn] = [4, 3, 2, 1];
    const cells = [
      [1, 1, tp],
      [0, 0, tn],
      [1, 0, fp],
      [0, 1, fn],
    ];
    const column = (i: number) => tensor([[cells.flatMap((cell) => new Array<number>(cell[2]).fill(cell[i]))]]);
    const expected = 1 - (tp * tn - fp * fn) / Math.sqrt(6 * 5 * 5 * 4);
    expect(matthews(column(0), column(1)).item()).toBeCloseTo(expected, 6);
  });
});

describe("distance maps", () => {
  /** By trying all pairs of pixels. */
  function bySearch(mask: number[], shape: number[]): { toOther: number[]; signed: number[] } {
    const at = (i: number) =>
      shape.map((n, axis) => Math.floor(i / shape.slice(axis + 1).reduce((a, b) => a * b, 1)) % n);
    const apart = (i: number, j: number) => Math.hypot(...at(i).map((v, axis) => v - at(j)[axis]));
    const toOther = mask.map((is, i) => Math.min(...mask.flatMap((other, j) => (other !== is ? [apart(i, j)] : []))));
    return { toOther, signed: toOther.map((d, i) => (mask[i] === 1 ? 1 - d : d)) };
  }

  test("have exact Euclidean distances, in any number of dimensions", () => {
    for (const shape of [[17], [6, 7], [3, 4, 5]]) {
      for (let round = 0; round < 5; round++) {
        const mask = draw
          .uniform(shape)
          .lt(round === 0 ? 0.1 : 0.6)
          .to("float64");
        if (mask.sum().item() === 0 || mask.sum().item() === mask.size) continue;
        const expected = bySearch(values(mask), shape);
        const whole = mask.reshape([1, 1, ...shape]);
        expect(values(distanceMaps.toOther(whole))).toEqual(expected.toOther.map((v) => expect.closeTo(v, 12)));
        expect(values(distanceMaps.signed(whole))).toEqual(expected.signed.map((v) => expect.closeTo(v, 12)));
      }
    }
  });

  test("are 0 for masks that are all or nothing, each for itself", () => {
    const maps = distanceMaps.toOther([
      [
        [0, 0],
        [1, 1],
        [0, 1],
      ],
    ]);
    expect(values(maps)).toEqual([0, 0, 0, 0, 1, 1]);
  });

  test("say what they need", () => {
    expect(() => distanceMaps.signed([[1, 0]])).toThrow(
      "distanceMaps.signed: mask must be [n, classes, ...pixels], got [1, 2]",
    );
  });
});

describe("Hausdorff loss by distance transforms", () => {
  const p = draw.uniform([1, 2, 4, 5]);
  const t = draw.integers([1, 2, 4, 5], { high: 2 }).to("float32");

  test("compiles when it is given the distances, and says why not when it is not", () => {
    const distances = { predictedDistances: distanceMaps.toOther(p), targetDistances: distanceMaps.toOther(t) };
    const given = compile((a: Tensor, b: Tensor, predictedDistances: Tensor, targetDistances: Tensor) =>
      hausdorffDistanceTransform(a, b, { predictedDistances, targetDistances }),
    );
    const found = given(p, t, distances.predictedDistances, distances.targetDistances);
    expect(found.item()).toBeCloseTo(hausdorffDistanceTransform(p, t).item(), 5);
    given.dispose();
    const computed = compile((a: Tensor, b: Tensor) => hausdorffDistanceTransform(a, b));
    expect(() => computed(p, t)).toThrow("distance maps read the values of a mask");
  });

  test("passes no gradient through the distances, as the boundary loss does not", () => {
    const gradient = (loss: (x: Tensor) => Tensor) => {
      const x = tensor(p, { requiresGrad: true });
      loss(x).backward();
      return values(x.grad!);
    };
    const weight = distanceMaps.toOther(p).square().add(distanceMaps.toOther(t).square());
    const expected = values(p.sub(t).mul(2).mul(weight).div(p.size));
    const found = gradient((x) => hausdorffDistanceTransform(x, t));
    expect(found).toEqual(expected.map((v) => expect.closeTo(v, 5)));
    const signed = distanceMaps.signed(t);
    expect(gradient((x) => boundary(x, signed))).toEqual(values(signed.div(p.size)).map((v) => expect.closeTo(v, 6)));
  });
});

describe("clDice", () => {
  test("does not mind how thick a line is, as Dice does", () => {
    const image = (rows: string[]) => tensor([[rows.map((row) => [...row].map(Number))]]);
    const target = image(["0000000", "0000000", "1111111", "0000000", "0000000"]);
    const thick = image(["0000000", "1111111", "1111111", "1111111", "0000000"]);
    expect(clDice(thick, target).item()).toBeLessThan(0.2);
    expect(dice(thick, target, { squared: false }).item()).toBeCloseTo(0.5, 6);
  });
});

describe("wrappers", () => {
  const p = draw.uniform([2, 3, 4, 6]);
  const t = draw.integers([2, 3, 4, 6], { high: 2 }).to("float32");
  const loss = (a: Tensor, b: Tensor) => dice(a, b);

  test("of a mask hide what is outside", () => {
    const mask = draw.integers([1, 1, 4, 6], { high: 2 }).to("float32");
    const other = p.add(mask.neg().add(1).mul(0.1)).clamp(0, 1);
    const hidden = wrappers.masked(loss);
    expect(hidden(other, t, mask).item()).toBe(hidden(p, t, mask).item());
    expect(hidden(p, t, mask).item()).toBeCloseTo(dice(p.mul(mask), t.mul(mask)).item(), 6);
    expect(() => hidden(p, t, mask.slice([0]))).toThrow(
      "wrappers.masked: mask must have shape [1, 1, 4, 6], got [1, 4, 6]",
    );
  });

  test("of deep supervision weigh levels, each with the nearest pixels of the targets", () => {
    const half = draw.uniform([2, 3, 2, 3]);
    const small = t.slice([null, null, { start: 1, step: 2 }, { start: 1, step: 2 }]);
    const expected = dice(p, t).item() + dice(half, small).item() / 2;
    expect(wrappers.deepSupervision(loss)([p, half], t).item()).toBeCloseTo(expected, 6);
    const weighted = wrappers.deepSupervision(loss, { weights: [0, 3] });
    expect(weighted([p, half], t).item()).toBeCloseTo(3 * dice(half, small).item(), 6);
    const two = wrappers.deepSupervision(loss, { weights: "two" });
    expect(two([p, p, p], t).item()).toBeCloseTo(2 * dice(p, t).item(), 5);
    const many = wrappers.deepSupervision(loss);
    expect(many(new Array(7).fill(p), t).item()).toBeCloseTo(
      (1 + 1 / 2 + 1 / 4 + 1 / 8 + 3 / 16) * dice(p, t).item(),
      5,
    );
  });

  test("of several scales are the mean of the losses of blurred masks", () => {
    const weight = (d: number) => Math.exp((-d * d) / 2);
    const total = weight(0) + 2 * (weight(1) + weight(2) + weight(3));
    const line = (m: number[]) =>
      m.map((_, i) => m.reduce((sum, v, j) => sum + (Math.abs(i - j) > 3 ? 0 : v * weight(i - j)), 0) / total);
    const [a, b] = [
      [0.1, 0.9, 0.7, 0, 0.4, 0.2],
      [0, 1, 1, 0, 0, 0],
    ];
    const expected = (dice([[a]], [[b]]).item() + dice([[line(a)]], [[line(b)]]).item()) / 2;
    expect(
      wrappers
        .multiScale(loss, { scales: [0, 1] })([[a]], [[b]])
        .item(),
    ).toBeCloseTo(expected, 6);
    expect(wrappers.multiScale(loss)(p.mul(0).add(1), p.mul(0).add(1)).item()).toBeCloseTo(0, 6);
    expect(() => wrappers.multiScale(loss, { scales: [-1] })).toThrow(
      "wrappers.multiScale: scales must be a number >= 0, got -1",
    );
  });

  test("of deep supervision take labels, and refuse what does not fit", () => {
    const labels = draw.integers([2, 4, 6], { high: 3 });
    const quarter = draw.uniform([2, 3, 1, 2]);
    const nearest = labels.slice([null, { start: 2, stop: 3 }, { start: 1, step: 3 }]);
    close(wrappers.deepSupervision(loss, { weights: "same" })([quarter], labels), [dice(quarter, nearest).item()]);
    expect(() => wrappers.deepSupervision(loss)([], t)).toThrow("there must be at least one prediction");
    expect(() => wrappers.deepSupervision(loss, { weights: [1] })([p, p], t)).toThrow(
      "wrappers.deepSupervision: weights has 1 entries for 2 predictions",
    );
    expect(() => wrappers.deepSupervision(loss)([p], [1, 0])).toThrow("targets [2] must be masks or labels");
  });
});
