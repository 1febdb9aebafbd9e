import { expect, it } from "vitest";
import { confusionMatrix } from "../../src/metrics/index.ts";

it("tapegrad/metrics alone gives tensors with their methods", () => {
  expect(confusionMatrix([0, 1], [1, 1]).sum(1).toArray()).toEqual([0, 2]);
});
