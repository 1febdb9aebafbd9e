import { expect, it } from "vitest";
import { tensor } from "../../src/index.ts";

it("operators on tensors are an error that says what to write; templates show the tensor", () => {
  const x = tensor([1, 2]);
  expect(() => (x as unknown as number) + 1).toThrow("Tensor: JavaScript's operators do not work on tensors");
  expect(() => (x as unknown as number) > 0).toThrow("use x.add(y), x.gt(y), ... or x.item()");
  expect(`${x}`).toBe("tensor([1, 2], shape [2], float32)");
});
