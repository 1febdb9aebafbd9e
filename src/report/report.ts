import { writeAtomically } from "../io/atomic-write.ts";
import { ShapeError } from "../tensor/errors.ts";
import { resolve } from "../tensor/options.ts";
import { escapeHtml } from "./plot.ts";

export interface ReportOptions {
  /** One or two sentences under the title. */
  lead?: string;
  /** A short line above the title. */
  kicker?: string;
  /** Where the line above the title leads, such as an index of reports. */
  home?: string;
}

/** A link on an index page. */
export interface Card {
  title: string;
  text: string;
  href: string;
  /** An SVG. */
  picture?: string;
  /** A short line in large type. */
  value?: string;
}

/**
 * A page of text, tables and pictures in one HTML file that needs nothing else: style and pictures are inside, there
 * are no scripts, and it reads on a phone, on paper and in dark mode. Methods add to the end and return the report.
 * All text is escaped; `backticks` mark code.
 */
export class Report {
  readonly title: string;
  readonly #options: Required<ReportOptions>;
  readonly #parts: { kind: "figure" | "block"; html: string }[] = [];

  constructor(title: string, options: ReportOptions = {}) {
    this.title = title;
    this.#options = resolve<Required<ReportOptions>>("Report", options, { lead: "", kicker: "", home: "" });
  }

  /** A heading. */
  section(heading: string): this {
    return this.#block(`<h2>${inline(heading)}</h2>`);
  }

  /** A paragraph. */
  text(paragraph: string): this {
    return this.#block(`<p>${inline(paragraph)}</p>`);
  }

  /** Short values in large type, each over its name. */
  numbers(values: Readonly<Record<string, string>>): this {
    const items = Object.entries(values).map(
      ([name, value]) => `<div><dd>${inline(value)}</dd><dt>${inline(name)}</dt></div>`,
    );
    return this.#block(`<dl class="numbers">${items.join("")}</dl>`);
  }

  /** A table; columns whose every cell is a number are set right. */
  table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): this {
    for (const row of rows) {
      if (row.length !== head.length) {
        throw new ShapeError("Report.table", `the head has ${head.length} columns, but a row has ${row.length}`);
      }
    }
    const numeric = head.map((_, i) => rows.every((row) => /^[-+]?[\d.,]+( s| %)?$/.test(String(row[i]))));
    const cells = (tag: string, row: readonly (string | number)[]) =>
      row.map((c, i) => `<${tag}${numeric[i] ? ' class="n"' : ""}>${inline(String(c))}</${tag}>`).join("");
    const body = rows.map((row) => `<tr>${cells("td", row)}</tr>`).join("");
    return this.#block(
      `<div class="wide"><table><thead><tr>${cells("th", head)}</tr></thead><tbody>${body}</tbody></table></div>`,
    );
  }

  /** HTML as it is, for what no other method makes: a formula, a list of links. The caller vouches for it. */
  markup(html: string): this {
    return this.#block(html);
  }

  /** Text as it is, in a fixed-width font. */
  code(text: string): this {
    return this.#block(`<pre>${escapeHtml(text.trimEnd())}</pre>`);
  }

  /** An SVG with a caption that says what is to be seen. Figures that follow one another stand side by side. */
  figure(svg: string, caption: string): this {
    this.#parts.push({ kind: "figure", html: `<figure>${svg}<figcaption>${inline(caption)}</figcaption></figure>` });
    return this;
  }

  /** Links with a picture each, for an index page. */
  cards(cards: readonly Card[]): this {
    const html = cards.map(
      ({ title, text, href, picture, value }) =>
        `<a href="${escapeHtml(href)}"><strong>${inline(title)}</strong>${value ? `<b>${inline(value)}</b>` : ""}` +
        `<span>${inline(text)}</span>${picture ?? ""}</a>`,
    );
    return this.#block(`<nav>${html.join("")}</nav>`);
  }

  /** The whole page. */
  toHtml(): string {
    const { lead, kicker, home } = this.#options;
    const above = home ? `<a href="${escapeHtml(home)}">${inline(kicker)}</a>` : inline(kicker);
    let body = "";
    this.#parts.forEach(({ kind, html }, i) => {
      const follows = this.#parts[i - 1]?.kind === "figure";
      if (kind === "figure" && !follows) body += '<div class="figures">';
      if (kind === "block" && follows) body += "</div>";
      body += `${html}\n`;
    });
    if (this.#parts.at(-1)?.kind === "figure") body += "</div>";
    return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(this.title)}</title>
