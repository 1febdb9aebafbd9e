import { type DType, isFloat, type TypedArray } from "./dtype.ts";
import { formatShape, type Shape } from "./shape.ts";

const summariseAbove = 1000;
const edge = 3;

/** What of a tensor is printed. */
interface Printable {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly data: TypedArray;
  readonly requiresGrad: boolean;
}

/** `tensor([[1, 2.5], [3, 4]], shape [2, 2], float32)`, columns aligned, the middle of large axes left out. */
export function formatTensor(t: Printable): string {
  const summarise = t.data.length > summariseAbove;
  const shown: string[] = [];
  const visit = (axis: number, start: number, size: number, indent: string): string => {
    if (axis === t.shape.length) {
      shown.push(formatNumber(t, start));
      return `\u0000${shown.length - 1}\u0000`;
    }
    const n = t.shape[axis];
    const step = n === 0 ? 0 : size / n;
    const parts: string[] = [];
    for (let i = 0; i < n; i++) {
      if (summarise && n > 2 * edge && i === edge) {
        parts.push("...");
        i = n - edge;
      }
      parts.push(visit(axis + 1, start + i * step, step, `${indent} `));
    }
    return `[${parts.join(axis === t.shape.length - 1 ? ", " : `,\n${indent} `)}]`;
  };
  const body = visit(0, 0, t.data.length, "       ");
  const width = t.shape.length === 0 ? 0 : shown.reduce((widest, s) => Math.max(widest, s.length), 0);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: NUL marks the places of the numbers until their common width is known
  const aligned = body.replace(/\u0000(\d+)\u0000/g, (_, i) => shown[Number(i)].padStart(width));
  return `tensor(${aligned}, shape ${formatShape(t.shape)}, ${t.dtype}${t.requiresGrad ? ", requiresGrad" : ""})`;
}

function formatNumber(t: Printable, i: number): string {
  const value = t.data[i];
  if (t.dtype === "bool") return value ? "true" : "false";
  if (!isFloat(t.dtype) || !Number.isFinite(value)) return String(value);
  const magnitude = Math.abs(value);
  if (magnitude !== 0 && (magnitude < 1e-4 || magnitude >= 1e6)) return value.toExponential(4);
  return String(Number(value.toFixed(4)));
}
