import { describe, expect, it } from "vitest";
import { AutogradError, add, grad, noGrad, ShapeError, stopGradient, type Tensor, tensor } from "../../src/index.ts";

const leaf = (values: number | number[]): Tensor => tensor(values, { dtype: "float64", requiresGrad: true });

describe("backward", () => {
  it("adds to the gradients of the leaves, call by call", () => {
    const x = leaf([1, 2]);
    x.square().sum().backward();
    expect(x.grad!.toArray()).toEqual([2, 4]);
    x.mul(10).sum().backward();
    expect(x.grad!.toArray()).toEqual([12, 14]);
    x.grad = null;
    x.sum().backward();
    expect(x.grad!.toArray()).toEqual([1, 1]);
  });

  it("sums over every use of a shared subgraph", () => {
    const x = leaf(3);
    const y = x.square();
    y.mul(y).add(y).add(x).backward(); // x^4 + x^2 + x
    expect(x.grad!.item()).toBe(4 * 27 + 6 + 1);
  });

  it("visits a shared subgraph once: a hundred doublings are not 2^100 steps", () => {
    const x = leaf(1);
    let y: Tensor = x;
    for (let i = 0; i < 100; i++) y = y.add(y);
    y.backward();
    expect(x.grad!.item()).toBe(2 ** 100);
  });

  it("walks a chain of 100,000 operations, and gives it back", () => {
    const x = leaf(0);
    let y: Tensor = x;
    for (let i = 0; i < 100_000; i++) y = y.add(1);
    y.backward();
    expect([y.item(), x.grad!.item()]).toEqual([100_000, 1]);
  });

  it("takes the gradient to start from", () => {
    const x = leaf([1, 2]);
    x.mul(3).backward([1, 10]);
    expect(x.grad!.toArray()).toEqual([3, 30]);
    const y = tensor([1, 2], { requiresGrad: true });
    y.mul(3).backward(tensor([1, 2], { dtype: "float64" }));
    expect(y.grad!.dtype).toBe("float32");
  });

  it("starts from 1 for one element of any shape", () => {
    const x = leaf([4]);
    x.mul(2).reshape([1, 1]).backward();
    expect(x.grad!.toArray()).toEqual([2]);
    x.backward();
    expect(x.grad!.toArray()).toEqual([3]);
  });

  it("gives each leaf a gradient array of its own, not the caller's either", () => {
    const [a, b] = [leaf([1]), leaf([2])];
    const seed = tensor([1], { dtype: "float64" });
    add(a, b).reshape([1]).backward(seed);
    noGrad(() => a.grad!.assign([50]));
    expect([b.grad!.toArray(), seed.toArray()]).toEqual([[1], [1]]);
  });

  it("sums gradients back over the axes that an operand was broadcast along", () => {
    const [a, b, c] = [leaf([1, 2, 3]), leaf(2), leaf([1])];
    a.reshape([1, 3]).mul(b).add(c).broadcastTo([2, 3]).sum().backward();
    expect(a.grad!.toArray()).toEqual([4, 4, 4]);
    expect(b.grad!.item()).toBe(12);
    expect(c.grad!.toArray()).toEqual([6]);
  });

  it("gives each leaf a gradient of its dtype", () => {
    const a = tensor([1], { requiresGrad: true });
    const b = leaf([2]);
    a.mul(b).sum().backward();
    expect([a.grad!.dtype, b.grad!.dtype]).toEqual(["float32", "float64"]);
  });

  it("releases the graph, and says so the second time", () => {
    const x = leaf(2);
    const inner = x.square();
    const y = inner.exp();
    y.backward();
    expect(() => y.backward()).toThrow(AutogradError);
    expect(() => y.backward()).toThrow(
      "backward: the graph was released by an earlier backward(); pass { retainGraph: true } there to differentiate it again",
    );
    expect(() => inner.mul(2).backward()).toThrow("the graph was released");
    expect(() => grad(y, x)).toThrow("grad: the graph was released");
    expect(x.grad!.item()).toBe(4 * Math.exp(4));
  });

  it("keeps the graph with retainGraph, and with createGraph", () => {
    const x = leaf(2);
    const y = x.square();
    y.backward(undefined, { retainGraph: true });
    y.backward(undefined, { createGraph: true });
    expect(x.grad!.item()).toBe(8);
    y.backward(undefined, { createGraph: true, retainGraph: false });
    expect(() => y.backward()).toThrow("released");
  });

  it("of a gradient made with createGraph adds second derivatives", () => {
    const x = leaf(2);
    x.pow(3).backward(undefined, { createGraph: true });
    const first = x.grad!;
    expect(first.requiresGrad).toBe(true);
    x.grad = null;
    first.backward();
    expect(x.grad!.item()).toBe(12);
  });

  it("does not record the gradients themselves without createGraph", () => {
    const x = leaf(2);
    x.square().backward();
    expect([x.grad!.requiresGrad, x.grad!.record]).toEqual([false, null]);
  });

  it("explains an output that nothing can be learnt from, and one that is no scalar", () => {
    expect(() => tensor([1]).backward()).toThrow(
      "backward: nothing to differentiate: the output depends on no tensor with requiresGrad, was computed inside noGrad or by a compiled function (call backward() inside it), or comes through an operation without a gradient",
    );
    const x = leaf([1, 2]);
    expect(() => x.mul(2).backward()).toThrow(
      "backward: an output of shape [2] needs a gradient of that shape; reduce it to a scalar with sum() or mean(), or pass one",
    );
    expect(() => x.mul(2).backward([1, 2, 3])).toThrow(ShapeError);
    expect(() => x.mul(2).backward(1)).toThrow("backward: the gradient has shape [], the output [2]");
    expect(() => x.sum().backward(undefined, { retain: true } as never)).toThrow('backward: unknown option "retain"');
    expect(x.grad).toBeNull();
  });

  it("skips what is frozen after the forward pass", () => {
    const [a, b] = [leaf(2), leaf(3)];
    const y = a.mul(b);
    b.requiresGrad = false;
    y.backward();
    expect([a.grad!.item(), b.grad]).toEqual([3, null]);
  });
});

