import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { detectAnomaly, logCumSumExp, noGrad, type Tensor, tensor, trace } from "../../src/index.ts";

const leaf = (values: number | number[] | number[][]): Tensor => tensor(values, { requiresGrad: true });

/** A small step: forward, backward, update. */
function step() {
  const x = tensor([[1, 2, 3]]);
  const w = leaf([[0.1], [0.2], [0.3]]);
  const b = leaf(0.5);
  return { w, loss: () => x.matmul(w).add(b).relu().sum() };
}

describe("a tape", () => {
  it("is printed by console.log", () => {
    const tape = trace(step().loss());
    expect(inspect(tape)).toBe(tape.toString());
  });

  it("prints a tensor's leaves and operations, oldest first", () => {
    const { loss } = step();
    expect(trace(loss()).toString()).toMatchInlineSnapshot(`
      "a : float32[1, 3]
      b : float32[3, 1], requires grad
      c : float32[] = 0.5, requires grad
      %0 = matmul(a, b, transposeA: false, transposeB: false) : float32[1, 1]
      %1 = add(%0, c) : float32[1, 1]
      %2 = relu(%1) : float32[1, 1]
      %3 = sum(%2, axes: [0,1], keepDims: false) : float32[]"
    `);
  });

  it("of a function has all that runs, the gradients too", () => {
    const { w, loss } = step();
    const tape = trace(() => {
      loss().backward();
      noGrad(() => w.assign(w.sub(w.grad!.mul(0.1))));
    });
    expect(tape.toString()).toMatchInlineSnapshot(`
      "a : float32[1, 3]
      b : float32[3, 1], requires grad
      c : float32[] = 0.5, requires grad
      d : float32[] = 1
      e : float32[] = 0
      f : float32[] = 0
      g : float32[] = 0.1
      %0 = matmul(a, b, transposeA: false, transposeB: false) : float32[1, 1]
      %1 = add(%0, c) : float32[1, 1]
      %2 = relu(%1) : float32[1, 1]
      %3 = sum(%2, axes: [0,1], keepDims: false) : float32[]
      %4 = reshape(d, shape: [1,1]) : float32[1, 1]
      %5 = eq(%2, e) : bool[1, 1]
      %6 = where(%5, f, %4) : float32[1, 1]
      %7 = sum(%6, axes: [0,1], keepDims: false) : float32[]
      %8 = matmul(a, %6, transposeA: true, transposeB: false) : float32[3, 1]
      %9 = mul(%8, g) : float32[3, 1]
      %10 = sub(b, %9) : float32[3, 1]"
    `);
    expect(w.toArray()).not.toEqual([[0.1], [0.2], [0.3]]);
  });

  it("is a list of records to walk", () => {
    const { loss } = step();
    const y = loss();
    const { records, leaves } = trace(y);
    expect(records.map(({ primitive }) => primitive.name)).toEqual(["matmul", "add", "relu", "sum"]);
    expect(records.map(({ id }) => id)).toEqual(records.map(({ id }) => id).sort((a, b) => a - b));
    expect(records[3].output).toBe(y);
    expect(records[1].inputs[0]).toBe(records[0].output);
    expect(leaves.map(({ shape }) => shape)).toEqual([[1, 3], [3, 1], []]);
  });

  it("of a function records what needs no gradient, and what runs inside another trace", () => {
    const x = tensor([1, 2]);
    expect(trace(() => x.add(1).gt(2)).records.length).toBe(2);
    let inner = 0;
    const outer = trace(() => {
      inner = trace(() => x.mul(2).exp()).records.length;
      x.add(1);
    });
    expect([inner, outer.records.length]).toEqual([2, 3]);
  });

  it("stops recording when the function throws", () => {
    expect(() =>
      trace(() => {
        throw new Error("inside");
      }),
    ).toThrow("inside");
    expect(tensor([1]).add(1).record).toBeNull();
  });

  it("prints infinite attributes as they are", () => {
    expect(trace(() => tensor([1]).pad([[0, 1]], { value: Number.NEGATIVE_INFINITY })).toString()).toContain(
      "value: -Infinity",
    );
  });

  it("names the leaves a to z, then a1", () => {
    const many = trace(() => {
      for (let i = 0; i < 14; i++) tensor([i]).add(tensor([i]));
    });
    expect(many.leaves.map((t) => many.nameOf(t)).slice(24)).toEqual(["y", "z", "a1", "b1"]);
    expect(many.nameOf(tensor(1))).toBe("?");
  });

  it("draws itself in Graphviz's language", () => {
    expect(trace(() => leaf([1, 2]).mul(3).sum()).toDot()).toMatchInlineSnapshot(`
      "digraph tape {
        node [fontname="Helvetica", fontsize=11];
        edge [color="#888888", arrowsize=0.7];
        "a" [shape=ellipse, style=filled, fillcolor="#cfe8ff", label="a\\nfloat32[2]"];
        "b" [shape=ellipse, style=filled, fillcolor="#f2f2f2", label="b = 3\\nfloat32[]"];
        "%0" [shape=box, style=rounded, label="mul\\nfloat32[2]"];
        "a" -> "%0";
        "b" -> "%0";
        "%1" [shape=box, style=rounded, label="sum\\naxes: [0], keepDims: false\\nfloat32[]"];
        "%0" -> "%1";
      }
      "
    `);
  });

  it("draws itself as SVG", async () => {
    const svg = await trace(() => leaf([1, 2]).mul(3).sum()).toSvg();
    expect(svg).toMatch(/^<svg[\s\S]*<\/svg>\s*$/);
    for (const label of ["mul", "sum", "float32[2]"]) expect(svg).toContain(`>${label}<`);
  });

  it("is not there for leaves, constants and released graphs, which it explains", () => {
    const x = leaf(2);
    expect(() => trace(x)).toThrow("trace: nothing was recorded for this tensor: it is a leaf, or");
    const y = x.square();
    y.backward();
    expect(() => trace(y)).toThrow("trace: the graph was released by an earlier backward()");
    expect(() => trace(3 as never)).toThrow("trace: takes a tensor or a function, got 3");
    expect(() => trace(async () => x.square())).toThrow("trace: fn must not be async");
  });
});

