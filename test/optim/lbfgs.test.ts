import { describe, expect, it } from "vitest";
import "../../src/functional/methods.ts";
import { LBFGS, type LBFGSOptions } from "../../src/optim/index.ts";
import { zeros } from "../../src/tensor/creation.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { loadGolden } from "../golden/load.ts";

const { minimizations } = loadGolden<{
  minimizations: {
    options: Partial<LBFGSOptions>;
    start: number[];
    after: { loss: number; x: number[]; calls: number }[];
  }[];
}>("optim");

/** sum 100 (x[i+1] - x[i]^2)^2 + (1 - x[i])^2, least at ones. */
function rosenbrock(x: Tensor): Tensor {
  const [head, tail] = [x.slice({ stop: -1 }), x.slice({ start: 1 })];
  return tail.sub(head.square()).square().mul(100).add(head.sub(1).square()).sum();
}

/** A problem, with its steps; the parameters are in two parts so that flattening is tested too. */
function problem(start: readonly number[], options: Partial<LBFGSOptions>, dtype: "float32" | "float64" = "float64") {
  const parts = [start.slice(0, 1), start.slice(1)].map((values) => tensor(values, { dtype, requiresGrad: true }));
  const optimizer = new LBFGS(parts, options);
  const counter = { calls: 0 };
  const x = () => parts.flatMap(({ data }) => [...data]);
  const step = () =>
    optimizer.step(() => {
      counter.calls++;
      optimizer.zeroGrad();
      const padded = parts[0].pad([[0, start.length - 1]]).add(parts[1].pad([[1, 0]]));
      const loss = rosenbrock(padded);
      loss.backward();
      return loss;
    });
  return { optimizer, counter, x, step };
}

describe("LBFGS", () => {
  it.each(minimizations)(
    "with $options follows PyTorch's iterations and closure calls",
    ({ options, start, after }) => {
      const { step, x, counter } = problem(start, options);
      after.forEach((expected, i) => {
        expect(step().item() / expected.loss, `loss ${i}`).toBeCloseTo(1, 6);
        expect(counter.calls, `calls ${i}`).toBe(expected.calls);
        expected.x.forEach((v, j) => {
          expect(x()[j], `x[${j}] after ${i}`).toBeCloseTo(v, 8);
        });
      });
    },
  );

  it("finds the minimum in float32 too", () => {
    const { step, x } = problem([-1.2, 1, -0.5, 0.8], { lineSearchFn: "strongWolfe", maxIter: 60 }, "float32");
    step();
    for (const v of x()) expect(v).toBeCloseTo(1, 3);
  });

  it.each([null, "strongWolfe"] as const)(
    "goes on with the same bits from a kept state (line search %s)",
    (lineSearchFn) => {
      const options = { lineSearchFn, maxIter: 3, lr: lineSearchFn === null ? 1e-3 : 1 };
      const first = problem([-1.2, 1, 0.5], options);
      first.step();
      first.step();
      const { groups, tensors } = first.optimizer.stateDict();
      const second = problem(first.x(), {});
      second.optimizer.loadStateDict({ groups: JSON.parse(JSON.stringify(groups)), tensors });
      first.step();
      second.step();
      expect(second.x()).toEqual(first.x());
    },
  );

  it("stops at once where the gradient is within tolerance", () => {
    const { step, counter, x } = problem([1, 1, 1], {});
    expect(step().item()).toBe(0);
    expect([counter.calls, ...x()]).toEqual([1, 1, 1, 1]);
  });

  it("counts a missing gradient as zeros", () => {
    const [p, q] = [1, 2].map((v) => tensor([v], { requiresGrad: true }));
    const optimizer = new LBFGS([p, q], { maxIter: 1 });
    optimizer.step(() => {
      const loss = p.square().sum();
      loss.backward();
      return loss;
    });
    expect([p.item(), q.item()]).toEqual([0, 2]);
  });

  it("refuses what it cannot use", () => {
    const p = tensor([1], { requiresGrad: true });
    expect(() => new LBFGS([p], { lineSearchFn: "wolfe" as "strongWolfe" })).toThrow(
      'LBFGS: lineSearchFn must be one of "strongWolfe", null, got "wolfe"',
    );
    expect(() => new LBFGS([p], { maxIter: 0 })).toThrow("LBFGS: maxIter must be a number that is whole and >= 1");
    expect(() => new LBFGS([p]).step()).toThrow("LBFGS.step: needs a closure");
    const q = tensor([1], { requiresGrad: true });
    expect(() => new LBFGS([{ parameters: [p] }, { parameters: [q] }] as never)).toThrow(
      "takes one list of parameters",
    );
  });

  it("refuses a state that does not fit, and changes nothing", () => {
    const { optimizer, step } = problem([-1.2, 1, 0.5], { maxIter: 2, lr: 1e-3 });
    step();
    const before = optimizer.stateDict();
    const { groups, tensors } = before;
    const { direction: _, ...rest } = tensors;
    expect(() =>
      optimizer.loadStateDict({ groups, tensors: { ...rest, gradient: zeros([2]), x: zeros([1]) } }),
    ).toThrow('LBFGS.loadStateDict: "direction" is missing, "gradient" has shape [2], expected [3], "x" is unexpected');
    expect(optimizer.stateDict()).toEqual(before);
  });
});
