import { describe, expect, it, vi } from "vitest";
import { siteIn } from "../../src/compile/trace.ts";
import {
  CompileError,
  compile,
  detectAnomaly,
  losses,
  manualSeed,
  nn,
  noGrad,
  optim,
  pad,
  random,
  type Tensor,
  tensor,
  zeros,
} from "../../src/index.ts";

const leaf = (values: number[]): Tensor => tensor(values, { requiresGrad: true });

describe("arguments of a compiled function", () => {
  it("may be one tensor twice, with one gradient", () => {
    const w = leaf([1, 2, 3]);
    compile((a: Tensor, b: Tensor) => a.mul(b).sum().backward())(w, w);
    expect(w.grad!.toArray()).toEqual([2, 4, 6]);
  });

  it("may share their values: what one is assigned the other has", () => {
    const w = tensor([1, 2, 3]);
    const fn = (a: Tensor, b: Tensor) => {
      a.assign(a.add(1));
      return b.mul(1);
    };
    expect(compile(fn)(w, w.detach()).toArray()).toEqual([2, 3, 4]);
    expect(w.toArray()).toEqual([2, 3, 4]);
  });

  it("that are used without being passed as well must not be changed in either way", () => {
    const w = leaf([1, 2]);
    expect(() => compile((a: Tensor) => a.mul(w).sum().backward())(w)).toThrow(/argument 0 is also used without/);
    const changing = compile((a: Tensor) => {
      a.assign(a.add(1));
      return w.mul(1);
    });
    expect(() => noGrad(() => changing(w))).toThrow(CompileError);
    expect(w.toArray()).toEqual([1, 2]);
  });

  it("are told apart by their kind: an empty list, an empty object, a zero", () => {
    const f = compile((x: unknown, y: Tensor) => y.add(Array.isArray(x) ? 1 : typeof x === "object" ? 2 : 3));
    const y = tensor([0]);
    expect([f([], y).item(), f({}, y).item(), f(0, y).item()]).toEqual([1, 2, 3]);
  });

  it.each([
    ["an array of many numbers", Array.from({ length: 40 }, (_, i) => i), /pass tensor\(values\)/],
    ["a Map with tensors", new Map([["x", tensor([1])]]), /array or a plain object/],
  ])("cannot be %s", (_, argument, message) => {
    expect(() => compile((_: unknown, x: Tensor) => x.mul(2))(argument, tensor([1]))).toThrow(message);
  });

  it("that require gradients and are new at each call make one program", () => {
    const f = compile((x: Tensor) => x.square().sum().backward());
    for (let i = 0; i < 4; i++) {
      const x = leaf([1, i]);
      f(x);
      expect(x.grad!.toArray()).toEqual([2, 2 * i]);
    }
    expect(f.programs).toHaveLength(1);
  });

  it("of more than 16 shapes give one warning", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const f = compile((x: Tensor) => x.add(1));
    for (let n = 1; n <= 20; n++) expect(f(zeros([n])).size).toBe(n);
    expect(f.programs).toHaveLength(16);
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0][0]).toMatch(/more than 16 combinations/);
    warn.mockRestore();
  });
});

describe("what a compiled function assigns", () => {
  it("to a tensor made inside is gone with the call", () => {
    const f = compile((x: Tensor) => {
      const sum = zeros([2]);
      noGrad(() => sum.assign(sum.add(x)));
      return sum.mul(1);
    });
    expect(f(tensor([1, 2])).toArray()).toEqual([1, 2]);
    expect(f(tensor([3, 4])).toArray()).toEqual([3, 4]);
  });

  it("through a reshape reaches the tensor itself", () => {
    const w = tensor([1, 2]);
    const f = compile(() => {
      const column = w.reshape([2, 1]);
      column.assign(column.add(1));
      return w.mul(1);
    });
    expect(f().toArray()).toEqual([2, 3]);
    expect(w.toArray()).toEqual([2, 3]);
  });

  it.each([
    ["of another dtype", (x: Tensor) => x.to("float64")],
    ["of another shape", (x: Tensor) => x.sum()],
  ])("to a gradient must not be %s", (_, gradient) => {
    const w = leaf([1, 2]);
    const f = compile((x: Tensor) => {
      w.grad = gradient(x);
    });
    expect(() => f(tensor([1, 2]))).toThrow(/gradient set inside.*must be alike/s);
  });

  it("leaves gradients that add up as they were when a check fails", () => {
    const w = leaf([1, 1]);
    const f = compile((labels: Tensor) => losses.crossEntropy(w.unsqueeze(0), labels).backward());
    f(tensor([0], { dtype: "int32" }));
    f(tensor([1], { dtype: "int32" }));
    const before = w.grad!.toArray();
    expect(() => f(tensor([7], { dtype: "int32" }))).toThrow(/labels\[0\] is 7/);
    expect(w.grad!.toArray()).toEqual(before);
  });
});

