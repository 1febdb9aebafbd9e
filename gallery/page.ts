import { type Entry, lossOf, optionSets, tasks } from "../registry/entry.ts";
import type { Evidence } from "../registry/goldens.ts";
import { trace } from "../src/index.ts";
import { escapeHtml } from "../src/report/plot.ts";
import { Report } from "../src/report/report.ts";
import { mathml } from "./formula.ts";
import { type Picture, picturesOf } from "./pictures.ts";
import type { LossSource } from "./source.ts";

export interface LossPage {
  name: string;
  /** The folder of `src/losses` that holds it. */
  family: string;
  entry: Entry;
  source: LossSource;
  /** The golden cases, by what they come from. */
  evidence: Readonly<Record<string, Evidence>>;
}

/** What is drawn on a page: the curves or fields, and the tape. */
export interface Pictures {
  value: readonly Picture[];
  tape: string;
}

/** Tapes longer than this are printed, not drawn. */
const longestDrawn = 90;

/** The pictures of a page: the slow part of it. */
export async function drawPictures({ name, entry }: LossPage): Promise<Pictures> {
  const tape = tapeOf(name, entry);
  const drawn = tape.records.length <= longestDrawn ? recoloured(await tape.toSvg()) : "";
  return { value: await picturesOf(name, entry), tape: drawn };
}

/** The tape of a call with the ordinary arguments. */
function tapeOf(name: string, { inputs, sizes = {}, required }: Entry) {
  const values = Object.values(inputs).map((input) => {
    const t = input.ordinary(sizes);
    t.requiresGrad = input.differentiable;
    return t;
  });
  return trace(lossOf(name)(...values, { ...required }));
}

/** Graphviz's colours as those of the page around it, which may be dark. */
const recoloured = (svg: string): string =>
  svg
    .replaceAll('fill="#cfe8ff"', 'fill="#4269d0" fill-opacity="0.2"')
    .replaceAll('fill="#f2f2f2"', 'fill="currentColor" fill-opacity="0.07"')
    .replace(/<polygon fill="white" stroke="none"[^>]*\/>/, "")
    .replace(/stroke="black"/g, 'stroke="currentColor"')
    .replace(/<text (?![^>]*fill=)/g, '<text fill="currentColor" ');

/** The page of a loss, as a report; without pictures where none are given. */
export function pageOf({ name, family, entry, source, evidence }: LossPage, pictures?: Pictures): Report {
  const page = new Report(entry.title, { kicker: `All losses · ${family}`, home: "index.html" });
  page.markup(style);
  page.markup(`<div class="formula">${mathml(entry.formula)}</div>`);
  page.code(`losses.${source.signature}`);
  page.section("When to take it");
  page.text(entry.use).text(`Not: ${entry.avoid}`);
  page.markup(
    links(
      "For",
      entry.tasks.map((task) => [tasks[task], `index.html#${task}`]),
    ),
  );
  for (const { svg, caption } of pictures?.value ?? []) page.figure(svg, caption);

  page.section("Arguments");
  page.markup(
    definitions(
      Object.entries(entry.inputs).map(([argument, { what, form, differentiable }]) => [
        argument,
        `[${form.join(", ")}]`,
        `${what}${differentiable ? ", differentiated" : ""}`,
      ]),
    ),
  );
  if (source.options.length > 0) {
    page.section("Options");
    page.markup(
      definitions(
        source.options.map(({ name: option, type, meaning }) => {
          const { default: value, domain = type } = entry.options[option] ?? {};
          const given = value === undefined ? "" : `, default ${JSON.stringify(value)}`;
          return [option, `${domain}${given}`, meaning];
        }),
      ),
    );
  }
  page.section("In detail");
  for (const paragraph of source.paragraphs) page.text(paragraph);

  if ((entry.points ?? []).length > 0) {
    page.section("At special places");
    page.text("Declared, and tested in float64 and float32.");
    page.table(
      ["at", "value", "gradient"],
      entry.points!.map(({ at, value, gradients }) => [
        at,
        short(value),
        gradients
          ?.map((g) => (g === null ? "" : short(g)))
          .filter(Boolean)
          .join("; ") ?? "",
      ]),
    );
  }
  page.section("The tape");
  if (pictures?.tape) page.markup(`<div class="tape">${pictures.tape}</div>`);
  const tape = tapeOf(name, entry);
  page.markup(
    `<details${pictures?.tape ? "" : " open"}><summary>${tape.records.length} operations, in order</summary><pre>${escapeHtml(String(tape))}</pre></details>`,
  );
  page.section("The code");
  page.text(`\`${source.file}\``).code(source.code);
  const libraries = Object.entries(entry.libraries ?? {});
  if (libraries.length > 0) {
    page.section("In other libraries");
    page.markup(definitions(libraries.map(([library, difference]) => [library, "", difference])));
  }
  page.section("Checked against");
  page.markup(
    definitions([
      ...Object.entries(evidence).map(
        ([reference, { cases, gradients }]): Definition => [
          reference,
          `${cases} cases`,
          `${gradients ? "value and gradient" : "value"}, in float64 and float32`,
        ],
      ),
      ...(entry.reference === undefined
        ? []
        : [["a formula of its own", "", "written differently, in float64"] as const]),
      ...differences(entry),
    ]),
  );
  page.section("Sources");
  page.markup(`<ul>${entry.sources.map((source) => `<li>${linked(source)}</li>`).join("")}</ul>`);
  return page;
}

