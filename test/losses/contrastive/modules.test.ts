import { expect, test } from "vitest";
import { random } from "../../../src/index.ts";
import * as losses from "../../../src/losses/index.ts";
import { normal } from "../metric-properties.ts";

const [a, b] = [normal("a", [6, 4]), normal("b", [6, 4])];

test("modules start at their function's defaults, and learn", () => {
  const [clip, sigLIP, tension] = [new losses.Clip(), new losses.SigLIP(), new losses.ContrastiveTensionInBatch()];
  expect(clip.call(a, b).item()).toBeCloseTo(losses.clip(a, b).item(), 5);
  expect(sigLIP.call(a, b).item()).toBeCloseTo(losses.sigLIP(a, b).item(), 4);
  expect(tension.call(a, b).item()).toBeCloseTo(losses.contrastiveTensionInBatch(a, b).item(), 4);
  for (const module of [clip, sigLIP, tension]) {
    module.call(a, b).backward();
    for (const p of module.parameters()) expect(p.grad?.item()).not.toBe(0);
  }
  const pairs = new losses.SentencePairSoftmax(3, 4, { generator: new random.Generator(1), product: true });
  expect(pairs.weight.shape).toEqual([3, 16]);
  const labels = [0, 1, 2, 0, 1, 2];
  const { weight, bias } = pairs;
  expect(pairs.call(a, b, labels).item()).toBe(
    losses.sentencePairSoftmax(a, b, weight, labels, { bias, product: true }).item(),
  );
});

test("CLIP's learned scale counts as 100 at most", () => {
  const module = new losses.Clip({ temperature: 0.001 });
  expect(module.call(a, b).item()).toBeCloseTo(losses.clip(a, b, { temperature: 0.01 }).item(), 4);
});

test("errors", () => {
  expect(() => new losses.SigLIP({ scale: 0 })).toThrow("SigLIP: scale must be a number > 0, got 0");
});
