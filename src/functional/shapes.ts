import { where } from "../autograd/elementwise.ts";
import { broadcastTo, concat, narrow, reshape, slice, tensorList, transpose } from "../autograd/movement.ts";
import { expectSameShape } from "../tensor/checks.ts";
import { ShapeError, ValueError } from "../tensor/errors.ts";
import { expectInteger, expectNumber, integerList } from "../tensor/options.ts";
import { formatShape, normalizeAxes, normalizeAxis } from "../tensor/shape.ts";
import { asTensor, Tensor, type TensorLike } from "../tensor/tensor.ts";

/** The axes from `start` (default 0) to `end` (default the last), both included, as one. */
export function flatten(x: TensorLike, start = 0, end = -1): Tensor {
  const t = asTensor(x);
  if (t.ndim === 0) return reshape(t, [1]);
  const from = normalizeAxis("flatten", start, t.ndim);
  const to = normalizeAxis("flatten", end, t.ndim);
  if (from > to) throw new ShapeError("flatten", `start ${start} lies after end ${end} in ${formatShape(t.shape)}`);
  const merged = t.shape.slice(from, to + 1).reduce((a, b) => a * b, 1);
  return reshape(t, [...t.shape.slice(0, from), merged, ...t.shape.slice(to + 1)]);
}

/** Two axes exchanged. */
export function swapAxes(x: TensorLike, a: number, b: number): Tensor {
  const t = asTensor(x);
  const order = [...t.shape.keys()];
  const [i, j] = [normalizeAxis("swapAxes", a, t.ndim), normalizeAxis("swapAxes", b, t.ndim)];
  [order[i], order[j]] = [order[j], order[i]];
  return transpose(t, order);
}

/** Without the named axes, which must have size 1; without any, all axes of size 1 go. */
export function squeeze(x: TensorLike, axis?: number | readonly number[]): Tensor {
  const t = asTensor(x);
  const gone =
    axis === undefined ? [...t.shape.keys()].filter((i) => t.shape[i] === 1) : normalizeAxes("squeeze", axis, t.ndim);
  const wide = gone.find((i) => t.shape[i] !== 1);
  if (wide !== undefined)
    throw new ShapeError("squeeze", `axis ${wide} of ${formatShape(t.shape)} has size ${t.shape[wide]}, not 1`);
  return reshape(
    t,
    t.shape.filter((_, i) => !gone.includes(i)),
  );
}

/** With a new axis of size 1 at `axis`; -1 puts it last. */
export function unsqueeze(x: TensorLike, axis: number): Tensor {
  const t = asTensor(x);
  const at = normalizeAxis("unsqueeze", axis, t.ndim + 1);
  return reshape(t, [...t.shape.slice(0, at), 1, ...t.shape.slice(at)]);
}

/** Tensors of one shape joined along a new axis (default 0). */
export function stack(tensors: readonly TensorLike[], axis = 0): Tensor {
  const list = tensorList("stack", tensors);
  const at = normalizeAxis("stack", axis, list[0].ndim + 1);
  expectSameShape("stack", Object.fromEntries(list.map((t, i) => [`tensors[${i}]`, t])));
  return concat(
    list.map((t) => unsqueeze(t, at)),
    at,
  );
}

/**
 * x laid side by side `repeats[i]` times along axis i, as numpy.tile: of counts and axes, the shorter list gets ones in
 * front.
 */
export function tile(x: TensorLike, repeats: number | readonly number[]): Tensor {
  let t = asTensor(x);
  const counts = integerList("tile", "repeats", repeats, 0);
  while (counts.length < t.ndim) counts.unshift(1);
  t = reshape(t, [...counts.slice(t.ndim).map(() => 1), ...t.shape]);
  const apart = broadcastTo(
    reshape(
      t,
      t.shape.flatMap((size) => [1, size]),
    ),
    t.shape.flatMap((size, i) => [counts[i], size]),
  );
  return reshape(
    apart,
    t.shape.map((size, i) => size * counts[i]),
  );
}

