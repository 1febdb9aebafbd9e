import { type Entry, lossOf } from "../registry/entry.ts";
import type { Input, Sizes } from "../registry/inputs.ts";
import { arange, grad, type Tensor, tensor, where } from "../src/index.ts";
import { coloursOf, draw, palette } from "../src/report/plot.ts";

// Pictures of a loss: curves of its value and its gradient along one number, or, of losses over embeddings, the plane
// in which one point moves.

export interface Picture {
  svg: string;
  caption: string;
}

/** A scalar function of a scalar tensor, with the name of its line. */
type Lines = Readonly<Record<string, (x: Tensor) => Tensor>>;

const steps = 96;

/** The pictures that suit the entry. */
export async function picturesOf(name: string, entry: Entry): Promise<Picture[]> {
  if (entry.curves !== undefined) {
    const { along, from, to, lines } = entry.curves;
    return curvesOf(name, along, from, to, lines);
  }
  const moved = Object.values(entry.inputs).findIndex((input) => input.differentiable);
  const input = Object.values(entry.inputs)[moved];
  if (Object.values(entry.inputs).some(isPlane)) return fieldsOf(name, entry);
  const [from, to] = ranges[input.kind] ?? [-6, 6];
  const argument = Object.keys(entry.inputs)[moved];
  const along =
    input.kind === "boxes"
      ? `distance by which the first of ${argument} is moved aside`
      : `first element of ${argument}`;
  return curvesOf(name, along, from, to, usualLines(name, entry, moved, input));
}

/** Where the first element of an argument moves, by kind; [-6, 6] of others. */
const ranges: Readonly<Record<string, readonly [number, number]>> = {
  probabilities: [0.002, 0.998],
  distribution: [0.002, 0.998],
  logDistribution: [-6, -0.01],
  positives: [0.05, 6],
  distances: [0, 3],
  boxes: [-3, 3],
};

/** A line for each value of two-valued targets, or for the defaults and some variants. */
function usualLines(name: string, entry: Entry, moved: number, input: Input): Lines {
  const names = Object.keys(entry.inputs);
  const values = Object.values(entry.inputs).map((each) => each.ordinary(smallest(entry)));
  const call = (options: object, given: readonly Tensor[]) => (x: Tensor) => {
    const value = lossOf(name)(...given.with(moved, replaced(given[moved], x, input)), {
      ...entry.required,
      ...options,
    });
    return value.sum();
  };
  const target = Object.values(entry.inputs).findIndex(({ kind }) => kind === "binary" || kind === "signs");
  if (target >= 0) {
    const at = (v: number) => values.with(target, replaced(values[target], tensor(v, { dtype: "float64" })));
    const low = Object.values(entry.inputs)[target].kind === "signs" ? -1 : 0;
    return Object.fromEntries([1, low].map((v) => [`${names[target]} ${v}`, call({}, at(v))]));
  }
  const others = (entry.variants ?? []).filter((options) => !("reduction" in options)).slice(0, 3);
  return Object.fromEntries([{}, ...others].map((options) => [labelOf(options), call(options, values)]));
}

/** How many characters of the name of a line there is room for. */
const longestLabel = 58;

function labelOf(options: object): string {
  const words = Object.entries(options).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  const label = words.join(", ") || "defaults";
  return label.length > longestLabel ? `${label.slice(0, longestLabel - 2)}..` : label;
}

/** One sample, or as few as the loss takes. */
const smallest = (entry: Entry): Sizes => ({ ...entry.sizes, n: entry.least?.n ?? 1 });

/** t with x in place of its first element; a box moves as a whole, sideways. */
function replaced(t: Tensor, x: Tensor, input?: Input): Tensor {
  const first = arange(t.size).eq(0).reshape(t.shape);
  if (input?.kind === "boxes") {
    const horizontal = arange(t.size).eq(0).logicalOr(arange(t.size).eq(2)).reshape(t.shape);
    return where(horizontal, t.add(x), t);
  }
  return where(first, x, t);
}

