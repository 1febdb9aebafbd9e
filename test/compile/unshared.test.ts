import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Tensor } from "../../src/index.ts";

/**
 * Memory that is not shared, as in a web page that is not cross-origin isolated: growing it detaches every array on it.
 * The library runs in a world of its own, where memory cannot be shared.
 */
let library: typeof import("../../src/index.ts");
let arena: typeof import("../../src/compile/memory.ts");
const warnings: string[] = [];

beforeAll(async () => {
  const { Memory } = WebAssembly;
  class UnsharedMemory extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      if (descriptor.shared) throw new RangeError("no shared memory");
      super(descriptor);
    }
  }
  vi.stubGlobal("WebAssembly", Object.create(WebAssembly, { Memory: { value: UnsharedMemory } }));
  vi.spyOn(console, "warn").mockImplementation((text) => warnings.push(text));
  vi.resetModules();
  library = await import("../../src/index.ts");
  arena = await import("../../src/compile/memory.ts");
}, 60_000);

afterAll(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  vi.resetModules();
});

const normal = (seed: string, ...shape: number[]): Tensor => new library.random.Generator(seed).normal(shape);

/** Makes the memory grow, as a program does that needs more than there is. */
function growMemory(): void {
  const { memory } = arena.getArena();
  const before = memory.buffer;
  arena.release(arena.reserve(before.byteLength));
  expect(before.byteLength).toBe(0); // detached
}

/** A network and its training step; with dropout and batch norm there are random numbers and buffers, too. */
function training(options?: { threads: number }) {
  const { compile, losses, nn, optim, random } = library;
  const generator = new random.Generator("net");
  const model = new nn.Sequential(
    new nn.Conv2d(1, 4, 3, { padding: 1, generator }),
    new nn.BatchNorm2d(4),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Dropout(0.2, { generator }),
    new nn.Flatten(),
    new nn.Linear(4 * 16, 3, { generator }),
  );
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-2 });
  const eager = (x: Tensor, y: Tensor) => {
    optimizer.zeroGrad();
    const loss = losses.crossEntropy(model.call(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  };
  const values = () => Object.entries(model.stateDict()).map(([name, t]) => [name, ...t.data]);
  return { model, optimizer, eager, step: compile(eager, options), values };
}

const batch = (i: number): [x: Tensor, y: Tensor] => [
  normal(`x${i}`, 16, 1, 8, 8),
  new library.random.Generator(`y${i}`).integers([16], { high: 3 }),
];

describe("memory that is not shared", () => {
  it("is what this file tests", () => {
    expect(arena.getArena().sharedUpTo).toBeUndefined();
    expect(arena.getArena().memory.buffer).toBeInstanceOf(ArrayBuffer);
  });

  it("grows while a program takes in states and constants", () => {
    const { compile, tensor } = library;
    const small = normal("small", 50);
    const first = compile((x: Tensor) => small.mul(x).sum());
    const expected = first(small).item();
    const { memory } = arena.getArena();
    const [pages, n] = [memory.buffer.byteLength, memory.buffer.byteLength / 4];
    const large = tensor(new Float32Array(n).fill(2));
    const second = compile((x: Tensor) =>
      large
        .mul(x)
        .max()
        .add(small.sum())
        .add(tensor([1, 2, 3]).mul(x).sum()),
    );
    const sum = small.sum().item();
    expect(second(tensor([3])).item()).toBeCloseTo(6 + sum + 18, 4);
    expect(memory.buffer.byteLength).toBeGreaterThan(pages);
    expect(large.data.length).toBe(n);
    expect(first(small).item()).toBe(expected);
    for (const { dispose } of [first, second]) dispose();
  });

  it("trains as eager code does", () => {
    const [compiled, reference] = [training(), training()];
    for (let i = 0; i < 3; i++) {
      expect(compiled.step(...batch(i)).item()).toBeCloseTo(reference.eager(...batch(i)).item(), 4);
    }
    compiled.step.dispose();
  });

  it("trains to the same bits when it grows between steps", () => {
    const [grown, reference] = [training(), training()];
    for (let i = 0; i < 5; i++) {
      expect(grown.step(...batch(i)).item()).toBe(reference.step(...batch(i)).item());
      if (i < 3) growMemory();
      expect(grown.values()).toEqual(reference.values());
    }
    grown.step.dispose();
    expect(grown.step).toThrow("disposed");
    expect(grown.values()).toEqual(reference.values());
    reference.step.dispose();
  });

  it("keeps parameters, gradients and optimizer state readable and writable by eager code", () => {
    const [grown, reference] = [training(), training()];
    for (const { step } of [grown, reference]) step(...batch(0));
    const [weight] = grown.model.parameters();
    const [view, gradient, detached] = [weight.reshape([-1]), weight.grad!, weight.detach()];
    growMemory();
    expect([...view.data]).toEqual([...weight.data]);
    expect([...gradient.data]).toEqual([...reference.model.parameters()[0].grad!.data]);
    expect(grown.optimizer.stateDict()).toEqual(reference.optimizer.stateDict());
    for (const { model } of [grown, reference]) {
      const [w, b] = model.parameters();
      library.noGrad(() => w.assign(w.mul(0.5)));
      b.data[1] = 0.25;
    }
    expect([...detached.data]).toEqual([...weight.data]);
    const [x, y] = batch(1);
    expect(grown.step(x, y).item()).toBe(reference.step(x, y).item());
    expect(grown.eager(x, y).item()).toBe(reference.eager(x, y).item());
    expect(grown.step(x, y).item()).toBe(reference.step(x, y).item());
    expect(grown.values()).toEqual(reference.values());
    for (const { dispose } of [grown.step, reference.step]) dispose();
  });

  it("runs on one thread whatever is asked for, and says so once", () => {
    const { compile } = library;
    const x = normal("x", 256, 256);
    const fn = (t: Tensor) => t.matmul(t).tanh();
    expect(warnings).toEqual([]);
    const [one, two, three] = [1, 2, 3].map((threads) => compile(fn, { threads }));
    for (const f of [two, three]) expect(f(x).data).toEqual(one(x).data);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("threads need shared memory");
    growMemory();
    expect(two(x).data).toEqual(one(x).data);
    for (const { dispose } of [one, two, three]) dispose();
  });
});
