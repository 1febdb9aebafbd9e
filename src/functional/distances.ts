import { add, mul, relu, square, sub, where } from "../autograd/elementwise.ts";
import { matmul } from "../autograd/linear.ts";
import { broadcastTo, reshape, sum } from "../autograd/movement.ts";
import { eye } from "../tensor/creation.ts";
import { ShapeError } from "../tensor/errors.ts";
import { expectPositive, resolve } from "../tensor/options.ts";
import { broadcastShapes, formatShape } from "../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../tensor/tensor.ts";
import { normOf } from "./norm.ts";
import { safeSqrt } from "./numerics.ts";
import { normalize, overLength } from "./rows.ts";

/**
 * ||a - b + eps||_p along the last axis: [n, d] and [n, d] -> [n].
 * `eps` is added to every difference, as in torch.nn.functional.pairwise_distance. Defaults: p 2, eps 1e-6.
 */
export function pairwiseDistance(
  a: TensorLike,
  b: TensorLike,
  options: { p?: number; eps?: number; keepDims?: boolean } = {},
): Tensor {
  const { p, eps, keepDims } = resolve("pairwiseDistance", options, { p: 2, eps: 1e-6, keepDims: false });
  const [x, y] = [asTensor(a), asTensor(b)];
  broadcastShapes("pairwiseDistance", x.shape, y.shape);
  return normOf("pairwiseDistance", add(sub(x, y), eps), -1, { p, keepDims });
}

/**
 * a . b / (max(||a||, eps) max(||b||, eps)) along an axis; a and b broadcast. The zero vector gets no gradient.
 * Semantics of torch.nn.functional.cosine_similarity. Defaults: axis 1 (0 for vectors), eps 1e-8.
 */
export function cosineSimilarity(a: TensorLike, b: TensorLike, options: { axis?: number; eps?: number } = {}): Tensor {
  let [x, y] = [asTensor(a), asTensor(b)];
  const { axis, eps } = resolve("cosineSimilarity", options, { axis: Math.max(x.ndim, y.ndim) > 1 ? 1 : 0, eps: 1e-8 });
  expectPositive("cosineSimilarity", "eps", eps);
  const shape = broadcastShapes("cosineSimilarity", x.shape, y.shape);
  [x, y] = [broadcastTo(x, shape), broadcastTo(y, shape)]; // the axis is one of their common shape
  const unit = (t: Tensor) => overLength(t, normOf("cosineSimilarity", t, axis, { keepDims: true }), eps);
  return sum(mul(unit(x), unit(y)), axis);
}

/**
 * The cosines of all rows of a [n, d] with all of b [m, d] (default a itself): [n, m]. A zero vector has cosine 0 with
 * everything.
 */
export function cosineMatrix(a: TensorLike, b?: TensorLike): Tensor {
  const x = normalize(a, { axis: -1 });
  return matmul(x, b === undefined ? x : normalize(b, { axis: -1 }), { transposeB: true });
}

/** Above this many differences the matrix product is used, which needs no [n, m, d] array. */
const mostDifferences = 1 << 16;

/**
 * All Euclidean distances between the rows of a [n, d] and of b [m, d] (default a itself): [n, m].
 *
 * Small problems (n m d up to 2^16) subtract before they square, which is exact for near points. Larger ones use
 * ||a||^2 + ||b||^2 - 2 a . b, one matrix product, whose squared distances carry an error of about 1e-7 ||a||^2 in
 * float32; what cancels below 0 counts as 0, and so does a row's distance to itself. The gradient at distance 0 is 0.
 */
export function distanceMatrix(a: TensorLike, b?: TensorLike, options: { squared?: boolean } = {}): Tensor {
  const { squared } = resolve("distanceMatrix", options, { squared: false });
  const x = asTensor(a);
  const y = b === undefined ? x : asTensor(b);
  if (x.ndim !== 2 || y.ndim !== 2 || x.shape[1] !== y.shape[1]) {
    throw new ShapeError(
      "distanceMatrix",
      `needs a [n, d] and b [m, d], got ${formatShape(x.shape)} and ${formatShape(y.shape)}`,
    );
  }
  const [n, d] = x.shape;
  const m = y.shape[0];
  let squares: Tensor;
  if (n * m * d <= mostDifferences) squares = sum(square(sub(reshape(x, [n, 1, d]), reshape(y, [1, m, d]))), 2);
  else {
    const lengths = add(sum(square(x), 1, { keepDims: true }), sum(square(y), 1));
    squares = relu(sub(lengths, matmul(mul(x, 2), y, { transposeB: true })));
    if (x === y) squares = where(eye(n, { dtype: "bool" }), 0, squares);
  }
  return squared ? squares : safeSqrt(squares);
}
