import { describe, expect, it } from "vitest";
import { optimise, type Pass, type PassName, passes } from "../../src/compile/optimise.ts";
import { Program } from "../../src/compile/program.ts";
import { formatStep, type Step } from "../../src/compile/step.ts";
import { traceStep } from "../../src/compile/trace.ts";
import { verify } from "../../src/compile/verify.ts";
import * as tg from "../../src/index.ts";
import { Tensor } from "../../src/index.ts";

const { nn, losses } = tg;

/** The traced step of a function of these tensors. */
function stepOf(fn: (...inputs: Tensor[]) => Tensor, inputs: readonly Tensor[]): Step {
  const standIns = inputs.map(({ shape, dtype }) => new Tensor(null, shape, dtype));
  const trace = traceStep(() => fn(...standIns), standIns, inputs);
  return trace.step([trace.result], [], new Map());
}

const named = (step: Step): string[] => step.records.map(({ primitive }) => primitive.name);

/** What a step gives, after these passes. */
function outcome(step: Step, inputs: readonly Tensor[], without: readonly PassName[]): Float32Array {
  const program = new Program(step, { threads: 1, relaxedSimd: false, without });
  const [output] = program.run(inputs);
  program.dispose();
  return output.data as Float32Array;
}

const generator = new tg.random.Generator("passes");
const x = generator.normal([6, 8]);
const labels = tg.tensor([0, 3, 1, 2, 4, 0], { dtype: "int32" });
const targets = generator.normal([6, 8]).gt(0).to("float32");
const weight = generator.normal([8, 5]);

const attention = new nn.MultiHeadAttention(8, 2, { generator: new tg.random.Generator(1) });
const batchNorm = new nn.BatchNorm2d(1);

/** Gradients of losses and layers: all that the passes look for occurs in one of them. */
const steps: Record<string, [fn: (...inputs: Tensor[]) => Tensor, inputs: Tensor[]]> = {
  "cross-entropy of a linear layer": [
    (input) => {
      const w = weight.detach();
      w.requiresGrad = true;
      return tg.grad(losses.crossEntropy(input.matmul(w), labels), w)[0];
    },
    [x],
  ],
  "focal loss": [
    (input, target) => {
      const logits = input.mul(2);
      logits.requiresGrad = true;
      return tg.grad(losses.sigmoidFocal(logits, target), logits)[0];
    },
    [x, targets],
  ],
  attention: [(input) => attention.call(input.unsqueeze(0)), [x]],
  "batch norm and pooling": [
    (input) => {
      const image = input.reshape([2, 1, 4, 6]);
      return new nn.MaxPool2d(2).call(batchNorm.call(image).relu());
    },
    [x],
  ],
};

describe.each(Object.entries(steps))("the passes over the step of %s", (_, [fn, inputs]) => {
  const step = stepOf(fn, inputs);

  it("leave a sound step after each", () => {
    verify(step);
    const seen: string[] = [];
    optimise(step, [], (name, after) => {
      verify(after);
      seen.push(name);
    });
    expect(new Set(seen)).toEqual(new Set(Object.keys(passes)));
  });

  it("make it no longer", () => {
    expect(optimise(step).records.length).toBeLessThanOrEqual(step.records.length);
  });

  it.each(Object.keys(passes) as PassName[])("give the same result to rounding without %s", (name) => {
    const all = outcome(step, inputs, []);
    const fewer = outcome(step, inputs, [name]);
    const scale = Math.max(...all.map(Math.abs));
    expect(scale).toBeGreaterThan(0);
    for (let i = 0; i < all.length; i++) expect(Math.abs(fewer[i] - all[i])).toBeLessThanOrEqual(2e-6 * scale);
  });

  it("print it before and after", () => {
    expect(formatStep(step)).toContain("argument 0");
    expect(formatStep(optimise(step))).toMatch(/return %\d+/);
  });
});

describe("a pass", () => {
  /** The primitives that one pass leaves of a function of x [6, 8]. */
  const left = (pass: Pass, fn: (input: Tensor) => Tensor): string[] => named(pass(stepOf(fn, [x])));

  it("eliminateDeadCode drops what nothing needs", () => {
    const fn = (input: Tensor) => {
      input.exp();
      return input.neg();
    };
    expect(left(passes.eliminateDeadCode, fn)).toEqual(["neg"]);
  });

  it("foldConstants computes what depends on no argument", () => {
    const fold: Pass = (step) => passes.eliminateDeadCode(passes.foldConstants(step));
    expect(left(fold, (input) => input.add(tg.arange(8).to("float32").square()))).toEqual(["add"]);
  });

  it("foldConstants keeps a constant that is the same everywhere as one element", () => {
    const step = passes.eliminateDeadCode(passes.foldConstants(stepOf((input) => input.mul(tg.ones([6, 8])), [x])));
    const constants = [...step.leaves].filter(([, { kind }]) => kind === "constant").map(([t]) => t.size);
    expect(constants).toEqual([1]);
  });

  it("mergeCommonSubexpressions does the same thing once", () => {
    const merge: Pass = (step) => passes.eliminateDeadCode(passes.mergeCommonSubexpressions(step));
    expect(left(merge, (input) => input.exp().add(input.exp()))).toEqual(["exp", "add"]);
  });

  it("simplify puts a transpose into the matrix product", () => {
    const plain: Pass = (step) => passes.eliminateDeadCode(passes.simplify(step));
    expect(left(plain, (input) => input.transpose().matmul(input))).toEqual(["matmul"]);
  });

  it("simplify picks elements before it computes on them", () => {
    const plain: Pass = (step) => passes.eliminateDeadCode(passes.simplify(step));
    expect(left(plain, (input) => input.exp().gather(1, tg.zeros([6, 1], { dtype: "int32" })))).toEqual([
      "gather",
      "exp",
    ]);
  });

  it("shareExponentials writes sigmoid and softplus of one argument over one exponential", () => {
    const share: Pass = (step) => passes.mergeCommonSubexpressions(passes.shareExponentials(step));
    const names = left(share, (input) => input.sigmoid().add(input.softplus()));
    expect(names.filter((name) => name === "exp")).toHaveLength(1);
    expect(names).not.toContain("sigmoid");
  });
});

describe("the checker", () => {
  const step = stepOf((input) => input.exp().neg(), [x]);
  const [first, second] = step.records;

  it.each<[string, Partial<Step>, RegExp]>([
    ["an input that comes from nowhere", { records: [second] }, /input 0 is made nowhere/],
    ["an output that is made twice", { records: [first, { ...second, output: first.output }] }, /there already/],
    ["a wrong shape", { records: [{ ...first, output: new Tensor(null, [3], "float32") }] }, /has shape \[3\]/],
    ["a wrong dtype", { records: [{ ...first, output: new Tensor(null, [6, 8], "int32") }] }, /is int32, not float32/],
    ["records out of order", { records: [{ ...first, id: 9 }, second] }, /not above/],
    ["a missing result", { records: [first] }, /result \[6, 8\] is made nowhere/],
  ])("finds %s", (_, change, message) => {
    expect(() => verify({ ...step, ...change })).toThrow(message);
  });
});
