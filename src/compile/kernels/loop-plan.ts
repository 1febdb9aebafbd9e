import { bytesOf } from "../../tensor/dtype.ts";
import type { TapeRecord, Tensor } from "../../tensor/tensor.ts";
import { type AxisMap, isReduction, type Loops, readMap } from "../fusion/groups.ts";
import { mostWaiting } from "../fusion/merge.ts";
import type { Lanes } from "./lanes.ts";
import { scalarLanes } from "./scalar-lanes.ts";
import { vectorLanes } from "./vector-lanes.ts";

/** How the loops of a group run, decided before any of their code is written. */

/** Functions that cost more than to save their result and load it again. */
export const dear = new Set(
  "div pow atan2 logAddExp sqrt rsqrt reciprocal exp expm1 log log1p sin cos tan asin acos atan sinh cosh tanh sigmoid softplus erf erfc lgamma polygamma".split(
    " ",
  ),
);

/** Elements of a part of a loop that is worth another thread. */
const partSize = 1 << 14;
const mostParts = 16;

/** The most bytes that values saved from level to level may take for each position of the outer loops. */
const mostSaved = 1 << 18;

export interface Dimension {
  readonly size: number;
  readonly reduced: boolean;
}

/** An array that the loops walk: bytes from element to element along each dimension. */
export interface Operand {
  readonly t: Tensor;
  readonly strides: readonly number[];
}

export class LoopPlan {
  readonly lanes: Lanes;
  readonly dimensions: readonly Dimension[];
  readonly loads: readonly Operand[];
  readonly stores: readonly Operand[];
  readonly reductions: readonly TapeRecord[];
  /** Values that are saved from level to level, each with its place in scratch memory. */
  readonly saved = new Map<Tensor, Operand & { readonly offset: number }>();
  readonly parts: number;
  /** Whether the parts of a reduction of everything are put together in a second stage. */
  readonly partial: boolean;
  scratchBytes = 0;

  readonly group: Loops;
  readonly maker = new Map<Tensor, TapeRecord>();
  readonly level = new Map<Tensor, number>();
  readonly isRow: (t: Tensor) => boolean;
  readonly constantOf: (t: Tensor) => number | undefined;
  readonly levels: number;
  /** The dimensions in the order of the loops: kept, then reduced. */
  readonly order: readonly number[];
  readonly keptCount: number;

  /** With `byRows`, the first dimension stays a loop of its own. */
  constructor(group: Loops, stores: readonly Tensor[], constantOf: (t: Tensor) => number | undefined, byRows = false) {
    this.group = group;
    this.constantOf = constantOf;
    const { records, domain, reduced, maps } = group;
    for (const record of records) this.maker.set(record.output, record);
    this.isRow = (t) => reduced.length > 0 && (maps.get(t)?.length ?? domain.length) < domain.length;
    this.reductions = records.filter(isReduction);
    const loads = new Map<Tensor, AxisMap>();
    for (const record of records) {
      for (const input of record.inputs) {
        const own = this.maker.get(input);
        const before = own === undefined ? 0 : this.level.get(input)!;
        this.level.set(record.output, Math.max(this.level.get(record.output) ?? 0, before));
        if (own !== undefined || constantOf(input) !== undefined) continue;
        loads.set(input, readMap(record, input, maps.get(record.output)!, domain.length));
      }
      if (record.inputs.length === 0) this.level.set(record.output, 0);
      if (isReduction(record)) this.level.set(record.output, this.level.get(record.output)! + 1);
    }
    this.levels =
      1 + Math.max(0, ...records.filter(({ output }) => !this.isRow(output)).map((r) => this.level.get(r.output)!));
    const tensors = [...loads.keys(), ...maps.keys()];
    this.lanes = tensors.some(({ dtype }) => dtype === "float64") ? scalarLanes : vectorLanes;

    const operand = (t: Tensor, map: AxisMap): Operand => ({ t, strides: stridesOf(t, map, domain) });
    const operands = [...[...loads].map(([t, map]) => operand(t, map)), ...stores.map((t) => operand(t, maps.get(t)!))];
    const merged = mergeDimensions(
      domain.map((size, d) => ({ size, reduced: reduced.includes(d) })),
      operands,
      byRows,
    );
    const { dimensions, operands: walked } = this.reductions.length > 0 ? cutLongRow(merged) : merged;
    this.dimensions = dimensions;
    this.loads = walked.slice(0, loads.size);
    this.stores = walked.slice(loads.size);
    const positions = [...this.dimensions.keys()];
    const kept = positions.filter((d) => !this.dimensions[d].reduced);
    this.order = [...kept, ...positions.filter((d) => this.dimensions[d].reduced)];
    this.keptCount = kept.length;
    this.#save();

    const size = this.dimensions.reduce((n, dimension) => n * dimension.size, 1);
    const first = this.dimensions[this.order[0]];
    this.partial = this.keptCount === 0 && this.levels === 1 && size > mostWaiting;
    const canSplit = this.keptCount > 0 || this.partial;
    const steps = this.order[0] === this.last ? Math.ceil(first.size / (16 * this.lanes.width)) : first.size;
    this.parts = canSplit ? Math.max(1, Math.min(mostParts, steps, Math.floor(size / partSize))) : 1;
  }

