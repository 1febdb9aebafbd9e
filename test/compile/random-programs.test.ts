import { describe, expect, it } from "vitest";
import { flatten } from "../../src/compile/arguments.ts";
import { makeEntry, runEntry } from "../../src/compile/entry.ts";
import { optimise, type PassName, passes } from "../../src/compile/optimise.ts";
import { verify } from "../../src/compile/verify.ts";
import type { PrimitiveName } from "../../src/index.ts";
import * as tg from "../../src/index.ts";
import {
  type Compile,
  failure,
  failures,
  format,
  generate,
  type Program,
  primitiveNames,
  seedOf,
  shrink,
  withKernels,
  withNoise,
} from "./random-programs.ts";

const compile: Compile = (fn) => tg.compile(fn);
const run = "programs";
const count = 2000;
const chunk = 100;

describe("compiled random programs", () => {
  it.each(Array.from({ length: count / chunk }, (_, i) => i * chunk))(
    "give what eager ones give, from number %i on",
    (from) => {
      expect(failures(run, from, from + chunk, compile).join("\n\n")).toBe("");
    },
  );
});

/** `compile` without one pass; each step is verified as it was traced and after every pass. */
const without =
  (name: PassName): Compile =>
  (fn) =>
  (...args) => {
    const { tensors, rest } = flatten(args);
    const entry = makeEntry(fn, { threads: 1, relaxedSimd: false, without: [name] }, args, tensors, rest);
    const { traced } = entry.program;
    verify(traced);
    optimise(traced, [name], (_, step) => verify(step));
    const result = runEntry(entry, tensors) as ReturnType<typeof fn>;
    entry.program.dispose();
    return result;
  };

describe("compiled random programs without a pass", () => {
  it.each(Object.keys(passes) as PassName[])("give what eager ones give: %s", (name) => {
    expect(failures("passes", 0, 60, without(name)).join("\n\n")).toBe("");
  });
});

describe("the generator of programs", () => {
  const programs = Array.from({ length: 400 }, (_, i) => generate(seedOf("generator", i)));
  const having = (name: string) => programs.filter(({ steps }) => steps.some((step) => step.do === name));

  it("makes the same program from the same seed, one that survives JSON, and others from others", () => {
    const again = programs.slice(0, 50).map(({ seed }) => generate(seed));
    expect(again).toEqual(programs.slice(0, 50));
    expect(JSON.parse(JSON.stringify(programs))).toEqual(programs);
    expect(new Set(programs.map(format)).size).toBe(programs.length);
  });

  it.each(primitiveNames)("uses %s", (name) => {
    expect(having(name).length).toBeGreaterThan(10);
  });

  it("takes gradients of both orders, assigns, trains, draws, broadcasts, and has empty and special values", () => {
    const count = (has: (p: Program) => boolean) => programs.filter(has).length;
    for (const step of ["grad", "backward", "gradientOf", "assign", "random", "constant"]) {
      expect([step, having(step).length > 8]).toEqual([step, true]);
    }
    expect(new Set(having("optimizerStep").map((p) => p.optimizer?.name)).size).toBe(9);
    expect(count(({ steps }) => steps.some((s) => "createGraph" in s && s.createGraph))).toBeGreaterThan(20);
    expect(count(({ leaves }) => leaves.some(({ shape }) => shape.includes(0)))).toBeGreaterThan(20);
    expect(count(({ leaves }) => leaves.some(({ special }) => special))).toBeGreaterThan(20);
    expect(count(({ leaves }) => leaves.some(({ dtype }) => dtype === "float64"))).toBeGreaterThan(20);
    expect(count(({ between }) => between.some((list) => list.length > 0))).toBeGreaterThan(50);
    expect(count(({ outputs }) => outputs.length > 2)).toBeGreaterThan(100);
  });

  it("makes programs that any sound arithmetic agrees on", () => {
    const rounded: Compile =
      (fn) =>
      (...args) =>
        withNoise(99, () => fn(...args));
    for (const program of programs) expect(failure(program, rounded), format(program)).toBeNull();
  });
});

describe("the comparison of programs", () => {
  /** Eager code in which one operation is a little wrong: its last element, by two parts in a thousand or by one. */
  const withFault =
    (faulty: PrimitiveName): Compile =>
    (fn) =>
    (...args) =>
      withKernels(
        (name, kernel) =>
          name !== faulty
            ? kernel
            : (out, inputs, attributes) => {
                kernel(out, inputs, attributes);
                const last = out.size - 1;
                if (out.dtype === "bool") out.data[last] = 1 - out.data[last];
                else if (out.dtype === "int32") out.data[last] += out.data[last] > 0 ? -1 : 1;
                else out.data[last] *= 1.002;
              },
        () => fn(...args),
      );
  const moves = new Set<PrimitiveName>(["stopGradient", "reshape"]); // their kernels do nothing

  it.each(primitiveNames.filter((name) => !moves.has(name)))("finds a fault in %s", (name) => {
    const found: Program[] = [];
    let tried = 0;
    for (let i = 0; found.length === 0 && tried < 30; i++) {
      const program = generate(seedOf("fault", i));
      if (!program.steps.some((step) => step.do === name)) continue;
      tried++;
      if (failure(program, withFault(name))) found.push(program);
    }
    expect(found.length).toBe(1);
  });

  it("shrinks what fails to one step", () => {
    let i = 0;
    let program: Program;
    do program = generate(seedOf("shrink", i++));
    while (program.steps.length < 10 || failure(program, withFault("tanh")) === null);
    const small = shrink(program, withFault("tanh"));
    expect(small.steps.map((step) => step.do)).toEqual(["tanh"]);
    expect(small.outputs.length).toBe(1);
    expect(failure(JSON.parse(JSON.stringify(small)), withFault("tanh"))).not.toBeNull();
  });
});