async function curvesOf(name: string, along: string, from: number, to: number, lines: Lines): Promise<Picture[]> {
  const drawn = distinct(
    Object.entries(lines).map(([line, fn]) =>
      Array.from({ length: steps + 1 }, (_, i) => {
        const x = from + ((to - from) * i) / steps;
        const leaf = tensor(x, { dtype: "float64", requiresGrad: true });
        const value = fn(leaf);
        const slope = value.requiresGrad ? grad(value, [leaf], { allowUnused: true })[0].item() : 0;
        return { line, x, value: value.item(), slope };
      }),
    ),
  );
  const rows = drawn.flat().filter(({ value, slope }) => Number.isFinite(value) && Number.isFinite(slope));
  const colours = coloursOf(drawn.map(([{ line }]) => line));
  const legend = drawn.length > 1 ? colours : {};
  const panel = (key: "value" | "slope", label: string) =>
    draw(
      `${label} of ${name} along ${along}`,
      (Plot) => ({
        x: { label: along },
        y: { label, grid: true, ticks: 5 },
        marks: [
          Plot.ruleY([0], { stroke: "currentColor", strokeOpacity: 0.3 }),
          Plot.lineY(rows, { x: "x", y: key, z: "line", stroke: ({ line }) => colours[line], strokeWidth: 2 }),
        ],
        color: { type: "identity" },
      }),
      legend,
    );
  return [
    { svg: await panel("value", "loss"), caption: `The loss along the ${along}.` },
    { svg: await panel("slope", "gradient"), caption: `Its gradient along the ${along}, from the tape.` },
  ];
}

interface Spot {
  line: string;
  x: number;
  value: number;
  slope: number;
}

/** The lines without those that lie on an earlier one. */
function distinct(lines: readonly Spot[][]): Spot[][] {
  const near = (a: number, b: number) => Math.abs(a - b) <= 1e-6 * (1 + Math.abs(a)) || Object.is(a, b);
  const same = (a: Spot[], b: Spot[]) =>
    a.every(({ value, slope }, i) => near(value, b[i].value) && near(slope, b[i].slope));
  return lines.filter((line, i) => !lines.slice(0, i).some((earlier) => same(earlier, line)));
}

const side = 15;
const reach = 2.6;

/**
 * Points of a plane, unless options that must be given fix how long embeddings are: then their first two coordinates.
 */
const planar = ({ sizes, required }: Entry): Sizes => (required === undefined ? { ...sizes, d: 2 } : { ...sizes });

/** Two planes: in each one point moves, and arrows show where gradient descent takes it. */
async function fieldsOf(name: string, entry: Entry): Promise<Picture[]> {
  const inputs = Object.entries(entry.inputs);
  const planes = inputs.flatMap(([argument, input], i) => (isPlane(input) ? [{ argument, i }] : []));
  const first = { ...planes[0], row: 0 };
  const second = planes.length > 1 ? { ...planes[1], row: 0 } : { ...planes[0], row: 1 };
  return Promise.all([first, second].map(({ argument, i, row }) => fieldOf(name, entry, argument, i, row)));
}

const isPlane = ({ kind, differentiable, form }: Input): boolean =>
  kind === "embeddings" && differentiable && form.at(-1) === "d";

