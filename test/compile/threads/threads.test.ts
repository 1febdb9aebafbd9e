import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  compile,
  conv2d,
  losses,
  maxPool2d,
  nn,
  optim,
  random,
  type Tensor,
  tensor,
  ValueError,
} from "../../../src/index.ts";

const normal = (seed: string, ...shape: number[]): Tensor => new random.Generator(seed).normal(shape);

/** A network with a step of training, large enough that its stages have parts. */
function training(threads: number, seed = "net") {
  const generator = new random.Generator(seed);
  const model = new nn.Sequential(
    new nn.Linear(120, 300, { generator }),
    new nn.Tanh(),
    new nn.Linear(300, 37, { generator }),
  );
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
  const step = compile(
    (x: Tensor, y: Tensor) => {
      optimizer.zeroGrad();
      const loss = losses.crossEntropy(model.call(x), y);
      loss.backward();
      optimizer.step();
      return loss;
    },
    { threads },
  );
  return { model, step };
}

const batch = (i: number, n = 200): [x: Tensor, y: Tensor] => [
  normal(`x${i}`, n, 120),
  new random.Generator(`y${i}`).integers([n], { high: 37 }),
];

/** Operations that are cut into parts in different ways. */
const operations: Record<string, (x: Tensor, y: Tensor) => Tensor | Tensor[]> = {
  "products of matrices": (x, y) => [
    x.matmul(y, { transposeB: true }),
    x.matmul(y, { transposeA: true }),
    x.reshape([30, 10, 400]).matmul(y.reshape([30, 400, 10])),
  ],
  "rows: softmax, logSumExp, sums": (x, y) => [x.softmax(1), x.add(y).logSumExp(1), x.mul(y).sum(1), x.max(0)],
  "sums of everything": (x, y) => [x.sum(), x.mul(y).exp().mean(), x.max(), y.square().sum().sqrt()],
  "elements and copies": (x, y) => [
    x.mul(y).tanh(),
    x.transpose(),
    x.flip([1]),
    x.slice([{ start: 3 }, { start: 5, stop: 390 }]),
  ],
  "convolution and pooling": (x, y) => {
    const images = x.reshape([12, 4, 50, 50]);
    const weight = y.slice([{ stop: 9 }, { stop: 64 }]).reshape([16, 4, 3, 3]);
    return [conv2d(images, weight, { padding: 1 }), maxPool2d(images, 2)];
  },
};

const bytes = (t: Tensor): string =>
  Buffer.from(t.data.buffer, t.data.byteOffset, t.data.byteLength).toString("base64");

