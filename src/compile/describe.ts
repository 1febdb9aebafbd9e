import { Tensor } from "../tensor/tensor.ts";
import { nameOf } from "./emit.ts";
import { bytesIn, type MemoryPlan } from "./plan.ts";
import type { Unit } from "./schedule.ts";
import { formatStep, type Step } from "./step.ts";

/** What a kernel of a program does and costs, predicted from its shapes. */
export interface KernelReport {
  /** Its primitives, "+" between those that are fused. */
  readonly name: string;
  /** Arithmetic operations. */
  readonly operations: number;
  /** Bytes read and written, each array once. */
  readonly bytes: number;
  /** Into how many parts its work is cut, for threads. */
  readonly parts: number;
}

export function reportOf(unit: Unit): KernelReport {
  return {
    name: nameOf(unit),
    operations: unit.kernel.operations,
    bytes: [...unit.reads, ...unit.writes].reduce((total, t) => total + bytesIn(t), 0),
    parts: Math.max(1, ...unit.kernel.stages.map(({ parts }) => parts)),
  };
}

const kilobytes = (bytes: number): string => `${(bytes / 1024).toFixed(1)} kB`;

/** What is told of a program. */
interface Described {
  readonly step: Step;
  readonly kernels: readonly KernelReport[];
  readonly operations: number;
  readonly bytesMoved: number;
  readonly memoryPlan: MemoryPlan;
}

/** The program as text: its step, its kernels with their predicted cost, and its memory. */
export function formatProgram({ step, kernels, operations, bytesMoved, memoryPlan }: Described): string {
  const lines = kernels.map(({ name, operations, bytes, parts }) =>
    [`  ${name}`, `${operations} operations`, kilobytes(bytes), `${parts} ${parts === 1 ? "part" : "parts"}`].join(
      ", ",
    ),
  );
  const { bytes, peak, blocks } = memoryPlan;
  return [
    formatStep(step),
    "",
    `${kernels.length} kernels, ${operations} operations, ${kilobytes(bytesMoved)} read and written`,
    ...lines,
    `memory: ${blocks.length} blocks in ${kilobytes(bytes)}, of which ${kilobytes(peak)} at one time`,
  ].join("\n");
}

const [width, height, margin] = [760, 320, 36];

/**
 * The memory plan as SVG: time, kernel by kernel, from left to right; addresses from bottom to top. A block is a value
 * for as long as it is needed, or (grey) the temporary memory of one kernel.
 */
export function drawMemoryPlan({ blocks, bytes }: MemoryPlan, kernels: readonly KernelReport[]): string {
  const x = (kernel: number) => margin + ((width - 2 * margin) * kernel) / Math.max(1, kernels.length + 1);
  const y = (address: number) => height - margin - ((height - 2 * margin) * address) / Math.max(1, bytes);
  const rects = blocks.map(({ holds, first, last, offset, bytes: size }, i) => {
    const [left, right, top, bottom] = [x(first), x(last + 1), y(offset + size), y(offset)];
    const isValue = holds instanceof Tensor;
    const fill = isValue ? `hsl(${(i * 47) % 360} 55% 70%)` : "#bbb";
    const what = isValue ? `${holds.dtype}[${holds.shape}]` : "temporary memory";
    const when = `${kernels[first]?.name ?? ""} (${first} to ${last})`;
    const shape = `x="${left.toFixed(1)}" y="${top.toFixed(1)}" width="${(right - left).toFixed(1)}" height="${(bottom - top).toFixed(1)}"`;
    return `<rect ${shape} fill="${fill}" stroke="#444" stroke-width="0.5"><title>${what}, ${kilobytes(size)}, ${when}</title></rect>`;
  });
  const label = (text: string, at: string, anchor = "middle") =>
    `<text ${at} font-family="Helvetica, sans-serif" font-size="11" fill="#444" text-anchor="${anchor}">${text}</text>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    `<line x1="${margin}" y1="${y(0)}" x2="${width - margin}" y2="${y(0)}" stroke="#444"/>`,
    `<line x1="${margin}" y1="${y(0)}" x2="${margin}" y2="${y(bytes)}" stroke="#444"/>`,
    label(`${kernels.length} kernels, in the order they run`, `x="${width / 2}" y="${height - 12}"`),
    label(kilobytes(bytes), `x="${margin}" y="${margin - 10}"`, "start"),
    ...rects,
    "</svg>",
  ].join("\n");
}
