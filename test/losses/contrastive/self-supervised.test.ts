import { describe, expect, test } from "vitest";
import { compile, losses, nn, random, type Tensor, tensor } from "../../../src/index.ts";

const normal = (seed: string, ...shape: number[]) => new random.Generator(seed).normal(shape, { dtype: "float64" });
const [view1, view2] = [normal("view1", 6, 3), normal("view2", 6, 3)];

test("hardNegative without concentration is debiased, and debiased without prior is NT-Xent", () => {
  const options = { temperature: 0.3, reduction: "none" } as const;
  const plain = losses.debiased(view1, view2, { ...options, positivePrior: 0 }).toArray() as number[];
  for (const [i, term] of (losses.ntXent(view1, view2, options).toArray() as number[]).entries()) {
    expect(plain[i]).toBeCloseTo(term, 10);
  }
  const debiased = losses.debiased(view1, view2, options).toArray();
  expect(losses.hardNegative(view1, view2, { ...options, concentration: 0 }).toArray()).toEqual(debiased);
});

test("debiased is finite in float32 for the lowest cosines at a low temperature, where its exponentials underflow", () => {
  const x = tensor([
    [1, 0],
    [-1, 0],
  ]);
  const loss = losses.debiased(x, x.neg(), { temperature: 0.01, positivePrior: 0 });
  expect(loss.item()).toBeCloseTo(200, 4);
});

test("barlowTwins with MONAI's statistics has a diagonal of (n - 1) / n for equal views", () => {
  const x = normal("one", 8, 1);
  expect(losses.barlowTwins(x, x, { preset: "monai" }).item()).toBeCloseTo((1 / 8) ** 2, 6);
});

test("an option overrides that of barlowTwins's preset", () => {
  const given = { lambda: 0.3, correction: 1, eps: 1e-6, epsOn: "deviation" } as const;
  expect(losses.barlowTwins(view1, view2, { preset: "monai", lambda: 0.3 }).item()).toBe(
    losses.barlowTwins(view1, view2, given).item(),
  );
});

test("wMSE does not change when a view goes through an invertible triangular map", () => {
  const map = tensor(
    [
      [2, 1, 0.5],
      [0, 3, -1],
      [0, 0, 0.5],
    ],
    { dtype: "float64" },
  );
  expect(losses.wMSE(view1.matmul(map), view2).item()).toBeCloseTo(losses.wMSE(view1, view2).item(), 10);
});

test("swAV's assignments give every prototype an equal share: uniform predictions cost log(prototypes)", () => {
  const scores = tensor(
    [...Array(24)].map(() => 0.3),
    { shape: [2, 4, 3], dtype: "float64" },
  );
  expect(losses.swAV(scores).item()).toBeCloseTo(Math.log(3), 12);
});

test("pmsn with exponent 0 is msn where the mean prediction is uniform", () => {
  const anchors = tensor([[[1, 0]], [[0, 1]]], { dtype: "float64" });
  const prototypes = [
    [1, 0],
    [0, 1],
  ];
  const found = losses.pmsn(anchors, [[1, 1]], prototypes, { exponent: 0 });
  expect(found.item()).toBeCloseTo(losses.msn(anchors, [[1, 1]], prototypes).item(), 12);
});

describe("MemoryBank", () => {
  test("keeps the newest embeddings, oldest first, without gradient", () => {
    const bank = new losses.MemoryBank(3, 1);
    expect(bank.embeddings.shape).toEqual([0, 1]);
    bank.add(tensor([[1], [2]], { requiresGrad: true }));
    bank.add([[3], [4]]);
    expect(bank.embeddings.toArray()).toEqual([[2], [3], [4]]);
    expect(bank.embeddings.requiresGrad).toBe(false);
    bank.add([[5], [6], [7], [8]]);
    expect(bank.embeddings.toArray()).toEqual([[6], [7], [8]]);
  });

  test("refuses embeddings of another width, and stays as it was", () => {
    const bank = new losses.MemoryBank(3, 2);
    expect(() => bank.add([[1]])).toThrow("MemoryBank.add: embeddings must be [n, 2], got [1, 1]");
    expect(bank.embeddings.shape).toEqual([0, 2]);
  });

  test("is saved with the model that holds it", () => {
    class Model extends nn.Module {
      bank = new losses.MemoryBank(3, 1);
      centre = new losses.TeacherCentre(1);
      moments = new losses.SecondMoments(1);
      forward(): Tensor {
        return this.bank.call();
      }
    }
    const [model, copy] = [new Model(), new Model()];
    model.bank.add([[1], [2]]);
    model.centre.update([4]);
    model.moments.update([[3], [1]]);
    expect(Object.keys(model.stateDict())).toEqual(["bank.queue", "bank.count", "centre.value", "moments.value"]);
    copy.loadStateDict(model.stateDict());
    expect(copy.call().toArray()).toEqual([[1], [2]]);
    expect(copy.centre.call().toArray()).toEqual(model.centre.value.toArray());
    expect(copy.moments.call().toArray()).toEqual(model.moments.value.toArray());
    copy.bank.add([[3], [4]]);
    expect(copy.bank.embeddings.toArray()).toEqual([[2], [3], [4]]);
    expect(model.bank.embeddings.toArray()).toEqual([[1], [2]]);
  });

  test("gives a compiled loss what it holds at each call", () => {
    const bank = new losses.MemoryBank(2, 3);
    const single = view1.to("float32");
    const loss = (x: Tensor) => losses.infoNCE(x, view2, { negatives: bank.embeddings, inBatch: false });
    const compiled = compile(loss);
    for (const rows of [view2.slice([0]), view2.slice([1]), view2.slice([2])]) {
      bank.add(rows.reshape([1, 3]));
      expect(compiled(single).item()).toBeCloseTo(loss(single).item(), 5);
    }
    compiled.dispose();
  });

  test("serves as infoNCE's negatives", () => {
    const bank = new losses.MemoryBank(2, 3);
    bank.add(view2.slice({ stop: 2 }));
    const loss = losses.infoNCE(view1, view2, { negatives: bank.embeddings, inBatch: false });
    expect(Number.isFinite(loss.item())).toBe(true);
  });
});

describe("running statistics", () => {
  test("TeacherCentre moves by 1 - momentum towards the mean of the scores", () => {
    const centre = new losses.TeacherCentre(2, { momentum: 0.75 });
    centre.update([
      [4, 8],
      [0, 0],
    ]);
    expect(centre.value.toArray()).toEqual([0.5, 1]);
    centre.update([[[0.5, 1]]]);
    expect(centre.value.toArray()).toEqual([0.5, 1]);
    expect(() => centre.update([1, 2, 3])).toThrow("TeacherCentre.update: scores must be [..., 2], got [3]");
  });

  test("SecondMoments holds what tiCo compared with", () => {
    const moments = new losses.SecondMoments(2, { beta: 0.5 });
    moments.update([
      [3, 0],
      [0, 5],
    ]);
    expect(moments.value.toArray()).toEqual([
      [0.25, 0],
      [0, 0.25],
    ]);
    const x = tensor([
      [1, 0],
      [1, 0],
    ]);
    // C = (0.25 I + [[1, 0], [0, 0]]) / 2, and the views agree.
    expect(losses.tiCo(x, x, { secondMoments: moments.value, beta: 0.5, rho: 1 }).item()).toBeCloseTo(0.625, 6);
  });
});

test("patches of one element cannot be standardised", () => {
  expect(() => losses.maskedReconstruction([[[1]]], [[[1]]], [[1]], { normalizePatches: true })).toThrow(
    "maskedReconstruction: targets [1, 1, 1] have patches of one element",
  );
});
