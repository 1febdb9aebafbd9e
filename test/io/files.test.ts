import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { loadSafetensors, loadSafetensorsMetadata, readCSV, readIDX, saveSafetensors } from "../../src/io/index.ts";
import "../../src/functional/methods.ts";
import { Linear } from "../../src/nn/index.ts";
import { FormatError, TapegradError, ValueError } from "../../src/tensor/errors.ts";
import { tensor } from "../../src/tensor/tensor.ts";

const examples = (name: string) => new URL(`../../examples/data/${name}`, import.meta.url).pathname;

let folder: string;
beforeEach(async () => {
  folder = await fs.mkdtemp(join(tmpdir(), "tapegrad-"));
});
afterEach(async () => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
  await fs.rm(folder, { recursive: true });
});

describe("the data of the examples", () => {
  it("holds 569 tumours of 30 features, 212 malignant", async () => {
    const { columns, features, target, classes } = await readCSV(examples("breast-cancer.csv"), {
      target: "diagnosis",
    });
    expect([columns[0], columns.length, features.shape]).toEqual(["mean radius", 30, [569, 30]]);
    expect(features.data[0]).toBeCloseTo(17.99, 5);
    expect(classes).toEqual(["benign", "malignant"]);
    expect(target!.sum().item()).toBe(212);
  });

  it("holds 442 patients of 10 features", async () => {
    const { columns, features, target } = await readCSV(examples("diabetes.csv"), { target: "progression" });
    expect(columns).toEqual(["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]);
    expect(features.shape).toEqual([442, 10]);
    expect([target!.data[0], Math.max(...target!.data)]).toEqual([151, 346]);
  });

  it("holds 1,797 digits of 8 x 8 pixels, 0 to 16", async () => {
    const images = await readIDX(examples("digits-images-idx3-ubyte.gz"));
    const labels = await readIDX(examples("digits-labels-idx1-ubyte.gz"));
    expect([images.shape, labels.shape]).toEqual([[1797, 8, 8], [1797]]);
    expect([Math.min(...images.data), Math.max(...images.data), Math.max(...labels.data)]).toEqual([0, 16, 9]);
    expect([...images.data.subarray(0, 8)]).toEqual([0, 0, 5, 13, 9, 1, 0, 0]);
  });
});

describe("a file that cannot be read", () => {
  it("is named in the message", async () => {
    const path = join(folder, "bad");
    await fs.writeFile(path, Uint8Array.from([0x61, 0x0a, 0xff]));
    await expect(readCSV(path)).rejects.toThrow(new FormatError("readCSV", `${path} is not text in UTF-8`));
    await expect(readIDX(path)).rejects.toThrow(
      new FormatError("readIDX", `${path} has 3 bytes and ends within its header`),
    );
    await expect(loadSafetensors(path)).rejects.toThrow(`loadSafetensors: ${path} has 3 bytes`);
    await expect(loadSafetensorsMetadata(path)).rejects.toThrow(`loadSafetensorsMetadata: ${path} has 3 bytes`);
    await fs.writeFile(path, "a\nx");
    await expect(readCSV(path)).rejects.toThrow(`readCSV: ${path} line 2, column "a" is "x", not a number`);
    await expect(readCSV(path, { target: "b" })).rejects.toThrow(
      `readCSV: ${path} target "b" is not among the 1 columns "a"`,
    );
  });

  it("says what to do when it is missing, and keeps the system's error", async () => {
    const path = join(folder, "missing");
    const readers = { readCSV, readIDX, loadSafetensors, loadSafetensorsMetadata };
    for (const [name, read] of Object.entries(readers)) {
      const error: unknown = await read(path).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(TapegradError);
      expect(error).toMatchObject({ cause: { code: "ENOENT" } });
      expect((error as Error).message).toMatch(`${name}: ${path} does not exist; the working folder is `);
    }
    await expect(readIDX(folder)).rejects.toThrow(`readIDX: ${folder} cannot be read (EISDIR`);
  });

  it("is refused before its header is read when that is longer than the file", async () => {
    const path = join(folder, "huge");
    const bytes = new Uint8Array(16);
    new DataView(bytes.buffer).setBigUint64(0, 2n ** 60n, true);
    await fs.writeFile(path, bytes);
    await expect(loadSafetensorsMetadata(path)).rejects.toThrow(
      "announces a header of 1152921504606846976 bytes, but has 16",
    );
  });
});

describe("saveSafetensors", () => {
  it("saves a module that another one of its kind loads", async () => {
    const path = join(folder, "model.safetensors");
    const model = new Linear(3, 2);
    await saveSafetensors(path, model.stateDict(), { epoch: "7" });
    const other = new Linear(3, 2);
    other.loadStateDict(await loadSafetensors(path));
    expect(String(other.weight)).toBe(String(model.weight));
    expect(await loadSafetensorsMetadata(path)).toEqual({ epoch: "7" });
    expect(await fs.readdir(folder)).toEqual(["model.safetensors"]);
  });

  const interrupted: [string, () => void][] = [
    ["opening", () => vi.spyOn(fs, "open").mockRejectedValueOnce(new Error("no space"))],
    ["renaming", () => vi.spyOn(fs, "rename").mockRejectedValueOnce(new Error("no space"))],
    ...(["writeFile", "sync"] as const).map((step): [string, () => void] => [
      step,
      () => {
        const open = fs.open.bind(fs);
        vi.spyOn(fs, "open").mockImplementationOnce(async (...args) => {
          const file = await open(...args);
          vi.spyOn(file, step).mockImplementationOnce(async () => {
            await file.write("half of it");
            throw new Error("no space");
          });
          return file;
        });
      },
    ]),
  ];
  it.each(interrupted)("leaves the old file as it was, and nothing beside it, when %s fails", async (_, interrupt) => {
    const path = join(folder, "model.safetensors");
    await saveSafetensors(path, { a: tensor([1, 2]) });
    const before = await fs.readFile(path);
    interrupt();
    syncBuiltinESMExports(); // so that the named exports are the mocks, too
    await expect(saveSafetensors(path, { a: tensor([3, 4]) })).rejects.toThrow("no space");
    expect(await fs.readFile(path)).toEqual(before);
    expect(await fs.readdir(folder)).toEqual(["model.safetensors"]);
    await saveSafetensors(path, { a: tensor([3, 4]) });
    expect((await loadSafetensors(path)).a.toArray()).toEqual([3, 4]);
  });

  it("checks the tensors before it touches the file", async () => {
    const path = join(folder, "model.safetensors");
    await expect(saveSafetensors(path, { a: [1] as never })).rejects.toThrow(ValueError);
    await expect(saveSafetensors(path, { a: [1] as never })).rejects.toThrow('saveSafetensors: "a" is not a tensor');
    expect(await fs.readdir(folder)).toEqual([]);
  });

  it("saves many at once without mixing them up", async () => {
    const path = join(folder, "model.safetensors");
    await Promise.all([...Array(8).keys()].map((i) => saveSafetensors(path, { a: tensor([i, i, i]) })));
    const [a, b, c] = (await loadSafetensors(path)).a.data;
    expect([a, a]).toEqual([b, c]);
    expect(await fs.readdir(folder)).toEqual(["model.safetensors"]);
  });
});
