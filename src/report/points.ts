import { ShapeError } from "../tensor/errors.ts";
import { resolve } from "../tensor/options.ts";
import { formatShape } from "../tensor/shape.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Numbers } from "./curves.ts";
import { coloursOf, draw, palette } from "./plot.ts";

export interface PointsOptions {
  /** What each class is called. Default "0", "1", .... */
  names?: readonly string[];
}

/** Points in the plane [n, 2] coloured by class. */
export async function scatter(points: Tensor, labels: Numbers, options: PointsOptions = {}): Promise<string> {
  const { names, colours } = classes("scatter", points, 2, labels, options);
  const dots = Array.from(labels, (label, i) => ({
    x: points.data[2 * i],
    y: points.data[2 * i + 1],
    colour: colours[names[label]],
  }));
  return draw(
    `scatter of ${labels.length} points in ${names.length} classes`,
    (Plot) => ({
      width: 420,
      height: 420,
      margin: 12,
      x: { axis: null },
      y: { axis: null },
      color: { type: "identity" },
      marks: [
        Plot.frame({ strokeOpacity: 0.15 }),
        Plot.dot(dots, { x: "x", y: "y", r: 2.5, fill: "colour", fillOpacity: 0.7 }),
      ],
    }),
    colours,
  );
}

/**
 * Points on a sphere, [n, 3] and scaled to unit length here, seen from the front and a little above; what lies behind
 * is faint. `arrows` [k, 3], one for each class, are drawn from the middle: the class centres of ArcFace.
 */
export async function sphere(
  points: Tensor,
  labels: Numbers,
  options: PointsOptions & { arrows?: Tensor } = {},
): Promise<string> {
  const { arrows, ...rest } = options;
  const { names, colours } = classes("sphere", points, 3, labels, rest);
  const dots = Array.from(labels, (label, i) => ({ ...project(points.data, i), colour: colours[names[label]] }));
  const spokes = arrows
    ? Array.from({ length: arrows.shape[0] }, (_, i) => ({ ...project(arrows.data, i), colour: colours[names[i]] }))
    : [];
  const circle = (at: (angle: number) => number[]) =>
    Array.from({ length: 73 }, (_, i) => project(at((i / 36) * Math.PI), 0));
  const outline = Array.from({ length: 73 }, (_, i) => ({
    x: Math.cos((i / 36) * Math.PI),
    y: Math.sin((i / 36) * Math.PI),
  }));
  const meridians = [
    circle((a) => [Math.cos(a), Math.sin(a), 0]),
    circle((a) => [Math.cos(a), 0, Math.sin(a)]),
    circle((a) => [0, Math.cos(a), Math.sin(a)]),
  ];
  dots.sort((a, b) => a.depth - b.depth);
  return draw(
    `${labels.length} points of ${names.length} classes on a sphere`,
    (Plot) => ({
      width: 420,
      height: 420,
      margin: 12,
      x: { axis: null, domain: [-1.05, 1.05] },
      y: { axis: null, domain: [-1.05, 1.05] },
      color: { type: "identity" },
      opacity: { type: "identity" },
      marks: [
        Plot.line(outline, { x: "x", y: "y", strokeOpacity: 0.4 }),
        ...meridians.map((line) => Plot.line(line, { x: "x", y: "y", strokeOpacity: 0.15 })),
        Plot.dot(dots, { x: "x", y: "y", r: 2.2, fill: "colour", fillOpacity: ({ depth }) => 0.5 + 0.4 * depth }),
        Plot.link(spokes, { x1: 0, y1: 0, x2: "x", y2: "y", stroke: "colour", strokeWidth: 2 }),
        Plot.dot(spokes, { x: "x", y: "y", r: 5, fill: "colour", stroke: "white", strokeWidth: 1.5 }),
      ],
    }),
    colours,
  );
}

/** Point i of rows of three, at unit length, on the page; depth 1 is nearest to the reader. */
function project(data: Numbers, i: number): { x: number; y: number; depth: number } {
  const [a, b, c] = [data[3 * i], data[3 * i + 1], data[3 * i + 2]];
  const length = Math.hypot(a, b, c) || 1;
  const [turn, tilt] = [0.6, 0.4];
  const right = (Math.cos(turn) * a + Math.sin(turn) * b) / length;
  const away = (-Math.sin(turn) * a + Math.cos(turn) * b) / length;
  const up = c / length;
  return {
    x: right,
    y: Math.cos(tilt) * up + Math.sin(tilt) * away,
    depth: Math.sin(tilt) * up - Math.cos(tilt) * away,
  };
}

/** Residuals (prediction - target) against predictions: a good model leaves a level band without a pattern. */
export async function residuals(
  predictions: Numbers,
  targets: Numbers,
  options: { x?: string; y?: string } = {},
): Promise<string> {
  const { x, y } = resolve("residuals", options, { x: "prediction", y: "prediction - target" });
  if (predictions.length !== targets.length) {
    throw new ShapeError(
      "residuals",
      `needs a target for each prediction, got ${predictions.length} predictions and ${targets.length} targets`,
    );
  }
  const dots = Array.from(predictions, (p, i) => ({ x: p, y: p - targets[i] }));
  return draw(`residuals of ${dots.length} predictions`, (Plot) => ({
    x: { label: x },
    y: { label: y, grid: true, ticks: 6 },
    marks: [
      Plot.ruleY([0], { strokeDasharray: "3,4" }),
      Plot.dot(dots, { x: "x", y: "y", r: 3, fill: palette[0], fillOpacity: 0.6 }),
    ],
  }));
}

function classes(where: string, points: Tensor, columns: number, labels: Numbers, options: PointsOptions) {
  if (points.ndim !== 2 || points.shape[1] !== columns || points.shape[0] !== labels.length) {
    throw new ShapeError(
      where,
      `points must be [${labels.length}, ${columns}], a row for each label, got ${formatShape(points.shape)}`,
    );
  }
  const count = Array.from(labels).reduce((most, label) => Math.max(most, label + 1), 0);
  const { names } = resolve(where, options, {
    names: Array.from({ length: count }, (_, i) => String(i)) as readonly string[],
  });
  if (names.length < count) throw new ShapeError(where, `names has ${names.length} entries for ${count} classes`);
  return { names, colours: coloursOf(names) };
}