/** What finite differences say of it: nothing of options under which a part is a constant to the gradient. */
function differences(entry: Entry): Definition[] {
  const sets = optionSets(entry);
  const whole = sets.filter((options) => !entry.detaches?.(options)).length;
  if (whole === 0) return [];
  const rest = whole === sets.length ? "" : ", under the options that hold no part of it constant";
  return [["finite differences", "", `first and second derivatives, in float64${rest}`]];
}

const short = (value: number | readonly number[]): string =>
  [value]
    .flat()
    .map((v) => String(Number(v.toPrecision(5))))
    .join(", ");

type Definition = readonly [term: string, detail: string, text: string];

const code = (text: string): string => escapeHtml(text).replace(/`([^`]+)`/g, "<code>$1</code>");

const definitions = (rows: readonly Definition[]): string =>
  `<dl class="terms">${rows
    .map(
      ([term, detail, text]) =>
        `<dt><code>${escapeHtml(term)}</code> <span>${escapeHtml(detail)}</span></dt><dd>${code(text)}</dd>`,
    )
    .join("")}</dl>`;

const links = (lead: string, targets: readonly (readonly [text: string, href: string])[]): string =>
  `<p>${lead}: ${targets.map(([text, href]) => `<a href="${href}">${escapeHtml(text)}</a>`).join(" · ")}</p>`;

/** A source, with its arXiv number as a link. */
const linked = (source: string): string =>
  escapeHtml(source).replace(/arXiv:(\d{4}\.\d{4,5})/g, '<a href="https://arxiv.org/abs/$1">arXiv:$1</a>');

const style = `<style>
.formula { margin: 8px 0 20px; padding: 18px 16px; background: var(--card); border-radius: 8px; overflow-x: auto; font-size: 1.15rem }
.terms dt { margin-top: 10px }
.terms dt span { color: var(--soft); font-size: 0.88rem; margin-left: 6px }
.terms dd { margin: 0 0 0 1.2rem; max-width: 68ch }
.tape { overflow: auto; max-height: 70vh; border: 1px solid var(--line); border-radius: 8px; padding: 8px; margin: 12px 0 }
.tape svg { margin: 0 auto; max-width: none }
summary { cursor: pointer; color: var(--link) }
pre { white-space: pre-wrap; overflow-wrap: anywhere }
ul { padding-left: 1.2rem; max-width: 68ch }
</style>`;
