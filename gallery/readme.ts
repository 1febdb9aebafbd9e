import { readFile, writeFile } from "node:fs/promises";
import { families } from "../registry/index.ts";
import type { LossPage } from "./page.ts";

const [start, end] = ["<!-- losses: written by npm run gallery -->", "<!-- end of losses -->"];

/** The README's table of losses. */
export function lossTable(pages: readonly LossPage[]): string {
  const rows = Object.keys(families).map((family) => {
    const members = pages.filter((page) => page.family === family);
    const names = members.map(({ name }) => `\`${name}\``).join(", ");
    return `| [${family}](src/losses/${family}), ${members.length} | ${names} |`;
  });
  return ["| family | losses |", "|---|---|", ...rows].join("\n");
}

/** The README with its table of losses up to date. */
export function withTable(readme: string, pages: readonly LossPage[]): string {
  const [from, to] = [readme.indexOf(start), readme.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`README.md lacks the lines "${start}" and "${end}"`);
  return `${readme.slice(0, from + start.length)}\n${lossTable(pages)}\n${readme.slice(to)}`;
}

export async function updateReadme(path: string, pages: readonly LossPage[]): Promise<void> {
  const readme = await readFile(path, "utf8");
  await writeFile(path, withTable(readme, pages));
}
