import type { PlotOptions } from "@observablehq/plot";
import { TapegradError } from "../tensor/errors.ts";

type Plot = typeof import("@observablehq/plot");

/** Colours that read on a light and on a dark page, in the order in which charts use them. */
export const palette: readonly string[] = [
  "#4269d0",
  "#e8590c",
  "#2f9e44",
  "#ae3ec9",
  "#d6980b",
  "#0c8599",
  "#e64980",
  "#868e96",
  "#9c6b4e",
  "#74b816",
];

/** Where a chart is wider than tall by default, in CSS pixels; a page shrinks it to fit. */
export const size = { width: 440, height: 300 };

let loading: Promise<{ plot: Plot; document: Document }> | undefined;

function load(): Promise<{ plot: Plot; document: Document }> {
  loading ??= Promise.all([import("@observablehq/plot"), import("linkedom")]).then(
    ([plot, { parseHTML }]) => ({ plot, document: parseHTML("<html><body></body></html>").document }),
    () => {
      loading = undefined;
      throw new TapegradError(
        "report",
        'charts are drawn by the packages "@observablehq/plot" and "linkedom": npm install @observablehq/plot linkedom',
      );
    },
  );
  return loading;
}

/**
 * A chart as the text of an SVG: `build` is given Observable Plot and returns what to plot.
 *
 * `legend` names colours in lines above the chart. The text takes the colour of the page around it (`currentColor`).
 * Throws when @observablehq/plot or linkedom, optional peers loaded on demand, are not installed.
 */
export async function draw(
  description: string,
  build: (plot: Plot) => PlotOptions,
  legend: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { plot, document } = await load();
  const entries = Object.entries(legend);
  const { style, ...options } = build(plot);
  const chart = plot.plot({
    ...size,
    ...(options.margin === undefined && { marginTop: 24, marginBottom: 40, marginLeft: 48 }),
    ...options,
    style: { background: "transparent", fontSize: "12px", ...(style as object) },
    ariaLabel: description,
    document,
  });
  return withLegend(standalone(chart.outerHTML), entries);
}

/** linkedom writes no namespace, and sixteen digits of every coordinate. */
const standalone = (svg: string): string =>
  svg
    .replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg" role="img"')
    .replace(/-?\d+\.\d{5,}/g, (digits) => String(Number(Number(digits).toFixed(2))));

/** The names of the colours in lines above the chart, for which the picture grows at the top. */
function withLegend(svg: string, entries: readonly (readonly [name: string, colour: string])[]): string {
  const box = svg.match(/viewBox="0 0 (\d+) (\d+)" height="\d+"/);
  if (entries.length === 0 || box === null) return svg;
  const [width, height] = box.slice(1).map(Number);
  const [lineHeight, characterWidth] = [24, 6.6];
  let [x, line] = [4, 0];
  const marks = entries.map(([name, colour]) => {
    const length = 30 + name.length * characterWidth;
    if (x > 4 && x + length > width) [x, line] = [4, line + 1];
    const at = x;
    x += length;
    const y = line * lineHeight + 12;
    return `<circle cx="${at + 5}" cy="${y}" r="5" fill="${colour}"/><text x="${at + 15}" y="${y + 4}" text-anchor="start">${escapeHtml(name)}</text>`;
  });
  const added = (line + 1) * lineHeight;
  return svg
    .replace(box[0], `viewBox="0 ${-added} ${width} ${height + added}" height="${height + added}"`)
    .replace(/<\/svg>\s*$/, `<g transform="translate(0 ${-added})">${marks.join("")}</g></svg>`);
}

/** A colour for each name, in order; more names than colours start again. */
export const coloursOf = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name, i) => [name, palette[i % palette.length]]));

/** Text as it may stand in HTML, attribute values included. */
export const escapeHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
