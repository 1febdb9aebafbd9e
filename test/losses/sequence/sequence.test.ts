import { describe, expect, test } from "vitest";
import { compile, detectAnomaly, grad, losses, random, type Tensor, tensor } from "../../../src/index.ts";

const int = (values: number | number[] | number[][]) => tensor(values, { dtype: "int32" });
const float = (shape: number[], seed: string) => new random.Generator(seed).normal(shape, { dtype: "float64" });

/** Every list of `length` numbers below `base`. */
function* lists(length: number, base: number): Generator<number[]> {
  for (let k = 0; k < base ** length; k++) {
    yield Array.from({ length }, (_, i) => Math.floor(k / base ** i) % base);
  }
}

const total = (logs: number[]) => Math.log(logs.reduce((sum, v) => sum + Math.exp(v), 0));

describe("ctc", () => {
  /** -log of the sum over all alignments, each merged and compared with the target. */
  function enumerated(logp: number[][], target: number[], blank: number): number {
    const ways: number[] = [];
    for (const path of lists(logp.length, logp[0].length)) {
      const merged = path.filter((label, t) => label !== blank && label !== path[t - 1]);
      if (merged.join() === target.join()) ways.push(path.reduce((sum, label, t) => sum + logp[t][label], 0));
    }
    return -total(ways);
  }

  test("is the sum over all alignments, for every target and length of a small input", () => {
    const logp = float([5, 3], "ctc").logSoftmax(1);
    for (const blank of [0, 1, 2]) {
      const labels = [0, 1, 2].filter((c) => c !== blank);
      for (const length of [0, 1, 2, 3]) {
        for (const which of lists(length, 2)) {
          const target = which.map((i) => labels[i]);
          for (const time of [1, 3, 5]) {
            const rows = (logp.toArray() as number[][]).slice(0, time);
            const padded = int([...target, labels[0], labels[1]]);
            const found = losses.ctc(logp, padded, time, length, { blank, reduction: "none" }).item();
            const expected = enumerated(rows, target, blank);
            if (Number.isFinite(expected)) expect(found, `${target} in ${time}`).toBeCloseTo(expected, 10);
            else expect(found, `${target} in ${time}`).toBe(Number.POSITIVE_INFINITY);
          }
        }
      }
    }
  });

  test("gives padded and joined targets, a batch and its samples alone, the same losses", () => {
    const logp = float([7, 3, 4], "batch").logSoftmax(2);
    const [frames, counts] = [
      [7, 4, 5],
      [3, 0, 2],
    ];
    const rows = [
      [1, 1, 2],
      [9, 9, 9],
      [3, 2, -5],
    ];
    const options = { reduction: "none" } as const;
    const padded = losses.ctc(logp, int(rows), int(frames), int(counts), options);
    const joined = losses.ctc(logp, int([1, 1, 2, 3, 2]), int(frames), int(counts), options);
    expect(joined.toArray()).toEqual(padded.toArray());
    for (const [b, row] of rows.entries()) {
      const alone = logp.slice([{}, b]);
      const loss = losses.ctc(alone, int(row.slice(0, counts[b])), frames[b], counts[b], options);
      expect(loss.shape).toEqual([]);
      expect(loss.item()).toBeCloseTo(padded.data[b], 12);
    }
  });

  test("says that joined targets do not add up, eagerly and compiled", () => {
    const logp = float([4, 2, 3], "sum").to("float32").logSoftmax(2);
    const loss = (counts: Tensor) => losses.ctc(logp, int([1, 2, 1]), int([4, 4]), counts);
    const message = /^ctc: the sum of targetLengths.* is 2, but targets has 3 labels/;
    expect(() => loss(int([1, 1]))).toThrow(message);
    const compiled = compile(loss);
    expect(compiled(int([2, 1])).item()).toBeCloseTo(loss(int([2, 1])).item(), 5);
    expect(() => compiled(int([1, 1]))).toThrow(message);
    compiled.dispose();
  });

  test("of a hundred steps is finite in float32 where every probability is certain and wrong", () => {
    const logits = tensor(
      Array.from({ length: 100 * 4 }, (_, i) => (i % 4 === 3 ? 1e4 : -1e4)),
      { shape: [100, 4], requiresGrad: true },
    );
    const [value, gradient] = detectAnomaly(() => {
      const loss = losses.ctc(logits, [1, 1, 2], 100, 3, { logits: true });
      return [loss, grad(loss, [logits])[0]];
    });
    const exact = losses.ctc(logits.to("float64"), [1, 1, 2], 100, 3, { logits: true });
    expect(value.item() / exact.item()).toBeCloseTo(1, 5);
    expect(gradient.data.every(Number.isFinite)).toBe(true);
  });

  test("takes log-probabilities of -Infinity, and a target that only they allow is impossible", () => {
    const never = Number.NEGATIVE_INFINITY;
    const logp = tensor(
      [
        [never, 0, never],
        [0, never, never],
      ],
      { requiresGrad: true },
    );
    expect(losses.ctc(logp, [1], 2, 1).item()).toBe(0);
    const [impossible, gradient] = detectAnomaly(() => {
      const loss = losses.ctc(logp, [2], 2, 1);
      return [loss, grad(loss, [logp])[0]];
    });
    expect(impossible.item()).toBe(Number.POSITIVE_INFINITY);
    expect(gradient.toArray()).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });

  test("compiled over thirty steps, with lengths given at each call, is what it is eagerly", () => {
    const x = float([30, 3, 5], "compiled").to("float32");
    const y = int([
      [1, 2, 2, 4],
      [3, 3, 3, 3],
      [1, 4, 1, 4],
    ]);
    const fn = (x: Tensor, n: Tensor, m: Tensor): Tensor[] => {
      const loss = losses.ctc(x, y, n, m, { logits: true });
      return [loss, ...grad(loss, [x])];
    };
    const compiled = compile(fn);
    x.requiresGrad = true;
    for (const [n, m] of [
      [
        [30, 20, 10],
        [4, 4, 4],
      ],
      [
        [7, 8, 0],
        [1, 2, 0],
      ],
    ]) {
      const [value, gradient] = compiled(x, int(n), int(m));
      const [expected, expectedGradient] = fn(x, int(n), int(m));
      expect(value.item()).toBeCloseTo(expected.item(), 4);
      for (const [i, g] of expectedGradient.data.entries()) expect(gradient.data[i]).toBeCloseTo(g, 5);
    }
    compiled.dispose();
  });
});

