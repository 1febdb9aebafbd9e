import { describe, expect, test } from "vitest";
import { grad, tensor } from "../../../src/index.ts";
import * as losses from "../../../src/losses/index.ts";

// Values printed in the documentation of libraries. TensorFlow Ranking's ragged second list is padded with -1 here.

const one = { scores: [[0.6, 0.8]], relevance: [[1, 0]] };
const two = {
  scores: [
    [0.6, 0.8, 0],
    [0.5, 0.8, 0.4],
  ],
  relevance: [
    [1, 0, -1],
    [0, 1, 0],
  ],
};
const tfRanking = { preset: "tfRanking" } as const;

describe("the values in TensorFlow Ranking's documentation:", () => {
  const documented = {
    pairwiseHinge: [losses.pairwiseHinge, 0.6, 0.41666666],
    pairwiseLogistic: [losses.pairwiseLogistic, 0.39906943, 0.3109182],
    pairwiseSoftZeroOne: [losses.pairwiseSoftZeroOne, 0.274917, 0.22945064],
    pairwiseMSE: [losses.pairwiseMSE, 1.44, 0.7666667],
    listwiseSoftmax: [losses.listwiseSoftmax, 0.7981389, 0.83911896],
    uniqueSoftmax: [losses.uniqueSoftmax, 0.7981389, 0.83911896],
    approxMRR: [losses.approxMRR, -0.53168947, -0.73514676],
    approxNDCG: [losses.approxNDCG, -0.655107, -0.80536866],
    pointwiseSigmoid: [losses.pointwiseSigmoid, 0.8042943, 0.64446354],
    pointwiseMSE: [losses.pointwiseMSE, 0.4, 0.20833336],
  } as const;
  for (const [name, [loss, first, second]] of Object.entries(documented)) {
    test(name, () => {
      expect(loss(one.scores, one.relevance, tfRanking).item()).toBeCloseTo(first, 6);
      expect(loss(two.scores, two.relevance, tfRanking).item()).toBeCloseTo(second, 6);
    });
  }

  test("calibratedSoftmax", () => {
    const options = { virtualLabel: 0.1, ...tfRanking };
    expect(losses.calibratedSoftmax(one.scores, one.relevance, options).item()).toBeCloseTo(1.1808171, 6);
  });

  test("listMLE, whose ties came in the other order", () => {
    expect(losses.listMLE(one.scores, one.relevance, tfRanking).item()).toBeCloseTo(0.7981389, 6);
    const reversed = [two.scores.map((row) => row.toReversed()), two.relevance.map((row) => row.toReversed())] as const;
    const either = [two, { scores: reversed[0], relevance: reversed[1] }].map(({ scores, relevance }) =>
      losses.listMLE(scores, relevance, tfRanking).item(),
    );
    expect(Math.min(...either.map((value) => Math.abs(value - 1.1613163)))).toBeLessThan(1e-6);
  });

  test("clickEM", () => {
    const [examination, relevance] = [[[0.6, 0.8]], [[0.9, 0.2]]];
    expect(losses.clickEM(examination, relevance, one.relevance, tfRanking).item()).toBeCloseTo(1.1462884, 6);
    const lists = [
      [
        [0.6, 0.8, 0],
        [0.5, 0.8, 0.4],
      ],
      [
        [0.9, 0.2, 0],
        [0.9, 0.2, 0.8],
      ],
    ];
    expect(losses.clickEM(lists[0], lists[1], two.relevance, tfRanking).item()).toBeCloseTo(1.0770882, 6);
  });

  test("mixtureEM", () => {
    const first = [
      [0.6, 0.9],
      [0.8, 0.2],
    ];
    expect(losses.mixtureEM([first], one.relevance, tfRanking).item()).toBeCloseTo(1.3198698, 6);
    const second = [
      [0.5, 0.9],
      [0.8, 0.2],
      [0.4, 0.8],
    ];
    const logits = [[...first, [0, 0]], second];
    expect(losses.mixtureEM(logits, two.relevance, tfRanking).item()).toBeCloseTo(1.909512, 6);
  });

  test("pointwiseOrdinal", () => {
    const logits = [
      [0.6, 0.2],
      [0.8, 0.3],
    ];
    expect(losses.pointwiseOrdinal([logits], one.relevance, tfRanking).item()).toBeCloseTo(1.6305413, 6);
    const both = [
      logits,
      [
        [0, -0.2],
        [0, 0],
      ],
    ];
    const relevance = [
      [2, 1],
      [0, -1],
    ];
    expect(losses.pointwiseOrdinal(both, relevance, tfRanking).item()).toBeCloseTo(0.88809216, 6);
  });
});

describe("the values in rax's documentation:", () => {
  test("softmax_loss", () => {
    expect(losses.listwiseSoftmax([2, 1, 3], [1, 0, 0]).item()).toBeCloseTo(1.4076059, 6);
  });

  test("pairwise_hinge_loss with a mask", () => {
    const scores = [
      [2, 1, 0],
      [1, 0.5, 1.5],
    ];
    const relevance = [
      [1, 0, 0],
      [0, 0, 1],
    ];
    const mask = [
      [true, true, false],
      [true, true, true],
    ];
    expect(losses.pairwiseHinge(scores, relevance, { mask }).item()).toBeCloseTo(0.16666667, 6);
  });

  test("the gradient of softmax_loss", () => {
    const scores = tensor(
      [
        [0, 1, 3],
        [1, 2, 0],
      ],
      { requiresGrad: true },
    );
    const relevance = [
      [0, 0, 1],
      [1, 0, 0],
    ];
    const expected = [0.02100503, 0.0570976, -0.07810265, -0.37763578, 0.33262047, 0.04501529];
    const [gradient] = grad(losses.listwiseSoftmax(scores, relevance), [scores]);
    for (const [i, g] of Array.from(gradient.data).entries()) expect(g).toBeCloseTo(expected[i], 6);
  });

  test("pairwise_logistic_loss with labeldiff_lambdaweight", () => {
    const loss = losses.pairwiseLogistic([1.2, 0.4, 1.9], [1, 2, 0], { weighting: "difference" });
    expect(loss.item()).toBeCloseTo(1.8923712, 6);
  });
});
