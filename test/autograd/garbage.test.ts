import { describe, expect, it } from "vitest";
import { noGrad, random, type Tensor } from "../../src/index.ts";

/** Megabytes of heap and of arrays outside it, after a garbage collection where the runtime offers one. */
function memory(): { heap: number; arrays: number; resident: number } {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  return { heap: heapUsed / 2 ** 20, arrays: arrayBuffers / 2 ** 20, resident: rss / 2 ** 20 };
}

/** A step of gradient descent on two layers. */
function training(generator: random.Generator) {
  const parameters = [[8, 32], [32], [32, 4], [4]].map((shape) =>
    random.normal(shape, { std: 0.1, generator, requiresGrad: true }),
  );
  const [w1, b1, w2, b2] = parameters;
  const x = random.normal([16, 8], { generator });
  const labels = random.integers([16, 1], { high: 4, generator });
  return (): Tensor => {
    const loss = x.matmul(w1).add(b1).relu().matmul(w2).add(b2).logSoftmax(1).gather(1, labels).mean().neg();
    loss.backward();
    noGrad(() => {
      for (const p of parameters) {
        p.assign(p.sub(p.grad!.mul(0.01)));
        p.grad = null;
      }
    });
    return loss;
  };
}

describe("memory", () => {
  it("stays flat over 20,000 training steps, without any call to free it", () => {
    const step = training(new random.Generator(0));
    const first = step().item();
    for (let i = 0; i < 4000; i++) step();
    const before = memory();
    let last = 0;
    const most = { heap: 0, arrays: 0, resident: 0 };
    for (let i = 0; i < 16_000; i++) {
      last = step().item();
      if (i % 2000 === 1999) {
        const now = memory();
        for (const kind of ["heap", "arrays", "resident"] as const) most[kind] = Math.max(most[kind], now[kind]);
      }
    }
    expect(last).toBeLessThan(first);
    // 16,000 steps allocate about a gigabyte; what is not collected at a given moment is far below these bounds.
    expect(most.heap - before.heap).toBeLessThan(64);
    expect(most.arrays - before.arrays).toBeLessThan(64);
    expect(most.resident - before.resident).toBeLessThan(128);
  });

  it("of a kept loss does not keep the graph behind it once it is released", () => {
    const step = training(new random.Generator(1));
    const losses: Tensor[] = [];
    for (let i = 0; i < 100; i++) losses.push(step());
    for (const { record } of losses) {
      expect(record!.inputs).toEqual([]);
      expect(record).toBe(losses[0].record);
    }
  });
});
