import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseIDX } from "../../src/io/index.ts";
import { DTypeError, FormatError, ValueError } from "../../src/tensor/errors.ts";

/** An IDX file: type, sizes, and the bytes of the elements. */
function idx(type: number, shape: readonly number[], elements: readonly number[]): Uint8Array {
  const sizes = shape.flatMap((n) => [n >>> 24, (n >> 16) & 255, (n >> 8) & 255, n & 255]);
  return Uint8Array.from([0, 0, type, shape.length, ...sizes, ...elements]);
}

const image = idx(8, [2, 1, 3], [0, 1, 2, 253, 254, 255]);

describe("parseIDX", () => {
  it.each([
    ["uint8", idx(8, [2], [0, 255]), "int32", [0, 255]],
    ["int8", idx(9, [2], [127, 128]), "int32", [127, -128]],
    ["int16", idx(11, [2], [1, 2, 255, 254]), "int32", [258, -2]],
    ["int32", idx(12, [1], [255, 255, 255, 253]), "int32", [-3]],
    ["float", idx(13, [1], [0x3f, 0xc0, 0, 0]), "float32", [1.5]],
    ["double", idx(14, [1], [0xbf, 0xf8, 0, 0, 0, 0, 0, 0]), "float64", [-1.5]],
    ["a scalar", idx(8, [], [7]), "int32", 7],
    ["no elements", idx(8, [0, 5], []), "int32", []],
  ])("reads %s", async (_, bytes, dtype, values) => {
    const t = await parseIDX(bytes);
    expect([t.dtype, t.toArray()]).toEqual([dtype, values]);
  });

  it("reads images, gzipped or not, wherever they lie in memory", async () => {
    const expected = [[[0, 1, 2]], [[253, 254, 255]]];
    expect((await parseIDX(image)).toArray()).toEqual(expected);
    expect((await parseIDX(new Uint8Array(gzipSync(image)))).toArray()).toEqual(expected);
    const shifted = Uint8Array.from([9, ...image, 9]);
    expect((await parseIDX(shifted.subarray(1, -1))).toArray()).toEqual(expected);
  });

  it("converts to the dtype asked for", async () => {
    expect((await parseIDX(image, { dtype: "float32" })).dtype).toBe("float32");
    expect((await parseIDX(image, { dtype: "bool" })).toArray()).toEqual([[[false, true, true]], [[true, true, true]]]);
    await expect(parseIDX(idx(13, [1], [0x3f, 0xc0, 0, 0]), { dtype: "int32" })).rejects.toThrow(
      new DTypeError("parseIDX", "element 0 is 1.5, not an int32 value; leave out dtype"),
    );
  });

  const bomb = new Uint8Array(gzipSync(Buffer.concat([idx(8, [4], []), Buffer.alloc(1e7)])));
  it.each<[string, Uint8Array, string]>([
    ["nothing", new Uint8Array(0), "has 0 bytes and ends within its header"],
    ["half a header", image.subarray(0, 9), "has 9 bytes and ends within its header"],
    [
      "another format",
      Uint8Array.from([137, 80, 78, 71]),
      "begins with the bytes 137 80 78 71, not with 0 0, a type (8 to 14) and a rank",
    ],
    ["an unknown type", idx(10, [1], [1]), "begins with the bytes 0 0 10 1, not with 0 0"],
    ["too few elements", image.subarray(0, -1), "[2, 1, 3] elements take 22 bytes, but there are 21"],
    ["too many", Uint8Array.from([...image, 0]), "[2, 1, 3] elements take 22 bytes, but there are 23"],
    ["sizes beyond all memory", idx(14, [2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1], []), "elements take 6.338"],
    ["a truncated gzip file", new Uint8Array(gzipSync(image)).subarray(0, -12), "is not a whole gzip file"],
    ["a damaged gzip file", new Uint8Array(gzipSync(image)).fill(255, 10, 20), "is not a whole gzip file"],
    ["a file that unfolds beyond its header", bomb, "unfolds to more than the 12 bytes that its header promises"],
    [
      "an unfolded file of another format",
      new Uint8Array(gzipSync(new Uint8Array(100).fill(7))),
      "begins with the bytes 7 7 7 7",
    ],
  ])("refuses %s", async (_, bytes, message) => {
    const failed = parseIDX(bytes);
    await expect(failed).rejects.toThrow(FormatError);
    await expect(failed).rejects.toThrow(message);
  });

  it("checks its arguments", async () => {
    await expect(parseIDX("x" as never)).rejects.toThrow(
      new ValueError("parseIDX", "bytes must be a Uint8Array, got string"),
    );
    await expect(parseIDX(image, { dtype: "uint8" as never })).rejects.toThrow(
      "parseIDX: dtype must be float32, float64, int32 or bool, got uint8",
    );
    await expect(parseIDX(image, { type: "bool" } as never)).rejects.toThrow(
      'parseIDX: unknown option "type"; it takes dtype',
    );
  });

  it("gives a tensor or a FormatError for damaged files, gzipped or not", async () => {
    const damaged = fc.record({
      gzipped: fc.boolean(),
      flips: fc.array(fc.nat(), { maxLength: 4 }),
      length: fc.nat(60),
    });
    await fc.assert(
      fc.asyncProperty(damaged, async ({ gzipped, flips, length }) => {
        const whole = gzipped ? new Uint8Array(gzipSync(image)) : image;
        const bytes = whole.slice(0, length);
        for (const flip of flips) if (bytes.length > 0) bytes[(flip >> 3) % bytes.length] ^= 1 << (flip & 7);
        try {
          expect((await parseIDX(bytes)).size).toBeLessThanOrEqual(image.length);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: 300 },
    );
  });
});
