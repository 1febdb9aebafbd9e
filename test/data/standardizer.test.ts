import { describe, expect, it } from "vitest";
import { Standardizer, standardize } from "../../src/data/index.ts";
import { ShapeError, ValueError } from "../../src/tensor/errors.ts";
import { Generator } from "../../src/tensor/random.ts";
import { tensor } from "../../src/tensor/tensor.ts";

describe("Standardizer", () => {
  it("gives mean 0 and standard deviation 1, over n", () => {
    const z = new Standardizer().fit([[1], [2], [3], [6]]).transform([[1], [2], [3], [6]]);
    const expected = [-2, -1, 0, 3].map((v) => v / Math.sqrt(3.5));
    z.data.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i], 6);
    });
  });

  it("knows the fitted data only", () => {
    const standardizer = new Standardizer().fit([
      [0, 10],
      [2, 10],
    ]);
    expect(standardizer.mean.toArray()).toEqual([1, 10]);
    expect(standardizer.scale.toArray()).toEqual([1, 1]);
    expect(standardizer.transform([[5, 12]]).toArray()).toEqual([[4, 2]]);
  });

  it("leaves a column of one value at 0, whatever the value", () => {
    const x = tensor(new Array(7).fill([0.1, 1e20]), { dtype: "float64" });
    const standardizer = new Standardizer().fit(x);
    expect(standardizer.scale.toArray()).toEqual([1, 1]);
    expect(new Set(standardizer.transform(x).data)).toEqual(new Set([0]));
  });

  it("sees small differences on a large offset", () => {
    const x = tensor([[1e9], [1e9 + 1], [1e9 + 2]], { dtype: "float64" });
    expect(new Standardizer().fit(x).scale.item()).toBeCloseTo(Math.sqrt(2 / 3), 12);
  });

  it("undoes itself", () => {
    const x = new Generator(0).normal([20, 2, 3], { mean: 5, std: 3 });
    const standardizer = new Standardizer().fit(x);
    expect(standardizer.mean.shape).toEqual([2, 3]);
    const back = standardizer.inverse(standardizer.transform(x));
    expect(back.sub(x).abs().max().item()).toBeLessThan(1e-5);
  });

  it("keeps float dtypes, makes whole numbers float32, and lets gradients through", () => {
    const standardizer = new Standardizer().fit([[0], [4]]);
    expect(standardizer.transform(tensor([[1]], { dtype: "int32" })).dtype).toBe("float32");
    const x = tensor([[1]], { dtype: "float64", requiresGrad: true });
    const z = standardizer.transform(x);
    z.sum().backward();
    expect([z.dtype, x.grad?.item()]).toEqual(["float64", 0.5]);
  });

  it("takes a vector as one column", () => {
    const standardizer = new Standardizer().fit([1, 3]);
    expect([standardizer.mean.shape, standardizer.transform([5]).toArray()]).toEqual([[], [3]]);
  });

  it("is saved and loaded", () => {
    const standardizer = new Standardizer().fit([
      [0, 10],
      [4, 30],
    ]);
    const other = new Standardizer().loadStateDict(standardizer.stateDict());
    expect(other.transform([[4, 40]]).toArray()).toEqual(standardizer.transform([[4, 40]]).toArray());
  });

  it("keeps what it knew when a fit or a load fails", () => {
    const standardizer = new Standardizer().fit([[0], [4]]);
    expect(() => standardizer.fit([])).toThrow(ShapeError);
    expect(() => standardizer.loadStateDict({ mean: tensor([1]), scale: tensor([0]) })).toThrow(ValueError);
    expect([standardizer.mean.toArray(), standardizer.scale.toArray()]).toEqual([[2], [2]]);
  });

  it.each<[string, () => unknown, string]>([
    ["no fit", () => new Standardizer().transform([[1]]), "Standardizer.mean: is not known yet; call fit(x) first"],
    [
      "no rows",
      () => new Standardizer().fit(tensor([], { shape: [0, 3] })),
      "Standardizer.fit: x must be [n, ...features] with rows, got shape [0, 3]",
    ],
    [
      "a scalar",
      () => new Standardizer().fit(3),
      "Standardizer.fit: x must be [n, ...features] with rows, got shape []",
    ],
    [
      "other columns",
      () => new Standardizer().fit([[1, 2]]).transform([[1]]),
      "Standardizer.transform: x must be [n, 2], got shape [1, 1]",
    ],
    [
      "other columns back",
      () => new Standardizer().fit([[1, 2]]).inverse([1]),
      "Standardizer.inverse: x must be [n, 2], got shape [1]",
    ],
    [
      "half a state",
      () => new Standardizer().loadStateDict({ mean: tensor([1]) }),
      "Standardizer.loadStateDict: state must hold mean and scale, tensors of one shape",
    ],
    [
      "a scale of 0",
      () => new Standardizer().loadStateDict({ mean: tensor([1]), scale: tensor([0]) }),
      "Standardizer.loadStateDict: scale[0] is 0, but must be > 0",
    ],
  ])("names the argument: %s", (_, run, message) => {
    expect(run).toThrow(message);
  });
});

describe("standardize", () => {
  it("fits the first and transforms all", () => {
    const [train, test] = standardize([[0], [4]], [[6]]);
    expect([train.toArray(), test.toArray()]).toEqual([[[-1], [1]], [[2]]]);
  });
});
