import "../../functional/methods.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { formatShape, sizeOf } from "../../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike, tensor } from "../../tensor/tensor.ts";
import { expectOutside } from "../../tensor/tracing.ts";

// Distance maps of masks [n, classes, ...pixels], computed in the open: constants, which no gradient passes. They read
// values, so they cannot be part of a compiled function.

/**
 * How far each pixel is from the nearest pixel of the other kind, where a pixel is in the mask above 0.5; exact
 * Euclidean distances in pixels. 0 everywhere in a mask that is all or nothing. Shape and dtype of the mask.
 */
export function toOther(mask: TensorLike): Tensor {
  return mapped("toOther", mask, (inside, outside) => inside + outside);
}

/**
 * Signed distances: of a pixel outside the mask to the nearest one inside, above 0; of a pixel inside, 1 - the distance
 * to the nearest one outside, at most 0. 0 everywhere in a mask that is all or nothing. As in Kervadec et al. 2019.
 */
export function signed(mask: TensorLike): Tensor {
  return mapped("signed", mask, (inside, outside) => (inside > 0 ? 1 - inside : outside));
}

/** What `of` makes of the distances of each pixel to the outside and to the inside of the mask; one of them is 0. */
function mapped(where: string, mask: TensorLike, of: (inside: number, outside: number) => number): Tensor {
  const name = `distanceMaps.${where}`;
  expectOutside(name, "distance maps read the values of a mask; compute them outside and pass them as an argument");
  const t = asTensor(mask, undefined, name, "mask");
  if (t.ndim < 3) throw new ShapeError(name, `mask must be [n, classes, ...pixels], got ${formatShape(t.shape)}`);
  const pixels = t.shape.slice(2);
  const size = sizeOf(pixels);
  const values = t.data;
  const result = new Float64Array(t.size);
  for (let start = 0; start < t.size; start += size) {
    const isIn = Array.from({ length: size }, (_, i) => values[start + i] > 0.5);
    if (isIn.every((is) => is) || !isIn.some((is) => is)) continue;
    const inside = squaredDistances(
      isIn.map((is) => !is),
      pixels,
    );
    const outside = squaredDistances(isIn, pixels);
    for (let i = 0; i < size; i++) result[start + i] = of(Math.sqrt(inside[i]), Math.sqrt(outside[i]));
  }
  return tensor(result, { shape: t.shape, dtype: t.dtype === "float64" ? "float64" : "float32" });
}

/** The squared distance of each pixel to the nearest one that is a source, axis by axis. */
function squaredDistances(isSource: readonly boolean[], shape: readonly number[]): Float64Array {
  const far = shape.reduce((sum, n) => sum + n * n, 1); // more than any distance there is
  const distances = Float64Array.from(isSource, (is) => (is ? 0 : far));
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const n = shape[axis];
    for (let i = 0; i < distances.length; i++) {
      if (Math.floor(i / stride) % n === 0) lowerEnvelope(distances, i, stride, n);
    }
    stride *= n;
  }
  return distances;
}

/**
 * f(q) := min over p of (q - p)^2 + f(p) along a line of n elements, in place, by the lower envelope of the parabolas
 * (Felzenszwalb and Huttenlocher 2012, "Distance transforms of sampled functions").
 */
function lowerEnvelope(values: Float64Array, start: number, stride: number, n: number): void {
  const f = Float64Array.from({ length: n }, (_, i) => values[start + i * stride]);
  const vertex = [0];
  const from = [Number.NEGATIVE_INFINITY];
  for (let q = 1; q < n; q++) {
    const meets = (p: number) => (f[q] + q * q - f[p] - p * p) / (2 * (q - p));
    while (meets(vertex[vertex.length - 1]) <= from[from.length - 1]) {
      vertex.pop();
      from.pop();
    }
    from.push(meets(vertex[vertex.length - 1]));
    vertex.push(q);
  }
  for (let q = 0, k = 0; q < n; q++) {
    while (k + 1 < vertex.length && from[k + 1] < q) k++;
    values[start + q * stride] = (q - vertex[k]) ** 2 + f[vertex[k]];
  }
}
