import { expect, test } from "vitest";
import * as losses from "../../../src/losses/index.ts";
import { normal } from "../metric-properties.ts";

const [a, b] = [normal("a", [6, 4]), normal("b", [6, 4])];

test("errors", () => {
  expect(() => losses.sentencePairSoftmax(a, b, normal("w", [3, 8]), [0, 1, 2, 0, 1, 2])).toThrow(
    "weight must be [classes, 12] for 3 parts of x1 [6, 4], got [3, 8]",
  );
  const none = { concatenation: false, difference: false };
  expect(() => losses.sentencePairSoftmax(a, b, a, [0], none)).toThrow("one of concatenation, difference and product");
});