async function fieldOf(name: string, entry: Entry, argument: string, moved: number, row: number): Promise<Picture> {
  const values = Object.values(entry.inputs).map((input) => input.ordinary(planar(entry)));
  const at = (x: number, y: number) => {
    const point = tensor([x, y], { dtype: "float64", requiresGrad: true });
    const value = lossOf(name)(...values.with(moved, withPoint(values[moved], row, point)), {
      ...entry.required,
    }).sum();
    const [gx, gy] = value.requiresGrad ? grad(value, [point], { allowUnused: true })[0].data : [0, 0];
    return { x, y, value: value.item(), gx, gy };
  };
  const step = (2 * reach) / (side - 1);
  const grid = Array.from({ length: side * side }, (_, k) =>
    at(-reach + step * (k % side), -reach + step * Math.floor(k / side)),
  ).filter(({ value, gx, gy }) => [value, gx, gy].every(Number.isFinite));
  // Lengths are relative to the ninth tenth: near a zero vector a gradient may be a million times the others.
  const sizes = grid.map(({ gx, gy }) => Math.hypot(gx, gy)).sort((a, b) => a - b);
  const usual = sizes[Math.floor(0.9 * sizes.length)] || 1;
  const arrows = grid.map(({ x, y, gx, gy }) => ({
    x,
    y,
    length: 14 * Math.sqrt(Math.min(Math.hypot(gx, gy) / usual, 1.5)),
    rotate: (Math.atan2(-gx, -gy) * 180) / Math.PI,
  }));
  const still = others(entry, values, moved, row);
  const svg = await draw(`gradient field of ${name} for one of ${argument}`, (Plot) => ({
    width: 400,
    height: 400,
    x: { label: null, domain: [-reach - step / 2, reach + step / 2], ticks: 5 },
    y: { label: null, domain: [-reach - step / 2, reach + step / 2], ticks: 5 },
    color: { type: "linear", scheme: "purples", legend: false },
    length: { type: "identity" },
    marks: [
      Plot.rect(grid, {
        x1: ({ x }) => x - step / 2,
        x2: ({ x }) => x + step / 2,
        y1: ({ y }) => y - step / 2,
        y2: ({ y }) => y + step / 2,
        fill: "value",
        fillOpacity: 0.55,
        shapeRendering: "crispEdges",
      }),
      Plot.vector(arrows, {
        x: "x",
        y: "y",
        length: "length",
        rotate: "rotate",
        stroke: "currentColor",
        strokeWidth: 1.1,
      }),
      Plot.dot(still, { x: "x", y: "y", r: 6, fill: (p: Still) => p.colour, stroke: "white" }),
      Plot.text(still, { x: "x", y: "y", text: "text", dy: -13, fontWeight: "bold", fill: "currentColor" }),
    ],
  }));
  const label = labelAt(entry, values, row);
  const which = `${row === 0 ? "first" : "second"} of ${argument}${label === "" ? "" : ` (label ${label})`}`;
  return {
    svg,
    caption: `The loss (darker is larger) as the ${which} moves through the plane, and where descent takes it; the dots stay.`,
  };
}

interface Still {
  x: number;
  y: number;
  text: string;
  colour: string;
}

/** The points that do not move, coloured by their label, or by the argument that they belong to. */
function others(entry: Entry, values: readonly Tensor[], moved: number, row: number): Still[] {
  return Object.entries(entry.inputs).flatMap(([argument, input], i) => {
    if (input.kind !== "embeddings" || input.form.at(-1) !== "d") return [];
    const { data, size, shape } = values[i];
    const d = shape.at(-1)!;
    return Array.from({ length: size / d }, (_, k) => ({ k, x: data[d * k], y: data[d * k + 1] }))
      .filter(({ k, x, y }) => !(i === moved && k === row) && Math.max(Math.abs(x), Math.abs(y)) <= reach)
      .map(({ k, x, y }) => {
        const label = labelAt(entry, values, k);
        const colour = label === "" ? i : Number(label);
        return {
          x,
          y,
          text: label === "" ? `${argument[0]}${k + 1}` : label,
          colour: palette[Math.abs(colour) % palette.length],
        };
      });
  });
}

/** The label of a row, where the entry has labels for rows. */
function labelAt({ inputs }: Entry, values: readonly Tensor[], row: number): string {
  const labels = Object.values(inputs).findIndex(({ kind, form }) => /groups|labels/.test(kind) && form.length === 1);
  return labels < 0 ? "" : String(values[labels].data[row]);
}

/** t [.., d] with `point` in place of the first two coordinates of one row. */
function withPoint(t: Tensor, row: number, point: Tensor): Tensor {
  const index = arange(t.size).reshape(t.shape);
  const at = row * t.shape.at(-1)!;
  const [x, y] = point.split(1);
  return where(index.eq(at), x, where(index.eq(at + 1), y, t));
}
