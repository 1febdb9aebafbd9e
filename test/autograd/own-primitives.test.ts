import { describe, expect, it } from "vitest";
import { definePrimitive, gradcheck, nn, type Tensor, tensor } from "../../src/index.ts";

describe("slips in a primitive of one's own are explained", () => {
  const twice = (vjp: unknown, shape: unknown = ([x]: Tensor[]) => x.shape) =>
    definePrimitive<[x: Tensor]>({
      name: "twice",
      shape: shape as never,
      kernel: (out, [x]) => {
        for (let i = 0; i < x.size; i++) out.data[i] = 2 * x.data[i];
      },
      vjp: vjp as never,
    });
  const x = () => tensor([1], { requiresGrad: true });

  it("a vjp that gives tensors in place of functions", () => {
    const op = twice(({ g }: { g: Tensor }) => [g]);
    expect(() => op(x()).backward()).toThrow("the vjp of twice gives no gradient for input 0; it needs a function");
  });

  it("a vjp that gives a number", () => {
    expect(() => twice(() => [() => 3])(x()).backward()).toThrow(
      "the vjp of twice must give a tensor for input 0, got 3",
    );
  });

  it("a shape rule without a result", () => {
    expect(() => twice(undefined, () => undefined)(x())).toThrow("twice: the shape rule must return a list of sizes");
  });

  it("no vjp at all", () => {
    expect(() => twice(undefined)(x()).backward()).toThrow("comes through an operation without a gradient");
  });
});

it("gradcheck of a function that gives no tensor says so", () => {
  expect(() => gradcheck((t) => t.sum().item() as never, tensor([1]))).toThrow("gradcheck: fn must return a tensor");
});

it("a module without forward says so", () => {
  const empty = Object.create(nn.ReLU.prototype, { forward: { value: undefined } }) as nn.ReLU;
  expect(() => empty.call(tensor([1]))).toThrow("ReLU: a module needs a method forward(x)");
});
