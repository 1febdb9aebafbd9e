import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeSafetensors, decodeSafetensorsMetadata, encodeSafetensors } from "../../src/io/index.ts";
import { zeros } from "../../src/tensor/creation.ts";
import type { DType } from "../../src/tensor/dtype.ts";
import { FormatError, ValueError } from "../../src/tensor/errors.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";

const golden = new Uint8Array(readFileSync(new URL("../golden/safetensors-file.safetensors", import.meta.url)));

/** A file with this header and so many bytes of zeros after it. */
function file(header: unknown, size: number): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + size);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const one = (info: object, size: number) => file({ t: info }, size);

describe("a file of the reference library", () => {
  it("gives its tensors, whatever their dtypes", () => {
    const tensors = decodeSafetensors(golden);
    const found = Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, [t.dtype, t.toArray()]]));
    expect(found).toEqual({
      f64: [
        "float64",
        [
          [1 / 3, -2.5],
          [1e300, Number.POSITIVE_INFINITY],
        ],
      ],
      f32: ["float32", [0.1, -1.5, 3e38].map(Math.fround)],
      f16: ["float32", [1, -0.333251953125, 65504, 2 ** -24, Number.NEGATIVE_INFINITY, Number.NaN]],
      bf16: ["float32", [1, -0.333984375, 3.3895313892515355e38, -0]],
      i64: ["int32", [2147483647, -2147483648, 5]],
      i32: ["int32", [[7], [-8]]],
      i16: ["int32", [-32768, 32767]],
      i8: ["int32", [-128, 127]],
      u8: ["int32", [0, 255]],
      bool: ["bool", [true, false, true]],
      scalar: ["float32", 3],
      empty: ["float32", []],
      "layers.0.weight": [
        "float32",
        [
          [0, 1, 2],
          [3, 4, 5],
        ],
      ],
    });
    expect(tensors.empty.shape).toEqual([0, 4]);
    expect(tensors.scalar.shape).toEqual([]);
  });

  it("gives its metadata", () => {
    expect(decodeSafetensorsMetadata(golden)).toEqual({ format: "pt", note: "Grüße" });
  });

  it("is read wherever it lies in memory", () => {
    const shifted = new Uint8Array(golden.length + 3);
    shifted.set(golden, 3);
    expect(String(decodeSafetensors(shifted.subarray(3)).f64)).toBe(String(decodeSafetensors(golden).f64));
  });

  it("shares no memory with its tensors", () => {
    const bytes = encodeSafetensors({ a: tensor([1, 2]) });
    const { a } = decodeSafetensors(bytes);
    bytes.fill(0);
    expect(a.toArray()).toEqual([1, 2]);
  });
});

describe("encodeSafetensors", () => {
  it("writes a header of 8-byte multiples, wide elements first, then by name", () => {
    const bytes = encodeSafetensors(
      { b: tensor([true]), z: tensor([1]), a: tensor([2]), d: tensor([3], { dtype: "float64" }) },
      { by: "test" },
    );
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    expect(new TextDecoder().decode(bytes.subarray(8, 8 + length)).trimEnd()).toBe(
      '{"__metadata__":{"by":"test"},' +
        '"d":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},' +
        '"a":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},' +
        '"z":{"dtype":"F32","shape":[1],"data_offsets":[12,16]},' +
        '"b":{"dtype":"BOOL","shape":[1],"data_offsets":[16,17]}}',
    );
    expect(bytes.length).toBe(8 + length + 17);
  });

  it("takes any name, and no tensor at all", () => {
    const tensors = Object.fromEntries([
      ["__proto__", tensor([1])],
      ["", tensor([2])],
      ['a"\\\u2028', tensor([3])],
      ["7", tensor([4])],
    ]);
    expect(Object.keys(decodeSafetensors(encodeSafetensors(tensors))).sort()).toEqual(Object.keys(tensors).sort());
    expect(decodeSafetensors(encodeSafetensors({}))).toEqual({});
    const texts = Object.fromEntries([["__proto__", "x"]]);
    expect(Object.entries(decodeSafetensorsMetadata(encodeSafetensors({}, texts)))).toEqual([["__proto__", "x"]]);
  });

  it.each([
    [
      "a tensor alone",
      () => encodeSafetensors(tensor([1]) as never),
      "tensors must be an object of named tensors, such as module.stateDict()",
    ],
    [
      "what is no tensor",
      () => encodeSafetensors({ a: 3 as never }),
      '"a" is not a tensor; of a module give module.stateDict(), texts belong into metadata',
    ],
    [
      "the reserved name",
      () => encodeSafetensors({ __metadata__: zeros([1]) }),
      'the name "__metadata__" is reserved; rename the tensor',
    ],
    [
      "a number in metadata",
      () => encodeSafetensors({}, { epoch: 3 as never }),
      'metadata "epoch" must be text, got number',
    ],
  ])("refuses %s", (_, run, message) => {
    expect(run).toThrow(ValueError);
    expect(run).toThrow(`encodeSafetensors: ${message}`);
  });
});