  /** The dimension that vectors run along: the last. */
  get last(): number {
    return this.dimensions.length - 1;
  }

  /** Whether a vector holds elements of one row, and not of several. */
  get alongRow(): boolean {
    return this.dimensions[this.last].reduced;
  }

  /** Decides what is saved for later levels. */
  #save(): void {
    if (this.levels === 1) return;
    const again = new Set<Tensor>();
    const visit = (t: Tensor, level: number): void => {
      const record = this.maker.get(t);
      if (record === undefined || this.isRow(t)) return;
      if (this.level.get(t)! < level && dear.has(record.primitive.name)) again.add(t);
      else for (const input of record.inputs) visit(input, level);
    };
    for (const [root, level] of this.#fullRoots()) visit(root, level);
    const stored = new Set(this.stores.map(({ t }) => t));
    const inner = this.order.slice(this.keptCount);
    const { width } = this.lanes;
    for (const t of again) {
      if (stored.has(t)) continue;
      const strides = this.dimensions.map(() => 0);
      // Saved vectors are 16 bytes; a row of them is filled up.
      let bytes = this.alongRow ? (width === 4 ? 4 : 8) : width === 4 ? 16 : 8;
      for (let i = inner.length - 1; i >= 0; i--) {
        strides[inner[i]] = bytes;
        const { size } = this.dimensions[inner[i]];
        bytes *= inner[i] === this.last ? Math.ceil(size / width) * width : size;
      }
      if (this.scratchBytes + bytes > mostSaved) continue;
      this.saved.set(t, { t, strides, offset: this.scratchBytes });
      this.scratchBytes += Math.ceil(bytes / 64) * 64;
    }
  }

  /** The full values that are asked for, each with the level at which it is. */
  #fullRoots(): [Tensor, number][] {
    const roots: [Tensor, number][] = [];
    for (const { t } of this.stores) if (!this.isRow(t)) roots.push([t, this.level.get(t)!]);
    for (const { inputs, output } of this.reductions) roots.push([inputs[0], this.level.get(output)! - 1]);
    return roots;
  }

  /** The full values that level `level` has to deliver. */
  rootsAt(level: number): Tensor[] {
    const roots = this.#fullRoots()
      .filter(([, at]) => at === level)
      .map(([t]) => t);
    for (const t of this.saved.keys()) if (this.level.get(t) === level) roots.push(t);
    return roots;
  }
}

/** Bytes between elements along each dimension of the domain, of a contiguous array whose long axes are these. */
function stridesOf(t: Tensor, map: AxisMap, domain: readonly number[]): number[] {
  const strides = domain.map(() => 0);
  let stride = bytesOf[t.dtype];
  for (let i = map.length - 1; i >= 0; i--) {
    strides[map[i]] = stride;
    stride *= domain[map[i]];
  }
  return strides;
}

/** The shortest row that is cut, and the longest and the shortest piece. */
const longRow = 1 << 13;
const [longestPiece, shortestPiece] = [2048, 256];

/** A long last dimension that is reduced in two: sums can then be carried over from short loop to short loop. */
function cutLongRow({ dimensions, operands }: ReturnType<typeof mergeDimensions>) {
  const row = dimensions[dimensions.length - 1];
  let piece = longestPiece;
  while (piece >= shortestPiece && row.size % piece !== 0) piece -= 4;
  if (!row.reduced || row.size < longRow || piece < shortestPiece) return { dimensions, operands };
  return {
    dimensions: [...dimensions.slice(0, -1), { ...row, size: row.size / piece }, { ...row, size: piece }],
    operands: operands.map(({ t, strides }) => {
      const step = strides[strides.length - 1];
      return { t, strides: [...strides.slice(0, -1), step * piece, step] };
    }),
  };
}

/** Joins neighbouring dimensions over which every operand runs on evenly. */
function mergeDimensions(dimensions: readonly Dimension[], operands: readonly Operand[], byRows: boolean) {
  const merged: Dimension[] = [];
  const strides: number[][] = operands.map(() => []);
  dimensions.forEach((dimension, d) => {
    const last = merged.length - 1;
    const runsOn =
      last >= (byRows ? 1 : 0) &&
      merged[last].reduced === dimension.reduced &&
      operands.every((o, k) => strides[k][last] === o.strides[d] * dimension.size);
    if (runsOn) merged[last] = { size: merged[last].size * dimension.size, reduced: dimension.reduced };
    else merged.push(dimension);
    operands.forEach((o, k) => {
      if (runsOn) strides[k][last] = o.strides[d];
      else strides[k].push(o.strides[d]);
    });
  });
  if (merged.length === 0) {
    merged.push({ size: 1, reduced: false });
    for (const list of strides) list.push(0);
  }
  return { dimensions: merged, operands: operands.map(({ t }, k) => ({ t, strides: strides[k] })) };
}
