import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sumTo } from "../../src/autograd/movement.ts";
import {
  add,
  broadcastTo,
  concat,
  div,
  grad,
  jvp,
  logAddExp,
  matmul,
  maximum,
  minimum,
  mul,
  type Shape,
  split,
  stack,
  sub,
  type Tensor,
  tensor,
  vjp,
} from "../../src/index.ts";
import { Generator } from "../../src/tensor/random.ts";

const runs = { numRuns: 60 };

const normal = (seed: number, shape: Shape): Tensor => new Generator(seed).normal(shape, { dtype: "float64" });
const inner = (a: Tensor, b: Tensor): number => a.mul(b).sum().item();

function expectClose(a: Tensor | number, b: Tensor | number, digits = 1e-9): void {
  const [x, y] = [a, b].map((v) => (typeof v === "number" ? [v] : [...v.data]));
  expect(x.length).toBe(y.length);
  x.forEach((v, i) => {
    expect(Math.abs(v - y[i]), `${v} and ${y[i]}`).toBeLessThanOrEqual(
      digits * Math.max(1, Math.abs(v), Math.abs(y[i])),
    );
  });
}

/** Maps of a matrix [n, m] to a matrix of the same shape, all smooth almost everywhere. */
const steps: Record<string, (x: Tensor) => Tensor> = {
  sin: (x) => x.sin(),
  tanh: (x) => x.tanh(),
  gelu: (x) => x.gelu(),
  softplus: (x) => x.softplus(),
  relu: (x) => x.relu(),
  softmax: (x) => x.softmax(0),
  logSoftmax: (x) => x.logSoftmax(1),
  normalize: (x) => x.normalize(),
  centre: (x) => x.sub(x.mean(0, { keepDims: true })),
  standardise: (x) => x.div(x.std(undefined, { correction: 0 }).add(1)),
  cumsum: (x) => x.cumsum(1),
  cumprod: (x) => x.tanh().cumprod(0),
  logCumSumExp: (x) => x.logCumSumExp(1),
  sort: (x) => x.sort(1),
  flip: (x) => x.flip(),
  gram: (x) => matmul(matmul(x, x.transpose()), x).mul(0.1),
  products: (x) => x.mul(x.max(1, { keepDims: true })),
  divide: (x) => div(x, x.square().add(1)),
  roll: (x) => concat([x.slice([{ start: 1 }]), x.slice([{ stop: 1 }])]),
  pick: (x) =>
    x.indexSelect(
      0,
      Int32Array.from({ length: x.shape[0] }, (_, i) => (i * i) % x.shape[0]),
    ),
  fold: (x) => x.reshape([-1]).reshape(x.shape),
  twice: (x) => x.transpose().add(1).transpose(),
  logAddExp: (x) => logAddExp(x, x.flip(0)),
  maximum: (x) => maximum(x, x.neg().add(0.1)),
  triangle: (x) => x.tril(),
};

const programs = fc.record({
  names: fc.array(fc.constantFrom(...Object.keys(steps)), { minLength: 1, maxLength: 5 }),
  n: fc.integer({ min: 1, max: 4 }),
  m: fc.integer({ min: 1, max: 4 }),
  seed: fc.integer(),
});
const compose =
  (names: readonly string[]) =>
  (x: Tensor): Tensor =>
    names.reduce((y, name) => steps[name](y), x);

describe("of random programs", () => {
  it("the vjp is linear in its cotangent", () => {
    fc.assert(
      fc.property(programs, ({ names, n, m, seed }) => {
        const fn = compose(names);
        const [x, u, v] = [normal(seed, [n, m]), normal(seed + 1, [n, m]), normal(seed + 2, [n, m])];
        const together = vjp(fn, x, u.mul(2).sub(v.mul(3)));
        expectClose(
          together,
          vjp(fn, x, u)
            .mul(2)
            .sub(vjp(fn, x, v).mul(3)),
        );
      }),
      runs,
    );
  });

  it("<J v, u> = <v, JT u>", () => {
    fc.assert(
      fc.property(programs, ({ names, n, m, seed }) => {
        const fn = compose(names);
        const [x, u, v] = [normal(seed, [n, m]), normal(seed + 1, [n, m]), normal(seed + 2, [n, m])];
        expectClose(inner(jvp(fn, x, v), u), inner(v, vjp(fn, x, u)));
      }),
      runs,
    );
  });

  it("J v is the change along v", () => {
    fc.assert(
      fc.property(programs, ({ names, n, m, seed }) => {
        const fn = compose(names);
        const [x, v] = [normal(seed, [n, m]), normal(seed + 1, [n, m])];
        const h = 1e-6;
        const differences = fn(x.add(v.mul(h)))
          .sub(fn(x.sub(v.mul(h))))
          .div(2 * h);
        // A kink or a change of order within the step is no fault.
        const kinked = ["relu", "sort", "maximum", "products"].some((name) => names.includes(name));
        if (!kinked) expectClose(jvp(fn, x, v), differences, 1e-4);
      }),
      runs,
    );
  });

  it("the second derivative is symmetric: <v, H u> = <u, H v>", () => {
    fc.assert(
      fc.property(programs, ({ names, n, m, seed }) => {
        const x = tensor(normal(seed, [n, m]), { requiresGrad: true });
        const [u, v] = [normal(seed + 1, [n, m]), normal(seed + 2, [n, m])];
        const y = compose(names)(x).sin().sum();
        const [g] = grad(y, x, { createGraph: true });
        const times = (w: Tensor) =>
          g.requiresGrad ? grad(g, x, { gradOutput: w, retainGraph: true, allowUnused: true })[0] : x.mul(0);
        expectClose(inner(v, times(u)), inner(u, times(v)), 1e-8);
      }),
      runs,
    );
  });
});

