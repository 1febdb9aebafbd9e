import * as tg from "../src/index.ts";
import { floats, integers, type WorkloadName, workloads } from "./workloads.ts";

const { nn, optim, losses } = tg;

/** The step of a workload as a user of the library would write it; each call trains once and returns the loss. */
export function stepFor(name: WorkloadName, how: "eager" | tg.CompileOptions): () => number {
  const step = trainingStep(name);
  const run = how === "eager" ? step : tg.compile(step, how);
  return () => run().item();
}

/** The step as a function of nothing, which returns the loss. */
export function trainingStep(name: WorkloadName): () => tg.Tensor {
  const w = workloads[name];
  const generator = new tg.random.Generator(name);
  const trainer = (optimizer: { zeroGrad(): void; step(): void }, loss: () => tg.Tensor) => () => {
    optimizer.zeroGrad();
    const value = loss();
    value.backward();
    optimizer.step();
    return value;
  };
  switch (w.kind) {
    case "mlp": {
      const sizes: readonly number[] = w.layers;
      const layers = sizes.slice(1).flatMap((size, i) => {
        const linear = new nn.Linear(sizes[i], size, { generator });
        return i < sizes.length - 2 ? [linear, new nn.ReLU()] : [linear];
      });
      const model = new nn.Sequential(...layers);
      const x = tg.tensor(floats(w.batch * sizes[0], 1), { shape: [w.batch, sizes[0]] });
      const classes = sizes[sizes.length - 1];
      if (w.loss === "ce") {
        const labels = tg.tensor(integers(w.batch, 2, classes));
        return trainer(new optim.Adam(model.parameters()), () => losses.crossEntropy(model.call(x), labels));
      }
      const targets = tg.tensor(integers(w.batch, 2, 2), { shape: [w.batch, 1], dtype: "float32" });
      const sgd = new optim.SGD(model.parameters(), { lr: 1e-2 });
      return trainer(sgd, () => losses.binaryCrossEntropyWithLogits(model.call(x), targets));
    }
    case "cnn": {
      const [channels, height, width] = w.image;
      const [first, second] = w.channels;
      const flat = second * (height >> 2) * (width >> 2);
      const model = new nn.Sequential(
        new nn.Conv2d(channels, first, 3, { padding: 1, generator }),
        new nn.ReLU(),
        new nn.MaxPool2d(2),
        new nn.Conv2d(first, second, 3, { padding: 1, generator }),
        new nn.ReLU(),
        new nn.MaxPool2d(2),
        new nn.Flatten(),
        new nn.Linear(flat, w.classes, { generator }),
      );
      const x = tg.tensor(floats(w.batch * channels * height * width, 1), { shape: [w.batch, ...w.image] });
      const labels = tg.tensor(integers(w.batch, 2, w.classes));
      return trainer(new optim.Adam(model.parameters()), () => losses.crossEntropy(model.call(x), labels));
    }
    case "arcface": {
      const { batch, features, embedding, classes, scale, margin } = w;
      const leaf = (rows: number, cols: number, seed: number) =>
        tg.tensor(floats(rows * cols, seed, 1 / Math.sqrt(rows)), { shape: [rows, cols], requiresGrad: true });
      const [projection, centres] = [leaf(features, embedding, 100), leaf(classes, embedding, 101)];
      const x = tg.tensor(floats(batch * features, 1), { shape: [batch, features] });
      const labels = tg.tensor(integers(batch, 2, classes));
      const sgd = new optim.SGD([projection, centres], { lr: 1e-2 });
      return trainer(sgd, () => losses.arcFace(x.matmul(projection), centres, labels, { scale, margin }));
    }
    case "focal":
    case "celoss": {
      const [n, m] = w.shape;
      const x = tg.tensor(floats(n * m, 1, 3), { shape: [n, m], requiresGrad: true });
      const binary = tg.tensor(integers(n * m, 2, 2), { shape: [n, m], dtype: "float32" });
      const labels = tg.tensor(integers(n, 2, m));
      return () => {
        const loss =
          w.kind === "focal"
            ? losses.sigmoidFocal(x, binary, { gamma: w.gamma, alpha: w.alpha })
            : losses.crossEntropy(x, labels);
        x.grad = null;
        loss.backward();
        return loss;
      };
    }
  }
}
