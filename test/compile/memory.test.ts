import { describe, expect, it } from "vitest";
import { trainingStep } from "../../bench/steps.ts";
import { type WorkloadName, workloads } from "../../bench/workloads.ts";
import { bytesInUse } from "../../src/compile/memory.ts";
import { CompileError, compile, random, type Tensor, tensor } from "../../src/index.ts";

const least = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b));

describe("the memory of compiled steps", () => {
  it("stays as it is over 50,000 training steps", () => {
    const step = compile(trainingStep("mlp-tiny"));
    const [heap, resident]: number[][] = [[], []];
    for (let i = 0; i < 50_000; i++) {
      step();
      if (i % 100 === 0) {
        const usage = process.memoryUsage();
        heap.push(usage.heapUsed);
        resident.push(usage.rss);
      }
    }
    // Each result is a small tensor, which garbage collection takes away now and then: the low points must not rise.
    const quarter = heap.length / 4;
    expect(least(heap.slice(-quarter)) - least(heap.slice(quarter, 2 * quarter))).toBeLessThan(1 << 20);
    expect(least(resident.slice(-quarter)) - least(resident.slice(quarter, 2 * quarter))).toBeLessThan(8 << 20);
    step.dispose();
  });

  it.each(Object.keys(workloads) as WorkloadName[])("is at most a quarter more than %s needs at one time", (name) => {
    const step = compile(trainingStep(name));
    step();
    const [{ memoryPlan }] = step.programs;
    expect(memoryPlan.bytes).toBeLessThanOrEqual(1.25 * memoryPlan.peak);
    step.dispose();
  });

  it("holds no two values in one place at one time", () => {
    const step = compile(trainingStep("cnn-mnist"));
    step();
    const { blocks } = step.programs[0].memoryPlan;
    expect(blocks.length).toBeGreaterThan(10);
    for (const a of blocks) {
      for (const b of blocks) {
        const apartInTime = a.last < b.first || b.last < a.first;
        const apartInSpace = a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset;
        expect(a === b || apartInTime || apartInSpace).toBe(true);
      }
    }
    step.dispose();
  });

  it("is given back by dispose", () => {
    const before = bytesInUse();
    const step = compile((x: Tensor) => x.exp().matmul(x).sum(0));
    step(random.normal([64, 64]));
    expect(bytesInUse()).toBeGreaterThan(before);
    step.dispose();
    expect(bytesInUse()).toBe(before);
  });

  it("that is not to be had is an error, which leaves eager code and other programs working", () => {
    const x = tensor([1, 2]);
    const other = compile((t: Tensor) => t.mul(3));
    expect(other(x).toArray()).toEqual([3, 6]);
    const before = bytesInUse();
    const huge = compile((t: Tensor) =>
      t
        .reshape([2, 1])
        .broadcastTo([2, 1 << 30])
        .cumsum(1)
        .slice([0, 5]),
    );
    expect(() => huge(x)).toThrow(CompileError);
    expect(() => huge(x)).toThrow(/out of memory.*dispose/s);
    expect(bytesInUse()).toBe(before);
    expect(x.add(1).toArray()).toEqual([2, 3]);
    expect(other(x).toArray()).toEqual([3, 6]);
  });
});
