import { isFloat, promote } from "../tensor/dtype.ts";
import { ShapeError } from "../tensor/errors.ts";
import { resolve } from "../tensor/options.ts";
import { broadcastShapes, formatShape, type Shape, sizeOf } from "../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../tensor/tensor.ts";
import { type FloatArray, gemm } from "../wasm/matmul.ts";
import { to } from "./elementwise.ts";
import { broadcastTo, reshape } from "./movement.ts";
import { type Op, primitive } from "./primitive.ts";

export interface MatmulOptions {
  /** Multiply by the transpose of a (its last two axes swapped), without making it. */
  transposeA?: boolean;
  /** Multiply by the transpose of b. */
  transposeB?: boolean;
}

/**
 * C = A B for every matrix of a batch. The gradients are products too, dA = dC Bt and dB = At dC, each with its
 * transposes as flags, so that no transposed copy is ever made.
 */
export const matmulOp: Op<[a: Tensor, b: Tensor], Required<MatmulOptions>> = primitive({
  name: "matmul",
  shape: ([a, b], flags) => {
    const { m, n } = matrixSizes(a, b, flags);
    return [...a.shape.slice(0, -2), m, n];
  },
  kernel: (out, [a, b], flags) => {
    const { m, n, k } = matrixSizes(a, b, flags);
    const { transposeA, transposeB } = flags;
    const [c, x, y] = [out.data, a.data, b.data] as FloatArray[];
    const batch = m * n === 0 ? 0 : out.size / (m * n);
    for (let i = 0; i < batch; i++) gemm(c, x, y, m, n, k, transposeA, transposeB, i * m * n, i * m * k, i * k * n);
  },
  vjp: ({ g, inputs: [a, b], attributes: { transposeA, transposeB } }) => [
    () =>
      transposeA
        ? matmulOp(b, g, { transposeA: transposeB, transposeB: true })
        : matmulOp(g, b, { transposeA: false, transposeB: !transposeB }),
    () =>
      transposeB
        ? matmulOp(g, a, { transposeA: true, transposeB: transposeA })
        : matmulOp(a, g, { transposeA: !transposeA, transposeB: false }),
  ],
});

function matrixSizes(a: Tensor, b: Tensor, { transposeA, transposeB }: Required<MatmulOptions>) {
  const [rows, cols] = a.shape.slice(-2);
  const [m, k] = transposeA ? [cols, rows] : [rows, cols];
  const n = b.shape[b.ndim - (transposeB ? 2 : 1)];
  return { m, n, k };
}

/**
 * The matrix product with NumPy's rules: [m, k] x [k, n] -> [m, n]; axes in front are a batch and broadcast;
 * a vector is a row on the left and a column on the right, and its axis is dropped from the result.
 * Throws ShapeError when the inner sizes differ.
 */
export function matmul(a: TensorLike, b: TensorLike, options: MatmulOptions = {}): Tensor {
  const { transposeA, transposeB } = resolve("matmul", options, { transposeA: false, transposeB: false });
  let x = asTensor(a, undefined, "matmul", "a");
  let y = asTensor(b, undefined, "matmul", "b");
  const mismatch = (why = ""): never => {
    const flags = `${transposeA ? ", transposeA" : ""}${transposeB ? ", transposeB" : ""}`;
    throw new ShapeError(
      "matmul",
      `shapes ${formatShape(asTensor(a).shape)} and ${formatShape(asTensor(b).shape)}${flags} do not multiply${why}`,
    );
  };
  if (x.ndim === 0 || y.ndim === 0) mismatch();
  const dtype = promote(x.dtype, y.dtype);
  if (!isFloat(dtype)) return to(matmul(to(x, "float64"), to(y, "float64"), options), "int32");
  x = to(x, dtype);
  y = to(y, dtype);
  const vectorA = x.ndim === 1;
  const vectorB = y.ndim === 1;
  if (vectorA) x = reshape(x, transposeA ? [-1, 1] : [1, -1]);
  if (vectorB) y = reshape(y, transposeB ? [1, -1] : [-1, 1]);
  const [inner, other] = [x.shape[x.ndim - (transposeA ? 2 : 1)], y.shape[y.ndim - (transposeB ? 1 : 2)]];
  if (inner !== other) mismatch(`: the inner sizes are ${inner} and ${other}`);
  const flags = { transposeA, transposeB };
  let product: Tensor;
  if (x.ndim === y.ndim && x.ndim === 2) product = matmulOp(x, y, flags);
  else if (y.ndim === 2 && !transposeA) {
    const rows = x.shape.slice(0, -1);
    const tall = matmulOp(reshape(x, [sizeOf(rows), x.shape[x.ndim - 1]]), y, flags);
    product = reshape(tall, [...rows, tall.shape[1]]);
  } else {
    const batch = broadcastShapes("matmul", x.shape.slice(0, -2), y.shape.slice(0, -2));
    const spread = (t: Tensor) => broadcastTo(t, [...batch, ...t.shape.slice(-2)]);
    product = matmulOp(spread(x), spread(y), flags);
  }
  const kept: Shape = [
    ...product.shape.slice(0, -2),
    ...(vectorA ? [] : [product.shape[product.ndim - 2]]),
    ...(vectorB ? [] : [product.shape[product.ndim - 1]]),
  ];
  return reshape(product, kept);
}
