import { noGrad } from "../autograd/primitive.ts";
import { zeros } from "../tensor/creation.ts";
import { formatShape, type Shape } from "../tensor/shape.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Module } from "./module.ts";

/** The table of `Module.summary`. */
export function summarize(model: Module<unknown>, input?: Shape | Tensor): string {
  const modules = model.namedModules();
  const shapes = input === undefined ? new Map<Module<unknown>, string>() : outputShapes(model, input);
  const counts = new Map<Module<unknown>, number>();
  for (const [name, { size }] of model.namedParameters()) {
    // Outer modules come first, so the last one whose path leads to the parameter holds it.
    const [, owner] = modules.findLast(([path]) => path === "" || name.startsWith(`${path}.`))!;
    counts.set(owner, (counts.get(owner) ?? 0) + size);
  }
  const rows = modules.map(([path, module]) => [
    path === "" ? module.constructor.name : `  ${path} (${module.constructor.name})`,
    shapes.get(module) ?? "",
    grouped(counts.get(module) ?? 0),
  ]);
  const table = [["layer", "output shape", "parameters"], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column].length)));
  const lines = table.map(([layer, shape, count]) =>
    [layer.padEnd(widths[0]), shape.padEnd(widths[1]), count.padStart(widths[2])].join("  "),
  );
  const rule = "-".repeat(lines[0].length);
  return [lines[0], rule, ...lines.slice(1), rule, totals(model)].join("\n");
}

const grouped = (n: number): string => n.toLocaleString("en-US");
const sizeOfAll = (tensors: readonly Tensor[]): number => tensors.reduce((n, t) => n + t.size, 0);

function totals(model: Module<unknown>): string {
  const buffers = new Set(model.namedBuffers().map(([, buffer]) => buffer));
  const inBuffers = buffers.size === 0 ? "" : `, ${grouped(sizeOfAll([...buffers]))} numbers in buffers`;
  return `${grouped(sizeOfAll(model.parameters()))} parameters${inBuffers}`;
}

/** Runs the model once and notes what every module's `forward` returned. */
function outputShapes(model: Module<unknown>, input: Shape | Tensor): Map<Module<unknown>, string> {
  const shapes = new Map<Module<unknown>, string>();
  const modules = model.namedModules().map(([, module]) => module);
  const before = modules.map((module) => ({
    training: module.training,
    forward: module.forward,
    own: Object.getOwnPropertyDescriptor(module, "forward"),
  }));
  modules.forEach((module, i) => {
    // An own field shadows the method of the class, so that calls from inside the model are seen too.
    const value = (...inputs: unknown[]) => {
      const output = before[i].forward.apply(module, inputs);
      shapes.set(module, describe(output));
      return output;
    };
    Object.defineProperty(module, "forward", { value, configurable: true });
  });
  try {
    model.eval();
    noGrad(() => model.forward(input instanceof Tensor ? input : zeros(input)));
  } finally {
    modules.forEach((module, i) => {
      const { own, training } = before[i];
      delete (module as Partial<Module<unknown>>).forward;
      if (own !== undefined) Object.defineProperty(module, "forward", own);
      module.training = training;
    });
  }
  return shapes;
}

function describe(output: unknown): string {
  if (output instanceof Tensor) return formatShape(output.shape);
  return Array.isArray(output) ? output.map(describe).join(", ") : "";
}
