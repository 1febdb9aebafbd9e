// Lesson 3: one of several classes. Which digit is this?
//
// 1,797 handwritten digits of 8 x 8 pixels. A convolutional network gives each image ten scores, and the largest wins.
// It looks for small strokes first (3 x 3 filters), then for combinations of strokes, then decides.

import { data, losses, manualSeed, metrics, nn, noGrad, optim, type Tensor } from "../src/index.ts";
import { confusion, imageGrid, type Picture } from "../src/report/index.ts";
import { nearestNeighbour } from "./shared/baselines.ts";
import { imageData, readImages } from "./shared/images.ts";
import { type About, Lesson, main, type Result, type Settings } from "./shared/lesson.ts";

// Each takes scores [n, classes] and labels [n].
const lossFunctions: Record<string, (scores: Tensor, labels: Tensor) => Tensor> = {
  smoothing: (scores, labels) => losses.crossEntropy(scores, labels, { labelSmoothing: 0.1 }),
  "cross-entropy": losses.crossEntropy,
  focal: losses.softmaxFocal,
  poly: losses.poly,
  "multi-margin": losses.multiMargin,
  "crammer-singer": losses.crammerSinger,
  generalized: (scores, labels) => losses.generalizedCrossEntropy(scores, labels),
  symmetric: (scores, labels) => losses.symmetricCrossEntropy(scores, labels),
};

export const about: About = {
  name: "03-multiclass",
  title: "Which digit is this?",
  summary: "A convolutional network reads handwritten digits (UCI, 1,797 images of 8 x 8 pixels, ten classes).",
  data: imageData,
  metric: "accuracy",
  threshold: 0.98,
  losses: Object.keys(lossFunctions),
  defaults: { epochs: 12, batchSize: 32, lr: 0.004, loss: "smoothing" },
  quick: { epochs: 4, threshold: 0.95 },
};

export async function run(given: Partial<Settings> = {}): Promise<Result> {
  const lesson = new Lesson(about, given);
  const { seed, epochs, batchSize, lr, loss, data: path } = lesson.settings;
  const lossOf = lossFunctions[loss];
  manualSeed(seed);

  // Data: images [n, 1, height, width] of 0..1, labels [n]; every class in the same proportion in each part.
  const { images, labels, height, width, classes } = await readImages(path);
  const [train, validation, test] = data
    .split(new data.TensorDataset(images, labels), { fractions: [0.7, 0.1, 0.2], stratify: labels })
    .map(({ tensors: [x, y] }) => ({ x, y }));

  // Model: 16 filters of 3 x 3 pixels, 32 of 3 x 3 x 16, the strongest answer of each 2 x 2 block, ten scores.
  const pixels = Math.floor(height / 2) * Math.floor(width / 2);
  const filters = new nn.Conv2d(1, 16, 3, { padding: 1 });
  const model = new nn.Sequential(
    filters,
    new nn.ReLU(),
    new nn.Conv2d(16, 32, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Dropout(0.3),
    new nn.Linear(32 * pixels, classes),
  );
  const optimizer = new optim.AdamW(model.parameters(), { lr });
  const batches = new data.DataLoader(new data.TensorDataset(train.x, train.y), { batchSize, shuffle: true });
  const schedule = new optim.CosineAnnealingLR(optimizer, { tMax: epochs * batches.length });
  lesson.show(model, [1, 1, height, width]);

  // Training, with dropout, which `predict` switches off while it looks at the validation part. The learning rate is an
  // input of the compiled step, and the schedule that changes it stays outside.
  const step = lesson.compiled((x: Tensor, y: Tensor) => {
    const value = lossOf(model.call(x), y);
    optimizer.zeroGrad();
    value.backward();
    optimizer.step();
    return value;
  });
  for (const epoch of lesson.epochs()) {
    for (const [x, y] of batches) {
      epoch.step(step(x, y));
      schedule.step();
    }
    const scores = lesson.predict(model, validation.x);
    epoch.validate(metrics.accuracy(scores, validation.y), lossOf(scores, validation.y));
  }

  // Evaluation.
  const scores = lesson.predict(model, test.x);
  const guesses = scores.argmax(1);
  const rows = (x: Tensor) => x.flatten(1);
  const neighbours = nearestNeighbour(rows(train.x), train.y, rows(test.x));
  const result = lesson.result(
    model.stateDict(),
    metrics.accuracy(guesses, test.y),
    { name: "nearest neighbour", value: metrics.accuracy(neighbours, test.y) },
    `${test.y.size} held-out images`,
  );

  // Pictures.
  const image = (i: number): Picture => ({ values: test.x.slice([i, 0]).data, height, width });
  const probabilities = scores.softmax();
  const worst = [...test.y.data.keys()]
    .map((i) => ({ i, own: probabilities.slice([i, test.y.data[i]]).item() }))
    .sort((a, b) => a.own - b.own)
    .slice(0, 12);
  const matrix = metrics.confusionMatrix(guesses, test.y, { classes });
  const matrixPicture = await confusion(matrix.toArray() as number[][]);
  const wrong = test.y.size - Math.round(result.value * test.y.size);
  const report = lesson
    .report(result)
    .section("What it confuses")
    .figure(
      matrixPicture,
      `Rows are true digits, columns what the network says; off the diagonal are its ${wrong} errors on ${test.y.size} images.`,
    )
    .figure(
      imageGrid(
        worst.map(({ i, own }) => ({
          ...image(i),
          caption: `${test.y.data[i]}, read as ${guesses.data[i]}\n${(100 * own).toFixed(0)} % for ${test.y.data[i]}`,
        })),
        { columns: 4, side: 88 },
      ),
      "The twelve test images whose true class got the least probability: the worst mistakes first, then the close calls.",
    )
    .section("What it looks for")
    .figure(
      imageGrid(
        Array.from({ length: 16 }, (_, i) => ({ values: filters.weight.slice([i, 0]).data, height: 3, width: 3 })),
        { columns: 8, side: 40, colours: "signed" },
      ),
      "The 16 learned filters of the first layer. Red wants ink, blue wants paper: edges, ends and strokes of a direction.",
    )
    .figure(
      imageGrid(
        Array.from({ length: 16 }, (_, i) => ({
          values: noGrad(() => filters.call(test.x.slice({ stop: 1 })).relu()).slice([0, i]).data,
          height,
          width,
        })),
        { columns: 8, side: 40 },
      ),
      `Where each of these filters answers in a ${test.y.data[0]}, the first test image.`,
    );
  return lesson.finish(result, report, matrixPicture);
}

if (require.main === module) main(about, run);