<style>${style}</style>
<main>
<header>${above && `<p class="kicker">${above}</p>`}<h1>${inline(this.title)}</h1>${lead && `<p class="lead">${inline(lead)}</p>`}</header>
${body}</main>
</html>
`;
  }

  /** Writes the page into a file, making its folder; a write that is interrupted leaves the old file as it was. */
  async save(path: string): Promise<void> {
    const [{ mkdir }, { dirname }] = await Promise.all([import("node:fs/promises"), import("node:path")]);
    await mkdir(dirname(path), { recursive: true });
    await writeAtomically(path, new TextEncoder().encode(this.toHtml()));
  }

  #block(html: string): this {
    this.#parts.push({ kind: "block", html });
    return this;
  }
}

const inline = (text: string): string => escapeHtml(text).replace(/`([^`]+)`/g, "<code>$1</code>");

const style = `
:root { color-scheme: light dark; --ink: #1b1d21; --soft: #5c6370; --line: #e3e5e9; --page: #ffffff; --card: #f7f8fa; --link: #3457b8 }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e7ea; --soft: #9aa1ad; --line: #2e3238; --page: #15171a; --card: #1d2024; --link: #8fb0ff } }
* { box-sizing: border-box }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif }
main { max-width: 960px; margin: 0 auto; padding: 40px 20px 64px }
header { margin-bottom: 28px }
h1 { font-size: clamp(1.6rem, 4vw, 2.2rem); line-height: 1.2; margin: 0; letter-spacing: -0.01em; text-wrap: balance }
h2 { font-size: 1.2rem; margin: 44px 0 8px; letter-spacing: -0.005em }
p { margin: 8px 0 14px; max-width: 68ch }
a { color: var(--link); text-decoration: none }
a:hover { text-decoration: underline }
.kicker { color: var(--soft); font-size: 0.85rem; margin: 0 0 6px }
.lead { color: var(--soft); font-size: 1.05rem; margin: 10px 0 0 }
.numbers { display: flex; flex-wrap: wrap; gap: 12px 40px; margin: 24px 0; padding: 18px 0; border-block: 1px solid var(--line) }
.numbers div { display: flex; flex-direction: column }
.numbers dd { margin: 0; font-size: 1.7rem; font-weight: 600; line-height: 1.2; font-variant-numeric: tabular-nums }
.numbers dt { color: var(--soft); font-size: 0.85rem }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); gap: 24px 32px; margin: 16px 0 }
figure { margin: 0 }
svg { max-width: 100%; height: auto; display: block }
figcaption { color: var(--soft); font-size: 0.88rem; line-height: 1.45; margin-top: 6px; max-width: 56ch }
.wide { overflow-x: auto; margin: 16px 0 }
table { border-collapse: collapse; font-size: 0.92rem; font-variant-numeric: tabular-nums }
th, td { text-align: left; padding: 6px 18px 6px 0; border-bottom: 1px solid var(--line); white-space: nowrap }
th { color: var(--soft); font-weight: 500 }
.n { text-align: right }
pre, code { font: 0.85rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace }
pre { background: var(--card); border-radius: 8px; padding: 14px 16px; overflow-x: auto }
nav { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 280px), 1fr)); gap: 20px; margin: 24px 0 }
nav a { display: flex; flex-direction: column; gap: 2px; padding: 18px; border: 1px solid var(--line); border-radius: 10px; color: inherit }
nav a:hover { border-color: var(--link); text-decoration: none }
nav b { font-size: 1.5rem; font-weight: 600; font-variant-numeric: tabular-nums }
nav span { color: var(--soft); font-size: 0.88rem }
nav svg { margin-top: 12px; width: 100%; max-height: 240px }
`;
