import { sizeOf } from "../../tensor/shape.ts";
import { call } from "../../wasm/assembler.ts";
import type { Expression, Local } from "../../wasm/encoding.ts";
import { i32 } from "../../wasm/instructions.ts";
import type { Kernel, Layout, Lower, Stage } from "../kernel.ts";
import { columnOffset, minimum, share } from "./matmul-columns.ts";
import { dotUnits } from "./matmul-dot.ts";
import { emitPackColumns } from "./matmul-pack.ts";
import { type Epilogue, type MatmulPlan, planMatmul } from "./matmul-plan.ts";
import { productFunction, scratchBytes } from "./matmul-product.ts";
import { float64Matmul } from "./matmul-scalar.ts";

export type { Epilogue } from "./matmul-plan.ts";

export interface MatmulFlags {
  /** a is stored [..., k, m]. */
  readonly transposeA: boolean;
  /** b is stored [..., n, k]. */
  readonly transposeB: boolean;
}

/** [batch..., m, k] x [batch..., k, n] -> [batch..., m, n]. */
export const lowerMatmul: Lower<MatmulFlags> = (output, inputs, flags) => matmulKernel(output, inputs, flags);

/** The kernel of a product, with an epilogue applied to its rows. Inputs after the first two are the epilogue's. */
export function matmulKernel(
  output: Layout,
  inputs: readonly Layout[],
  { transposeA, transposeB }: MatmulFlags,
  epilogue?: Epilogue,
): Kernel {
  const [m, n] = output.shape.slice(-2);
  const k = inputs[0].shape[inputs[0].shape.length - (transposeA ? 2 : 1)];
  const batch = sizeOf(output.shape.slice(0, -2));
  const product = { batch, m, n, k, transposeA, transposeB };
  if (batch * m * n === 0) return { stages: [], operations: 0 };
  if (output.dtype === "float64") return float64Matmul(product, epilogue);
  return float32Matmul(planMatmul(product), epilogue);
}

/** The kernel that follows a plan. */
export function float32Matmul(plan: MatmulPlan, epilogue?: Epilogue): Kernel {
  const { batch, m, n, k, packB, swapped, columnParts } = plan;
  const shared = packB === "shared";
  const fused = swapped || columnParts === 1;
  return {
    stages: [
      ...(shared ? [packStage(plan)] : []),
      productStage(plan, fused ? epilogue : undefined),
      ...(epilogue && !fused ? [epilogueStage(plan, epilogue)] : []),
    ],
    temporaryBytes: shared ? batch * packedBytes(plan) : 0,
    scratchBytes: scratchBytes(plan),
    operations: 2 * batch * m * n * k,
  };
}

/** All packed columns of one matrix. */
const packedBytes = ({ n, k }: MatmulPlan): number => 16 * Math.ceil(n / 4) * k;

/** Where matrix `item` of a batch of matrices of so many floats lies. */
const itemAddress = (base: number, item: Local<"i32">, floats: number): Expression<"i32"> =>
  i32.add(i32.mul(item, 4 * floats), base);

/** Floats of b that repay the handing out of one part of its packing. */
const packWork = 16384;

/** Packs the columns of b for all parts. */
function packStage(plan: MatmulPlan): Stage {
  const { batch, columns, k, n, swapped } = plan;
  const partsOfItem = Math.max(1, Math.min(columns.count, 8, Math.floor((k * n) / packWork)));
  return {
    parts: batch * partsOfItem,
    emit: (_module, f, part, at) => {
      const item = f.let(i32.divU(part, partsOfItem));
      const blocks = share(f, i32.remU(part, partsOfItem), partsOfItem, columns.count);
      const b = f.let(itemAddress(at.inputs[swapped ? 0 : 1], item, k * n));
      const to = f.let(i32.add(i32.mul(item, packedBytes(plan)), at.temporary));
      const span = { from: f.let(columnOffset(columns, blocks.from)), to: f.let(columnOffset(columns, blocks.to)) };
      emitPackColumns(f, plan, b, to, span);
    },
  };
}

function productStage(plan: MatmulPlan, epilogue?: Epilogue): Stage {
  const { batch, m, n, k, columns, form, packB, swapped, itemsInPart, rowParts, columnParts, rowsInPart } = plan;
  const cells = rowParts * columnParts;
  const [aIndex, bIndex] = swapped ? [1, 0] : [0, 1];
  return {
    parts: Math.ceil(batch / itemsInPart) * cells,
    emit: (module, f, part, at) => {
      const product = productFunction(module, plan, at, epilogue);
      const item = f.let(i32.mul(i32.divU(part, cells), itemsInPart));
      const itemEnd = f.let(minimum(i32.add(item, itemsInPart), batch));
      const cell = f.let(i32.remU(part, cells));
      const row = f.let(i32.mul(i32.divU(cell, columnParts), rowsInPart));
      const rowEnd = f.let(minimum(i32.add(row, rowsInPart), m));
      const units = share(f, i32.remU(cell, columnParts), columnParts, form === "dots" ? dotUnits(n) : columns.count);
      const [x, xEnd] =
        form === "dots"
          ? [units.from, units.to]
          : [units.from, units.to].map((unit) => f.let(columnOffset(columns, unit)));
      f.while(i32.ltU(item, itemEnd), () => {
        const matrices = {
          c: itemAddress(at.output, item, m * n),
          a: itemAddress(at.inputs[aIndex], item, m * k),
          b: itemAddress(at.inputs[bIndex], item, k * n),
        };
        const packed =
          packB === "shared"
            ? i32.add(i32.mul(item, packedBytes(plan)), at.temporary)
            : i32.sub(at.scratch, i32.mul(x, k)); // so that the panel of the part's first column is at scratch
        f.do(call(product, { item, ...matrices, packed, row, rowEnd, x, xEnd, scratch: at.scratch }));
        f.set(item, i32.add(item, 1));
      });
    },
  };
}

/** Elements that repay the handing out of one part of an epilogue. */
const epilogueWork = 8192;

/** The epilogue on its own, where the parts of the product are not whole rows. */
function epilogueStage({ batch, m, n }: MatmulPlan, epilogue: Epilogue): Stage {
  const rows = batch * m;
  const parts = Math.max(1, Math.min(8, rows, Math.floor((rows * n) / epilogueWork)));
  return {
    parts,
    emit: (module, f, part, at) => {
      const { from, to } = share(f, part, parts, rows);
      epilogue(module, f, from, to, at);
    },
  };
}
