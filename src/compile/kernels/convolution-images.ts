import type { Module } from "../../wasm/assembler.ts";
import type { Operand } from "../../wasm/encoding.ts";
import { f32, i32, v128 } from "../../wasm/instructions.ts";
import { addressOf, forRange, loadStrided } from "./convolution-loops.ts";

/*
 * Images with margins of zeros, in which the outputs that adjoin read inputs that adjoin: under a stride of s columns,
 * a row is kept as its s phases, the columns 0, s, 2s, ..., then 1, s + 1, ..., each `pitch` long. Margins are shared:
 * the right one of a row is the left one of what follows, the lower one of a plane the upper one of the next.
 */

/** One axis: element i has the coordinate `before + i`, which is phase `coordinate % stride`, place `/ stride`. */
export interface ImageAxis {
  size: number;
  before: number;
  stride: number;
  /** The phases that are read. */
  phases: number[];
  /** Places from one phase (or row, or plane) to the next. */
  pitch: number;
  /** Places that are read beyond the last pitch. */
  overhang: number;
}

export interface Images {
  channels: number;
  rows: ImageAxis;
  columns: ImageAxis;
}

/** What one phase holds of an axis: `count` elements from `first` on, put at the places from `place` on. */
function holdings({ size, before, stride }: Omit<ImageAxis, "phases" | "pitch" | "overhang">, phase: number) {
  const first = (((phase - before) % stride) + stride) % stride;
  const count = Math.max(0, Math.ceil((size - first) / stride));
  return { first, count, place: (before + first - phase) / stride };
}

/** The axis for `outputs` reads at the coordinates stride * output + shift, for each of the shifts. */
export function imageAxis(
  size: number,
  before: number,
  stride: number,
  outputs: number,
  shifts: readonly number[],
): ImageAxis {
  const phases = [...new Set(shifts.map((shift) => shift % stride))].sort((a, b) => a - b);
  const held = phases.map((phase) => holdings({ size, before, stride }, phase)).filter(({ count }) => count > 0);
  const start = Math.min(...held.map(({ place }) => place), size === 0 ? 0 : before);
  const end = Math.max(0, ...held.map(({ place, count }) => place + count));
  const reach = outputs + Math.max(0, ...shifts.map((shift) => Math.floor(shift / stride)));
  const pitch = Math.max(1, end, reach - start);
  return { size, before, stride, phases, pitch, overhang: Math.max(0, reach - pitch) };
}

const bytes = 4;

export const rowBytes = ({ columns }: Images): number => bytes * columns.phases.length * columns.pitch;
export const planeBytes = (images: Images): number => images.rows.pitch * rowBytes(images);

/** Bytes of one image. Another may follow at once. */
export const imageBytes = (images: Images): number => images.channels * planeBytes(images);

/** Bytes of a margin after the last image, which must be zeros, and what vectors read across it. */
export const tailBytes = (images: Images): number =>
  images.rows.overhang * rowBytes(images) + bytes * images.columns.overhang + 64;

/** Where the column of output 0 is read under a shift, from the start of the row. */
export function columnOffset({ columns }: Images, shift: number): number {
  const phase = columns.phases.indexOf(shift % columns.stride);
  return bytes * (phase * columns.pitch + Math.floor(shift / columns.stride));
}

/** Whether images lie in memory as they are wanted, so that no copy is needed. */
export const isPlain = ({ rows, columns }: Images): boolean =>
  columns.stride === 1 && [rows, columns].every(({ pitch, size }) => pitch === size);

/** Columns above which the copies of one row are not written out. */
const widestUnrolled = 64;

/** Adds `place`, which copies planes into place; the margins must be zeros before, and stay so. */
export function addPlaceImages(module: Module, images: Images) {
  const { rows, columns } = images;
  return module.function("placeImages", { to: "i32", from: "i32", planes: "i32" }, (f, { to, from, planes }) => {
    const copyRow = (target: Operand<"i32">, source: Operand<"i32">) => {
      for (const [index, phase] of columns.phases.entries()) {
        const { first, count, place } = holdings(columns, phase);
        const targetOffset = bytes * (index * columns.pitch + place);
        const sourceStep = bytes * columns.stride;
        const copy = (column: number) =>
          v128.store(
            target,
            loadStrided(source, columns.stride, bytes * first + column * sourceStep),
            targetOffset + bytes * column,
          );
        if (count < 4) {
          for (let i = 0; i < count; i++) {
            f.do(f32.store(target, f32.load(source, bytes * first + i * sourceStep), targetOffset + bytes * i));
          }
        } else if (count <= widestUnrolled) {
          for (let column = 0; column + 4 <= count; column += 4) f.do(copy(column));
          if (count % 4 > 0) f.do(copy(count - 4));
        } else {
          const [columnTarget, columnSource] = [f.let(i32.add(target, 0)), f.let(i32.add(source, 0))];
          const one = () =>
            f.do(v128.store(columnTarget, loadStrided(columnSource, columns.stride, bytes * first), targetOffset));
          forRange(f, 0, count >> 2, () => {
            one();
            f.set(columnTarget, i32.add(columnTarget, 16));
            f.set(columnSource, i32.add(columnSource, 4 * sourceStep));
          });
          if (count % 4 > 0) {
            f.set(columnTarget, i32.sub(columnTarget, bytes * (4 - (count % 4))));
            f.set(columnSource, i32.sub(columnSource, (4 - (count % 4)) * sourceStep));
            one();
          }
        }
      }
    };
    forRange(f, 0, planes, () => {
      const target = f.let(addressOf(to, [rows.before, rowBytes(images)]));
      const source = f.let(i32.add(from, 0));
      forRange(f, 0, rows.size, () => {
        copyRow(target, source);
        f.set(target, i32.add(target, rowBytes(images)));
        f.set(source, i32.add(source, bytes * columns.size));
      });
      f.set(to, i32.add(to, planeBytes(images)));
      f.set(from, i32.add(from, bytes * rows.size * columns.size));
    });
  });
}