describe("grad", () => {
  it("gives the gradients and leaves .grad alone", () => {
    const [a, b] = [leaf(2), leaf(3)];
    expect(grad(a.mul(b), [a, b]).map((g) => g.item())).toEqual([3, 2]);
    expect(grad(a.square(), a).map((g) => g.item())).toEqual([4]);
    expect([a.grad, b.grad]).toEqual([null, null]);
  });

  it("takes targets in the middle of the graph, and the output itself", () => {
    const x = leaf(2);
    const h = x.square();
    const y = h.pow(3);
    expect(grad(y, [h, x, y]).map((g) => g.item())).toEqual([48, 192, 1]);
  });

  it("does not go past a target that is all that is asked for", () => {
    const x = leaf(2);
    const h = x.square();
    grad(h.exp(), h);
    h.backward(); // its graph is still there
    expect(x.grad!.item()).toBe(4);
  });

  it("takes the gradient to start from", () => {
    const x = leaf([1, 2]);
    expect(grad(x.square(), x, { gradOutput: [1, 3] })[0].toArray()).toEqual([2, 12]);
  });

  it("throws for an input that is not used, or gives zeros", () => {
    const [a, b] = [leaf(2), leaf([3, 4])];
    const y = a.square();
    expect(() => grad(y, [a, b], { retainGraph: true })).toThrow(
      "grad: the output does not depend on inputs[1] [2]; does it require gradients? { allowUnused: true } gives zeros",
    );
    expect(grad(y, [a, b], { allowUnused: true }).map((g) => g.toArray())).toEqual([4, [0, 0]]);
  });

  it("nests with createGraph to any order", () => {
    const x = leaf(1.5);
    let y = x.pow(5);
    for (const expected of [5 * 1.5 ** 4, 20 * 1.5 ** 3, 60 * 1.5 ** 2, 120 * 1.5, 120, 0]) {
      [y] = grad(y, x, { createGraph: true });
      expect(y.item()).toBeCloseTo(expected, 10);
    }
  });

  it("releases the graph like backward", () => {
    const x = leaf(2);
    const y = x.square();
    grad(y, x, { retainGraph: true });
    grad(y, x);
    expect(() => grad(y, x)).toThrow("grad: the graph was released");
  });
});

