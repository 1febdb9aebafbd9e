import { expectInteger, resolve } from "../tensor/options.ts";
import { escapeHtml } from "./plot.ts";

export interface Panel {
  /** An SVG with a viewBox. */
  picture: string;
  /** Two lines above the picture. */
  title: string;
  text: string;
}

const [panelWidth, panelHeight, heading, gap] = [380, 300, 52, 28];

/** Pictures in rows, each under its title, as one SVG on a white ground. `columns` defaults to 3. */
export function montage(panels: readonly Panel[], options: { columns?: number } = {}): string {
  const { columns } = resolve("montage", options, { columns: 3 });
  expectInteger("montage", "columns", columns);
  const placed = panels.map(({ picture, title, text }, i) => {
    const x = gap + (i % columns) * (panelWidth + gap);
    const y = gap + Math.floor(i / columns) * (heading + panelHeight + gap);
    // The picture keeps its viewBox and gets a place and a size.
    const start = picture.indexOf("<svg");
    const sized = picture.slice(start).replace(/<svg([^>]*)>/, (_, attributes: string) => {
      const kept = attributes.replace(/\s(width|height|x|y)="[^"]*"/g, "");
      return `<svg${kept} x="${x}" y="${y + heading}" width="${panelWidth}" height="${panelHeight}">`;
    });
    return (
      `<text x="${x}" y="${y + 16}" font-size="13" font-weight="600">${escapeHtml(title)}</text>` +
      `<text x="${x}" y="${y + 37}" font-size="12" fill="#555">${escapeHtml(text)}</text>${sized}`
    );
  });
  const width = gap + Math.min(columns, panels.length) * (panelWidth + gap);
  const height = gap + Math.ceil(panels.length / columns) * (heading + panelHeight + gap);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
    `font-family="system-ui, sans-serif" color="#222" fill="#222"><rect width="100%" height="100%" fill="white"/>` +
    `${placed.join("\n")}</svg>\n`
  );
}
