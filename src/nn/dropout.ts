import { fed } from "../tensor/creation.ts";
import { expectNumber, resolve } from "../tensor/options.ts";
import { type Generator, generatorOr } from "../tensor/random.ts";
import { asTensor, type Tensor, type TensorLike } from "../tensor/tensor.ts";
import { anyGenerator } from "./generator.ts";
import { Module } from "./module.ts";

/**
 * In training, sets each element to 0 with probability p and divides the others by 1 - p, so that means are kept; in
 * evaluation, passes everything. p defaults to 0.5. Srivastava et al. 2014. Semantics of torch.nn.Dropout.
 */
export class Dropout extends Module {
  readonly p: number;
  readonly generator: Generator | undefined;

  constructor(p: number = 0.5, options: { generator?: Generator } = {}) {
    super();
    this.p = p;
    expectNumber("Dropout", "p", p, "in [0, 1]", (v) => v >= 0 && v <= 1);
    this.generator = resolve("Dropout", options, { generator: anyGenerator }).generator;
  }

  forward(input: TensorLike): Tensor {
    const x = asTensor(input);
    return this.training ? dropout(x, this.p, generatorOr(this.generator)) : x;
  }
}

/** x times a random mask of 0 and 1 / (1 - p). */
export function dropout(x: Tensor, p: number, generator: Generator): Tensor {
  if (p === 0) return x;
  const kept = 1 / (1 - p);
  const mask = fed(x.shape, x.dtype, (data) => {
    for (let i = 0; i < data.length; i++) data[i] = generator.next() < p ? 0 : kept;
  });
  return x.mul(mask);
}
