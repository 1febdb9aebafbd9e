import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { numericsWithRows, readmeWithLosses } from "../../gallery/generated.ts";
import { drawPictures, type LossPage, pageOf } from "../../gallery/page.ts";
import { allPages, indexPage } from "../../gallery/pages.ts";
import { tasks } from "../../registry/entry.ts";

const pages = allPages();
const named = (name: string): LossPage => pages.find((page) => page.name === name)!;

/** What a reader reads of a page: no style, no markup, no pictures. */
const textOf = (html: string): string =>
  html
    .replace(/<style>.*?<\/style>/gs, "")
    .replace(/<svg.*?<\/svg>/gs, "(picture)")
    .replace(/<annotation[^>]*>(.*?)<\/annotation>/gs, " $1 ")
    .replace(/<[^>]+>/g, "\n")
    .replace(/\n\s*\n+/g, "\n")
    .trim();

describe("a loss has a page, with its formula, options, code and sources:", () => {
  for (const page of pages) {
    test(page.name, () => {
      const html = pageOf(page).toHtml();
      expect(html).toContain("<math");
      expect(html).toContain(`export function ${page.name}(`);
      const documented = page.source.options.map(({ name }) => name);
      expect(documented.toSorted()).toEqual(Object.keys(page.entry.options).toSorted());
      for (const { name, meaning } of page.source.options) {
        if (name !== "reduction") expect(meaning, `the docstring of ${name}`).not.toBe("");
      }
      if (documented.length > 0) expect(page.source.paragraphs.join(" "), "the docstring").toMatch(/\boptions\b/i);
    });
  }
});

test.each(["hinge", "infoNCE", "lovaszSoftmax"])("the page of %s reads as it did", (name) => {
  expect(textOf(pageOf(named(name)).toHtml())).toMatchSnapshot();
});

test("pictures are drawn of losses over scores and over embeddings", async () => {
  for (const [name, operation] of Object.entries({ multiMargin: "gather", supCon: "matmul" })) {
    const { value, tape } = await drawPictures(named(name));
    expect(value).toHaveLength(2);
    for (const { svg } of value) expect(svg).toMatch(/^<svg.*<path/s);
    expect(tape).toContain(operation);
  }
});

test("the index lists every loss under each of its tasks", () => {
  const html = indexPage(pages).toHtml();
  for (const { name, entry } of pages) {
    expect(html.split(`href="${name}.html"`).length - 1, name).toBe(entry.tasks.length + 1);
    for (const task of entry.tasks) expect(html).toContain(`id="${task}">${tasks[task]}`);
  }
});

test("the tables of README.md and docs/numerics.md are the registry's: npm run gallery writes them", async () => {
  const readme = await readFile("README.md", "utf8");
  expect(readme).toBe(readmeWithLosses(readme, pages));
  const numerics = await readFile("docs/numerics.md", "utf8");
  expect(numerics).toBe(numericsWithRows(numerics));
});
