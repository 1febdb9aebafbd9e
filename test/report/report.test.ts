import { mkdtemp, readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { metrics, random, ShapeError, tensor, ValueError } from "../../src/index.ts";
import * as report from "../../src/report/index.ts";

describe("charts", () => {
  test("curves draw one path a series and name the series when there are several", async () => {
    const svg = await report.curves({ training: [3, 2, 1], "a < b": [3, 2.5, 2] }, { y: "loss" });
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    expect(svg.match(/aria-label="line"[\s\S]*?<\/g>/)?.[0].match(/<path/g)).toHaveLength(2);
    expect(svg).toContain("a &lt; b</text>");
    expect(svg).not.toContain("NaN");
  });

  test("the ROC curve of a perfect ranking goes through the upper left corner", async () => {
    const svg = await report.roc({ model: { scores: [0.1, 0.2, 0.8, 0.9], labels: [0, 0, 1, 1] } }, { threshold: 0.5 });
    const [left, top] = [48, 24];
    expect(svg).toContain(`L${left},${top}`);
    expect(svg).toContain(`cy="${top}" cx="${left}"`); // the threshold makes no mistake
  });

  test("equal scores are one step of the ROC curve, a diagonal one", async () => {
    const svg = await report.roc({ constant: { scores: [1, 1, 1, 1], labels: [0, 1, 0, 1] } });
    expect(svg).toContain('<path d="M48,320L380,24" stroke="#4269d0"');
  });

  test("ROC curves need both kinds of labels", async () => {
    await expect(report.roc({ model: { scores: [1, 2], labels: [1, 1] } })).rejects.toThrow(
      "roc: labels must hold both 0 and 1, got 2 positives and 0 negatives",
    );
    await expect(report.roc({ model: { scores: [1, 2], labels: [1] } })).rejects.toThrow(ShapeError);
  });

  test("calibration refuses what is no probability", async () => {
    await expect(report.calibration({ model: { probabilities: [0.5, 1.5], labels: [0, 1] } })).rejects.toThrow(
      "calibration: probabilities[1] is 1.5, not in [0, 1]",
    );
    await expect(report.calibration({ model: { probabilities: [0.5], labels: [0, 1] } })).rejects.toThrow(ShapeError);
    await expect(report.calibration({ model: { probabilities: [0.5], labels: [1] } }, { bins: 2.5 })).rejects.toThrow(
      "calibration: bins must be a number that is whole and >= 1, got 2.5",
    );
  });

  test("calibration draws the bins that the calibration error counts", async () => {
    const probabilities = [0.1, 0.5, 0.5, 0.7, 1]; // on the edges of the bins
    const labels = [0, 0, 1, 1, 1];
    const svg = await report.calibration({ model: { probabilities, labels } }, { bins: 2 });
    expect(metrics.reliabilityBins(probabilities, labels, { bins: 2 }).map(({ count }) => count)).toEqual([3, 2]);
    const dots = [...svg.matchAll(/<circle [^>]*cy="([\d.]+)" cx="([\d.]+)"/g)].map(([, y, x]) => [
      Number(x),
      Number(y),
    ]);
    const at = (x: number, y: number) => [48 + 332 * x, 320 - 296 * y];
    expect(dots.map((dot) => dot.map(Math.round))).toEqual(
      [at(1.1 / 3, 1 / 3), at(0.85, 1)].map((dot) => dot.map(Math.round)),
    );
  });

  test("a confusion matrix shows every count", async () => {
    const svg = await report.confusion(
      [
        [41, 7],
        [3, 52],
      ],
      { names: ["cat", "dog"] },
    );
    for (const count of [41, 7, 3, 52]) expect(svg).toContain(`>${count}</text>`);
    await expect(report.confusion([[1, 2]])).rejects.toThrow(ShapeError);
  });

  test("scatter and sphere draw a dot for each point and name the classes", async () => {
    const labels = [0, 1, 1, 2];
    const dots = (svg: string) => svg.match(/<circle /g)?.length;
    const names = ["a", "b", "c"];
    expect(dots(await report.scatter(random.normal([4, 2]), labels, { names }))).toBe(4 + 3);
    expect(dots(await report.sphere(random.normal([4, 3]), labels, { names }))).toBe(4 + 3);
    await expect(report.scatter(random.normal([4, 3]), labels)).rejects.toThrow(
      "scatter: points must be [4, 2], a row for each label, got [4, 3]",
    );
  });

  test("histogram, bars and residuals draw finite coordinates", async () => {
    const pictures = await Promise.all([
      report.histogram({ genuine: [0.1, 0.2, 0.2], impostor: [0.7, 0.9] }, { x: "angle", mark: 0.5 }),
      report.histogram({ constant: [2, 2, 2] }),
      report.bars({ zero: 0.98, one: 0.5 }, { baseline: { zero: 0.9, one: 0.4 } }),
      report.residuals(tensor([1, 2, 3]).data, [1, 1, 4]),
    ]);
    for (const svg of pictures) expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    expect(pictures[2]).toContain(">0.980</text>");
  });

  test("a misspelt option is an error", async () => {
    await expect(report.histogram({ a: [1] }, { bin: 3 } as object)).rejects.toThrow(ValueError);
    await expect(report.histogram({ a: [1] }, { bins: 2.5 })).rejects.toThrow(
      "histogram: bins must be a number that is whole and >= 1, got 2.5",
    );
  });
});

describe("pictures", () => {
  test("a PNG holds the pixels it was given", () => {
    const rgb = Uint8Array.from({ length: 3 * 6 }, (_, i) => i * 10);
    const file = report.png(3, 2, rgb);
    const view = new DataView(file.buffer);
    expect(String.fromCharCode(...file.subarray(1, 4))).toBe("PNG");
    expect([view.getUint32(16), view.getUint32(20)]).toEqual([3, 2]);
    const length = view.getUint32(33);
    const rows = inflateSync(file.subarray(41, 41 + length)); // throws when a checksum is wrong
    expect([...rows]).toEqual([0, ...rgb.subarray(0, 9), 0, ...rgb.subarray(9)]);
  });

  test("an image grid has a picture and its caption in each place", () => {
    const picture = { values: [0, 1, 2, 3], height: 2, width: 2, caption: "true 3\nread as <8>" };
    const svg = report.imageGrid([picture, picture, picture], { columns: 2 });
    expect(svg.match(/<image /g)).toHaveLength(3);
    expect(svg).toContain("read as &lt;8&gt;");
    expect(() => report.imageGrid([{ ...picture, width: 3 }])).toThrow(
      "imageGrid: a picture of 2 x 3 needs 6 values, got 4",
    );
  });
});

describe("Report", () => {
  const page = new report.Report("A & B", { lead: "What `tapegrad` saw.", kicker: "lessons", home: "../index.html" })
    .numbers({ accuracy: "0.97" })
    .section("How it learnt")
    .figure("<svg></svg>", "first")
    .figure("<svg></svg>", "second")
    .table(
      ["loss", "value"],
      [
        ["mse", 1.5],
        ["<huber>", "2.5"],
      ],
    )
    .code("a < b");

  test("is one page with escaped text, without scripts or addresses to load from", () => {
    const html = page.toHtml();
    expect(html).toContain("<h1>A &amp; B</h1>");
    expect(html).toContain("<code>tapegrad</code>");
    expect(html).toContain('<td class="n">1.5</td>');
    expect(html).toContain("<td>&lt;huber&gt;</td>");
    expect(html).not.toMatch(/<script|<link|src="|url\(/);
  });

  test("puts figures that follow one another side by side", () => {
    expect(page.toHtml().match(/<div class="figures">/g)).toHaveLength(1);
  });

  test("saves into a folder that it makes, and leaves no part behind", async () => {
    const folder = join(await mkdtemp(join(tmpdir(), "tapegrad-")), "a", "b");
    await page.save(join(folder, "index.html"));
    expect(await readFile(join(folder, "index.html"), "utf8")).toBe(page.toHtml());
    expect(await readdir(folder)).toEqual(["index.html"]);
  });

  test("refuses a table whose rows do not fit its head", () => {
    expect(() => new report.Report("t").table(["a"], [[1, 2]])).toThrow(
      "Report.table: the head has 1 columns, but a row has 2",
    );
  });
});
