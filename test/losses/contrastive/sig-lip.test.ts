import { test } from "vitest";
import { type Tensor, tensor } from "../../../src/index.ts";
import * as losses from "../../../src/losses/index.ts";
import { expectSame, normal } from "../metric-properties.ts";

const [a, b] = [normal("a", [6, 4]), normal("b", [6, 4])];

const expectEqual = (one: (u: Tensor, v: Tensor) => Tensor, other: (u: Tensor, v: Tensor) => Tensor) =>
  expectSame(one, other, a, b);

test("SigLIP is binary cross-entropy of all pairs, over their number on one side", () => {
  const pairs = (u: Tensor, v: Tensor) => {
    const logits = u.normalize().matmul(v.normalize(), { transposeB: true }).mul(3).sub(1);
    const same = tensor(
      Array.from({ length: 36 }, (_, i) => (i % 7 === 0 ? 1 : 0)),
      { shape: [6, 6], dtype: "float64" },
    );
    return losses.binaryCrossEntropyWithLogits(logits, same, { reduction: "sum" }).div(6);
  };
  expectEqual((u, v) => losses.sigLIP(u, v, { scale: 3, bias: -1 }), pairs);
});
