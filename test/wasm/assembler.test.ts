import { describe, expect, it } from "vitest";
import { call, Module } from "../../src/wasm/assembler.ts";
import { signedLeb, unsignedLeb } from "../../src/wasm/encoding.ts";
import { f32, f32x4, i32, i32x4, v128 } from "../../src/wasm/instructions.ts";

/** The function `name` of a module, on one page of memory. */
function run(module: Module, name: string, memory = new WebAssembly.Memory({ initial: 1 })) {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: { memory } });
  return instance.exports[name] as (...args: number[]) => number;
}

describe("LEB128", () => {
  it.each([
    [0, [0x00]],
    [127, [0x7f]],
    [128, [0x80, 0x01]],
    [624485, [0xe5, 0x8e, 0x26]],
    [2 ** 32 - 1, [0xff, 0xff, 0xff, 0xff, 0x0f]],
  ])("writes %d without sign", (value, bytes) => {
    expect(unsignedLeb(value)).toEqual(bytes);
  });

  it.each([
    [0, [0x00]],
    [63, [0x3f]],
    [64, [0xc0, 0x00]],
    [127, [0xff, 0x00]],
    [128, [0x80, 0x01]],
    [-1, [0x7f]],
    [-64, [0x40]],
    [-65, [0xbf, 0x7f]],
    [-123456, [0xc0, 0xbb, 0x78]],
    [2 ** 31 - 1, [0xff, 0xff, 0xff, 0xff, 0x07]],
    [-(2 ** 31), [0x80, 0x80, 0x80, 0x80, 0x78]],
  ])("writes %d with sign", (value, bytes) => {
    expect(signedLeb(value)).toEqual(bytes);
  });

  it.each([0, 1, -1, 63, 64, -64, -65, 8191, 8192, -8193, 2 ** 31 - 1, -(2 ** 31)])(
    "of the constant %d runs",
    (value) => {
      const module = new Module();
      module.export(module.function("constant", {}, () => i32.const(value)));
      const instance = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()));
      expect((instance.exports.constant as () => number)()).toBe(value);
    },
  );
});

describe("a module", () => {
  it("runs a loop over locals", () => {
    const module = new Module();
    const sum = module.function("sum", { n: "i32" }, (f, { n }) => {
      const total = f.let(i32.const(0));
      f.while(i32.gtU(n, 0), () => {
        f.set(total, i32.add(total, n));
        f.set(n, i32.sub(n, 1));
      });
      return total;
    });
    module.export(sum);
    const instance = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()));
    const run = instance.exports.sum as (n: number) => number;
    expect([run(0), run(1), run(100)]).toEqual([0, 1, 5050]);
  });

  it("runs the body of doWhile at least once", () => {
    const module = new Module();
    const rounds = module.function("rounds", { limit: "i32" }, (f, { limit }) => {
      const i = f.let(i32.const(0));
      f.doWhile(
        () => f.set(i, i32.add(i, 1)),
        () => i32.ltU(i, limit),
      );
      return i;
    });
    module.importMemory("env", "memory", 1);
    module.export(rounds);
    const rounded = run(module, "rounds");
    expect([rounded(0), rounded(1), rounded(7)]).toEqual([1, 1, 7]);
  });

  it("calls its functions by argument name and chooses between branches", () => {
    const module = new Module();
    module.importMemory("env", "memory", 1);
    const minus = module.function("minus", { a: "i32", b: "i32" }, (_, { a, b }) => i32.sub(a, b));
    const pick = module.function("pick", { first: "i32" }, (f, { first }) => {
      const result = f.local("i32");
      f.if(
        first,
        () => f.set(result, call(minus, { b: 2, a: 5 })),
        () => f.set(result, -2),
      );
      return result;
    });
    module.export(pick);
    const choose = run(module, "pick");
    expect([choose(1), choose(0)]).toEqual([3, -2]);
  });

  it("computes on vectors in an imported memory", () => {
    const module = new Module();
    module.importMemory("env", "memory", 1);
    const reverse = module.function("reverse", { at: "i32" }, (f, { at }) => {
      const vector = f.let(v128.load(at, 16));
      f.do(v128.store(at, f32x4.mul(f32x4.shuffle(vector, vector, [3, 2, 1, 0]), v128.load32Splat(at))));
      f.do(f32.store(at, f32.add(f32.load(at), 0.5), 12));
      return i32x4.allTrue(i32x4.eq(v128.load(at), i32x4.const(0, 0, 0, 0)));
    });
    module.export(reverse);
    const memory = new WebAssembly.Memory({ initial: 1 });
    const floats = new Float32Array(memory.buffer);
    floats.set([10, 0, 0, 0, 1, 2, 3, 4], 2);
    expect(run(module, "reverse", memory)(8)).toBe(0);
    expect([...floats.subarray(2, 6)]).toEqual([40, 30, 20, 40.5]);
  });
});
