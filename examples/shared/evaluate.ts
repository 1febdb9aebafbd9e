import { concat, type nn, noGrad, type Tensor } from "../../src/index.ts";

/** The model's outputs for all rows of x, in evaluation mode, without gradients, a few hundred rows at a time. */
export function predict(model: nn.Module, x: Tensor, batchSize = 256): Tensor {
  const { training } = model;
  model.eval();
  try {
    return noGrad(() => concat(x.split(batchSize).map((rows) => model.call(rows))));
  } finally {
    model.train(training);
  }
}
