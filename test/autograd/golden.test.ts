import { describe, expect, it } from "vitest";
import * as special from "../../src/autograd/special.ts";
import * as tg from "../../src/index.ts";
import { grad, type Tensor, tensor } from "../../src/index.ts";
import { loadGolden } from "../golden/load.ts";

interface Values {
  shape: number[];
  data: number[];
  dtype?: "int32";
}

interface Case {
  name: string;
  args: unknown[];
  dtype: "float32" | "float64";
  inputs: Values[];
  output: Values;
  gradients?: (Values | null)[];
}

const operations = { ...tg, ...tg.functional } as unknown as Record<string, (...args: unknown[]) => Tensor>;

/** The arguments of a case: "$k" anywhere in them stands for input k. */
function filled(arg: unknown, inputs: readonly Tensor[]): unknown {
  if (typeof arg === "string" && arg.startsWith("$")) return inputs[Number(arg.slice(1))];
  if (Array.isArray(arg)) return arg.map((part) => filled(part, inputs));
  if (typeof arg === "object" && arg !== null) {
    return Object.fromEntries(Object.entries(arg).map(([name, value]) => [name, filled(value, inputs)]));
  }
  return arg ?? undefined;
}

/** Where an element differs by more than rounding, in words; "" when none does. */
function difference(actual: Tensor, expected: Values, rtol: number, atol: number): string {
  if (actual.shape.join() !== expected.shape.join()) return `shape [${actual.shape}] instead of [${expected.shape}]`;
  const wrong: string[] = [];
  expected.data.forEach((e, i) => {
    const a = actual.data[i];
    const near = Object.is(a, e) || a === e || Math.abs(a - e) <= atol + rtol * Math.abs(e);
    if (!near) wrong.push(`[${i}] is ${a} instead of ${e}`);
  });
  return wrong.join(", ");
}

const families = ["elementwise", "shapes", "images"].flatMap((family) => loadGolden<Case[]>(`core-${family}`));
const titled = families.map((golden) => ({
  ...golden,
  title: `${golden.name}(${golden.args.map((arg) => JSON.stringify(arg) ?? "undefined").join(", ")}) of ${golden.inputs.map(({ shape }) => `[${shape}]`).join(" and ")} in ${golden.dtype}`,
}));

describe.each([...new Set(titled.map(({ name }) => name))])("%s", (name) => {
  it.each(titled.filter((golden) => golden.name === name))("$title is as in PyTorch", (golden) => {
    const { args, dtype, output, gradients } = golden;
    const inputs = golden.inputs.map(({ data, shape, dtype: whole }) =>
      tensor(data, { shape, dtype: whole ?? dtype, requiresGrad: !whole && gradients !== undefined }),
    );
    const result = operations[name](...(filled(args, inputs) as unknown[]));
    const [rtol, atol] = dtype === "float32" ? [3e-6, 1e-6] : [1e-12, 1e-15];
    const differences = [`value: ${difference(result, output, rtol, atol)}`];
    if (gradients !== undefined) {
      const w = tensor(
        output.data.map((_, i) => 1 + Math.sin(i) / 2),
        { shape: output.shape, dtype },
      );
      const leaves = inputs.filter((x) => x.requiresGrad);
      const found = grad(result, leaves, { gradOutput: w, allowUnused: true });
      const expected = gradients.filter((g) => g !== null);
      found.forEach((g, i) => {
        differences.push(`gradient ${i}: ${difference(g, expected[i], rtol, atol)}`);
      });
    }
    const wrong = differences.filter((d) => !d.endsWith(": ")).join("; ");
    expect(wrong, wrong).toBe("");
  });
});

describe("special functions", () => {
  const families = loadGolden<{ name: string; x: number[]; value: number[] }[]>("special");
  it.each(families)("$name agrees with 40 digits to 1e-12", ({ name, x, value }) => {
    const order = name.startsWith("polygamma") ? Number(name.slice(-1)) : 0;
    const fn =
      {
        erf: special.erf,
        erfc: special.erfc,
        lgamma: special.lgamma,
        digamma: (v: number) => special.polygamma(0, v),
      }[name] ?? ((v: number) => special.polygamma(order, v));
    const wrong = x.flatMap((v, i) => {
      const found = fn(v);
      return Object.is(found, value[i]) || Math.abs(found - value[i]) <= 1e-12 * Math.abs(value[i])
        ? []
        : [`${name}(${v}) is ${found} instead of ${value[i]}`];
    });
    expect(wrong, wrong.join("; ")).toEqual([]);
  });
});
