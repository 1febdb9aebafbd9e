import { div, eq, gt, log, mul, sub, where } from "../autograd/elementwise.ts";
import { matmul } from "../autograd/linear.ts";
import { concat, narrow, pad, sum } from "../autograd/movement.ts";
import { ShapeError } from "../tensor/errors.ts";
import { formatShape } from "../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../tensor/tensor.ts";
import { safeNorm, safeSqrt } from "./numerics.ts";
import { diagonal, swapAxes } from "./shapes.ts";

// Factors of matrices as open formulas: whatever is built of them can be differentiated again. Each takes [..., d, d].

/** x as a matrix or a stack of them; `square` also asks for as many rows as columns. */
function matrices(where: string, x: TensorLike, square: boolean): Tensor {
  const t = asTensor(x);
  if (t.ndim < 2 || (square && t.shape[t.ndim - 1] !== t.shape[t.ndim - 2])) {
    const form = square ? "[..., d, d]" : "[..., rows, columns]";
    throw new ShapeError(where, `needs ${form}, got ${formatShape(t.shape)}`);
  }
  return t;
}

/**
 * The lower triangular L with L Lt = A, for a symmetric positive semi-definite A [..., d, d], whose lower triangle is
 * read.
 *
 * A pivot that is not above 4 d times the rounding error of its diagonal element is taken for 0: its column of L is 0,
 * with gradient 0. So a singular A has a factor too, and an indefinite one loses what is negative.
 */
export function cholesky(a: TensorLike): Tensor {
  let rest = matrices("cholesky", a, true);
  const d = rest.shape[rest.ndim - 1];
  const rounding = 4 * d * (rest.dtype === "float64" ? 2 ** -52 : 2 ** -23);
  const axis = rest.ndim - 2;
  const columns: Tensor[] = [];
  const first = (x: Tensor) => narrow(narrow(x, axis, { stop: 1 }), axis + 1, { stop: 1 });
  const given = Array.from({ length: d }, (_, k) => first(lowerRight(rest, k)));
  for (let k = 0; k < d; k++) {
    const pivot = first(rest);
    const positive = gt(pivot, mul(given[k], rounding));
    const column = where(positive, div(narrow(rest, axis + 1, { stop: 1 }), safeSqrt(where(positive, pivot, 1))), 0);
    const widths = rest.shape.map((_, i) => [i === axis ? k : 0, 0] as [number, number]);
    columns.push(pad(column, widths));
    if (k === d - 1) break;
    const below = narrow(column, axis, { start: 1 });
    rest = sub(lowerRight(rest, 1), matmul(below, below, { transposeB: true }));
  }
  return concat(columns, axis + 1);
}

/** A without its first k rows and columns. */
const lowerRight = (a: Tensor, k: number): Tensor =>
  k === 0 ? a : narrow(narrow(a, a.ndim - 2, { start: k }), a.ndim - 1, { start: k });

/**
 * log det A = 2 sum log L_kk of a symmetric positive semi-definite A [..., d, d]: [...]. Pivots that `cholesky` takes
 * for 0 are left out: of a singular matrix it is the logarithm of what the others multiply to.
 */
export function logDeterminant(a: TensorLike): Tensor {
  const pivots = diagonal(cholesky(matrices("logDeterminant", a, true)));
  return mul(sum(log(where(eq(pivots, 0), 1, pivots)), -1), 2);
}

/**
 * X with L X = B, by forward substitution: L lower triangular [..., d, d], B [..., d, m]. Where a pivot is 0, as
 * `cholesky` leaves it for what has no extent, that row of X is 0.
 */
export function solveTriangular(l: TensorLike, b: TensorLike): Tensor {
  const factor = matrices("solveTriangular", l, true);
  let rest = matrices("solveTriangular", b, false);
  const axis = factor.ndim - 2;
  const d = factor.shape[axis];
  if (rest.ndim !== factor.ndim || rest.shape[axis] !== d) {
    throw new ShapeError("solveTriangular", `L ${formatShape(factor.shape)} does not fit B ${formatShape(rest.shape)}`);
  }
  const rows: Tensor[] = [];
  for (let k = 0; k < d; k++) {
    const column = narrow(lowerRight(factor, k), axis + 1, { stop: 1 });
    const pivot = narrow(column, axis, { stop: 1 });
    const none = eq(pivot, 0);
    const row = where(none, 0, div(narrow(rest, axis, { stop: 1 }), where(none, 1, pivot)));
    rows.push(row);
    if (k === d - 1) break;
    rest = sub(narrow(rest, axis, { start: 1 }), matmul(narrow(column, axis, { start: 1 }), row));
  }
  return concat(rows, axis);
}

/** So many steps bring singular values down to 1e-7 of the norm to 1: the least of them grows by 3/2 a step. */
const polarSteps = 45;

/**
 * The nuclear norm of A [..., rows, columns], the sum of its singular values: [...].
 *
 * It is <A, Q> for the polar factor Q = U Vt, which Newton and Schulz's iteration X <- (3 X - X Xt X) / 2 finds from
 * A / ||A|| without a decomposition. So repeated singular values are no special case. The gradient is Q; singular
 * values of 0, where the norm has a kink, take no part in it (the subgradient of least norm), and those below about
 * 1e-7 ||A|| only in part.
 * Higham 2008, "Functions of Matrices", chapter 8.
 */
export function nuclearNorm(a: TensorLike): Tensor {
  const t = matrices("nuclearNorm", a, false);
  const [rows, columns] = [t.ndim - 2, t.ndim - 1];
  const wide = t.shape[rows] > t.shape[columns] ? swapAxes(t, rows, columns) : t; // the smaller Gram matrix
  const length = safeNorm(wide, [rows, columns], { keepDims: true });
  let x = div(wide, where(eq(length, 0), 1, length));
  for (let step = 0; step < polarSteps; step++) {
    const gram = matmul(x, x, { transposeB: true });
    x = sub(mul(x, 1.5), mul(matmul(gram, x), 0.5));
  }
  return sum(mul(wide, x), [rows, columns]);
}
