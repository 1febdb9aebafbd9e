import { readdirSync } from "node:fs";
import { type Tensor, tensor } from "../../src/index.ts";
import { loadGolden } from "./load.ts";

// The golden values of losses: losses-*.json, each written by the script of that name.

export interface GoldenCase {
  loss: string;
  /** Names among the inputs, in the order of the loss's arguments. */
  args: string[];
  /** An option { "$input": name } is that input. */
  options: Record<string, unknown>;
  /** The library with its version, or "the formula". */
  reference: string;
  value: number | number[];
  /** By name of the input, flat; of the terms weighted 1/n, 2/n, ... where there are several. */
  gradients: Record<string, number[]>;
}

export interface Golden {
  inputs: Record<string, { shape: number[]; dtype: "float64" | "int32"; data: number[] }>;
  cases: GoldenCase[];
}

/** Every golden file of losses, by its name. */
export const lossGoldens: Record<string, Golden> = Object.fromEntries(
  readdirSync(import.meta.dirname)
    .filter((file) => /^losses-.*\.json$/.test(file))
    .sort()
    .map((file) => [file.slice(0, -5), loadGolden<Golden>(file.slice(0, -5))]),
);

/** An input of a golden file; floats in the precision asked for. */
export function goldenInput(golden: Golden, name: string, float: "float32" | "float64", requiresGrad = false): Tensor {
  const { shape, dtype, data } = golden.inputs[name];
  return tensor(data, { shape, dtype: dtype === "int32" ? dtype : float, requiresGrad });
}
