import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { about, run } from "../../examples/07-arcface.ts";
import { cosinePairs, verification } from "../../examples/shared/embeddings.ts";
import { io, tensor } from "../../src/index.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tapegrad-arcface-"));
  vi.spyOn(console, "log").mockImplementation(() => {});
});

const short = (more = {}) => run({ quick: true, quiet: true, report: join(folder, "report"), ...more });

describe("07-arcface", { timeout: 60_000 }, () => {
  test("tells apart digits it has never seen, after a short run, better than pixels and softmax do", async () => {
    const result = await short();
    expect(result.value).toBeGreaterThanOrEqual(about.quick.threshold);
    expect(result.value).toBeGreaterThan(result.baseline.value);
    const html = await readFile(join(folder, "report", "index.html"), "utf8");
    const auc = (name: string) => Number(html.match(new RegExp(`${name}</td><td[^>]*>([\\d.]+)<`))![1]);
    expect(auc("arcface")).toBeGreaterThan(auc("softmax"));
    expect(html.match(/<svg/g)!.length).toBeGreaterThanOrEqual(6);
    expect(html).not.toMatch(/<script|<link|src="|NaN/);
  });

  test("saves the network with its centres, and vectors with what they belong to", async () => {
    const weights = await io.loadSafetensors(join(folder, "report", "model.safetensors"));
    expect(weights["loss.weight"].shape).toEqual([56, 128]);
    const [vectors, metadata] = await Promise.all(
      ["vectors.tsv", "metadata.tsv"].map(async (name) =>
        (await readFile(join(folder, "report", name), "utf8"))
          .trim()
          .split("\n")
          .map((line) => line.split("\t")),
      ),
    );
    expect(metadata[0]).toEqual(["class", "part"]);
    expect(metadata.length).toBe(vectors.length + 1);
    expect(
      new Set(
        metadata
          .slice(1)
          .filter(([, part]) => part === "unseen")
          .map(([digit]) => digit),
      ),
    ).toEqual(new Set(["7", "8", "9"]));
    for (const row of vectors) expect(row.map(Number).every(Number.isFinite) && row.length === 50).toBe(true);
  });

  test("gives the same weights for the same seed and others for another", async () => {
    const [first, again, other] = [
      await short({ epochs: 1 }),
      await short({ epochs: 1 }),
      await short({ epochs: 1, seed: 2 }),
    ];
    expect(again.weights).toBe(first.weights);
    expect(again.value).toBe(first.value);
    expect(other.weights).not.toBe(first.weights);
  });

  // The others are trained by every run, to be compared with.
  test.each(["cosface", "normalized-softmax"])("learns with %s", async (loss) => {
    const { value, loss: named } = await short({ epochs: 1, loss });
    expect(named).toBe(loss);
    expect(value).toBeGreaterThan(0.75);
  });
});

test("pairs of one label are genuine, each pair once", () => {
  const { cosines, genuine } = cosinePairs(
    tensor([
      [2, 0],
      [0, 1],
      [3, 0],
    ]),
    tensor([4, 5, 4]),
  );
  expect([...cosines]).toEqual([0, 1, 0]);
  expect([...genuine]).toEqual([0, 1, 0]);
});

test("verification of embeddings that are right has no errors", () => {
  const { auc, equalErrorRate } = verification(
    tensor([
      [1, 0],
      [1, 0.1],
      [0, 1],
      [0.1, 1],
    ]),
    tensor([0, 0, 1, 1]),
  );
  expect(auc).toBe(1);
  expect(equalErrorRate).toBe(0);
});
