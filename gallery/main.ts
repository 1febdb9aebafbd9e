import { rm } from "node:fs/promises";
import { join } from "node:path";
import { updateDocuments } from "./generated.ts";
import { drawPictures, pageOf } from "./page.ts";
import { allPages, indexPage } from "./pages.ts";

// npm run gallery [-- name ...]: the pages of all losses, or of the named ones, and the README's table.

const folder = "docs/losses"; // from the repository's root, where npm runs everything

async function main(names: readonly string[]): Promise<void> {
  const pages = allPages();
  const unknown = names.filter((name) => !pages.some((page) => page.name === name));
  if (unknown.length > 0) throw new Error(`there is no loss ${unknown.join(", ")}`);
  if (names.length === 0) await rm(folder, { recursive: true, force: true });
  for (const page of pages) {
    if (names.length > 0 && !names.includes(page.name)) continue;
    await pageOf(page, await drawPictures(page)).save(join(folder, `${page.name}.html`));
  }
  await indexPage(pages).save(join(folder, "index.html"));
  await updateDocuments(pages);
  console.log(`${pages.length} losses: docs/losses/index.html`);
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
