import { expect, test } from "vitest";
import { tensor } from "../../../src/index.ts";
import { type GE2EOptions, ge2e } from "../../../src/losses/index.ts";
import { input, testGolden } from "../metric-golden.ts";
import {
  degenerate,
  differentiate,
  expectDerivatives,
  expectFinite,
  expectReductions,
  normal,
} from "../metric-properties.ts";

testGolden("ge2e");

const speech = input("speech");
const variants: GE2EOptions[] = [
  {},
  { variant: "contrast" },
  { excludeSelf: false },
  { w: 3, b: 1, variant: "contrast" },
];

test("derivatives, those of w and b too", () => {
  const [w, b] = [tensor(3, { dtype: "float64" }), tensor(-1, { dtype: "float64" })];
  for (const options of variants) {
    expectDerivatives((e, u, v) => ge2e(e, { ...options, w: u, b: v }), normal("ge2e", [3, 2, 3]), w, b);
  }
});

test("reductions", () => {
  for (const options of variants) {
    expect(expectReductions((reduction) => ge2e(speech, { ...options, reduction })).shape).toEqual([3, 3]);
  }
  expect(ge2e(speech).item()).toBe(ge2e(speech, { reduction: "sum" }).item());
});

test("the softmax variant by loops over numbers", () => {
  const e = speech.toArray() as number[][][];
  const cos = (u: number[], v: number[]) => {
    const dot = (x: number[], y: number[]) => x.reduce((total, xi, i) => total + xi * y[i], 0);
    return dot(u, v) / Math.sqrt(dot(u, u) * dot(v, v));
  };
  let expected = 0;
  for (let j = 0; j < 3; j++) {
    for (let i = 0; i < 3; i++) {
      const scores = [0, 1, 2].map((k) => {
        const members = e[k].filter((_, m) => k !== j || m !== i);
        const centroid = members[0].map((_, axis) => members.reduce((total, u) => total + u[axis], 0) / members.length);
        return 10 * cos(e[j][i], centroid) - 5;
      });
      expected += Math.log(scores.reduce((total, s) => total + Math.exp(s), 0)) - scores[j];
    }
  }
  expect(ge2e(speech).item()).toBeCloseTo(expected, 10);
});

test("the offset b changes the contrast variant but not the softmax one", () => {
  expect(ge2e(speech, { b: 3 }).item()).toBeCloseTo(ge2e(speech).item(), 10);
  expect(ge2e(speech, { b: 3, variant: "contrast" }).item()).not.toBeCloseTo(
    ge2e(speech, { variant: "contrast" }).item(),
    3,
  );
});

test("the order of speakers and of utterances does not matter", () => {
  for (const options of variants) {
    const moved = speech.indexSelect(0, [2, 0, 1]).indexSelect(1, [1, 2, 0]);
    expect(ge2e(moved, options).item()).toBeCloseTo(ge2e(speech, options).item(), 10);
  }
});

test("a common length of the embeddings does not matter", () => {
  expect(ge2e(speech.mul(9)).item()).toBeCloseTo(ge2e(speech).item(), 10);
});

test("a single speaker has no rival: softmax 0, contrast 1 - sigmoid", () => {
  const one = speech.slice({ stop: 1 });
  const { value, gradients } = differentiate((e) => ge2e(e), one);
  expect(value).toBe(0);
  expect(gradients[0].every((g) => g === 0)).toBe(true);
  const own = ge2e(one, { variant: "contrast", reduction: "none" });
  expect(own.max().item()).toBeLessThanOrEqual(1);
  expectFinite("contrast", (e) => ge2e(e, { variant: "contrast" }), one);
});

test("degenerate utterances stay finite in float32", () => {
  for (const [name, rows] of Object.entries(degenerate)) {
    for (const options of [...variants, { w: 1e4 }, { w: 1e4, variant: "contrast" as const }]) {
      expectFinite(`${name} ${JSON.stringify(options)}`, (e) => ge2e(e.reshape([2, 2, 3]), options), tensor(rows));
    }
  }
});

test("errors", () => {
  expect(() => ge2e([[1, 2]])).toThrow("ge2e: embeddings must be [speakers, utterances, d], got shape [1, 2]");
  expect(() => ge2e([[[1, 2]], [[3, 4]]])).toThrow(
    "ge2e: embeddings [2, 1, 2] need at least 2 utterances a speaker, or a centroid without the utterance itself is empty; or set excludeSelf: false",
  );
  expect(ge2e([[[1, 2]], [[3, 4]]], { excludeSelf: false }).item()).toBeGreaterThan(0);
  expect(() => ge2e(speech, { w: 0 })).toThrow("ge2e: w must be a number > 0, got 0");
  expect(() => ge2e(speech, { w: -1 })).toThrow("ge2e: w must be a number > 0, got -1");
  expect(() => ge2e(speech, { b: Number.NaN })).toThrow("ge2e: b must be a number that is finite, got NaN");
  expect(() => ge2e(speech, { w: tensor([1, 2]) })).toThrow(
    "ge2e: w must be a number or a tensor with one element, got [2]",
  );
  expect(() => ge2e(speech, { variant: "hinge" as never })).toThrow('variant must be one of "softmax", "contrast"');
  expect(() => ge2e(speech, { excludeSelf: 1 as never })).toThrow("excludeSelf must be one of true, false, got 1");
  expect(() => ge2e(speech, { reduction: "max" as never })).toThrow("ge2e: reduction must be one of");
  expect(() => ge2e(speech, { W: 1 } as never)).toThrow('ge2e: unknown option "W"; it takes w, b, variant');
  expect(() => ge2e(speech.slice({ stop: 0 }))).toThrow("ge2e: embeddings [0, 3, 4] is empty");
});
