import type { FunctionBuilder } from "../../wasm/assembler.ts";
import type { Local } from "../../wasm/encoding.ts";
import { i32, v128 } from "../../wasm/instructions.ts";
import { transpose } from "../../wasm/pack-kernel.ts";
import { forColumnBlocks, type Span } from "./matmul-columns.ts";
import type { MatmulPlan } from "./matmul-plan.ts";

/**
 * Copies a span of the columns of b into panels, one for each block of columns: k rows of the block's
 * vectors. The panel of the block at offset x starts at `to + k x`.
 */
export function emitPackColumns(
  f: FunctionBuilder,
  { columns, n, k, transposeB }: MatmulPlan,
  b: Local<"i32">,
  to: Local<"i32">,
  span: Span,
): void {
  forColumnBlocks(f, columns, span, ({ offsets, lanes }, x) => {
    const rowBytes = 16 * offsets.length;
    const target = f.let(i32.add(to, i32.mul(x, k)));
    const source = f.let(i32.add(b, transposeB ? i32.mul(x, k) : x));
    const sourceStep = transposeB ? 4 : 4 * n;
    const copy = (p: number) => {
      for (const [j, offset] of offsets.entries()) {
        f.do(v128.store(target, v128.load(source, p * sourceStep + offset), p * rowBytes + 16 * j));
      }
    };
    const transposeRows = (count: number) => {
      for (const [j, offset] of offsets.entries()) {
        const rows = [0, 1, 2, 3].map((i) => v128.load(source, (offset + 4 * Math.min(i, lanes - 1)) * k));
        for (const [p, vector] of transpose(f, rows).slice(0, count).entries()) {
          f.do(v128.store(target, vector, p * rowBytes + 16 * j));
        }
      }
    };
    const some = (count: number) => {
      if (transposeB) transposeRows(count);
      else for (let p = 0; p < count; p++) copy(p);
    };
    if (k >= 4) {
      const end = f.let(i32.add(target, rowBytes * (k - (k % 4))));
      f.doWhile(
        () => {
          some(4);
          f.set(source, i32.add(source, 4 * sourceStep));
          f.set(target, i32.add(target, 4 * rowBytes));
        },
        () => i32.ltU(target, end),
      );
    }
    if (k % 4 > 0) some(k % 4);
  });
}

/**
 * Copies `depth` steps of rows of a, which is stored transposed, into panels of as many rows as a tile has. The span is
 * the addresses of the first row and of the end, at the first step.
 */
export function emitPackRows(
  f: FunctionBuilder,
  { m, tileRows }: MatmulPlan,
  rows: Span,
  to: Local<"i32">,
  depth: Local<"i32">,
): void {
  const vectors = Math.ceil(tileRows / 4);
  const row = f.let(rows.from);
  const target = f.let(to);
  const panelBytes = f.let(i32.mul(depth, 16 * vectors));
  f.while(i32.ltU(row, rows.to), () => {
    const source = f.let(row);
    const end = f.let(i32.add(target, panelBytes));
    f.doWhile(
      () => {
        for (let j = 0; j < vectors; j++) f.do(v128.store(target, v128.load(source, 16 * j), 16 * j));
        f.set(source, i32.add(source, 4 * m));
        f.set(target, i32.add(target, 16 * vectors));
      },
      () => i32.ltU(target, end),
    );
    f.set(row, i32.add(row, 4 * tileRows));
  });
}