describe("what would happen only while tracing", () => {
  it.each<[string, () => unknown]>([
    ["manualSeed", () => manualSeed(1)],
    ["a new generator", () => new random.Generator(1)],
    ["a new optimizer", () => new optim.SGD([leaf([1])])],
    ["train()", () => new nn.Dropout().train()],
    ["a schedule's step", () => schedule.step()],
  ])("is refused: %s", (_, act) => {
    expect(() => compile(act)()).toThrow(CompileError);
  });
  const schedule = new optim.ExponentialLR(new optim.SGD([leaf([1])], { lr: 1 }), { gamma: 0.9 });

  it("is refused though the function catches the error of a read", () => {
    const f = compile((x: Tensor) => {
      try {
        x.item();
      } catch {
        // as if nothing were
      }
      return x.mul(2);
    });
    expect(() => f(tensor([1]))).toThrow(/values of a tensor \[1\] were read/);
  });

  it("is refused when the function is async", () => {
    expect(() => compile(async () => tensor(1))()).toThrow(/compile: fn must not be async/);
  });
});

describe("settings of modules", () => {
  it("that change lead to another trace", () => {
    const norm = new nn.BatchNorm1d(1);
    const f = compile((x: Tensor) => norm.call(x));
    const x = tensor([[1], [3]]);
    f(x);
    (norm as { momentum: number | null }).momentum = 1;
    f(x);
    expect(norm.runningMean!.item()).toBe(2);
    expect(f.programs).toHaveLength(2);
  });

  it("include the weight itself", () => {
    const layer = new nn.Linear(1, 1, { bias: false });
    const f = compile((x: Tensor) => layer.call(x));
    f(tensor([[1]]));
    layer.weight = tensor([[42]]);
    expect(f(tensor([[1]])).item()).toBe(42);
  });
});

it("a compiled function inside detectAnomaly runs as it is, so that the fault is found", () => {
  const f = compile((x: Tensor) => x.log());
  f(tensor([1]));
  expect(() => detectAnomaly(() => f(tensor([-1])))).toThrow(/output of log/);
});

it("paddings that JSON writes alike are two operations", () => {
  const fn = (x: Tensor) => pad(x, [[1, 1]], { value: Infinity }).add(pad(x, [[1, 1]], { value: -Infinity }));
  expect(compile(fn)(tensor([1])).toArray()).toEqual(fn(tensor([1])).toArray());
});

it("e to the difference from a maximum along another axis is not taken for one of a number below 0", () => {
  const x = tensor([
    [1, 80],
    [0, 2],
  ]);
  const fn = (t: Tensor) => t.sub(t.max(1)).exp();
  const [compiled, eager] = [compile(fn)(x), fn(x)];
  compiled.data.forEach((value, i) => {
    expect(Math.abs(value - eager.data[i])).toBeLessThanOrEqual(1e-6 * Math.abs(eager.data[i]));
  });
});

describe("the line that an error names", () => {
  it.each([
    [
      "V8",
      "Error\n    at callSite (file:///lib/dist/compile/trace.js:9:1)\n    at Tensor.item (file:///lib/dist/tensor/tensor.js:3:4)\n    at step (file:///my app (1)/train.js:7:20)",
      " at file:///my app (1)/train.js:7",
    ],
    [
      "V8, without a function",
      "Error\n    at callSite (/lib/src/compile/trace.ts:9:1)\n    at /app/train.ts:7:20",
      " at /app/train.ts:7",
    ],
    [
      "Firefox",
      "callSite@http://h/lib/compile/trace.js:9:1\nitem@http://h/lib/tensor/tensor.js:3:4\nstep@http://h/train.js:7:20",
      " at http://h/train.js:7",
    ],
    [
      "a bundle, where it is not known",
      "Error\n    at callSite (http://h/bundle.js:9:1)\n    at step (http://h/bundle.js:7:20)",
      "",
    ],
  ])("is found in a stack of %s", (_, stack, place) => {
    expect(siteIn(stack)).toBe(place);
  });
});
