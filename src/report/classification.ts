import { binsOf } from "../metrics/calibration.ts";
import { rocCurve } from "../metrics/ranking.ts";
import { ShapeError, ValueError } from "../tensor/errors.ts";
import { resolve } from "../tensor/options.ts";
import type { Numbers } from "./curves.ts";
import { coloursOf, draw, palette } from "./plot.ts";

/** A classifier's scores (the higher, the more likely positive) and the 0/1 labels they belong to. */
export interface Scored {
  scores: Numbers;
  labels: Numbers;
}

export interface RocOptions {
  /** Marks what this threshold does to the first classifier: positive from this score on. */
  threshold?: number;
}

/** What a classifier by chance, or a calibrated one, has. */
const diagonal: [x: number, y: number][] = [
  [0, 0],
  [1, 1],
];

/** ROC curves: the share of positives found against the share of false alarms, over all thresholds. */
export async function roc(classifiers: Readonly<Record<string, Scored>>, options: RocOptions = {}): Promise<string> {
  const { threshold } = resolve("roc", options, { threshold: undefined as number | undefined });
  const names = Object.keys(classifiers);
  if (names.length === 0) throw new ValueError("roc", "needs at least one classifier, got {}");
  const points = names.flatMap((name) => rocPoints(classifiers[name]).map((point) => ({ name, ...point })));
  const chosen = threshold === undefined ? [] : [operatingPoint(classifiers[names[0]], threshold)];
  const colours = coloursOf(names);
  return draw(
    `ROC curve: ${names.join(", ")}`,
    (Plot) => ({
      width: 400,
      height: 360,
      x: { label: "false alarms (false positive rate)", domain: [0, 1], ticks: 5 },
      y: { label: "found (true positive rate)", domain: [0, 1], ticks: 5, grid: true },
      color: { type: "identity" },
      marks: [
        Plot.line(diagonal, { strokeOpacity: 0.4, strokeDasharray: "3,4" }),
        Plot.line(points, { x: "x", y: "y", z: "name", stroke: ({ name }) => colours[name], strokeWidth: 2 }),
        Plot.dot(chosen, { x: "x", y: "y", r: 5, fill: palette[0], stroke: "white", strokeWidth: 1.5 }),
      ],
    }),
    colours,
  );
}

function rocPoints({ scores, labels }: Scored): { x: number; y: number }[] {
  expectPaired("roc", scores, labels);
  const positives = Array.from(labels).filter((label) => label > 0).length;
  if (positives === 0 || positives === labels.length) {
    throw new ValueError(
      "roc",
      `labels must hold both 0 and 1, got ${positives} positives and ${labels.length - positives} negatives`,
    );
  }
  const { falsePositiveRate, truePositiveRate } = rocCurve(Array.from(scores), Array.from(labels));
  return falsePositiveRate.map((x, i) => ({ x, y: truePositiveRate[i] }));
}

function operatingPoint({ scores, labels }: Scored, threshold: number): { x: number; y: number } {
  const count = [0, 0];
  const passed = [0, 0];
  for (let i = 0; i < scores.length; i++) {
    const label = labels[i] > 0 ? 1 : 0;
    count[label]++;
    if (scores[i] >= threshold) passed[label]++;
  }
  return { x: passed[0] / count[0], y: passed[1] / count[1] };
}

export interface CalibrationOptions {
  /** Into how many equal ranges of probability the predictions are sorted. Default 10. */
  bins?: number;
}

/**
 * A reliability diagram: how often the event happened, against the probability it was given. Larger dots hold more.
 * Bins as `metrics.reliabilityBins`.
 */
export async function calibration(
  predictions: Readonly<Record<string, { probabilities: Numbers; labels: Numbers }>>,
  options: CalibrationOptions = {},
): Promise<string> {
  const { bins } = resolve("calibration", options, { bins: 10 });
  const names = Object.keys(predictions);
  const points = names.flatMap((name) => {
    const { probabilities, labels } = predictions[name];
    return binsOf("calibration", Array.from(probabilities), Array.from(labels), { bins })
      .filter(({ count }) => count > 0)
      .map(({ count, confidence, accuracy }) => ({ name, count, x: confidence, y: accuracy }));
  });
  const colours = coloursOf(names);
  return draw(
    `calibration: ${names.join(", ")}`,
    (Plot) => ({
      width: 400,
      height: 360,
      x: { label: "predicted probability", domain: [0, 1], ticks: 5 },
      y: { label: "observed share", domain: [0, 1], ticks: 5, grid: true },
      r: { range: [3, 12] },
      color: { type: "identity" },
      marks: [
        Plot.line(diagonal, { strokeOpacity: 0.4, strokeDasharray: "3,4" }),
        Plot.line(points, { x: "x", y: "y", z: "name", stroke: (p) => colours[p.name], strokeOpacity: 0.7 }),
        Plot.dot(points, { x: "x", y: "y", r: "count", fill: (p) => colours[p.name], fillOpacity: 0.75 }),
      ],
    }),
    colours,
  );
}

/** A confusion matrix with its counts: row = true class, column = predicted class; `names` default to 0, 1, .... */
export async function confusion(
  counts: readonly (readonly number[])[],
  options: { names?: readonly string[] } = {},
): Promise<string> {
  const { names } = resolve("confusion", options, { names: counts.map((_, i) => String(i)) as readonly string[] });
  if (names.length !== counts.length || counts.some((row) => row.length !== counts.length)) {
    throw new ShapeError("confusion", `needs a square matrix and a name for each of its ${counts.length} classes`);
  }
  const cells = counts.flatMap((row, i) => {
    const total = row.reduce((a, b) => a + b, 0) || 1;
    return row.map((count, j) => ({ truth: names[i], seen: names[j], count, share: count / total, right: i === j }));
  });
  const cell = Math.max(30, Math.min(64, 360 / counts.length));
  const side = cell * counts.length;
  const margin = 28 + 7 * Math.max(...names.map((name) => name.length));
  return draw(`confusion matrix of ${names.join(", ")}`, (Plot) => ({
    width: side + margin + 16,
    height: side + 60,
    marginTop: 16,
    marginLeft: margin,
    marginRight: 16,
    marginBottom: 44,
    x: { label: "predicted", domain: names, tickSize: 0 },
    y: { label: "true", domain: names, tickSize: 0 },
    color: { type: "identity" },
    marks: [
      Plot.cell(cells, {
        x: "seen",
        y: "truth",
        fill: ({ right }) => (right ? palette[0] : palette[1]),
        fillOpacity: ({ count, share, right }) =>
          count === 0 ? 0.03 : right ? 0.15 + 0.55 * share : 0.3 + 0.5 * share,
        inset: 1,
        rx: 3,
      }),
      Plot.text(cells, {
        x: "seen",
        y: "truth",
        text: ({ count }) => String(count),
        fillOpacity: ({ count }) => (count === 0 ? 0.25 : 1),
      }),
    ],
    opacity: { type: "identity" },
  }));
}

function expectPaired(where: string, values: Numbers, labels: Numbers): void {
  if (values.length !== labels.length || values.length === 0) {
    throw new ShapeError(
      where,
      `needs a label for each value, got ${values.length} values and ${labels.length} labels`,
    );
  }
}
