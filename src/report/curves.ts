import { ValueError } from "../tensor/errors.ts";
import { expectInteger, resolve } from "../tensor/options.ts";
import { coloursOf, draw } from "./plot.ts";

/** Numbers by position: an array, a typed array, `tensor.data`. */
export type Numbers = ArrayLike<number>;

export interface CurvesOptions {
  /** What the horizontal axis counts. Default "epoch". */
  x?: string;
  /** What the vertical axis measures. Default "". */
  y?: string;
  /** Start the vertical axis at 0. Default false. */
  fromZero?: boolean;
}

/** One line for each series, whose i-th value belongs to epoch i + 1. */
export async function curves(series: Readonly<Record<string, Numbers>>, options: CurvesOptions = {}): Promise<string> {
  const { x, y, fromZero } = resolve("curves", options, { x: "epoch", y: "", fromZero: false });
  const names = Object.keys(series);
  if (names.length === 0) throw new ValueError("curves", "needs at least one series, got {}");
  const points = names.flatMap((name) => Array.from(series[name], (value, i) => ({ name, x: i + 1, y: value })));
  const length = Math.max(...names.map((name) => series[name].length));
  const colours = coloursOf(names);
  return draw(
    `${y} by ${x}: ${names.join(", ")}`,
    (Plot) => ({
      x: { label: x, tickFormat: "d", ticks: length <= 10 ? Array.from({ length }, (_, i) => i + 1) : 8 },
      y: { label: y, grid: true, ticks: 5, zero: fromZero },
      marks: [
        Plot.lineY(points, { x: "x", y: "y", stroke: ({ name }) => colours[name], z: "name", strokeWidth: 2 }),
        ...(length === 1 ? [Plot.dot(points, { x: "x", y: "y", fill: (p) => colours[p.name] })] : []),
      ],
      color: { type: "identity" },
    }),
    names.length > 1 ? colours : {},
  );
}

export interface HistogramOptions {
  /** What is counted along the axis. Default "". */
  x?: string;
  /** How many bars. Default 30. */
  bins?: number;
  /** A value to mark with a line, such as a decision threshold. */
  mark?: number;
}

/** The distributions of several groups over one axis, each as the share of its group, drawn over one another. */
export async function histogram(
  groups: Readonly<Record<string, Numbers>>,
  options: HistogramOptions = {},
): Promise<string> {
  const { x, bins, mark } = resolve("histogram", options, {
    x: "",
    bins: 30,
    mark: undefined as number | undefined,
  });
  expectInteger("histogram", "bins", bins);
  const names = Object.keys(groups);
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const name of names) {
    for (const value of Array.from(groups[name])) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  if (!(low <= high)) throw new ValueError("histogram", "needs at least one number in its groups");
  const width = (high - low) / bins || 1;
  const bars = names.flatMap((name) => {
    const counts = new Array<number>(bins).fill(0);
    for (const value of Array.from(groups[name])) counts[Math.min(bins - 1, Math.floor((value - low) / width))]++;
    return counts.map((count, i) => ({
      name,
      left: low + i * width,
      right: low + (i + 1) * width,
      share: count / groups[name].length,
    }));
  });
  const colours = coloursOf(names);
  return draw(
    `histogram of ${x}: ${names.join(", ")}`,
    (Plot) => ({
      x: { label: x },
      y: { label: "share of the group", grid: true, ticks: 5, tickFormat: "%" },
      color: { type: "identity" },
      marks: [
        Plot.rect(bars, {
          x1: "left",
          x2: "right",
          y1: () => 0,
          y2: "share",
          fill: ({ name }) => colours[name],
          fillOpacity: 0.5,
          inset: 0.5,
        }),
        Plot.ruleY([0]),
        ...(mark === undefined ? [] : [Plot.ruleX([mark], { strokeDasharray: "4,3" })]),
      ],
    }),
    colours,
  );
}

export interface BarsOptions {
  /** What the bars measure. Default "". */
  x?: string;
  /** A second value for each bar, drawn as a tick: a baseline. */
  baseline?: Readonly<Record<string, number>>;
  /** What the ticks are, for the legend. Default "baseline". */
  baselineName?: string;
  /** What the bars are, for the legend. Default "model". */
  name?: string;
}

/** A horizontal bar with its value for each name. */
export async function bars(values: Readonly<Record<string, number>>, options: BarsOptions = {}): Promise<string> {
  const { x, baseline, baselineName, name } = resolve("bars", options, {
    x: "",
    baseline: undefined as BarsOptions["baseline"],
    baselineName: "baseline",
    name: "model",
  });
  const entries = Object.entries(values).map(([label, value]) => ({ label, value }));
  if (entries.length === 0) throw new ValueError("bars", "needs at least one value, got {}");
  const ticks = Object.entries(baseline ?? {}).map(([label, value]) => ({ label, value }));
  const colours = coloursOf([name, baselineName]);
  return draw(
    `${x}: ${entries.map((e) => `${e.label} ${e.value.toFixed(3)}`).join(", ")}`,
    (Plot) => ({
      height: 72 + 24 * entries.length,
      marginLeft: 24 + 7 * Math.max(...entries.map(({ label }) => label.length)),
      marginRight: 52,
      x: { label: x, grid: true, ticks: 5, zero: true },
      y: { label: null, domain: entries.map(({ label }) => label) },
      marks: [
        Plot.barX(entries, {
          y: "label",
          x: "value",
          fill: colours[name],
          fillOpacity: 0.75,
          insetTop: 2,
          insetBottom: 2,
        }),
        Plot.text(entries, { y: "label", x: "value", text: (e) => e.value.toFixed(3), dx: 6, textAnchor: "start" }),
        Plot.tickX(ticks, { y: "label", x: "value", stroke: colours[baselineName], strokeWidth: 3 }),
        Plot.ruleX([0]),
      ],
    }),
    ticks.length > 0 ? colours : {},
  );
}
