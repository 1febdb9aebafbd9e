import { aliases, tasks } from "../registry/entry.ts";
import { evidenceOf } from "../registry/goldens.ts";
import { families } from "../registry/index.ts";
import { escapeHtml } from "../src/report/plot.ts";
import { Report } from "../src/report/report.ts";
import type { LossPage } from "./page.ts";
import { readSources } from "./source.ts";

/** What every loss's page is made of, in the order of the families. */
export function allPages(): LossPage[] {
  const sources = readSources();
  return Object.entries(families).flatMap(([family, entries]) =>
    Object.entries(entries).map(([name, entry]) => {
      const source = sources.get(name);
      if (source === undefined) throw new Error(`tapegrad/losses exports no function ${name} with a body`);
      return { name, family, entry, source, evidence: evidenceOf(name) };
    }),
  );
}

/** The index: which loss for my problem, and all of them by family. */
export function indexPage(pages: readonly LossPage[]): Report {
  const page = new Report("Which loss for my problem?", {
    kicker: "tapegrad",
    lead: `${pages.length} losses, each an open formula on the tape: its value, its gradient, its code, where it differs from other libraries, and what it was checked against.`,
  });
  page.markup(style).markup(filterBox);
  const used = Object.entries(tasks).filter(([task]) => pages.some(({ entry }) => entry.tasks.includes(task as never)));
  page.markup(
    `<p class="tasks">${used.map(([task, words]) => `<a href="#${task}">${escapeHtml(words)}</a>`).join("")}</p>`,
  );
  for (const [task, words] of used) {
    const fitting = pages.filter(({ entry }) => entry.tasks.includes(task as never));
    page.markup(`<section class="task"><h2 id="${task}">${escapeHtml(words)}</h2>${choices(fitting)}</section>`);
  }
  page.markup(filterScript).section("All, by family");
  for (const family of Object.keys(families)) {
    const members = pages.filter((each) => each.family === family);
    page.markup(`<h3>${family}</h3><p>${members.map(linkTo).join(", ")}</p>`);
  }
  const others = Object.entries(aliases).map(([alias, name]) => `\`${alias}\` is \`${name}\``);
  return page.text(`Other names: ${others.join(", ")}.`);
}

const linkTo = ({ name }: LossPage): string => `<a href="${name}.html"><code>${name}</code></a>`;

const choices = (pages: readonly LossPage[]): string =>
  `<dl class="choices">${pages
    .map(
      (page) =>
        `<div><dt>${linkTo(page)} <span>${escapeHtml(page.entry.title)}</span></dt><dd>${escapeHtml(page.entry.use)}</dd></div>`,
    )
    .join("")}</dl>`;

// The page is whole without the script, which shows the box and hides what does not match.
const filterBox = `<p class="filter" hidden><label>Filter <input type="search" placeholder="focal, angular, wrong labels" /></label> <span role="status"></span></p>`;
const filterScript = `<script>
const box = document.querySelector(".filter");
const entries = [...document.querySelectorAll(".choices div")];
box.hidden = false;
box.querySelector("input").addEventListener("input", ({ target }) => {
  const words = target.value.toLowerCase().split(/\\s+/).filter(Boolean);
  for (const each of entries) {
    const text = (each.textContent + each.closest(".task").querySelector("h2").textContent).toLowerCase();
    each.hidden = !words.every((word) => text.includes(word));
  }
  const shown = new Set(entries.filter((each) => !each.hidden).map((each) => each.querySelector("code").textContent));
  for (const task of document.querySelectorAll(".task")) task.hidden = !task.querySelector(".choices div:not([hidden])");
  box.querySelector("span").textContent = words.length > 0 ? shown.size + (shown.size === 1 ? " loss" : " losses") : "";
});
</script>`;

const style = `<style>
.filter input { font: inherit; padding: 4px 10px; border: 1px solid var(--line); border-radius: 8px; background: transparent; color: inherit; width: min(100%, 320px) }
.filter span { color: var(--soft); margin-left: 8px }
.tasks { display: flex; flex-wrap: wrap; gap: 8px; max-width: none; margin: 0 0 28px }
.tasks a { border: 1px solid var(--line); border-radius: 999px; padding: 4px 12px; font-size: 0.9rem }
.choices { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 420px), 1fr)); gap: 4px 32px; margin: 8px 0 }
.choices div { margin-top: 8px }
.choices dt span { color: var(--soft); font-size: 0.88rem }
.choices dd { margin: 0; color: var(--soft); font-size: 0.92rem }
h3 { font-size: 1rem; margin: 20px 0 4px }
</style>`;
