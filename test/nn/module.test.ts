import { describe, expect, it } from "vitest";
import "../../src/functional/methods.ts";
import { matmul } from "../../src/autograd/linear.ts";
import { Embedding } from "../../src/nn/embedding.ts";
import { Module } from "../../src/nn/module.ts";
import { ones, zeros } from "../../src/tensor/creation.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";

class Scale extends Module {
  weight = ones([3], { requiresGrad: true });
  runningMean = zeros([3]);
  steps = tensor(0, { dtype: "int32" });
  forward(x: Tensor) {
    return x.mul(this.weight);
  }
}

class Net extends Module {
  blocks = [new Scale(), new Scale()];
  hiddenLayer = new Scale();
  scale = ones([], { requiresGrad: true });
  size = 3;
  #cache = new Scale();
  forward(x: Tensor) {
    for (const block of this.blocks) x = block.call(x);
    return this.hiddenLayer.forward(x).mul(this.scale).add(this.#cache.weight.mul(0));
  }
}

class Pairwise extends Module {
  weight = ones([3, 3], { requiresGrad: true });
  forward(embeddings: Tensor, labels: Tensor) {
    return matmul(embeddings, this.weight).add(labels);
  }
}

class Twins extends Module<[Tensor, Tensor]> {
  forward(a: Tensor, b: Tensor): [Tensor, Tensor] {
    return [a, b];
  }
}

describe("Module", () => {
  it("finds parameters and buffers in fields and arrays, named as PyTorch does, its own before its submodules'", () => {
    const net = new Net();
    expect(net.namedParameters().map(([name]) => name)).toEqual([
      "scale",
      "blocks.0.weight",
      "blocks.1.weight",
      "hidden_layer.weight",
    ]);
    expect(Object.keys(net.stateDict()).filter((name) => name.startsWith("blocks.1"))).toEqual([
      "blocks.1.weight",
      "blocks.1.running_mean",
      "blocks.1.steps",
    ]);
  });

  it("opens up plain objects, but no instances of other classes", () => {
    const net = Object.assign(new Scale(), { heads: { left: new Scale(), right: new Scale() }, log: new Map() });
    expect(net.namedParameters().map(([name]) => name)).toEqual(["weight", "heads.left.weight", "heads.right.weight"]);
  });

  it("opens collections in collections", () => {
    const [first, second] = [new Scale(), new Scale()];
    const net = Object.assign(new Scale(), { stages: [[first], [{ deep: second }]], gains: [[ones([2])]] });
    expect(net.namedModules().map(([name]) => name)).toEqual(["", "stages.0.0", "stages.1.0.deep"]);
    first.weight.requiresGrad = false;
    expect(net.namedParameters().map(([name]) => name)).toEqual(["weight", "stages.1.0.deep.weight"]);
    expect(Object.keys(net.to("float64").stateDict())).toContain("gains.0.0");
    expect([net.gains[0][0].dtype, second.weight.dtype]).toEqual(["float64", "float64"]);
  });

  it.each([
    ["a Map of modules", new Map([["a", new Scale()]]), '"branches" is a Map with modules or tensors'],
    ["a Set of modules in an array", [new Set([new Scale()])], '"branches.0" is a Set with modules or tensors'],
    ["a Map of arrays of tensors", new Map([["a", [ones([1])]]]), '"branches" is a Map with modules or tensors'],
  ])("refuses %s, which would have no names", (_, branches, message) => {
    const net = Object.assign(new Scale(), { branches });
    for (const look of [() => net.parameters(), () => net.stateDict(), () => net.to("float64"), () => net.eval()]) {
      expect(look).toThrow(`Scale: ${message}`);
    }
  });

  it("refuses an array that holds itself", () => {
    const links: unknown[] = [];
    links.push([links]);
    expect(() => Object.assign(new Scale(), { links }).parameters()).toThrow(
      'Scale: a collection holds itself, as "links.0.0"',
    );
  });

  it("converts to float64 in place, keeps shared parameters shared and whole numbers whole", () => {
    const net = new Net();
    const extra = Object.assign(net, { biases: [zeros([2], { requiresGrad: true })] });
    net.blocks[1].weight = net.blocks[0].weight;
    expect(net.to("float64")).toBe(net);
    expect(net.parameters().map(({ dtype }) => dtype)).toEqual(["float64", "float64", "float64", "float64"]);
    expect(extra.biases[0].requiresGrad).toBe(true);
    expect(net.blocks[1].weight).toBe(net.blocks[0].weight);
    expect([net.hiddenLayer.runningMean.dtype, net.hiddenLayer.steps.dtype]).toEqual(["float64", "int32"]);
    expect(() => net.to("int32" as "float32")).toThrow(
      'Net.to: dtype must be one of "float32", "float64", got "int32"',
    );
  });

  it("gives a shared parameter once, but each of its names in the state", () => {
    const net = new Net();
    net.blocks[1].weight = net.blocks[0].weight;
    expect(net.parameters()).toHaveLength(3);
    expect(net.stateDict()).toHaveProperty(["blocks.1.weight"]);
  });

  it("counts a frozen parameter as a buffer, and does not look at results of operations", () => {
    const net = new Scale();
    net.weight.requiresGrad = false;
    expect(net.parameters()).toEqual([]);
    expect(Object.keys(net.stateDict())).toEqual(["weight", "running_mean", "steps"]);
    const used = Object.assign(new Scale(), { last: ones([1], { requiresGrad: true }).mul(2) });
    expect(Object.keys(used.stateDict())).not.toContain("last");
  });

  it("lets forward take and return what the subclass declares", () => {
    const y: Tensor = new Pairwise().call(ones([2, 3]), zeros([2, 1]));
    expect(y.toArray()).toEqual([
      [3, 3, 3],
      [3, 3, 3],
    ]);
    const [a] = new Twins().call(ones([1]), ones([1]));
    expect(a.shape).toEqual([1]);
  });

  it("switches all modules below between training and evaluation", () => {
    const net = new Net();
    expect(net.eval()).toBe(net);
    expect([net.training, net.blocks[1].training]).toEqual([false, false]);
    expect(net.train().hiddenLayer.training).toBe(true);
  });

  it("keeps a state that further training does not change, and loads it back", () => {
    const net = new Scale();
    const state = net.stateDict();
    net.weight.data[0] = 5;
    expect(state.weight.data[0]).toBe(1);
    expect(net.loadStateDict(state)).toEqual({ missing: [], unexpected: [] });
    expect(net.weight.data[0]).toBe(1);
  });

  it("lists everything wrong with a state and then changes nothing", () => {
    const net = new Scale();
    const bad = { running_mean: ones([3]), weight: zeros([2]), steps: ones([]), bias: zeros([3]) };
    expect(() => net.loadStateDict(bad)).toThrow(
      'loadStateDict: Scale cannot load: unexpected "bias", "weight" has shape [2], but the module\'s is [3], "steps" is float32, but the module\'s is int32; { strict: false } loads what fits by name',
    );
    expect(() => net.loadStateDict({})).toThrow('missing "weight", missing "running_mean", missing "steps"');
    expect(net.runningMean.toArray()).toEqual([0, 0, 0]);
    expect(() => net.loadStateDict(null as never)).toThrow(
      "loadStateDict: state must be an object with tensors by name, got null",
    );
    expect(() => net.loadStateDict({}, { strickt: false } as object)).toThrow('unknown option "strickt"');
  });

  it("loads what fits by name when not strict, and says what did not", () => {
    const net = new Scale();
    const result = net.loadStateDict({ weight: zeros([3]), bias: zeros([3]) }, { strict: false });
    expect(result).toEqual({ missing: ["running_mean", "steps"], unexpected: ["bias"] });
    expect(net.weight.toArray()).toEqual([0, 0, 0]);
    expect(() => net.loadStateDict({ weight: zeros([4]) }, { strict: false })).toThrow('"weight" has shape [4]');
  });

  it("refuses a module that holds itself", () => {
    const net = Object.assign(new Scale(), { self: null as unknown });
    net.self = net;
    expect(() => net.parameters()).toThrow('Scale: the module holds itself, as "self"');
  });

  it("prints a summary with output shapes and counts, and changes nothing by it", () => {
    const net = new Net();
    expect(net.summary([2, 3])).toBe(
      [
        "layer                   output shape  parameters",
        "------------------------------------------------",
        "Net                     [2, 3]                 1",
        "  blocks.0 (Scale)      [2, 3]                 3",
        "  blocks.1 (Scale)      [2, 3]                 3",
        "  hidden_layer (Scale)  [2, 3]                 3",
        "------------------------------------------------",
        "10 parameters, 12 numbers in buffers",
      ].join("\n"),
    );
    expect(net.training).toBe(true);
    expect(Object.hasOwn(net, "forward")).toBe(false);
    expect(net.summary()).toContain("hidden_layer (Scale)");
    expect(new Embedding(5, 2).summary(tensor([[1, 2, 3]], { dtype: "int32" }))).toContain("[1, 3, 2]");
    expect(() => net.summary([2, 4])).toThrow("[2, 4]");
    expect(Object.hasOwn(net, "forward")).toBe(false);
  });

  it("summarizes a module whose forward is a field, and leaves it its forward", () => {
    class Doubling extends Module {
      scale = new Scale();
      forward = (x: Tensor) => this.scale.call(x).mul(2);
    }
    const net = new Doubling();
    const { forward } = net;
    expect(net.summary([2, 3])).toContain("Doubling         [2, 3]");
    expect(net.forward).toBe(forward);
    expect(Object.keys(net)).toContain("forward");
    expect(() => net.summary([2, 4])).toThrow("[2, 4]");
    expect(net.call(ones([3])).toArray()).toEqual([2, 2, 2]);
  });
});
