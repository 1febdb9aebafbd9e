import { describe, expect, it } from "vitest";
import * as tg from "../../src/index.ts";
import {
  CompileError,
  compile,
  grad,
  losses,
  nn,
  noGrad,
  optim,
  random,
  type Tensor,
  tensor,
} from "../../src/index.ts";
import { expectAgreement, expectAllAgree } from "./agreement.ts";

const normal = (seed: string | number, ...shape: number[]): Tensor => new random.Generator(seed).normal(shape);
const parameter = (values: number[] | number): Tensor => tensor(values, { requiresGrad: true });
const bits = (t: Tensor): number[] => [...t.data];

/** A small network with a step of training on it. */
function training(makeOptimizer: (p: Tensor[]) => optim.PerParameterOptimizer = (p) => new optim.SGD(p, { lr: 0.1 })) {
  const generator = new random.Generator("net");
  const model = new nn.Sequential(
    new nn.Linear(5, 7, { generator }),
    new nn.Tanh(),
    new nn.Linear(7, 3, { generator }),
  );
  const optimizer = makeOptimizer(model.parameters());
  const step = (x: Tensor, y: Tensor): Tensor => {
    optimizer.zeroGrad();
    const loss = losses.crossEntropy(model.call(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  };
  return { model, optimizer, step };
}

const batch = (i: number, n = 11): [x: Tensor, y: Tensor] => [
  normal(`x${i}`, n, 5),
  new random.Generator(`y${i}`).integers([n], { high: 3 }),
];

describe("a compiled function", () => {
  it("gives what the function gives, in the same structure", () => {
    const fn = (x: Tensor, { y, more }: { y: Tensor; more: Tensor[] }) => ({
      sum: x.add(y),
      list: [x.mul(more[0]), [more[1].exp()]],
      name: "text",
      nothing: null,
      count: more.length,
    });
    const args = [normal(1, 3, 4), { y: normal(2, 4), more: [normal(3, 3, 1), normal(4, 2)] }] as const;
    const [found, expected] = [
      compile(fn)(...(args as never as Parameters<typeof fn>)),
      fn(...(args as never as Parameters<typeof fn>)),
    ];
    expect(Object.keys(found)).toEqual(Object.keys(expected));
    expect([found.name, found.nothing, found.count]).toEqual(["text", null, 2]);
    expectAgreement("sum", found.sum, expected.sum);
    expectAgreement("list[0]", found.list[0] as Tensor, expected.list[0] as Tensor);
    expectAgreement("list[1][0]", (found.list[1] as Tensor[])[0], (expected.list[1] as Tensor[])[0]);
  });

  it("returns fresh, detached tensors, so that results can be collected", () => {
    const w = parameter([1, 2]);
    const compiled = compile((x: Tensor) => [x.mul(w), w, x, w.reshape([2, 1])]);
    const x = tensor([3, 4]);
    const kept = [compiled(x), compiled(tensor([5, 6]))];
    expect(kept.map((r) => r.map(bits))).toEqual([
      [
        [3, 8],
        [1, 2],
        [3, 4],
        [1, 2],
      ],
      [
        [5, 12],
        [1, 2],
        [5, 6],
        [1, 2],
      ],
    ]);
    for (const t of kept.flat()) expect([t.requiresGrad, t.record]).toEqual([false, null]);
    kept[0][1].data[0] = 100;
    kept[0][2].data[0] = 100;
    expect([bits(w), bits(x)]).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(bits(compiled(x)[0])).toEqual([3, 8]);
  });

  it("runs the function once for each combination of shapes and dtypes", () => {
    let runs = 0;
    const compiled = compile((x: Tensor) => {
      runs++;
      return x.mul(2).sum();
    });
    for (let i = 0; i < 3; i++) {
      expect(compiled(tensor([1, 2])).item()).toBe(6);
      expect(compiled(tensor([[1, 2]])).item()).toBe(6);
      expect(compiled(tensor([1, 2, 3])).item()).toBe(12);
      expect(compiled(tensor([1, 2], { dtype: "float64" })).dtype).toBe("float64");
      expect(compiled(tensor([1, 2], { dtype: "int32" })).dtype).toBe("int32");
      expect(compiled(tensor([true, false])).item()).toBe(2);
    }
    expect(runs).toBe(6);
    expect(compiled.programs.length).toBe(6);
  });

  it("keeps a bounded number of programs, and compiles again what it has dropped", () => {
    let runs = 0;
    const compiled = compile((x: Tensor) => {
      runs++;
      return x.sum();
    });
    for (let n = 1; n <= 100; n++) expect(compiled(tg.ones([n])).item()).toBe(n);
    expect(compiled.programs.length).toBeLessThan(100);
    expect(compiled.programs.length).toBeGreaterThan(3);
    expect(compiled(tg.ones([100])).item()).toBe(100);
    expect(runs).toBe(100);
    expect(compiled(tg.ones([1])).item()).toBe(1);
    expect(runs).toBe(101);
  });

  it("takes numbers, strings and booleans as parts of the program", () => {
    let runs = 0;
    const compiled = compile((x: Tensor, scale: number, mode: string, flag?: boolean) => {
      runs++;
      const y = mode === "double" ? x.mul(2) : x;
      return flag ? y.mul(scale).neg() : y.mul(scale);
    });
    const x = tensor([1, 2]);
    expect(bits(compiled(x, 3, "double", true))).toEqual([-6, -12]);
    expect(bits(compiled(x, 3, "single", true))).toEqual([-3, -6]);
    expect(bits(compiled(x, 3, "single", false))).toEqual([3, 6]);
    expect(bits(compiled(x, 5, "single"))).toEqual([5, 10]);
    expect(bits(compiled(x, 3, "double", true))).toEqual([-6, -12]);
    expect(runs).toBe(4);
  });

  it("tells apart arguments of one kind in another structure", () => {
    const compiled = compile((list: Tensor[]) => list.reduce((a, b) => a.add(b)).mul(list.length));
    const x = tensor([1, 2]);
    expect(bits(compiled([x]))).toEqual([1, 2]);
    expect(bits(compiled([x, x]))).toEqual([4, 8]);
    expect(bits(compiled([x, x, x]))).toEqual([9, 18]);
    expect(bits(compiled([x, tensor([5, 5])]))).toEqual([12, 14]);
  });

  it("can be called inside another compiled function, and inside eager code that is differentiated", () => {
    const w = parameter([2, 3]);
    const inner = compile((x: Tensor) => x.mul(w).tanh());
    const outer = compile((x: Tensor) => {
      const y = inner(x).sum();
      return [y, ...grad(y, [w])];
    });
    const eager = (x: Tensor) => {
      const y = x.mul(w).tanh().sum();
      return [y, ...grad(y, [w])];
    };
    const x = tensor([0.3, -0.4]);
    expectAllAgree("nested", outer(x), eager(x));
  });

  it("without arguments works on what it captures", () => {
    const w = parameter([1, 2]);
    const compiled = compile(() => {
      w.grad = null;
      const loss = w.square().sum();
      loss.backward();
      noGrad(() => w.assign(w.sub(w.grad!.mul(0.25))));
      return loss;
    });
    expect([1, 2, 3].map(() => compiled().item())).toEqual([5, 1.25, 0.3125]);
    expect(bits(w)).toEqual([0.125, 0.25]);
  });

  it("that returns nothing runs for its effects", () => {
    const count = tensor(0, { dtype: "int32" });
    const compiled = compile(() => {
      count.assign(count.add(1));
    });
    for (let i = 0; i < 3; i++) expect(compiled()).toBeUndefined();
    expect(count.item()).toBe(3);
  });

  it("takes the same tensor twice", () => {
    const compiled = compile((a: Tensor, b: Tensor) => a.sub(b).add(a.mul(b)));
    const x = tensor([2, 3]);
    expect(bits(compiled(x, x))).toEqual([4, 9]);
    expect(bits(compiled(x, tensor([1, 1])))).toEqual([3, 5]);
  });

  it("takes an argument that is also captured and changed, or refuses it", () => {
    const w = parameter([1, 2]);
    const compiled = compile((x: Tensor) => {
      noGrad(() => w.assign(w.mul(2)));
      return x.add(w);
    });
    const eager = (x: Tensor, v: Tensor) => {
      noGrad(() => v.assign(v.mul(2)));
      return x.add(v);
    };
    const v = parameter([1, 2]);
    expect(bits(compiled(tensor([10, 10])))).toEqual(bits(eager(tensor([10, 10]), v)));
    expect(bits(w)).toEqual(bits(v));
    expect(() => compiled(w)).toThrow(/argument 0 is also used without being passed/);
    expect(bits(w)).toEqual(bits(v));
  });
});

describe("the optimiser keeps", () => {
  const same = (fn: (...xs: Tensor[]) => Tensor | Tensor[], ...inputs: Tensor[]) => {
    const [found, expected] = [compile(fn)(...inputs), fn(...inputs)].map((r) => [r].flat());
    expectAllAgree("outputs", found, expected);
  };
  const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

  it("NaN and infinities as they are in eager code", () => {
    const x = tensor([nan, inf, -inf, 0, -0, 1, 1e30, -1e30, 1e-30]);
    const zero = tensor(0);
    same((t) => [t.mul(0), t.sub(t), t.div(t), t.add(0), t.mul(1), t.pow(0), t.exp(), t.log(), t.relu(), t.abs()], x);
    same((t) => [t.max(), t.min(), t.sum(), t.slice([{ start: 3 }]).max(), t.argmax(), t.argsort()], x);
    same((t) => [t.maximum(0), t.minimum(0), t.sign(), t.floor(), t.round(), t.eq(t), t.gt(0), t.isNaN()], x);
    same((t) => [t.sigmoid(), t.tanh(), t.softplus(), t.erf(), t.sin(), t.atan(), t.log1p(), t.expm1(), t.sqrt()], x);
    same((t) => [t.softmax(), t.logSumExp(), t.norm(), t.cumsum(), t.clamp(-1, 1), t.to("int32"), t.to("bool")], x);
    same((t, z) => [t.mul(z), t.div(z), z.div(t), z.mul(t).sum()], x, zero);
    same((t) => t.reshape([9, 1]).matmul(tg.zeros([1, 3])), x);
    same((t) => tg.where(t.gt(0), t, 0).mul(0), x);
  });

  it("NaN in an image where it is, and out of where it is not", () => {
    const image = normal("image", 2, 3, 9, 9);
    image.data[100] = nan;
    const weight = normal("weight", 5, 3, 3, 3);
    same(
      (x, w) => [tg.conv2d(x, w), tg.conv2d(x, w, { stride: 2 }), tg.maxPool2d(x, 2), tg.avgPool2d(x, 3)],
      image,
      weight,
    );
  });

  it("the sign of zero, which a reciprocal shows", () => {
    const x = tensor([0, -0, 1, -1]);
    same(
      (t) => [
        t.reciprocal(),
        t.neg().reciprocal(),
        t.add(0).reciprocal(),
        t.mul(-1).reciprocal(),
        t.sub(0).reciprocal(),
      ],
      x,
    );
    same(
      (t) => [t.abs().reciprocal(), t.relu().reciprocal(), t.mul(0).reciprocal(), tg.zeros([4]).sub(t).reciprocal()],
      x,
    );
    same(
      (t) => [t.atan2(-1), t.round().reciprocal(), t.ceil().reciprocal(), t.sum().reciprocal(), t.sign().reciprocal()],
      x,
    );
  });

  it("whole numbers wrapping as in eager code", () => {
    const big = tensor([2 ** 31 - 1, -(2 ** 31), 123456789, -5], { dtype: "int32" });
    same((t) => [t.add(t), t.sub(1), t.neg(), t.abs(), t.sum(), t.cumsum(), t.mul(3), t.maximum(7), t.sign()], big);
    same((t) => [t.to("float32"), t.to("float64"), t.to("bool"), t.div(3), t.to("float32").to("int32")], big);
    same((t) => t.to("int32"), tensor([3e9, -3e9, 1.9, -1.9, nan, inf, 2 ** 31, 1e20]));
  });

  it("rounding to even, and truncation", () => {
    same(
      (t) => [t.round(), t.floor(), t.ceil(), t.to("int32")],
      tensor([0.5, 1.5, 2.5, -0.5, -1.5, 2.4999998, 8388609, 0.49999997]),
    );
  });

  it("empty tensors, scalars and sizes of one", () => {
    same((t) => [t.sum(), t.sum(0), t.sum(1), t.exp(), t.matmul(tg.ones([0, 3])), t.prod()], tg.zeros([2, 0]));
    same((t) => [t.sum(), t.exp(), t.max(), t.reshape([1, 1]), t.broadcastTo([3])], tensor(2));
  });

  it("long rows and large tensors as near as short ones", () => {
    const x = normal("long", 70_001);
    same(
      (t) => [
        t.sum(),
        t.mean(),
        t.max(),
        t.logSumExp(),
        t.cumsum().slice([{ start: -3 }]),
        t.softmax(),
        t.square().sum(),
      ],
      x,
    );
    same((t) => [t.sum(0), t.sum(1), t.transpose().sum(0)], normal("large", 513, 517));
  });

  it("a chain of ten thousand operations", () => {
    const x = tensor([1, 2, 3], { requiresGrad: true });
    const chain = (t: Tensor) => {
      let y = t;
      for (let i = 0; i < 10_000; i++) y = i % 2 === 0 ? y.mul(1.0001) : y.sub(0.0001);
      return [y, ...grad(y.sum(), [t])];
    };
    expectAllAgree("chain", compile(chain)(x), chain(x));
  });

  it("a parameter that is only read, returned and never computed with", () => {
    const w = parameter([1, 2, 3]);
    const compiled = compile((_: Tensor) => w);
    expect(bits(compiled(tensor(0)))).toEqual([1, 2, 3]);
    w.data[1] = 7;
    expect(bits(compiled(tensor(0)))).toEqual([1, 7, 3]);
  });

  it("constants, tensors made inside and results that depend on no input", () => {
    const fn = (x: Tensor) => [
      tg.arange(5),
      tg.eye(2).mul(3),
      x.add(tensor([1, 2])),
      tg.full([2], 0.5).exp(),
      tensor([[1, 2]]),
    ];
    same((x) => fn(x), tensor([1, 2]));
  });
});

describe("parameters and buffers", () => {
  it("are read at every call: eager code may write their elements or assign to them", () => {
    const w = parameter([1, 2]);
    const compiled = compile((x: Tensor) => x.mul(w));
    const x = tensor([10, 10]);
    expect(bits(compiled(x))).toEqual([10, 20]);
    w.data[0] = 5;
    expect(bits(compiled(x))).toEqual([50, 20]);
    noGrad(() => w.assign(tensor([7, 8])));
    expect(bits(compiled(x))).toEqual([70, 80]);
    w.data.set([1, 1]);
    expect(bits(compiled(x))).toEqual([10, 10]);
  });

  it("are changed for eager code to see, through their tensors and any array of theirs asked for afterwards", () => {
    const w = parameter([1, 2]);
    const compiled = compile((x: Tensor) => {
      noGrad(() => w.assign(w.add(x)));
      return w.sum();
    });
    expect(compiled(tensor([1, 1])).item()).toBe(5);
    expect(bits(w)).toEqual([2, 3]);
    expect(w.sum().item()).toBe(5);
    expect(w.toArray()).toEqual([2, 3]);
    w.data[1] = 10;
    expect(compiled(tensor([1, 1])).item()).toBe(14);
    expect(bits(w)).toEqual([3, 11]);
  });

  it("are read before and after an assignment, and swapped", () => {
    const [a, b] = [tensor([1, 2]), tensor([3, 4])];
    const compiled = compile(() => {
      const before = a.mul(10);
      const kept = a.clone();
      a.assign(b);
      b.assign(kept);
      return [before, a.mul(10), b.mul(10), kept];
    });
    expect(compiled().map(bits)).toEqual([
      [10, 20],
      [30, 40],
      [10, 20],
      [1, 2],
    ]);
    expect([bits(a), bits(b)]).toEqual([
      [3, 4],
      [1, 2],
    ]);
    expect(compiled().map(bits)).toEqual([
      [30, 40],
      [10, 20],
      [30, 40],
      [3, 4],
    ]);
  });

  it("take a permutation of themselves", () => {
    const w = tensor([1, 2, 3, 4, 5]);
    const m = tensor([
      [1, 2, 3],
      [4, 5, 6],
      [7, 8, 9],
    ]);
    const compiled = compile(() => {
      w.assign(w.flip());
      m.assign(m.transpose());
    });
    compiled();
    expect([bits(w), bits(m)]).toEqual([
      [5, 4, 3, 2, 1],
      [1, 4, 7, 2, 5, 8, 3, 6, 9],
    ]);
    compiled();
    expect([bits(w), bits(m)]).toEqual([
      [1, 2, 3, 4, 5],
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
    ]);
  });

  it("take values of another dtype as eager assignment does", () => {
    const run = (how: typeof compile | null) => {
      const [f, d, i] = [tensor([0, 0]), tensor([0, 0], { dtype: "float64" }), tensor([0, 0], { dtype: "int32" })];
      const fn = (x: Tensor) => {
        f.assign(x.to("float64").mul(1.1));
        d.assign(x.mul(1.1));
        i.assign(x.gt(1));
      };
      (how === null ? fn : how(fn))(tensor([1, 2]));
      return [f, d, i].map(bits);
    };
    expect(run(compile)).toEqual(run(null));
  });

  it("are seen through reshape and detach, which share their array", () => {
    const run = (how: typeof compile | null) => {
      const w = parameter([1, 2, 3, 4]);
      const fn = () => {
        const [view, detached] = [w.reshape([2, 2]), w.detach()];
        noGrad(() => w.assign(w.mul(10)));
        return [view.mul(1), detached.add(0), w.mul(1)];
      };
      return (how === null ? fn : how(fn))().map(bits);
    };
    expect(run(compile)).toEqual(run(null));
  });

  it("are shared by compiled functions, which see each other's changes", () => {
    const w = parameter([1, 2]);
    const train = compile((x: Tensor) => {
      noGrad(() => w.assign(w.sub(x)));
    });
    const evaluate = compile((x: Tensor) => x.mul(w));
    const x = tensor([1, 1]);
    expect(bits(evaluate(x))).toEqual([1, 2]);
    train(x);
    expect(bits(evaluate(x))).toEqual([0, 1]);
    train(tensor([2, 2]));
    expect(bits(evaluate(x))).toEqual([-2, -1]);
    train.dispose();
    expect(bits(evaluate(x))).toEqual([-2, -1]);
    expect(bits(w)).toEqual([-2, -1]);
  });

  it("stay in place when memory grows for other programs", () => {
    const w = parameter([1, 2]);
    const small = compile((x: Tensor) => {
      noGrad(() => w.assign(w.add(x)));
      return w.sum();
    });
    expect(small(tensor([1, 1])).item()).toBe(5);
    const { data } = w;
    const large = compile((x: Tensor) => x.exp().matmul(x.transpose()).sum());
    large(tg.zeros([800, 900]));
    expect(bits(w)).toEqual([2, 3]);
    expect(small(tensor([1, 1])).item()).toBe(7);
    expect(bits(w)).toEqual([3, 4]);
    void data;
  });

  it("load a state dict between calls", () => {
    const { model, step } = training();
    const saved = model.stateDict();
    const compiled = compile(step);
    const [x, y] = batch(0);
    const first = compiled(x, y).item();
    expect(compiled(x, y).item()).not.toBe(first);
    model.loadStateDict(saved);
    expect(compiled(x, y).item()).toBe(first);
  });

  it("of which a detached or reshaped one is captured are the same place", () => {
    const w = parameter([1, 2, 3, 4]);
    const view = w.reshape([2, 2]).detach();
    const compiled = compile((x: Tensor) => [view.matmul(x), w.sum()]);
    const x = tensor([[1], [1]]);
    expect(compiled(x).map(bits)).toEqual([[3, 7], [10]]);
    w.data[0] = 11;
    expect(compiled(x).map(bits)).toEqual([[13, 7], [20]]);
  });
});

describe("gradients", () => {
  it("add up over calls, and start again after zeroGrad or null, in eager code or inside", () => {
    const run = (how: typeof compile | null) => {
      const w = parameter([1, 2]);
      const fn = (x: Tensor) => w.mul(x).sum().backward();
      const call = how === null ? fn : how(fn);
      const seen: (number[] | null)[] = [];
      const note = () => seen.push(w.grad && bits(w.grad));
      call(tensor([1, 2]));
      note();
      call(tensor([1, 2]));
      note();
      w.grad = null;
      call(tensor([3, 4]));
      note();
      w.grad = tensor([100, 100]);
      call(tensor([3, 4]));
      note();
      w.grad!.data[0] = 0;
      call(tensor([3, 4]));
      note();
      new optim.SGD([w]).zeroGrad();
      note();
      call(tensor([5, 6]));
      note();
      return seen;
    };
    expect(run(compile)).toEqual(run(null));
  });

  it("cleared inside are null afterwards, and can be read inside", () => {
    const w = parameter([1, 2]);
    const compiled = compile((x: Tensor) => {
      w.mul(x).sum().backward();
      const g = w.grad!.mul(2);
      w.grad = null;
      return g;
    });
    expect(bits(compiled(tensor([1, 2])))).toEqual([2, 4]);
    expect(w.grad).toBeNull();
    expect(bits(compiled(tensor([3, 4])))).toEqual([6, 8]);
    expect(w.grad).toBeNull();
  });

  it("are one array, which every call overwrites; a copy keeps its values", () => {
    const w = parameter([1, 2]);
    const compiled = compile((x: Tensor) => {
      w.grad = null;
      w.mul(x).sum().backward();
    });
    compiled(tensor([1, 2]));
    const [kept, copy] = [w.grad!, w.grad!.clone()];
    compiled(tensor([3, 4]));
    expect([bits(kept), bits(copy), bits(w.grad!)]).toEqual([
      [3, 4],
      [1, 2],
      [3, 4],
    ]);
  });

  it("of eager code and of a compiled step add up", () => {
    const w = parameter([1, 2]);
    const compiled = compile((x: Tensor) => w.mul(x).sum().backward());
    w.mul(tensor([10, 20]))
      .sum()
      .backward();
    compiled(tensor([1, 2]));
    expect(bits(w.grad!)).toEqual([11, 22]);
    w.mul(tensor([10, 20]))
      .sum()
      .backward();
    expect(bits(w.grad!)).toEqual([21, 42]);
    compiled(tensor([1, 2]));
    expect(bits(w.grad!)).toEqual([22, 44]);
  });

  it("reach arguments that require them", () => {
    const compiled = compile((x: Tensor) => {
      const y = x.square().sum();
      y.backward();
      return y;
    });
    const x = parameter([1, 2]);
    compiled(x);
    expect(bits(x.grad!)).toEqual([2, 4]);
    compiled(x);
    expect(bits(x.grad!)).toEqual([4, 8]);
    const other = parameter([5, 6]);
    compiled(other);
    expect([bits(x.grad!), bits(other.grad!)]).toEqual([
      [4, 8],
      [10, 12],
    ]);
  });

  it("of second order are what they are", () => {
    const fn = (x: Tensor) => {
      const [g] = grad(x.pow(3).sum(), [x], { createGraph: true });
      const [h] = grad(g.square().sum(), [x]);
      return [g, h];
    };
    const x = parameter([1, -2, 0.5]);
    expectAllAgree("second order", compile(fn)(x), fn(x));
  });

  it("follow requiresGrad when eager code changes it", () => {
    const w = tensor([1, 2]);
    const compiled = compile((x: Tensor) => {
      const y = x.mul(w).sum();
      return y.requiresGrad ? grad(y, [w])[0] : y;
    });
    const x = tensor([3, 4]);
    expect(bits(compiled(x))).toEqual([11]);
    w.requiresGrad = true;
    expect(bits(compiled(x))).toEqual([3, 4]);
  });

  it("are not recorded inside noGrad, inside or around the call", () => {
    const w = parameter([1, 2]);
    const compiled = compile((x: Tensor) => {
      const y = x.mul(w).sum();
      return tensor(y.requiresGrad ? 1 : 0);
    });
    const x = tensor([1, 1]);
    expect(compiled(x).item()).toBe(1);
    expect(noGrad(() => compiled(x)).item()).toBe(0);
    expect(compiled(x).item()).toBe(1);
    const inside = compile((t: Tensor) => {
      const y = noGrad(() => t.mul(w));
      return grad(y.mul(w).sum(), [w])[0];
    });
    expect(bits(inside(x))).toEqual([1, 2]);
  });

  it("through a tensor assigned to since the forward pass are refused as in eager code", () => {
    const w = parameter([1, 2]);
    const fn = (x: Tensor) => {
      const y = w.mul(w).mul(x).sum();
      noGrad(() => w.assign(w.add(1)));
      y.backward();
    };
    expect(() => compile(fn)(tensor([1, 1]))).toThrow("was assigned to after mul ran");
    expect(bits(w).every(Number.isFinite)).toBe(true);
  });

  it("through a graph that was released are refused as in eager code", () => {
    const w = parameter([1, 2]);
    const fn = (x: Tensor) => {
      const y = w.mul(x).sum();
      y.backward();
      y.backward();
    };
    expect(() => compile(fn)(tensor([1, 1]))).toThrow("the graph was released by an earlier backward()");
  });
});

describe("training", () => {
  const makers: Record<string, (p: Tensor[]) => optim.PerParameterOptimizer> = {
    SGD: (p) => new optim.SGD(p, { lr: 0.1 }),
    "SGD with momentum": (p) => new optim.SGD(p, { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01 }),
    "SGD with dampening": (p) => new optim.SGD(p, { lr: 0.1, momentum: 0.9, dampening: 0.5, maximize: true }),
    Adam: (p) => new optim.Adam(p, { lr: 0.01 }),
    "Adam with amsgrad": (p) => new optim.Adam(p, { lr: 0.01, amsgrad: true, weightDecay: 0.01 }),
    AdamW: (p) => new optim.AdamW(p, { lr: 0.01 }),
    NAdam: (p) => new optim.NAdam(p, { lr: 0.01 }),
    RAdam: (p) => new optim.RAdam(p, { lr: 0.01 }),
    RMSprop: (p) => new optim.RMSprop(p, { lr: 0.01 }),
    "RMSprop, centered, with momentum": (p) => new optim.RMSprop(p, { lr: 0.01, centered: true, momentum: 0.9 }),
    Adagrad: (p) => new optim.Adagrad(p, { lr: 0.05, lrDecay: 0.01 }),
    Adadelta: (p) => new optim.Adadelta(p, { lr: 1 }),
    Lion: (p) => new optim.Lion(p, { lr: 0.001, weightDecay: 0.1 }),
    "groups with options of their own": (p) =>
      new optim.AdamW([{ parameters: p.slice(0, 2), lr: 0.1 }, { parameters: p.slice(2) }], { lr: 0.01 }),
  };

  it.each(Object.keys(makers))("with %s takes the ten steps that eager code takes", (name) => {
    const [one, two] = [training(makers[name]), training(makers[name])];
    const compiled = compile(two.step);
    for (let i = 0; i < 10; i++) {
      expectAgreement(`loss ${i}`, compiled(...batch(i)), one.step(...batch(i)));
      expectAllAgree(`parameters after step ${i}`, two.model.stateDict(), one.model.stateDict());
      const [found, expected] = [two.optimizer.stateDict(), one.optimizer.stateDict()];
      expect(found.groups).toEqual(expected.groups);
      expectAllAgree(`state after step ${i}`, found.tensors, expected.tensors);
    }
    expect(compiled.programs.length).toBeLessThanOrEqual(2);
  });

  it("covers every optimizer but LBFGS, which looks at values and says so", () => {
    const classes = Object.entries(optim).filter(
      ([, v]) => typeof v === "function" && v.prototype instanceof optim.PerParameterOptimizer,
    );
    const covered = new Set(
      Object.values(makers).map(
        (make) => make([parameter([1, 2])].concat([parameter(1), parameter(2), parameter(3)])).constructor.name,
      ),
    );
    expect([...covered].sort()).toEqual(classes.map(([name]) => name).sort());
    const w = parameter([1, 2]);
    const optimizer = new optim.LBFGS([w]);
    const compiled = compile(() => {
      optimizer.step(() => {
        w.grad = null;
        const loss = w.square().sum();
        loss.backward();
        return loss;
      });
    });
    expect(() => compiled()).toThrow(CompileError);
    expect(bits(w)).toEqual([1, 2]);
  });

  it("can go on in eager code and come back, with one optimizer state", () => {
    const [one, two] = [training(makers.Adam), training(makers.Adam)];
    const compiled = compile(two.step);
    for (let i = 0; i < 9; i++) {
      one.step(...batch(i));
      (i % 3 === 1 ? two.step : compiled)(...batch(i));
    }
    expectAllAgree("parameters", two.model.stateDict(), one.model.stateDict());
  });

  it("follows a schedule of the learning rate without compiling again", () => {
    const [one, two] = [training(makers.AdamW), training(makers.AdamW)];
    const schedules = [one, two].map(({ optimizer }) => new optim.CosineAnnealingLR(optimizer, { tMax: 20 }));
    let runs = 0;
    const compiled = compile((x: Tensor, y: Tensor) => {
      runs++;
      return two.step(x, y);
    });
    for (let i = 0; i < 10; i++) {
      one.step(...batch(i));
      compiled(...batch(i));
      for (const schedule of schedules) schedule.step();
    }
    expect(two.optimizer.lr).toBe(one.optimizer.lr);
    expectAllAgree("parameters", two.model.stateDict(), one.model.stateDict());
    expect(runs).toBeLessThanOrEqual(2);
  });

  it("with two steps in one call works; with a schedule stepped inside it is refused", () => {
    const twice = (t: ReturnType<typeof training>) => (x: Tensor, y: Tensor) => {
      t.step(x, y);
      return t.step(x, y);
    };
    const scheduled = (t: ReturnType<typeof training>) => {
      const schedule = new optim.ExponentialLR(t.optimizer, { gamma: 0.5 });
      return (x: Tensor, y: Tensor) => {
        const loss = t.step(x, y);
        schedule.step();
        return loss;
      };
    };
    for (const name of Object.keys(makers)) {
      const [one, two] = [training(makers[name]), training(makers[name])];
      const [eager, compiled] = [twice(one), compile(twice(two))];
      for (let i = 0; i < 4; i++) {
        eager(...batch(i));
        compiled(...batch(i));
      }
      expectAllAgree(`twice ${name}`, two.model.stateDict(), one.model.stateDict());
      expect(() => compile(scheduled(training(makers[name])))(...batch(0))).toThrow(/do so outside, between calls/);
    }
  });

  it("follows an optimizer that loads a state", () => {
    const { model, optimizer, step } = training(makers.Adam);
    const compiled = compile(step);
    compiled(...batch(0));
    const [weights, state] = [model.stateDict(), optimizer.stateDict()];
    const first = [1, 2].map((i) => compiled(...batch(i)).item());
    model.loadStateDict(weights);
    optimizer.loadStateDict(state);
    expect([1, 2].map((i) => compiled(...batch(i)).item())).toEqual(first);
  });

  it("with accumulated gradients of several batches is one step", () => {
    const run = (how: typeof compile | null) => {
      const { model, optimizer } = training();
      const accumulate = (x: Tensor, y: Tensor) => losses.crossEntropy(model.call(x), y).backward();
      const apply = () => {
        optimizer.step();
        optimizer.zeroGrad();
      };
      const [add, finish] = how === null ? [accumulate, apply] : [how(accumulate), how(apply)];
      for (let i = 0; i < 6; i++) {
        add(...batch(i));
        if (i % 3 === 2) finish();
      }
      return model.stateDict();
    };
    expectAllAgree("parameters", run(compile), run(null));
  });

  it("clips gradients by value and by norm, or says that it cannot", () => {
    const run = (clip: (p: Tensor[]) => void, how: typeof compile | null) => {
      const { model, optimizer } = training();
      const fn = (x: Tensor, y: Tensor) => {
        optimizer.zeroGrad();
        losses.crossEntropy(model.call(x), y).backward();
        clip(model.parameters());
        optimizer.step();
      };
      const step = how === null ? fn : how(fn);
      for (let i = 0; i < 3; i++) step(...batch(i));
      return model.stateDict();
    };
    for (const clip of [
      (p: Tensor[]) => optim.clipGradValue(p, 0.01),
      (p: Tensor[]) => void optim.clipGradNorm(p, 0.01),
    ]) {
      expectAllAgree("parameters", run(clip, compile), run(clip, null));
    }
  });

  it("traces again for train() and eval(), and goes back to what it has", () => {
    let runs = 0;
    const model = new nn.Sequential(
      new nn.Linear(5, 4, { generator: new random.Generator(1) }),
      new nn.BatchNorm1d(4),
      new nn.Dropout(0.5, { generator: new random.Generator(2) }),
    );
    const twin = new nn.Sequential(
      new nn.Linear(5, 4, { generator: new random.Generator(1) }),
      new nn.BatchNorm1d(4),
      new nn.Dropout(0.5, { generator: new random.Generator(2) }),
    );
    const compiled = compile((x: Tensor) => {
      runs++;
      return model.call(x);
    });
    const x = normal("modes", 9, 5);
    for (const training of [true, true, false, true, false, false, true]) {
      model.train(training);
      twin.train(training);
      expectAgreement(`training ${training}`, compiled(x), twin.call(x));
      expectAllAgree("buffers", model.stateDict(), twin.stateDict());
    }
    expect(runs).toBe(2);
  });

  it("draws random numbers inside anew at every call, from the stream that eager code draws from", () => {
    const draw = (generator: random.Generator) => (x: Tensor) => [
      x.add(random.normal([3], { generator, std: 0.1 })),
      random.uniform([2], { generator }),
      random.permutation(5, { generator }),
      random.integers([4], { high: 9, generator }),
    ];
    const compiled = compile(draw(new random.Generator("noise")));
    const eager = draw(new random.Generator("noise"));
    const x = tensor([1, 2, 3]);
    for (let i = 0; i < 3; i++) expectAllAgree(`draw ${i}`, compiled(x), eager(x));
  });
});

describe("reading values", () => {
  /** The line of a caller: "compile.test.ts:123". */
  const here = (offset: number): string => {
    const frame = (new Error().stack ?? "").split("\n").find((line, i) => i > 1 && line.includes("compile.test.ts"));
    const line = Number(/compile\.test\.ts:(\d+)/.exec(frame ?? "")?.[1]);
    return `compile.test.ts:${line + offset}`;
  };
  const x = tensor([1, 2]);
  const read: Record<string, (t: Tensor) => unknown> = {
    "item()": (t) => t.sum().item(),
    data: (t) => t.data[0],
    "toArray()": (t) => t.mul(2).toArray(),
    "a condition": (t) => (t.sum().item() > 0 ? t : t.neg()),
    "a copy by tensor()": (t) => tensor(t.mul(2)),
  };

  it.each(Object.keys(read))("by %s inside is an error that names the file and line, and says what to do", (name) => {
    const compiled = compile((t: Tensor) => {
      read[name](t);
      return t;
    });
    const call = () => compiled(x);
    expect(call).toThrow(CompileError);
    expect(call).toThrow(/^compile: .*compile\.test\.ts:\d+/s);
    expect(call).toThrow(/where|return the tensor/);
    expect(compiled.programs.length).toBe(0);
  });

  it("names the very line", () => {
    let line = "";
    const compiled = compile((t: Tensor) => {
      line = here(1);
      const value = t.sum().item();
      return t.mul(value);
    });
    let message = "";
    try {
      compiled(x);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain(line);
  });

  it("of a parameter or a gradient inside is the same error", () => {
    const w = parameter([1, 2]);
    expect(() => compile(() => w.data[0])()).toThrow(CompileError);
    expect(() => compile(() => w.item())()).toThrow(/item|values/);
    const backward = () => {
      w.square().sum().backward();
      return w.grad!.toArray();
    };
    expect(() => compile(backward)()).toThrow(CompileError);
    expect(w.grad).toBeNull();
  });

  it("deep inside the library names the line of the caller all the same", () => {
    const labels = tensor([0, 0, 1, 1], { dtype: "int32" });
    const deep = (depth: number, t: Tensor): unknown =>
      depth === 0 ? losses.miners.batchHard(t, labels) : noGrad(() => deep(depth - 1, t));
    for (const depth of [0, 3, 12]) {
      const call = () => compile((t: Tensor) => deep(depth, t))(normal(1, 4, 3));
      expect(call).toThrow(/compile\.test\.ts:\d+/);
    }
  });

  it("of what is known inside, constants, is no error", () => {
    const compiled = compile((t: Tensor) => {
      const steps = tg.arange(3);
      let y = t;
      for (const i of steps.data) y = y.add(i);
      return y.mul(tensor([2]).item());
    });
    expect(bits(compiled(x))).toEqual([8, 10]);
  });

  it("by printing is no error: there are none yet, and the text says which tensor it is", () => {
    let text = "";
    compile((t: Tensor) => {
      text = String(t.mul(2));
      return t;
    })(x);
    expect(text).toContain("[2]");
    expect(text).toContain("float32");
  });

  it("of shapes and dtypes is no error", () => {
    const compiled = compile((t: Tensor) => (t.ndim === 1 && t.dtype === "float32" ? t.mul(t.size) : t));
    expect(bits(compiled(x))).toEqual([2, 4]);
    expect(bits(compiled(tensor([[1, 2]])))).toEqual([1, 2]);
  });

  it("by writing into data inside is an error as well", () => {
    const w = parameter([1, 2]);
    const compiled = compile((t: Tensor) => {
      w.data[0] = 5;
      return t.mul(w);
    });
    expect(() => compiled(x)).toThrow(CompileError);
    expect(bits(w)).toEqual([1, 2]);
  });
});

describe("errors", () => {
  it("of wrong labels are those of eager code, and nothing has changed", () => {
    const { model, optimizer, step } = training((p) => new optim.Adam(p, { lr: 0.01 }));
    const norm = new nn.BatchNorm1d(5);
    const withNorm = (x: Tensor, y: Tensor) => step(norm.call(x), y);
    const compiled = compile(withNorm);
    compiled(...batch(0));
    const snapshot = () =>
      JSON.stringify(
        [model.stateDict(), norm.stateDict(), optimizer.stateDict().tensors].map((d) =>
          Object.entries(d).map(([k, t]) => [k, bits(t)]),
        ),
      );
    const before = snapshot();
    const [x] = batch(1);
    const y = tensor([0, 1, 2, 0, 1, 2, 7, 0, 1, 2, 0], { dtype: "int32" });
    let message = "";
    try {
      losses.crossEntropy(model.call(x), y);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain("is 7");
    expect(() => compiled(x, y)).toThrow(message);
    expect(() => compiled(x, y)).toThrow(tg.ValueError);
    expect(snapshot()).toBe(before);
    const good = compiled(...batch(2)).item();
    expect(Number.isFinite(good)).toBe(true);
    expect(snapshot()).not.toBe(before);
  });

  it("of wrong labels in the very first call change nothing either", () => {
    const { model, step } = training();
    const compiled = compile(step);
    const before = Object.values(model.stateDict()).map(bits);
    const y = tensor([0, 1, 2, 0, 1, 2, -1, 0, 1, 2, 0], { dtype: "int32" });
    expect(() => compiled(batch(1)[0], y)).toThrow("is -1");
    expect(Object.values(model.stateDict()).map(bits)).toEqual(before);
    const other = training();
    expectAgreement("the next call", compiled(...batch(2)), other.step(...batch(2)));
  });

  it("of probabilities and signs out of their domain are those of eager code", () => {
    const cases: [(a: Tensor, b: Tensor) => Tensor, Tensor, Tensor][] = [
      [(a, b) => losses.binaryCrossEntropy(a, b), tensor([0.5, 1.5]), tensor([1, 0])],
      [(a, b) => losses.hinge(a, b), tensor([0.5, 1.5]), tensor([1, 0])],
      [(a, b) => losses.dice(a.reshape([1, 1, 2]), b.reshape([1, 1, 2])), tensor([0.5, -0.1]), tensor([1, 0])],
    ];
    for (const [loss, a, b] of cases) {
      let message = "no error";
      try {
        loss(a, b);
      } catch (error) {
        message = (error as Error).message;
      }
      expect(() => compile(loss)(a, b)).toThrow(message);
    }
  });

  it("of shapes that do not fit are those of eager code, for every call", () => {
    const compiled = compile((a: Tensor, b: Tensor) => a.matmul(b));
    for (let i = 0; i < 2; i++) {
      expect(() => compiled(tg.ones([2, 3]), tg.ones([2, 3]))).toThrow(
        "matmul: shapes [2, 3] and [2, 3] do not multiply",
      );
      expect(bits(compiled(tg.ones([1, 2]), tg.ones([2, 1])))).toEqual([2]);
    }
    expect(compiled.programs.length).toBe(1);
  });

  it("thrown by the function itself pass through and leave everything usable", () => {
    const w = parameter([1, 2]);
    let broken = true;
    const compiled = compile((x: Tensor) => {
      noGrad(() => w.assign(w.add(x)));
      w.mul(x).sum().backward();
      if (broken) throw new Error("on purpose");
      return w.sum();
    });
    const x = tensor([1, 1]);
    expect(() => compiled(x)).toThrow("on purpose");
    expect([bits(w), w.grad]).toEqual([[1, 2], null]);
    expect(w.mul(x).requiresGrad).toBe(true);
    expect(x.add(1).toArray()).toEqual([2, 2]);
    broken = false;
    expect(compiled(x).item()).toBe(5);
    expect(bits(w)).toEqual([2, 3]);
  });

  it("thrown inside noGrad inside leave recording on", () => {
    const compiled = compile((x: Tensor) =>
      noGrad(() => {
        throw new Error(`on purpose, ${x.ndim}`);
      }),
    );
    expect(() => compiled(tensor([1]))).toThrow("on purpose, 1");
    expect(parameter([1]).mul(2).requiresGrad).toBe(true);
  });

  it("say that a disposed function is one, at every call, and leave parameters and results alone", () => {
    const w = parameter([1, 2]);
    const compiled = compile((x: Tensor) => {
      noGrad(() => w.assign(w.add(x)));
      return w.mul(2);
    });
    const kept = compiled(tensor([1, 1]));
    compiled.dispose();
    compiled.dispose();
    expect(() => compiled(tensor([1, 1]))).toThrow(CompileError);
    expect(() => compiled(tensor([1, 1]))).toThrow(/dispose/);
    expect(compiled.programs.length).toBe(0);
    expect([bits(w), bits(kept)]).toEqual([
      [2, 3],
      [4, 6],
    ]);
    noGrad(() => w.assign(w.add(1)));
    expect(bits(w)).toEqual([3, 4]);
  });

  it("refuse an async function, what is none, and unknown options", () => {
    expect(() => compile(async (x: Tensor) => x)(tensor([1]))).toThrow(/async/);
    expect(() => compile(3 as never)).toThrow("compile: fn must be a function, got 3");
    expect(() => compile((x: Tensor) => x, { thread: 2 } as object)).toThrow('compile: unknown option "thread"');
  });

  it("refuse an argument that hangs on a graph outside, at the first call and at later ones", () => {
    const w = parameter([1, 2]);
    const compiled = compile((x: Tensor) => x.square().sum().backward());
    expect(() => compiled(w.mul(2))).toThrow(/argument 0 is the result of an operation/);
    compiled(parameter([1, 2]));
    expect(() => compiled(w.mul(2))).toThrow(/argument 0 is the result of an operation/);
    expect(w.grad).toBeNull();
  });

  it("refuse typed arrays, whose values would be compiled in", () => {
    const compiled = compile((values: Float32Array) => tensor(values).mul(2));
    expect(() => compiled(Float32Array.of(1, 2))).toThrow(/argument 0 is a Float32Array.*pass tensor\(values\)/s);
  });

  it("name a primitive of one's own, which has no WebAssembly", () => {
    const cube = tg.definePrimitive<[x: Tensor]>({
      name: "cube",
      shape: ([x]) => x.shape,
      kernel: (out, [x]) => {
        for (let i = 0; i < out.size; i++) out.data[i] = x.data[i] ** 3;
      },
      vjp: ({ g, inputs: [x] }) => [() => g.mul(x.square()).mul(3)],
    });
    const compiled = compile((x: Tensor) => cube(x));
    expect(() => compiled(tensor([1, 2]))).toThrow(/"cube" is a primitive of your own/);
  });
});

describe("programs", () => {
  it("can be looked at: each prints", () => {
    const compiled = compile((x: Tensor) => x.exp().sum());
    expect(compiled.programs.length).toBe(0);
    compiled(normal(1, 4, 5));
    expect(compiled.programs.length).toBe(1);
    expect(String(compiled.programs[0])).toContain("exp");
  });

  it("come and go by the hundred without running out of memory", () => {
    const x = normal(1, 64, 64);
    for (let i = 0; i < 300; i++) {
      const compiled = compile((t: Tensor) => t.matmul(t).add(i).sum());
      expect(Number.isFinite(compiled(x).item())).toBe(true);
      compiled.dispose();
    }
  });
});