describe("a file that breaks the format is a FormatError:", () => {
  const f32 = { dtype: "F32", shape: [2], data_offsets: [0, 8] };
  const huge = new Uint8Array(16);
  new DataView(huge.buffer).setBigUint64(0, 2n ** 60n, true);
  const most = new Uint8Array(16);
  new DataView(most.buffer).setBigUint64(0, 2n ** 64n - 1n, true);
  it.each<[string, Uint8Array, string]>([
    ["empty", new Uint8Array(0), "has 0 bytes; the length of the header alone takes 8"],
    ["a header of 2^60 bytes", huge, "announces a header of 1152921504606846976 bytes, but has 16; not safetensors?"],
    ["a header of 2^64 - 1 bytes", most, "announces a header of 18446744073709551615 bytes, but has 16"],
    ["invalid JSON", file("{nope}", 0), "has a header that is not JSON"],
    ["invalid UTF-8", Uint8Array.from([2, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0xff]), "has a header that is not JSON"],
    ["a list", file("[]", 0), "has a header that is not a JSON object"],
    ["leading space", file(" {}", 0), "has a header that is not a JSON object"],
    ["a header of no bytes", file("", 0), "has a header that is not JSON"],
    [
      "a name given twice",
      file(`{"a":${JSON.stringify(f32)},"\\u0061":${JSON.stringify(f32)}}`, 8),
      'gives the name "a" twice',
    ],
    [
      "a field given twice",
      file('{"a":{"dtype":"F32","dtype":"I32","shape":[],"data_offsets":[0,4]}}', 4),
      'gives the name "dtype" twice',
    ],
    ["metadata that is no text", file({ __metadata__: { a: 1 } }, 0), "__metadata__ must hold texts by name"],
    ["metadata that is a list", file({ __metadata__: [] }, 0), "__metadata__ must hold texts by name"],
    ["no tensor", one([], 0), 'tensor "t" has the shape undefined; sizes must be whole numbers >= 0'],
    ["null", file({ t: null }, 0), 'tensor "t" has the shape undefined'],
    [
      "a negative size",
      one({ ...f32, shape: [-2] }, 8),
      'tensor "t" has the shape [-2]; sizes must be whole numbers >= 0',
    ],
    [
      "a shape nested a hundred thousand deep",
      file(`{"t":{"shape":${"[".repeat(1e5)}${"]".repeat(1e5)}}}`, 0),
      'tensor "t" has the shape a nested list',
    ],
    [
      "a header nested a hundred thousand deep",
      file(`${'{"a":'.repeat(1e5)}1${"}".repeat(1e5)}`, 0),
      'tensor "a" has the shape undefined',
    ],
    ["an object for a shape", one({ ...f32, shape: { length: 1 } }, 8), 'tensor "t" has the shape an object'],
    ["an endless shape", one({ ...f32, shape: new Array(1000).fill(-1) }, 8), ",-1,-...; sizes must"],
    ["half a size", one({ ...f32, shape: [2.5] }, 8), 'tensor "t" has the shape [2.5]'],
    [
      "sizes whose product overflows",
      one({ ...f32, shape: [2 ** 40, 2 ** 40] }, 8),
      "takes 4.835703278458517e+24 bytes, but has 8",
    ],
    [
      "one offset",
      one({ ...f32, data_offsets: [0] }, 8),
      'tensor "t" has the data_offsets [0]; they must be [start, end]',
    ],
    ["offsets that fall", one({ ...f32, data_offsets: [8, 0] }, 8), 'tensor "t" has the data_offsets [8,0]'],
    ["offsets beyond the file", one({ ...f32, data_offsets: [0, 8] }, 4), "bytes, but the header accounts for"],
    ["an enormous end", one({ ...f32, shape: [2 ** 48], data_offsets: [0, 2 ** 50] }, 8), "it may be truncated"],
    ["bytes after the last tensor", one(f32, 9), "bytes, but the header accounts for"],
    [
      "a hole at the start",
      one({ ...f32, data_offsets: [4, 12] }, 12),
      'tensor "t" at bytes 4 to 12 leaves the bytes 0 to 4 unused',
    ],
    [
      "a hole between two",
      file({ a: f32, b: { ...f32, data_offsets: [12, 20] } }, 20),
      'tensor "b" at bytes 12 to 20 leaves the bytes 8 to 12 unused',
    ],
    [
      "an overlap",
      file({ a: f32, b: { ...f32, data_offsets: [4, 12] } }, 12),
      'tensor "b" at bytes 4 to 12 overlaps the bytes before 8',
    ],
    [
      "two tensors on the same bytes",
      file({ a: f32, b: f32 }, 8),
      'tensor "b" at bytes 0 to 8 overlaps the bytes before 8',
    ],
    ["a wrong size", one({ ...f32, shape: [3] }, 8), 'tensor "t" F32 [3] takes 12 bytes, but has 8'],
    [
      "an unknown dtype",
      one({ ...f32, dtype: "F8_E4M3" }, 8),
      'tensor "t" has the dtype "F8_E4M3"; known are F64, F32,',
    ],
    ["a dtype of the prototype", one({ ...f32, dtype: "toString" }, 8), 'tensor "t" has the dtype "toString"'],
    [
      "an I64 beyond int32",
      one({ dtype: "I64", shape: [1], data_offsets: [0, 8] }, 8).fill(1, -8),
      'tensor "t" element 0 is 72340172838076673, beyond int32',
    ],
    [
      "a U32 beyond int32",
      one({ dtype: "U32", shape: [1], data_offsets: [0, 4] }, 4).fill(255, -4),
      'tensor "t" element 0 is 4294967295, beyond int32',
    ],
    [
      "a BOOL of 2",
      one({ dtype: "BOOL", shape: [1], data_offsets: [0, 1] }, 1).fill(2, -1),
      'tensor "t" element 0 is 2, neither 0 nor 1',
    ],
  ])("%s", (_, bytes, message) => {
    let error: unknown;
    try {
      decodeSafetensors(bytes);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(FormatError);
    expect((error as Error).message).toContain(`decodeSafetensors: `);
    expect((error as Error).message).toContain(message);
  });

  it("and so is what is no Uint8Array a ValueError", () => {
    expect(() => decodeSafetensors("{}" as never)).toThrow("decodeSafetensors: bytes must be a Uint8Array, got string");
  });
});

const dtypes: DType[] = ["float32", "float64", "int32", "bool"];
const anyTensor: fc.Arbitrary<Tensor> = fc
  .record({
    dtype: fc.constantFrom(...dtypes),
    shape: fc.array(fc.nat(3), { maxLength: 3 }),
    bytes: fc.infiniteStream(fc.nat(255)),
  })
  .map(({ dtype, shape, bytes }) => {
    const t = zeros(shape, { dtype });
    const raw = new Uint8Array(t.data.buffer, t.data.byteOffset, t.data.byteLength);
    for (let i = 0; i < raw.length; i++) raw[i] = bytes.next().value % (dtype === "bool" ? 2 : 256);
    return t;
  });
const anyTensors = fc.dictionary(
  fc.string().filter((name) => name !== "__metadata__"),
  anyTensor,
  { maxKeys: 4 },
);

const bits = (t: Tensor) => [
  t.dtype,
  t.shape,
  [...new Uint8Array(t.data.buffer, t.data.byteOffset, t.data.byteLength)],
];

describe("whatever the tensors,", () => {
  it("they come back bit by bit", () => {
    fc.assert(
      fc.property(anyTensors, fc.dictionary(fc.string(), fc.string()), (tensors, metadata) => {
        const bytes = encodeSafetensors(tensors, metadata);
        const back = decodeSafetensors(bytes);
        expect(Object.keys(back).sort()).toEqual(Object.keys(tensors).sort());
        for (const [name, t] of Object.entries(tensors)) expect(bits(back[name])).toEqual(bits(t));
        expect({ ...decodeSafetensorsMetadata(bytes) }).toEqual({ ...metadata });
      }),
    );
  });

  it("a truncated file is a FormatError", () => {
    fc.assert(
      fc.property(anyTensors, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (tensors, part) => {
        const bytes = encodeSafetensors(tensors);
        expect(() => decodeSafetensors(bytes.subarray(0, Math.floor(part * bytes.length)))).toThrow(FormatError);
      }),
    );
  });

  it("flipped bits give tensors or a FormatError, never more bytes than the file has", () => {
    fc.assert(
      fc.property(anyTensors, fc.array(fc.nat(), { minLength: 1, maxLength: 8 }), (tensors, flips) => {
        const bytes = encodeSafetensors(tensors);
        for (const flip of flips) bytes[(flip >> 3) % bytes.length] ^= 1 << (flip & 7);
        try {
          const stored = Object.values(decodeSafetensors(bytes));
          expect(stored.reduce((total, t) => total + t.size, 0)).toBeLessThanOrEqual(bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
