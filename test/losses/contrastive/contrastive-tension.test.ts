import { test } from "vitest";
import type { Tensor } from "../../../src/index.ts";
import * as losses from "../../../src/losses/index.ts";
import { expectSame, normal } from "../metric-properties.ts";

const [a, b] = [normal("a", [6, 4]), normal("b", [6, 4])];

const expectEqual = (one: (u: Tensor, v: Tensor) => Tensor, other: (u: Tensor, v: Tensor) => Tensor) =>
  expectSame(one, other, a, b);

test("contrastive tension in a batch is CLIP", () => {
  expectEqual(
    (u, v) => losses.contrastiveTensionInBatch(u, v, { scale: 4 }),
    (u, v) => losses.clip(u, v, { temperature: 0.25 }),
  );
});
