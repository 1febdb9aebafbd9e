import { AutogradError, ValueError } from "../tensor/errors.ts";
import { formatShape } from "../tensor/shape.ts";
import { type TapeRecord, Tensor } from "../tensor/tensor.ts";
import { collectRecords, reachable } from "./primitive.ts";

/**
 * What ran, as data: a list of records, oldest first, to print, to draw, or to walk with a loop.
 *
 * A tensor is named %n when record n made it, and by a letter when it comes from outside: a leaf.
 */
export class Tape {
  readonly records: readonly TapeRecord[];
  readonly #names = new Map<Tensor, string>();
  readonly #leaves: Tensor[] = [];

  constructor(records: readonly TapeRecord[]) {
    this.records = records;
    for (const [i, { output }] of records.entries()) this.#names.set(output, `%${i}`);
    for (const { inputs } of records) {
      for (const input of inputs) {
        if (this.#names.has(input)) continue;
        this.#names.set(input, letters(this.#leaves.length));
        this.#leaves.push(input);
      }
    }
  }

  /** The tensors that come from outside, in the order of their first use. */
  get leaves(): readonly Tensor[] {
    return this.#leaves;
  }

  /** How `toString` and the drawings name a tensor of this tape. */
  nameOf(t: Tensor): string {
    return this.#names.get(t) ?? "?";
  }

  /** One line for each leaf, then one for each operation: `%2 = mul(%0, b) : float32[3]`. */
  toString(): string {
    const leaves = this.#leaves.map(
      (leaf) => `${this.nameOf(leaf)} : ${typeOf(leaf)}${valueOf(leaf)}${leaf.requiresGrad ? ", requires grad" : ""}`,
    );
    return [...leaves, ...this.lines()].join("\n");
  }

  /** One line for each operation. */
  lines(): string[] {
    return this.records.map(({ primitive, inputs, attributes, output }) => {
      const args = [...inputs.map((input) => this.nameOf(input)), ...attributeList(attributes)];
      return `${this.nameOf(output)} = ${primitive.name}(${args.join(", ")}) : ${typeOf(output)}`;
    });
  }

  /** What Node's `console.log` shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  /**
   * The tape in Graphviz's language: boxes are operations, ellipses leaves (shaded when they require gradients), and
   * frames hold the operations of each group.
   */
  toDot(groups: readonly (readonly TapeRecord[])[] = []): string {
    const quote = (text: string) => `"${text.replaceAll('"', '\\"')}"`;
    const lines = this.#leaves.map((leaf) => {
      const style = leaf.requiresGrad ? ', style=filled, fillcolor="#cfe8ff"' : ', style=filled, fillcolor="#f2f2f2"';
      return `  ${quote(this.nameOf(leaf))} [shape=ellipse${style}, label="${this.nameOf(leaf)}${valueOf(leaf)}\\n${typeOf(leaf)}"];`;
    });
    for (const { primitive, inputs, attributes, output } of this.records) {
      const name = this.nameOf(output);
      const detail = attributeList(attributes).join(", ").slice(0, 60).replaceAll('"', "'");
      lines.push(
        `  ${quote(name)} [shape=box, style=rounded, label="${primitive.name}${detail && `\\n${detail}`}\\n${typeOf(output)}"];`,
      );
      for (const input of inputs) lines.push(`  ${quote(this.nameOf(input))} -> ${quote(name)};`);
    }
    groups.forEach((records, i) => {
      const members = records.map(({ output }) => `${quote(this.nameOf(output))};`).join(" ");
      lines.push(
        `  subgraph cluster_${i} { style="rounded,filled"; color="#bbbbbb"; fillcolor="#f7f3e8"; ${members} }`,
      );
    });
    const look = '  node [fontname="Helvetica", fontsize=11];\n  edge [color="#888888", arrowsize=0.7];';
    return `digraph tape {\n${look}\n${lines.join("\n")}\n}\n`;
  }

  /** The drawing as SVG, laid out by Graphviz. Needs the optional peer dependency @viz-js/viz. */
  async toSvg(groups: readonly (readonly TapeRecord[])[] = []): Promise<string> {
    const { instance } = await import("@viz-js/viz").catch(() => {
      throw new ValueError(
        "toSvg",
        'the layout needs the package "@viz-js/viz": npm install @viz-js/viz; toDot() works without',
      );
    });
    const svg = (await instance()).renderString(this.toDot(groups), { format: "svg" });
    return svg.slice(svg.indexOf("<svg"));
  }
}

/**
 * The tape of a computation: all that `output` depends on (while its graph exists, so before `backward`), or all that
 * a function runs, its backward passes included.
 */
export function trace(source: Tensor | (() => unknown)): Tape {
  if (typeof source === "function") return new Tape(collectRecords(source));
  if (!(source instanceof Tensor)) throw new ValueError("trace", `takes a tensor or a function, got ${String(source)}`);
  if (source.record === null) {
    throw new AutogradError(
      "trace",
      "nothing was recorded for this tensor: it is a leaf, or none of its inputs requires gradients; pass a function to trace all it runs",
    );
  }
  return new Tape(reachable("trace", [source]).reverse());
}

/** a, b, ..., z, a1, b1, ... */
const letters = (i: number): string => String.fromCharCode(97 + (i % 26)) + (i < 26 ? "" : Math.floor(i / 26));

const typeOf = ({ dtype, shape }: Tensor): string => `${dtype}${formatShape(shape)}`;

const valueOf = (leaf: Tensor): string =>
  leaf.ndim === 0 && leaf.storage.array !== null ? ` = ${Number(leaf.item().toPrecision(6))}` : "";

const attributeList = (attributes: TapeRecord["attributes"]): string[] =>
  Object.entries(attributes).map(
    ([name, value]) => `${name}: ${typeof value === "number" ? value : JSON.stringify(value)}`,
  );
