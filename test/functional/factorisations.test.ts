import { describe, expect, test } from "vitest";
import { functional, grad, gradcheck, gradgradcheck, random, type Tensor, tensor } from "../../src/index.ts";

const { cholesky, logDeterminant, nuclearNorm, solveTriangular } = functional;

const normal = (seed: string, ...shape: number[]) => new random.Generator(seed).normal(shape, { dtype: "float64" });

/** A symmetric positive definite matrix for a wide x; finite differences by x keep it symmetric. */
const positiveDefinite = (x: Tensor) => x.matmul(x, { transposeB: true });

const expectNear = (found: Tensor, expected: Tensor, digits = 10) => {
  expect(found.shape).toEqual(expected.shape);
  for (const [i, v] of found.data.entries()) expect(v).toBeCloseTo(expected.data[i], digits);
};

describe("cholesky", () => {
  test("finds the factor of a known matrix", () => {
    const a = tensor(
      [
        [4, 12, -16],
        [12, 37, -43],
        [-16, -43, 98],
      ],
      { dtype: "float64" },
    );
    expect(cholesky(a).toArray()).toEqual([
      [2, 0, 0],
      [6, 1, 0],
      [-8, 5, 3],
    ]);
  });

  test("of a stack of matrices, L Lt is each of them", () => {
    const a = positiveDefinite(normal("stack", 3, 4, 5));
    const l = cholesky(a);
    expectNear(l.matmul(l, { transposeB: true }), a);
  });

  test("leaves out what a singular matrix does not have, and its gradients are finite", () => {
    for (const dtype of ["float32", "float64"] as const) {
      const x = tensor([[1e4, 2e4, 3e4]], { dtype, requiresGrad: true });
      const l = cholesky(x.matmul(x, { transposeA: true }));
      expect(l.toArray()).toEqual([
        [1e4, 0, 0],
        [2e4, 0, 0],
        [3e4, 0, 0],
      ]);
      const [g] = grad(l.sum(), [x]);
      expect(g.data.every(Number.isFinite)).toBe(true);
    }
  });

  test("its derivatives agree with finite differences to second order", () => {
    const fn = (x: Tensor) => cholesky(positiveDefinite(x)).sin().sum();
    expect(gradcheck(fn, [normal("cholesky", 3, 4)])).toBe(true);
    expect(gradgradcheck(fn, [normal("cholesky", 3, 4)], { atol: 1e-4, rtol: 1e-3 })).toBe(true);
  });

  test("refuses what is not square", () => {
    expect(() => cholesky(normal("wide", 2, 3))).toThrow("cholesky: needs [..., d, d], got [2, 3]");
  });
});

describe("logDeterminant", () => {
  test("of diag(2, 3) is log 6, of the identity 0", () => {
    const a = tensor(
      [
        [
          [2, 0],
          [0, 3],
        ],
        [
          [1, 0],
          [0, 1],
        ],
      ],
      { dtype: "float64" },
    );
    expectNear(logDeterminant(a), tensor([Math.log(6), 0], { dtype: "float64" }), 12);
  });

  test("its derivatives agree with finite differences to second order", () => {
    const fn = (x: Tensor) => logDeterminant(positiveDefinite(x));
    expect(gradcheck(fn, [normal("determinant", 3, 4)])).toBe(true);
    expect(gradgradcheck(fn, [normal("determinant", 3, 4)], { atol: 1e-4, rtol: 1e-3 })).toBe(true);
  });
});

describe("solveTriangular", () => {
  test("gives X with L X = B", () => {
    const l = cholesky(positiveDefinite(normal("triangular", 2, 3, 4)));
    const b = normal("right", 2, 3, 2);
    expectNear(l.matmul(solveTriangular(l, b)), b);
  });

  test("gives 0 in the rows whose pivot is 0", () => {
    const l = [
      [2, 0],
      [1, 0],
    ];
    expect(solveTriangular(l, [[4], [7]]).toArray()).toEqual([[2], [0]]);
  });

  test("its derivatives agree with finite differences to second order", () => {
    const fn = (x: Tensor, b: Tensor) =>
      solveTriangular(cholesky(positiveDefinite(x)), b)
        .sin()
        .sum();
    const at = [normal("solve", 3, 4), normal("right", 3, 2)];
    expect(gradcheck(fn, at)).toBe(true);
    expect(gradgradcheck(fn, at, { atol: 1e-4, rtol: 1e-3 })).toBe(true);
  });

  test("refuses a right side with other rows", () => {
    expect(() => solveTriangular([[1]], [[1], [2]])).toThrow("solveTriangular: L [1, 1] does not fit B [2, 1]");
  });
});

describe("nuclearNorm", () => {
  test("is the sum of the singular values, also where they repeat, differ much, or are 0", () => {
    const turn = (c: number, s: number) =>
      tensor(
        [
          [c, -s],
          [s, c],
        ],
        { dtype: "float64" },
      );
    for (const [first, second] of [
      [3, 2],
      [2, 2],
      [1, 1e-5],
      [1e4, 0],
      [0, 0],
    ]) {
      const values = tensor(
        [
          [first, 0],
          [0, second],
        ],
        { dtype: "float64" },
      );
      const a = turn(0.6, 0.8).matmul(values).matmul(turn(0.28, 0.96));
      expect(nuclearNorm(a).item()).toBeCloseTo(first + second, 8);
    }
  });

  test("is that of the transpose, and that of each matrix of a stack", () => {
    const a = normal("nuclear", 2, 3, 5);
    expectNear(nuclearNorm(a), nuclearNorm(a.swapAxes(1, 2)));
    const bySquareRoots = a.indexSelect(0, [1]).squeeze(0);
    expect(nuclearNorm(a).toArray()).toHaveLength(2);
    expect(nuclearNorm(bySquareRoots).item()).toBeCloseTo((nuclearNorm(a).toArray() as number[])[1], 10);
  });

  test("has the polar factor as gradient: the identity at 2 I, and 0 where there is no extent", () => {
    const gradient = (values: number[][]) => {
      const a = tensor(values, { dtype: "float64", requiresGrad: true });
      return grad(nuclearNorm(a), [a])[0];
    };
    expectNear(
      gradient([
        [2, 0],
        [0, 2],
      ]),
      tensor(
        [
          [1, 0],
          [0, 1],
        ],
        { dtype: "float64" },
      ),
    );
    expectNear(
      gradient([
        [3, 0],
        [0, 0],
      ]),
      tensor(
        [
          [1, 0],
          [0, 0],
        ],
        { dtype: "float64" },
      ),
    );
    expectNear(
      gradient([
        [0, 0],
        [0, 0],
      ]),
      tensor(
        [
          [0, 0],
          [0, 0],
        ],
        { dtype: "float64" },
      ),
    );
  });

  test("its derivatives agree with finite differences to second order, at repeated singular values too", () => {
    const twice = tensor(
      [
        [2, 0],
        [0, 2],
      ],
      { dtype: "float64" },
    );
    for (const a of [normal("nuclear", 3, 5), normal("nuclear", 4, 2), twice]) {
      expect(gradcheck(nuclearNorm, [a])).toBe(true);
      expect(gradgradcheck(nuclearNorm, [a], { atol: 1e-4, rtol: 1e-3 })).toBe(true);
    }
  });
});