const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });
const withShape = (shape: Shape): Tensor =>
  tensor(
    Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i + 1),
    { shape },
  );

describe("of random shapes", () => {
  it("reshape comes back", () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const x = withShape(shape);
        expect(x.reshape([x.size]).reshape(shape).toArray()).toEqual(x.toArray());
        expect(x.flatten().data).toBe(x.data);
      }),
      runs,
    );
  });

  it("transpose comes back by the inverse order, and flip by itself", () => {
    fc.assert(
      fc.property(shapes, fc.integer(), (shape, seed) => {
        const x = withShape(shape);
        const order = [...new Generator(seed).permutation(shape.length).data];
        const back = order.map((_, i) => order.indexOf(i));
        const moved = x.transpose(order);
        expect(moved.shape).toEqual(order.map((axis) => shape[axis]));
        expect(moved.transpose(back).toArray()).toEqual(x.toArray());
        expect(x.flip(order.slice(0, 2)).flip(order.slice(0, 2)).toArray()).toEqual(x.toArray());
      }),
      runs,
    );
  });

  it("concat undoes split, and stack is undone by taking one", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 }),
        fc.nat(),
        fc.integer({ min: 1, max: 3 }),
        (shape, nth, size) => {
          const x = withShape(shape);
          const axis = (nth % shape.length) - (nth % 2 ? shape.length : 0);
          const parts = split(x, size, axis);
          expect(concat(parts, axis).toArray()).toEqual(x.toArray());
          const at = axis < 0 ? axis + shape.length : axis;
          const pick = (k: number) => stack([x, x.mul(2)], at).slice([...shape.slice(0, at).map(() => null), k]);
          expect([pick(0).toArray(), pick(-1).toArray()]).toEqual([x.toArray(), x.mul(2).toArray()]);
        },
      ),
      runs,
    );
  });

  it("broadcasting and summing back are adjoint, and so are slice and pad", () => {
    fc.assert(
      fc.property(shapes, fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), fc.integer(), (shape, ones, seed) => {
        const small = shape.map((n, i) => (ones[i] ? 1 : n)).slice(shape.length > 2 && ones[3] ? 1 : 0);
        const [x, y] = [normal(seed, small), normal(seed + 1, shape)];
        expectClose(inner(broadcastTo(x, shape), y), inner(x, sumTo(y, small)));
        const ranges = shape.map((n, i) => ({ start: Math.min(i, n), step: 2 }));
        const part = y.slice(ranges);
        const z = normal(seed + 2, part.shape);
        expectClose(
          inner(part, z),
          inner(
            y,
            vjp((t) => t.slice(ranges), y, z),
          ),
        );
      }),
      runs,
    );
  });

  it("binary operations commute with broadcasting their operands first", () => {
    fc.assert(
      fc.property(
        shapes,
        fc.array(fc.constantFrom(0, 1, 2), { minLength: 4, maxLength: 4 }),
        fc.integer(),
        (shape, kinds, seed) => {
          const a = normal(
            seed,
            shape.map((n, i) => (kinds[i] === 1 ? 1 : n)),
          );
          const b = normal(
            seed + 1,
            shape.map((n, i) => (kinds[i] === 2 ? 1 : n)),
          );
          for (const fn of [add, sub, mul, maximum, minimum, logAddExp]) {
            expect(fn(a, b).toArray()).toEqual(fn(broadcastTo(a, shape), broadcastTo(b, shape)).toArray());
          }
        },
      ),
      runs,
    );
  });
});