/** Each element `count` times in a row along an axis (of the flattened tensor without one), as numpy.repeat. */
export function repeat(x: TensorLike, count: number, axis?: number): Tensor {
  expectInteger("repeat", "count", count, 0);
  const t = axis === undefined ? flatten(x) : asTensor(x);
  const at = normalizeAxis("repeat", axis ?? 0, t.ndim);
  const apart = broadcastTo(unsqueeze(t, at + 1), [...t.shape.slice(0, at + 1), count, ...t.shape.slice(at + 1)]);
  return reshape(
    apart,
    t.shape.map((size, i) => (i === at ? size * count : size)),
  );
}

/**
 * Parts of x along an axis (default 0): of `sizes` when it is a list, else of that size each, the last one smaller, as
 * torch.split.
 */
export function split(x: TensorLike, sizes: number | readonly number[], axis = 0): Tensor[] {
  const t = asTensor(x);
  const at = normalizeAxis("split", axis, t.ndim);
  const n = t.shape[at];
  let list = integerList("split", "sizes", sizes, typeof sizes === "number" ? 1 : 0);
  if (typeof sizes === "number") {
    list = Array.from({ length: Math.max(1, Math.ceil(n / sizes)) }, (_, i) => Math.min(sizes, n - i * sizes));
  }
  const total = list.reduce((a, b) => a + b, 0);
  if (total !== n)
    throw new ValueError("split", `sizes ${formatShape(list)} add up to ${total}, but axis ${axis} has size ${n}`);
  let start = 0;
  return list.map((size) => {
    const range = { start, stop: start + size };
    start += size;
    return narrow(t, at, range);
  });
}

/** The diagonal of the last two axes, `offset` columns to the right of the main one: [..., n, n] -> [..., n]. */
export function diagonal(x: TensorLike, offset = 0): Tensor {
  const t = asTensor(x);
  expectNumber("diagonal", "offset", offset, "that is whole", Number.isInteger);
  if (t.ndim < 2) throw new ShapeError("diagonal", `needs at least two axes, got ${formatShape(t.shape)}`);
  const [rows, cols] = t.shape.slice(-2);
  const length = Math.max(0, Math.min(rows + Math.min(offset, 0), cols - Math.max(offset, 0)));
  // In a flattened matrix the diagonal's elements are cols + 1 apart.
  const start = offset >= 0 ? offset : -offset * cols;
  const lead = t.shape.slice(0, -2);
  const flat = reshape(t, [...lead, rows * cols]);
  const stop = length === 0 ? start : start + (length - 1) * (cols + 1) + 1;
  return slice(flat, [
    ...lead.map(() => null),
    { start: Math.min(start, rows * cols), stop: Math.min(stop, rows * cols), step: cols + 1 },
  ]);
}

/** x with zeros above the diagonal that lies `offset` columns to the right of the main one. */
export function tril(x: TensorLike, offset = 0): Tensor {
  return triangle("tril", x, offset, (right) => right <= offset);
}

/** x with zeros below the diagonal that lies `offset` columns to the right of the main one. */
export function triu(x: TensorLike, offset = 0): Tensor {
  return triangle("triu", x, offset, (right) => right >= offset);
}

function triangle(name: string, x: TensorLike, offset: number, keeps: (right: number) => boolean): Tensor {
  const t = asTensor(x);
  expectNumber(name, "offset", offset, "that is whole", Number.isInteger);
  if (t.ndim < 2) throw new ShapeError(name, `needs at least two axes, got ${formatShape(t.shape)}`);
  const [rows, cols] = t.shape.slice(-2);
  const mask = new Uint8Array(rows * cols);
  for (let i = 0; i < mask.length; i++) mask[i] = keeps((i % cols) - Math.floor(i / cols)) ? 1 : 0;
  return where(new Tensor(mask, [rows, cols], "bool"), t, 0);
}