describe("detectAnomaly", () => {
  it("names the first operation whose output is not finite", () => {
    const x = leaf([1, -1]);
    expect(() => detectAnomaly(() => x.log().exp().sum())).toThrow(
      "detectAnomaly: output of log [2] has NaN at element 1",
    );
    expect(() => detectAnomaly(() => x.mul(1000).exp())).toThrow(
      "detectAnomaly: output of exp [2] has Infinity at element 0",
    );
    expect(detectAnomaly(() => x.mul(2).toArray())).toEqual([2, -2]);
  });

  it("names the operation whose gradient is not finite, not one inside its vjp", () => {
    const x = leaf([1, 0]);
    const y = x.mul(2).sqrt().sum();
    expect(() => detectAnomaly(() => y.backward(undefined, { retainGraph: true }))).toThrow(
      "detectAnomaly: gradient of input 0 of sqrt [2] has Infinity at element 1",
    );
    expect(x.grad).toBeNull();
    y.backward();
    expect(x.grad!.toArray()).toEqual([1 / Math.SQRT2, Number.POSITIVE_INFINITY].map(Math.fround));
  });

  it("lets an infinity pass that was handed in, but not a NaN that comes of it", () => {
    const scores = leaf([
      [1, 2],
      [3, 4],
    ]);
    const mask = tensor([
      [false, true],
      [false, false],
    ]);
    const masked = () => scores.maskedFill(mask, Number.NEGATIVE_INFINITY);
    expect(detectAnomaly(() => masked().softmax().toArray())).toEqual([
      [1, 0],
      [expect.closeTo(0.2689, 4), expect.closeTo(0.7311, 4)],
    ]);
    expect(detectAnomaly(() => logCumSumExp(scores, 1)).size).toBe(4);
    detectAnomaly(() => masked().logSumExp(1).sum().backward());
    expect(() => detectAnomaly(() => scores.maskedFill(true, Number.NEGATIVE_INFINITY).softmax())).toThrow(
      "detectAnomaly: output of sub [2, 2] has NaN at element 0",
    );
  });

  it("looks no more once it has ended", () => {
    expect(leaf([-1]).log().item()).toBeNaN();
  });
});
