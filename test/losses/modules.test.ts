import { describe, expect, test } from "vitest";
import { random, tensor } from "../../src/index.ts";
import * as losses from "../../src/losses/index.ts";

const labels = (...values: number[]) => tensor(values, { dtype: "int32" });

describe("modules of losses take options as an object only:", () => {
  const constructors = {
    AngularPrototypical: losses.AngularPrototypical,
    Clip: losses.Clip,
    ContrastiveTensionInBatch: losses.ContrastiveTensionInBatch,
    DynamicSoftMargin: losses.DynamicSoftMargin,
    GE2E: losses.GE2E,
    Ring: losses.Ring,
    SigLIP: losses.SigLIP,
  };
  for (const [name, Loss] of Object.entries(constructors)) {
    test(name, () => {
      expect(() => new Loss(3 as never)).toThrow(`${name}: options must be an object with`);
      expect(() => new Loss({ tempreature: 1 } as never)).toThrow('unknown option "tempreature"');
      expect(() => new Loss(undefined)).not.toThrow();
    });
  }
});

test("a call that throws leaves running statistics as they were", () => {
  const face = new losses.AdaFace(3, 2, { generator: new random.Generator(1) });
  expect(() => face.call([[30, 40]], labels(7))).toThrow("labels");
  expect([face.batchMean.item(), face.batchStd.item()]).toEqual([20, 100]);
  const memory = new losses.CrossBatchMemory(losses.supCon as never, { embeddingSize: 2, size: 4 });
  expect(() => memory.call([[1, 2]], labels(0))).toThrow("supCon"); // which takes no references
  expect(memory.count.item()).toBe(0);
  expect(memory.embeddings.abs().sum().item()).toBe(0);
});

test("weights and learned scalars are checked whatever they are given as", () => {
  const rows = [
    [1, 2],
    [2, 1],
  ];
  expect(() => losses.binaryCrossEntropyWithLogits([1], [1], { weight: [-1] })).toThrow(
    "binaryCrossEntropyWithLogits: weight[0] is -1, but must be >= 0",
  );
  expect(() => losses.crossEntropy([[1, 2]], [0], { weight: "even" as never })).toThrow("crossEntropy: weight");
  expect(() => losses.margin(rows, labels(0, 0), { beta: tensor(-1) })).toThrow(
    "margin: beta[0] is -1, but must be > 0",
  );
  expect(() => losses.infoNCE(rows, rows, { temperature: tensor(-0.1) })).toThrow("infoNCE: temperature");
  expect(() => losses.reducers.classWeighted(tensor([1, 2]), labels(0, 1), [1, -1])).toThrow(
    "reducers.classWeighted: weights[1] is -1, but must be >= 0",
  );
  expect(() => losses.tukey([1], [1], null as never)).toThrow("tukey: options must be an object");
});
