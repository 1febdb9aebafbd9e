import { expect, test } from "vitest";
import * as losses from "../../../src/losses/index.ts";
import { normal } from "../metric-properties.ts";

const a = normal("a", [6, 4]);

test("errors", () => {
  expect(() => losses.globalOrthogonal(a, { meanWeight: 0, secondMomentWeight: 0 })).toThrow("nothing is left");
});
