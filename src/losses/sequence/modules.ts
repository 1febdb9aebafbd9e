import { noGrad } from "../../autograd/primitive.ts";
import { uniform } from "../../nn/init.ts";
import { Module } from "../../nn/module.ts";
import { expectAxes, expectBinary, expectShape, floatTensor } from "../../tensor/checks.ts";
import { zeros } from "../../tensor/creation.ts";
import { expectInteger } from "../../tensor/options.ts";
import type { Generator } from "../../tensor/random.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { type CRFOptions, crf } from "./crf.ts";

/**
 * `crf` that owns `transitions` [tags, tags], `start` and `end` [tags], uniform in [-0.1, 0.1] at first.
 * Options: timeFirst, reduction, and `generator`.
 */
export class CRF extends Module {
  transitions: Tensor;
  start: Tensor;
  end: Tensor;
  readonly #options: Pick<CRFOptions, "timeFirst" | "reduction">;

  constructor(
    tags: number,
    { generator, ...options }: Pick<CRFOptions, "timeFirst" | "reduction"> & { generator?: Generator } = {},
  ) {
    super();
    expectInteger("CRF", "tags", tags);
    // A first call checks the options now, not when the first batch comes.
    noGrad(() => crf(zeros([1, 1, tags]), [[0]], zeros([tags, tags]), options));
    this.#options = options;
    const drawn = (shape: number[]) =>
      uniform(zeros(shape, { requiresGrad: true }), { low: -0.1, high: 0.1, generator });
    this.transitions = drawn([tags, tags]);
    this.start = drawn([tags]);
    this.end = drawn([tags]);
  }

  /** emissions [n, T, tags]; tags int32 [n, T]; mask as in `crf`. */
  forward(emissions: TensorLike, tags: TensorLike, mask: TensorLike | null = null): Tensor {
    const { start, end } = this;
    return crf(emissions, tags, this.transitions, { ...this.#options, start, end, mask });
  }

  /**
   * The best tags of each sequence, by Viterbi's algorithm: a list for each sample, as long as its mask says. Of
   * equally good ones the lower tag, from the end. Reads values, so it has no gradient and does not compile.
   */
  decode(emissions: TensorLike, mask: TensorLike | null = null): number[][] {
    const given = floatTensor("CRF.decode", "emissions", emissions);
    const { timeFirst = false } = this.#options;
    const count = this.start.size;
    expectAxes("CRF.decode", "emissions", given, timeFirst ? ["T", "n", "tags"] : ["n", "T", "tags"]);
    expectShape("CRF.decode", "emissions", given, [...given.shape.slice(0, 2), count]);
    const byStep = mask === null ? null : asTensor(mask, undefined, "CRF", "mask");
    if (byStep !== null) {
      expectShape("CRF.decode", "mask", byStep, given.shape.slice(0, 2));
      expectBinary("CRF.decode", "mask", byStep);
    }
    const batchFirst = (t: Tensor) => noGrad(() => (timeFirst ? t.swapAxes(0, 1) : t).detach().toArray());
    const scores = batchFirst(given) as number[][][];
    const kept = byStep === null ? null : (batchFirst(byStep.to("int32")) as number[][]);
    const [moves, start, end] = [this.transitions, this.start, this.end].map((t) => t.detach().toArray());
    return scores.map((sample, b) => {
      const length = kept === null ? sample.length : kept[b].reduce((sum, v) => sum + v, 0);
      return viterbi(sample.slice(0, length), moves as number[][], start as number[], end as number[]);
    });
  }
}

function viterbi(emissions: number[][], moves: number[][], start: number[], end: number[]): number[] {
  if (emissions.length === 0) return [];
  const tags = start.map((_, tag) => tag);
  const best = (scores: number[]) => scores.indexOf(Math.max(...scores));
  let score = tags.map((tag) => start[tag] + emissions[0][tag]);
  const came = emissions.slice(1).map((emission) => {
    const before = score;
    const from = tags.map((tag) => best(before.map((s, i) => s + moves[i][tag])));
    score = tags.map((tag) => before[from[tag]] + moves[from[tag]][tag] + emission[tag]);
    return from;
  });
  const path = [best(score.map((s, tag) => s + end[tag]))];
  for (const from of came.reverse()) path.unshift(from[path[0]]);
  return path;
}
