import { readFile, writeFile } from "node:fs/promises";
import { families } from "../registry/index.ts";
import { numericsRows } from "../registry/numerics.ts";
import type { LossPage } from "./page.ts";

// The parts of Markdown files that are written from the registry, between two comments.

/** `text` with what stands between its marks for `name` replaced. */
function between(name: string, text: string, content: string): string {
  const [start, end] = [`<!-- ${name}: written by npm run gallery -->`, `<!-- end of ${name} -->`];
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the lines "${start}" and "${end}" are missing`);
  return `${text.slice(0, from + start.length)}\n${content}\n${text.slice(to)}`;
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

/** The README with its table of losses up to date. */
export function readmeWithLosses(readme: string, pages: readonly LossPage[]): string {
  const rows = Object.keys(families).map((family) => {
    const names = pages.filter((page) => page.family === family).map(({ name }) => `\`${name}\``);
    return [`[${family}](src/losses/${family}), ${names.length}`, names.join(", ")];
  });
  return between("losses", readme, table(["family", "losses"], rows));
}

/** docs/numerics.md with its comparison up to date. */
export const numericsWithRows = (text: string): string =>
  between("numerics", text, table(["what goes wrong", "elsewhere", "gives", "here", "gives"], numericsRows()));

/** Brings both files up to date. */
export async function updateDocuments(pages: readonly LossPage[]): Promise<void> {
  await writeFile("README.md", readmeWithLosses(await readFile("README.md", "utf8"), pages));
  await writeFile("docs/numerics.md", numericsWithRows(await readFile("docs/numerics.md", "utf8")));
}