describe("rnnT", () => {
  test("is the sum over all paths from the first node to the last", () => {
    const [time, labels] = [3, [1, 0]];
    const logp = float([1, time, labels.length + 1, 3], "rnnt").logSoftmax(3);
    const at = (t: number, u: number, k: number) => (logp.toArray() as number[][][][])[0][t][u][k];
    const ways: number[] = [];
    for (const path of lists(time + labels.length, 2)) {
      // 0 is a blank, 1 a label; the last is a blank
      if (path[path.length - 1] !== 0 || path.filter((move) => move === 1).length !== labels.length) continue;
      let [t, u, score] = [0, 0, 0];
      for (const move of path) {
        score += at(t, u, move === 0 ? 2 : labels[u]);
        if (move === 0) t++;
        else u++;
      }
      ways.push(score);
    }
    expect(ways.length).toBe(6);
    expect(losses.rnnT(logp, int([labels]), int([time]), int([2])).item()).toBeCloseTo(-total(ways), 10);
  });

  test("weighs the gradient by log-probabilities of labels by 1 + fastEmit, and leaves the value alone", () => {
    const logp = float([2, 3, 3, 4], "emit").logSoftmax(3).detach();
    logp.requiresGrad = true;
    const by = (fastEmit: number) => {
      const loss = losses.rnnT(
        logp,
        int([
          [0, 1],
          [2, 0],
        ]),
        int([3, 2]),
        int([2, 1]),
        { fastEmit, logits: false },
      );
      return { value: loss.item(), gradient: grad(loss, [logp])[0].data };
    };
    const [plain, hurried] = [by(0), by(0.25)];
    expect(hurried.value).toBeCloseTo(plain.value, 12);
    for (const [i, g] of plain.gradient.entries()) {
      expect(hurried.gradient[i]).toBeCloseTo(i % 4 === 3 ? g : 1.25 * g, 12);
    }
  });
});

describe("crf", () => {
  const emissions = float([2, 4, 3], "emissions");
  const model = new losses.CRF(3, { generator: new random.Generator("crf"), reduction: "none" });
  const scored = (b: number, tags: readonly number[]) => {
    const e = (emissions.toArray() as number[][][])[b];
    const moves = model.transitions.toArray() as number[][];
    const ends = model.start.data[tags[0]] + model.end.data[tags[tags.length - 1]];
    return tags.reduce((sum, y, t) => sum + e[t][y] + (t > 0 ? moves[tags[t - 1]][y] : 0), ends);
  };
  const mask = [
    [1, 1, 1, 1],
    [1, 1, 0, 0],
  ];

  test("is the score of the tags against those of all tag sequences", () => {
    const tags = [
      [0, 2, 1, 1],
      [1, 0, 2, 2],
    ];
    const found = model.forward(emissions, int(tags), mask);
    for (const [b, length] of [4, 2].entries()) {
      const norm = total([...lists(length, 3)].map((all) => scored(b, all)));
      expect(found.data[b]).toBeCloseTo(norm - scored(b, tags[b].slice(0, length)), 6);
    }
  });

  test("CRF decodes the best of all tag sequences", () => {
    const best = [4, 2].map((length, b) =>
      [...lists(length, 3)].reduce((a, tags) => (scored(b, tags) > scored(b, a) ? tags : a)),
    );
    expect(model.decode(emissions, mask)).toEqual(best);
  });

  test("CRF learns transitions that emissions do not tell, and names what it owns", () => {
    expect(model.namedParameters().map(([name]) => name)).toEqual(["transitions", "start", "end"]);
    const loss = model
      .forward(
        emissions,
        int([
          [0, 1, 0, 1],
          [1, 0, 1, 0],
        ]),
      )
      .sum();
    for (const g of grad(loss, model.parameters())) expect(g.data.some((v) => v !== 0)).toBe(true);
    expect(() => new losses.CRF(0)).toThrow("CRF: tags must be a number that is whole and >= 1");
  });
});