describe("compile with threads", () => {
  for (const [name, fn] of Object.entries(operations)) {
    it(`gives the same bits with 1, 2 and 4 threads: ${name}`, async () => {
      const [x, y] = [normal("x", 300, 400), normal("y", 300, 400)];
      const compiled = [1, 2, 4].map((threads) => compile(fn, { threads }));
      for (let round = 0; round < 30; round++) {
        const [one, ...more] = compiled.map((f) => [f(x, y)].flat().map(bytes));
        for (const found of more) expect(found).toEqual(one);
        if (round === 10) await sleep(50); // now the workers have started, if they had not
      }
      for (const f of compiled) f.dispose();
    });
  }

  it("trains to the same bits, several functions in turn", async () => {
    const all = [1, 2, 4, 2].map((threads) => training(threads));
    for (let i = 0; i < 12; i++) {
      const [one, ...more] = all.map(({ step }) => bytes(step(...batch(i))));
      for (const found of more) expect(found).toBe(one);
      if (i % 5 === 1) await sleep(60); // asleep in between
    }
    const [one, ...more] = all.map(({ model }) => model.parameters().map(bytes));
    for (const found of more) expect(found).toEqual(one);
  });

  it("leaves functions of JavaScript, as float64 needs them, to the main thread", () => {
    const x = normal("x", 300, 400).to("float64");
    const [one, two] = [1, 2].map((threads) => compile((t: Tensor) => [t.erf().sum(), t.lgamma()], { threads }));
    for (let i = 0; i < 20; i++) expect(two(x).map(bytes)).toEqual(one(x).map(bytes));
  });

  it("disposes of one function while others run", async () => {
    const [kept, gone, reference] = [training(2, "a"), training(3, "b"), training(1, "a")];
    for (let i = 0; i < 15; i++) {
      if (i < 5) gone.step(...batch(i));
      if (i === 5) gone.step.dispose();
      if (i === 8) await sleep(30);
      if (i > 8) compile((x: Tensor) => x.exp().sum(), { threads: 3 })(normal("z", 400, 400)); // takes the memory over
      expect(bytes(kept.step(...batch(i)))).toBe(bytes(reference.step(...batch(i))));
    }
  });

  it("checks values as with one thread, and changes nothing when they are wrong", () => {
    const { model, step } = training(2);
    step(...batch(0));
    const before = model.parameters().map(bytes);
    const [x, y] = batch(1);
    const wrong = tensor(
      [...y.data].map((label, i) => (i === 7 ? 37 : label)),
      { dtype: "int32" },
    );
    for (let i = 0; i < 5; i++) expect(() => step(x, wrong)).toThrow("labels[7] is 37");
    expect(model.parameters().map(bytes)).toEqual(before);
    step(x, y);
    expect(model.parameters().map(bytes)).not.toEqual(before);
  });

  it("refuses anything but a whole number of threads", () => {
    for (const threads of [0, -1, 1.5, Number.NaN, "2" as never]) {
      expect(() => compile((x: Tensor) => x, { threads })).toThrow(ValueError);
    }
    expect(() => compile((x: Tensor) => x, { threads: 0 })).toThrow(
      "compile: threads must be a number that is whole and >= 1, got 0",
    );
  });

  it("takes no processor time when it is idle", async () => {
    const { step } = training(4);
    for (let i = 0; i < 5; i++) step(...batch(i));
    await sleep(150);
    const before = process.cpuUsage();
    await sleep(300);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000).toBeLessThan(100); // ms; three workers that spin would have taken 900
  });

  it("lets the process end by itself", async () => {
    const code = `
      const { compile, random } = require("./src/index.ts");
      const x = random.normal([256, 256]);
      const fn = compile((x) => x.matmul(x).tanh().sum(), { threads: 3 });
      for (let i = 0; i < 200; i++) fn(x);
      console.log(fn(x).shape.length, fn.programs.length);`;
    const child = spawn(process.execPath, ["node_modules/ts-node/dist/bin.js", "-e", code], {
      env: { ...process.env, NODE_OPTIONS: "", VITEST: "" },
    });
    let [output, errors] = ["", ""];
    child.stdout.on("data", (text) => {
      output += text;
    });
    child.stderr.on("data", (text) => {
      errors += text;
    });
    const code0 = await new Promise((resolve) => child.on("exit", resolve));
    expect([errors, output.trim(), code0]).toEqual(["", "0 1", 0]);
  });
});

describe("where there are no threads", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
    vi.resetModules();
  });

  /** The library in a world of its own, and what it warns of. */
  async function fresh() {
    vi.resetModules();
    const warnings: string[] = [];
    vi.spyOn(console, "warn").mockImplementation((text) => warnings.push(text));
    return { library: await import("../../../src/index.ts"), warnings };
  }

  /** Compiles twice with threads: two functions of the library that work all the same. */
  function expectToWork({ compile, random }: typeof import("../../../src/index.ts")): void {
    const x = new random.Generator("x").normal([256, 256]);
    const fn = (t: typeof x) => t.matmul(t).tanh();
    for (const threads of [2, 3]) {
      const compiled = compile(fn, { threads });
      for (let i = 0; i < 3; i++) expect(bytes(compiled(x) as never)).toBe(bytes(compile(fn)(x) as never));
    }
  }

  it("runs on one where memory cannot be shared, and says so once", async () => {
    const { library, warnings } = await fresh();
    vi.stubGlobal("SharedArrayBuffer", undefined);
    expectToWork(library);
    expect(warnings).toEqual([
      'compile: threads need shared memory (SharedArrayBuffer; a web page has it when it is cross-origin isolated); compiled functions run on one thread, whatever their option "threads" says',
    ]);
  });

  it("runs on one where no worker can be made, and says so once", async () => {
    const { library, warnings } = await fresh();
    vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined as never);
    vi.stubGlobal("Worker", undefined);
    expectToWork(library);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("no worker can be started here");
  });

  it("says nothing when one thread is asked for, or a program is too small for more", async () => {
    const { library, warnings } = await fresh();
    vi.stubGlobal("SharedArrayBuffer", undefined);
    const x = library.tensor([1, 2, 3]);
    expect([...library.compile((t: typeof x) => t.exp(), { threads: 4 })(x).data]).toHaveLength(3);
    expect(warnings).toEqual([]);
  });
});
