import { describe, expect, it } from "vitest";
import { compile, random, type Tensor } from "../../src/index.ts";

const generator = new random.Generator("fusion");

/**
 * The primitives of each kernel that a function of x compiles to, after a check that it gives what the function gives.
 */
function kernelsOf(fn: (x: Tensor) => Tensor, x: Tensor): string[] {
  const compiled = compile(fn);
  const [eager, got] = [fn(x), compiled(x)];
  expect(got.shape).toEqual(eager.shape);
  const scale = Math.max(...eager.data.map(Math.abs));
  eager.data.forEach((value, i) => {
    expect(Math.abs(got.data[i] - value)).toBeLessThanOrEqual(1e-5 * scale);
  });
  const names = compiled.programs[0].kernels.map(({ name }) => name);
  compiled.dispose();
  return names;
}

describe("fusion", () => {
  const x = generator.normal([13, 13]);

  it("runs a softmax and what follows as one kernel", () => {
    expect(kernelsOf((t) => t.softmax(1).mul(2), x)).toHaveLength(1);
  });

  it("runs a normalisation over the batch as one kernel", () => {
    const images = generator.normal([3, 4, 5, 6]);
    const normalised = (t: Tensor) => {
      const centred = t.sub(t.mean([0, 2, 3], { keepDims: true }));
      return centred.mul(centred.square().mean([0, 2, 3], { keepDims: true }).add(1e-5).rsqrt());
    };
    expect(kernelsOf(normalised, images)).toHaveLength(1);
  });

  it("lets a matrix product go on with bias and activation", () => {
    const bias = generator.normal([13]);
    expect(kernelsOf((t) => t.matmul(t).add(bias).relu(), x)).toEqual(["matmul+add+relu"]);
  });

  it("reads a large array once for two reductions that do not depend on each other", () => {
    const large = generator.normal([128, 128]);
    expect(kernelsOf((t) => t.sum().add(t.square().sum()), large)).toHaveLength(1);
  });

  it("does not take a value along the rows of a square for one along its columns", () => {
    kernelsOf((t) => t.maximum(t.sum(1)), x); // sum(1) is [13] and is read along the last axis
    kernelsOf((t) => t.exp().add(t.exp().max(1).neg()), x);
    kernelsOf((t) => t.sub(t.mean(1, { keepDims: true })).mul(t.mean(1)), x);
  });

  it("does not read one vector along the rows and along the columns of a square in one loop", () => {
    const vector = generator.normal([13]);
    kernelsOf((t) => t.add(vector).sum(1).mul(vector), x);
    kernelsOf((t) => t.mul(vector).add(vector.unsqueeze(1)).sum(1).sub(vector), x);
  });

  it("makes nothing large wait for a reduction of everything", () => {
    const large = generator.normal([256, 128]);
    expect(kernelsOf((t) => t.sub(t.mean()), large).length).toBeGreaterThan(1);
  });
});
