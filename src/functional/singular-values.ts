import { stopGradient } from "../autograd/elementwise.ts";
import { matmul } from "../autograd/linear.ts";
import { noGrad } from "../autograd/primitive.ts";
import { ShapeError } from "../tensor/errors.ts";
import { formatShape } from "../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike, tensor } from "../tensor/tensor.ts";
import { expectOutside } from "../tensor/tracing.ts";
import { safeNorm } from "./numerics.ts";
import { swapAxes } from "./shapes.ts";

/** So many sweeps of rotations are far more than any matrix needs: convergence is quadratic after the first few. */
const mostSweeps = 40;

/**
 * The singular values of A [rows, columns], [min(rows, columns)], in no order: ||A v_i|| for the eigenvectors v_i of
 * the smaller Gram matrix, which Jacobi's rotations find in float64.
 *
 * The vectors are constants to the gradient. The gradient of any symmetric function of the values is right
 * nevertheless, that of repeated values too, because the values do not change with the vectors to first order; second
 * derivatives are not. The gradient at a singular value of 0 is 0. It reads values, and is no part of a compiled
 * function.
 * Golub and Van Loan 2013, "Matrix Computations", section 8.5.
 */
export function singularValues(a: TensorLike): Tensor {
  expectOutside("singularValues", "it reads values");
  const t = asTensor(a);
  if (t.ndim !== 2) throw new ShapeError("singularValues", `needs [rows, columns], got ${formatShape(t.shape)}`);
  const tall = t.shape[0] < t.shape[1] ? swapAxes(t, 0, 1) : t;
  const vectors = noGrad(() => {
    const exact = stopGradient(tall).to("float64");
    return eigenvectors(matmul(exact, exact, { transposeA: true })).to(tall.dtype);
  });
  return safeNorm(matmul(tall, vectors), 0);
}

/** Orthonormal eigenvectors of a symmetric matrix [d, d], as columns. */
function eigenvectors(symmetric: Tensor): Tensor {
  const [d] = symmetric.shape;
  const a = Float64Array.from(symmetric.data);
  const v = new Float64Array(d * d);
  for (let i = 0; i < d; i++) v[i * (d + 1)] = 1;
  const size = Math.sqrt(a.reduce((sum, x) => sum + x * x, 0));
  for (let sweep = 0; sweep < mostSweeps; sweep++) {
    let rotated = false;
    for (let p = 0; p < d; p++) {
      for (let q = p + 1; q < d; q++) {
        if (Math.abs(a[p * d + q]) <= 1e-17 * size) continue;
        rotated = true;
        rotate(a, v, d, p, q);
      }
    }
    if (!rotated) break;
  }
  return tensor(v, { shape: [d, d] });
}

/** Rotates coordinates p and q of the symmetric a so that a_pq becomes 0, and the columns of v with them. */
function rotate(a: Float64Array, v: Float64Array, d: number, p: number, q: number): void {
  const half = (a[q * d + q] - a[p * d + p]) / (2 * a[p * d + q]);
  const tangent = (half < 0 ? -1 : 1) / (Math.abs(half) + Math.sqrt(half * half + 1));
  const cosine = 1 / Math.sqrt(tangent * tangent + 1);
  const sine = tangent * cosine;
  const turn = (m: Float64Array, at: (k: number, column: number) => number) => {
    for (let k = 0; k < d; k++) {
      const [x, y] = [m[at(k, p)], m[at(k, q)]];
      m[at(k, p)] = cosine * x - sine * y;
      m[at(k, q)] = sine * x + cosine * y;
    }
  };
  turn(a, (k, column) => k * d + column);
  turn(a, (k, row) => row * d + k);
  turn(v, (k, column) => k * d + column);
}