describe("tokenCrossEntropy", () => {
  test("is crossEntropy of the tokens moved by one", () => {
    const logits = float([2, 5, 4], "tokens");
    const tokens = int([
      [0, 1, 2, -100, 3],
      [3, 3, 1, 0, -100],
    ]);
    const moved = losses.crossEntropy(logits.slice([{}, { stop: 4 }]).swapAxes(1, 2), tokens.slice([{}, { start: 1 }]));
    expect(losses.tokenCrossEntropy(logits, tokens).item()).toBeCloseTo(moved.item(), 12);
  });

  test("parts of a batch that divide by the count of the whole add up to its mean", () => {
    const logits = float([4, 3, 3], "parts");
    const tokens = int([
      [0, 1, 2],
      [1, -100, -100],
      [2, 2, -100],
      [0, 0, 1],
    ]);
    const part = (start: number) =>
      losses.tokenCrossEntropy(logits.slice([{ start, stop: start + 2 }]), tokens.slice([{ start, stop: start + 2 }]), {
        count: 5,
      });
    expect(part(0).add(part(2)).item()).toBeCloseTo(losses.tokenCrossEntropy(logits, tokens).item(), 12);
  });
});

describe("softDTW", () => {
  const at = (x: Tensor, b: number, i: number) => (x.toArray() as number[][][])[b][i];

  test("is the soft minimum over all alignments", () => {
    const [x, y] = [float([1, 3, 2], "dtw x"), float([1, 4, 2], "dtw y")];
    const cost = (i: number, j: number) => at(x, 0, i).reduce((sum, v, k) => sum + (v - at(y, 0, j)[k]) ** 2, 0);
    const costs: number[] = [];
    const walk = (i: number, j: number, sum: number) => {
      const here = sum + cost(i, j);
      if (i === 2 && j === 3) costs.push(here);
      if (i < 2) walk(i + 1, j, here);
      if (j < 3) walk(i, j + 1, here);
      if (i < 2 && j < 3) walk(i + 1, j + 1, here);
    };
    walk(0, 0, 0);
    expect(costs.length).toBe(25); // the Delannoy number of 2 and 3
    for (const gamma of [0.1, 1, 10]) {
      const expected = -gamma * total(costs.map((c) => -c / gamma));
      expect(losses.softDTW(x, y, { gamma }).item()).toBeCloseTo(expected, 9);
    }
    expect(losses.softDTW(x, y, { gamma: 1e-4 }).item()).toBeCloseTo(Math.min(...costs), 3);
  });

  test("as divergence is 0 with gradient 0 at equal series, and at least 0 elsewhere", () => {
    const x = float([2, 5, 2], "dtw");
    x.requiresGrad = true;
    const same = losses.softDTW(x, x.detach(), { divergence: true });
    expect(same.item()).toBeCloseTo(0, 12);
    for (const g of grad(same, [x])[0].data) expect(g).toBeCloseTo(0, 12);
    for (const seed of ["a", "b", "c"]) {
      const terms = losses.softDTW(x, float([2, 4, 2], seed), { divergence: true, reduction: "none" });
      for (const v of terms.data) expect(v).toBeGreaterThanOrEqual(0);
    }
  });
});

describe("beside the cross-entropy", () => {
  test("loadBalance is the number of experts a token goes to where all are equally busy", () => {
    const logits = tensor([
      [3, 1, 0, 2],
      [2, 3, 1, 0],
      [0, 2, 3, 1],
      [1, 0, 2, 3],
    ]);
    for (const topK of [1, 2, 4]) expect(losses.loadBalance(logits, { topK }).item()).toBeCloseTo(topK, 5);
  });

  test("the baseline of minimumRisk does not change its gradient", () => {
    const x = float([2, 3], "risk");
    x.requiresGrad = true;
    const risks = float([2, 3], "errors");
    const [centred, plain] = [true, false].map((baseline) => grad(losses.minimumRisk(x, risks, { baseline }), [x])[0]);
    for (const [i, g] of centred.data.entries()) expect(g).toBeCloseTo(plain.data[i], 12);
  });
});
