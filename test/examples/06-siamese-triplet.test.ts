import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { about, run } from "../../examples/06-siamese-triplet.ts";
import {
  classBatches,
  distorted,
  leaveOutClasses,
  principalComponents,
  turned,
} from "../../examples/shared/embeddings.ts";
import type { Images } from "../../examples/shared/images.ts";
import { readImages } from "../../examples/shared/images.ts";
import { arange, io, manualSeed, type Tensor, tensor, zeros } from "../../src/index.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tapegrad-siamese-"));
  vi.spyOn(console, "log").mockImplementation(() => {});
});

const short = (more = {}) => run({ quick: true, quiet: true, report: join(folder, "report"), ...more });

describe("06-siamese-triplet", { timeout: 60_000 }, () => {
  test("finds digits it has never seen after a short run, and gathers their classes better than pixels do", async () => {
    const result = await short();
    expect(result.value).toBeGreaterThanOrEqual(about.quick.threshold);
    expect(result.baseline.value).toBeCloseTo(0.9925, 4);
    const html = await readFile(join(folder, "report", "index.html"), "utf8");
    const [, network, raw] = html.match(
      /network<\/td>.*?>[\d.]+<\/td>.*?>([\d.]+)<.*raw pixels<\/td>.*?>[\d.]+<\/td>.*?>([\d.]+)</,
    )!;
    expect(Number(network)).toBeGreaterThan(Number(raw));
    expect(html.match(/<svg/g)!.length).toBeGreaterThanOrEqual(4);
    expect(html).not.toMatch(/<script|<link|src="|NaN/);
    const weights = await io.loadSafetensors(join(folder, "report", "model.safetensors"));
    expect(Object.keys(weights)).toContain("6.weight");
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

  test.each(about.losses)("learns with %s", async (loss) => {
    const { value } = await short({ epochs: 1, loss });
    expect(value).toBeGreaterThan(0.9);
  });

  test("takes images of another size, and wants five classes", async () => {
    await writeImages(join(folder, "own"), { n: 60, height: 10, width: 12, classes: 5 });
    const { value } = await short({ epochs: 1, data: join(folder, "own") });
    expect(value).toBe(1);
    await writeImages(join(folder, "few"), { n: 60, height: 10, width: 10, classes: 4 });
    await expect(short({ data: join(folder, "few") })).rejects.toThrow(
      "leaveOutClasses: needs at least 5 classes, three of them to leave out, got 4",
    );
  });
});

describe("the parts", () => {
  test("no image of a class left out is learned from, and none is in two parts", async () => {
    const images = await readImages(null);
    manualSeed(1);
    const { train, validation, unseen } = leaveOutClasses(images, 9);
    expect(unseen.names).toEqual(["9", "0", "1"]);
    expect(train.names).toEqual(["2", "3", "4", "5", "6", "7", "8"]);
    const count = (digits: string[]) => Array.from(images.labels.data).filter((d) => digits.includes(String(d))).length;
    expect(unseen.y.size).toBe(count(unseen.names));
    expect(train.y.size + validation.y.size).toBe(count(train.names));
    const rows = (x: Tensor) => new Set((x.flatten(1).toArray() as number[][]).map(String));
    const known = rows(train.x);
    for (const row of [...rows(unseen.x), ...rows(validation.x)]) expect(known.has(row)).toBe(false);
  });

  test("turned images stand in eight positions, each a class", () => {
    const x = arange(4).to("float32").reshape([1, 1, 2, 2]);
    const part = turned({ x, y: tensor([0]), names: ["5"] });
    expect(part.names).toHaveLength(8);
    expect(part.y.toArray()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    const positions = (part.x.flatten(1).toArray() as number[][]).map(String);
    expect(positions.slice(0, 4)).toEqual(["0,1,2,3", "2,0,3,1", "3,2,1,0", "1,3,0,2"]);
    expect(new Set(positions).size).toBe(8);
  });

  test("batches come in rounds of the same classes", () => {
    const y = tensor(
      Array.from({ length: 100 }, (_, i) => i % 20),
      { dtype: "int32" },
    );
    const part = { x: zeros([100, 1, 4, 4]), y, names: Array.from({ length: 20 }, (_, i) => String(i)) };
    const batches = [...classBatches(part, { batchSize: 24, images: 100 })];
    expect(batches).toHaveLength(5);
    for (const batch of batches) {
      const [first, ...others] = batch.y.reshape([batch.rounds, batch.classes]).toArray() as number[][];
      expect(new Set(first).size).toBe(6);
      for (const round of others) expect(round).toEqual(first);
    }
  });

  test("distortion moves ink about and makes none", () => {
    manualSeed(3);
    const x = zeros([8, 1, 9, 9]);
    for (let i = 0; i < 8; i++) x.data[i * 81 + 40] = 1; // one dot in the middle of each
    const moved = distorted(x);
    expect(moved.max().item()).toBeLessThanOrEqual(1);
    expect(moved.min().item()).toBe(0);
    expect(distorted(x).toArray()).not.toEqual(moved.toArray());
    for (const ink of moved.sum([1, 2, 3]).data) expect(Math.abs(ink - 1)).toBeLessThan(0.5);
  });

  test("principal components keep distances when nothing is left out", () => {
    const rows = tensor([
      [3, 0, 0, 1],
      [0, 2, 0, 1],
      [-3, 0, 0, 1],
      [0, -2, 0, 1],
    ]);
    const flat = principalComponents(rows, 2);
    expect(flat.square().sum(0).toArray()).toEqual([expect.closeTo(18, 3), expect.closeTo(8, 3)]);
    expect(flat.sum(0).abs().max().item()).toBeLessThan(1e-4);
  });
});

/** Images in MNIST's format: each class has its own bright rows. */
async function writeImages(
  to: string,
  { n, height, width, classes }: Omit<Images, "images" | "labels"> & { n: number },
) {
  const bytes = (...numbers: number[]) =>
    numbers.flatMap((v) => [v >>> 24, (v >>> 16) & 255, (v >>> 8) & 255, v & 255]);
  const pixels = Array.from({ length: n * height * width }, (_, at) => {
    const [image, row] = [Math.floor(at / (height * width)), Math.floor(at / width) % height];
    return row >> 1 === image % classes ? 150 + (image % 90) : 0;
  });
  await mkdir(to, { recursive: true });
  await writeFile(join(to, "a-images-idx3-ubyte"), Uint8Array.from([...bytes(0x803, n, height, width), ...pixels]));
  const labels = Array.from({ length: n }, (_, i) => i % classes);
  await writeFile(join(to, "a-labels-idx1-ubyte"), Uint8Array.from([...bytes(0x801, n), ...labels]));
}
