import { ShapeError } from "./errors.ts";

export type Shape = readonly number[];

export const formatShape = (shape: Shape): string => `[${shape.join(", ")}]`;

export function sizeOf(shape: Shape): number {
  let size = 1;
  for (let i = 0; i < shape.length; i++) size *= shape[i];
  return size;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Row-major strides: how far apart in memory two neighbours along each axis are. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i];
  }
  return strides;
}

/** Strides that read an array of shape `from` as if it had the shape `to` that it broadcasts to: 0 where it repeats. */
export function broadcastStrides(from: Shape, to: Shape): number[] {
  const strides = new Array<number>(to.length).fill(0);
  const lead = to.length - from.length;
  let stride = 1;
  for (let i = from.length - 1; i >= 0; i--) {
    if (from[i] !== 1) strides[lead + i] = stride;
    stride *= from[i];
  }
  return strides;
}

/** The common shape of two shapes under NumPy's rule: align right; a size of 1 stretches. */
export function broadcastShapes(where: string, a: Shape, b: Shape): Shape {
  if (sameShape(a, b) || b.length === 0) return a;
  if (a.length === 0) return b;
  const rank = Math.max(a.length, b.length);
  const shape = new Array<number>(rank);
  for (let i = 1; i <= rank; i++) {
    const x = i <= a.length ? a[a.length - i] : 1;
    const y = i <= b.length ? b[b.length - i] : 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw new ShapeError(
        where,
        `shapes ${formatShape(a)} and ${formatShape(b)} do not broadcast: sizes ${x} and ${y} differ on axis ${-i}`,
      );
    }
    shape[rank - i] = x === 1 ? y : x;
  }
  return shape;
}

/** Whether a tensor of shape `from` can stand for one of shape `to`. */
export function broadcastsTo(from: Shape, to: Shape): boolean {
  const lead = to.length - from.length;
  if (lead < 0) return false;
  for (let i = 0; i < from.length; i++) if (from[i] !== to[lead + i] && from[i] !== 1) return false;
  return true;
}

export function checkShape(where: string, shape: Shape): void {
  if (!Array.isArray(shape)) throw new ShapeError(where, `shape must be an array of sizes, got ${String(shape)}`);
  for (const size of shape) {
    if (!Number.isInteger(size) || size < 0) {
      throw new ShapeError(where, `sizes must be whole numbers >= 0, got ${formatShape(shape)}`);
    }
  }
}

/** An axis counted from the front; negative axes count from the end. */
export function normalizeAxis(where: string, axis: number, rank: number): number {
  const normal = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || normal < 0 || normal >= rank) {
    throw new ShapeError(where, `axis ${axis} is out of range for a tensor with ${rank} axes`);
  }
  return normal;
}

/** One axis, several, or (undefined) all of them, as distinct axes in increasing order. */
export function normalizeAxes(where: string, axis: number | readonly number[] | undefined, rank: number): number[] {
  if (axis === undefined) return Array.from({ length: rank }, (_, i) => i);
  if (typeof axis !== "number" && !Array.isArray(axis)) {
    throw new ShapeError(
      where,
      `axis must be a whole number, a list of them, or undefined for all, got ${JSON.stringify(axis)}; options come second: ${where}(undefined, { ... })`,
    );
  }
  const axes = (typeof axis === "number" ? [axis] : [...axis]).map((a) => normalizeAxis(where, a, rank));
  if (new Set(axes).size !== axes.length) throw new ShapeError(where, `axis ${formatShape(axes)} names an axis twice`);
  return axes.sort((a, b) => a - b);
}
