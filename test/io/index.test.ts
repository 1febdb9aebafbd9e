import { expect, it } from "vitest";
import { decodeSafetensors, encodeSafetensors, parseCSV, parseIDX } from "../../src/io/index.ts";
import { tensor } from "../../src/tensor/tensor.ts";

it("tapegrad/io alone gives tensors with their methods", async () => {
  expect((await parseIDX(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 5))).add(1).toArray()).toEqual([6]);
  expect((await parseCSV("a\n2")).features.add(1).toArray()).toEqual([[3]]);
  expect(
    decodeSafetensors(encodeSafetensors({ a: tensor([3]) }))
      .a.add(1)
      .toArray(),
  ).toEqual([4]);
});
