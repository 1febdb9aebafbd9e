import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Tensor, tensor } from "../src/index.ts";

// The golden values of losses: test/golden/losses-*.json, each written by the script of that name.

export interface GoldenCase {
  loss: string;
  /** Names among the inputs, in the order of the loss's arguments. */
  args: string[];
  /** { "$input": name } in place of an option, or inside one, is that input. */
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

const folder = "test/golden"; // from the repository's root, where npm runs everything

/** The content of a golden file, in which NaN and infinities are stored as strings. */
export const parseGolden = (text: string): never =>
  JSON.parse(text, (_, value) => (typeof value === "string" && value in special ? special[value] : value)) as never;

const special: Record<string, number> = {
  __proto__: null as never,
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
  "-0": -0,
};

/** Every golden file of losses, by its name. */
export const lossGoldens: Record<string, Golden> = Object.fromEntries(
  readdirSync(folder)
    .filter((file) => /^losses-.*\.json$/.test(file))
    .sort()
    .map((file) => [file.slice(0, -5), parseGolden(readFileSync(join(folder, file), "utf8"))]),
);

/** An input of a golden file; floats in the precision asked for. */
export function goldenInput(golden: Golden, name: string, float: "float32" | "float64", requiresGrad = false): Tensor {
  const { shape, dtype, data } = golden.inputs[name];
  return tensor(data, { shape, dtype: dtype === "int32" ? dtype : float, requiresGrad });
}

export interface Evidence {
  cases: number;
  /** Whether any of them holds gradients. */
  gradients: boolean;
}

/** The golden cases of a loss, by what they come from. */
export function evidenceOf(loss: string): Readonly<Record<string, Evidence>> {
  const found: Record<string, Evidence> = {};
  for (const { cases } of Object.values(lossGoldens)) {
    for (const c of cases.filter((each) => each.loss === loss)) {
      const sofar = found[c.reference] ?? { cases: 0, gradients: false };
      const held = "gradient" in c || Object.keys(c.gradients ?? {}).length > 0; // the older files have one `gradient`
      found[c.reference] = { cases: sofar.cases + 1, gradients: sofar.gradients || held };
    }
  }
  return found;
}