describe("recording", () => {
  it("stops inside noGrad, and comes back after an error", () => {
    const x = leaf(2);
    expect(noGrad(() => x.square()).requiresGrad).toBe(false);
    expect(() =>
      noGrad(() => {
        throw new Error("inside");
      }),
    ).toThrow("inside");
    expect(x.square().requiresGrad).toBe(true);
    expect(noGrad(() => noGrad(() => 1) + (x.square().requiresGrad ? 1 : 0))).toBe(1);
  });

  it("refuses functions that go on after noGrad has ended", () => {
    expect(() => noGrad(async () => leaf(1).square())).toThrow("noGrad: fn must not be async");
    expect(leaf(1).square().requiresGrad).toBe(true);
  });

  it("passes values, not gradients, through stopGradient and detach", () => {
    const x = leaf(3);
    x.mul(stopGradient(x)).backward();
    expect(x.grad!.item()).toBe(3);
    x.grad = null;
    x.mul(x.detach()).backward();
    expect(x.grad!.item()).toBe(3);
    expect(stopGradient(x).requiresGrad).toBe(false);
  });

  it("keeps no record of what needs no gradient", () => {
    expect(tensor([1]).mul(2).record).toBeNull();
    expect(leaf([1]).gt(0).record).toBeNull();
  });
});

describe("assign", () => {
  it("overwrites a leaf in place, under noGrad where it requires gradients", () => {
    const x = leaf([1, 2]);
    const { data } = x;
    noGrad(() => x.assign(x.mul(2)));
    noGrad(() => x.assign([5, 6]));
    expect([x.data, x.toArray(), x.requiresGrad]).toEqual([data, [5, 6], true]);
    expect(x.data).toBe(data);
    expect(tensor([1]).assign([9]).toArray()).toEqual([9]);
  });

  it("is refused where it would go unseen or not fit, and then changes nothing", () => {
    const x = leaf([1, 2]);
    expect(() => x.assign([3, 4])).toThrow(
      "assign: a tensor that requires gradients can only be assigned to inside noGrad(() => ...)",
    );
    expect(() => noGrad(() => x.assign([3]))).toThrow("assign: a tensor [2] cannot take values of shape [1]");
    const y = x.mul(2);
    expect(() => noGrad(() => y.assign(x))).toThrow("only a leaf can be assigned to; this tensor is the output of mul");
    y.sum().backward();
    expect(() => noGrad(() => y.assign(x))).toThrow("this tensor is the output of an operation");
    expect(() => tensor([1], { dtype: "int32" }).assign([0.5])).toThrow(
      'assign: a int32 tensor cannot take float32 values; convert them with to("int32")',
    );
    expect(() => tensor([true]).assign(tensor([2], { dtype: "int32" }))).toThrow("assign: a bool tensor");
    expect([x.toArray(), y.toArray()]).toEqual([
      [1, 2],
      [2, 4],
    ]);
  });

  const message = "was assigned to after mul ran; run the forward pass again before backward()";
  it.each<[string, (w: Tensor) => Tensor]>([
    ["directly", (w) => w],
    ["through reshape", (w) => w.reshape([2, 1])],
    ["through stopGradient", (w) => stopGradient(w)],
    ["through detach", (w) => w.detach()],
  ])("makes backward refuse a graph that used the old values %s", (_, view) => {
    const w = leaf([1, 2]);
    const v = view(w);
    const y = v.mul(w.reshape(v.shape)).sum();
    noGrad(() => w.assign([3, 4]));
    expect(() => y.backward()).toThrow(AutogradError);
    expect(() => y.backward()).toThrow(message);
    expect(w.grad).toBeNull();
  });

  it("to a detached tensor is seen by graphs of the original", () => {
    const w = leaf([1, 2]);
    const y = w.mul(w).sum();
    w.detach().assign([3, 4]);
    expect(() => y.backward()).toThrow(message);
  });

  it("does not disturb graphs made afterwards", () => {
    const w = leaf([1, 2]);
    noGrad(() => w.assign([3, 4]));
    w.mul(w).sum().backward();
    expect(w.grad!.toArray()).toEqual([6, 8]);
  });
});
