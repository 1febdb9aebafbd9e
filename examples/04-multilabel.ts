// Lesson 4: several answers at once. Which digits are in the scene?
//
// A scene is twice as high and wide as a digit, and one to three of its quarters hold a real handwritten digit. Each of
// the ten labels is a yes-or-no question of its own, and most answers are no: the losses differ in how they deal with
// that.

import {
  adaptiveAvgPool2d,
  concat,
  data,
  losses,
  manualSeed,
  metrics,
  nn,
  optim,
  random,
  type Tensor,
  zeros,
} from "../src/index.ts";
import { bars, imageGrid } from "../src/report/index.ts";
import { ridge } from "./shared/baselines.ts";
import { imageData, readImages } from "./shared/images.ts";
import { type About, Lesson, main, type Result, type Settings } from "./shared/lesson.ts";

// Each takes scores [n, labels] (logits) and targets [n, labels] of zeros and ones.
const lossFunctions: Record<string, (scores: Tensor, targets: Tensor, posWeight: number) => Tensor> = {
  // posWeight gives the few positives as much weight in all as the many negatives.
  bce: (scores, targets, posWeight) => losses.binaryCrossEntropyWithLogits(scores, targets, { posWeight }),
  "bce-plain": (scores, targets) => losses.binaryCrossEntropyWithLogits(scores, targets),
  focal: (scores, targets) => losses.sigmoidFocal(scores, targets),
  asymmetric: (scores, targets) => losses.asymmetric(scores, targets),
  // The overlap of what is there and what is said to be, label by label over the batch: absent digits count for
  // nothing.
  dice: (scores, targets) => losses.dice(scores.sigmoid(), targets, { axis: "batch" }),
};

export const about: About = {
  name: "04-multilabel",
  title: "Which digits are in the scene?",
  summary:
    "Scenes of 16 x 16 pixels, each with one to three real handwritten digits, and a convolutional network that says " +
    "which digits occur, not where.",
  data: imageData,
  metric: "mean average precision",
  threshold: 0.93,
  losses: Object.keys(lossFunctions),
  defaults: { epochs: 12, batchSize: 32, lr: 0.008, loss: "bce" },
  quick: { epochs: 4, threshold: 0.75 },
};

/** A network that looks for every digit everywhere, and is as sure of it as in the place where it is surest. */
class SceneReader extends nn.Module {
  strokes = new nn.Conv2d(1, 8, 3, { padding: 1 });
  shapes = new nn.Conv2d(8, 24, 3, { padding: 1 });
  pool = new nn.MaxPool2d(2);
  quarter: nn.Conv2d;
  decide: nn.Conv2d;

  /** `quarter`: the height and width of a quarter of the scene after both poolings. */
  constructor(quarter: readonly [height: number, width: number], labels: number) {
    super();
    this.quarter = new nn.Conv2d(24, 64, quarter, { stride: quarter });
    this.decide = new nn.Conv2d(64, labels, 1);
  }

  /** Scenes [n, 1, height, width] -> scores [n, labels]. */
  forward(scenes: Tensor): Tensor {
    const strokes = this.pool.call(this.strokes.call(scenes).relu());
    const shapes = this.pool.call(this.shapes.call(strokes).relu());
    const places = this.decide.call(this.quarter.call(shapes).relu()); // [n, labels, 2, 2]
    // A soft maximum. The hard one teaches one place alone, and an empty quarter that wins by chance then wins for
    // good.
    return places.flatten(2).logSumExp(2).sub(Math.log(4));
  }
}

export async function run(given: Partial<Settings> = {}): Promise<Result> {
  const lesson = new Lesson(about, given);
  const { seed, epochs, batchSize, lr, loss, data: path } = lesson.settings;
  manualSeed(seed);

  // Data: the digits are split before scenes are made of them, so no digit of the test scenes was ever seen.
  const { images, labels, height, width, classes } = await readImages(path);
  const [train, validation, test] = data
    .split(new data.TensorDataset(images, labels), { fractions: [0.6, 0.15, 0.25], stratify: labels })
    .map(({ tensors: [x, y] }, part) => compose(x, y, classes, [1600, 300, 600][part]));

  // Model.
  const model = new SceneReader([Math.floor(height / 4), Math.floor(width / 4)], classes);
  const optimizer = new optim.AdamW(model.parameters(), { lr });
  const batches = new data.DataLoader(new data.TensorDataset(train.scenes, train.targets), {
    batchSize,
    shuffle: true,
  });
  const schedule = new optim.CosineAnnealingLR(optimizer, { tMax: epochs * batches.length });
  const share = train.targets.mean().item();
  const lossOf = (scores: Tensor, targets: Tensor) => lossFunctions[loss](scores, targets, (1 - share) / share);
  lesson.show(model, [1, 1, 2 * height, 2 * width]);

  // Training.
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
    const scores = lesson.predict(model, validation.scenes);
    epoch.validate(metrics.meanAveragePrecision(scores, validation.targets), lossOf(scores, validation.targets));
  }

  // Evaluation: how well the scores rank the scenes, label by label. The baseline is linear in the pixels.
  const scores = lesson.predict(model, test.scenes);
  const coarse = (scenes: Tensor) => adaptiveAvgPool2d(scenes, 16).flatten(1); // larger scenes have too many pixels
  const linear = ridge(coarse(train.scenes), train.targets, coarse(test.scenes), 10);
  const result = lesson.result(
    model.stateDict(),
    metrics.meanAveragePrecision(scores, test.targets),
    { name: "linear in the pixels", value: metrics.meanAveragePrecision(linear, test.targets) },
    `${test.scenes.shape[0]} scenes of unseen digits`,
  );

  // Pictures.
  const perLabel = (of: Tensor): Record<string, number> =>
    Object.fromEntries(
      Array.from({ length: classes }, (_, c) => [
        `digit ${c}`,
        metrics.averagePrecision(of.slice([null, c]), test.targets.slice([null, c])),
      ]),
    );
  const labelPicture = await bars(perLabel(scores), {
    x: "average precision",
    name: "network",
    baseline: perLabel(linear),
    baselineName: "linear in the pixels",
  });
  const said = scores.gt(0).to("int32");
  const named = (row: Tensor) =>
    Array.from(row.data)
      .flatMap((yes, c) => (yes ? [c] : []))
      .join(" ") || "none";
  const errors = said.ne(test.targets).sum(1).data;
  const picture = (i: number) => ({
    values: test.scenes.slice([i, 0]).data,
    height: 2 * height,
    width: 2 * width,
    caption: `there: ${named(test.targets.slice(i))}\nsaid: ${named(said.slice(i))}`,
  });
  const rows = [...errors.keys()];
  const right = rows.filter((i) => errors[i] === 0);
  const wrong = rows.filter((i) => errors[i] > 0).sort((a, b) => errors[b] - errors[a]);
  const report = lesson
    .report(result)
    .section("Label by label")
    .text(
      `${right.length} of ${rows.length} scenes are right in all ten labels when a score above 0 counts as yes. ` +
        `Of the digits it names ${(100 * metrics.precision(said, test.targets, { average: "micro" })).toFixed(0)} % are ` +
        `there, and of those that are there it names ${(100 * metrics.recall(said, test.targets, { average: "micro" })).toFixed(0)} %.`,
    )
    .figure(
      labelPicture,
      "Average precision: going through the scenes from the highest score down, how pure the list stays until all " +
        "scenes with the digit are found. The ticks are a linear function of the pixels.",
    )
    .section("Scenes")
    .figure(
      imageGrid(right.slice(0, 8).map(picture), { columns: 4, side: 92 }),
      "Scenes of the test part that are right in every label.",
    );
  if (wrong.length > 0) {
    report.figure(
      imageGrid(wrong.slice(0, 8).map(picture), { columns: 4, side: 92 }),
      "The scenes with the most wrong labels.",
    );
  }
  return lesson.finish(result, report, labelPicture);
}

/** `count` scenes of one to three digits in quarters drawn at random, and which digits each of them holds. */
function compose(images: Tensor, labels: Tensor, classes: number, count: number) {
  const [n, , height, width] = images.shape;
  const targets = zeros([count, classes]);
  const blank = zeros([1, 1, height, width]);
  const scenes = Array.from({ length: count }, (_, scene) => {
    const digits = 1 + random.integers([], { high: 3 }).item();
    const places = random.permutation(4).data.slice(0, digits);
    const quarters = Array.from({ length: 4 }, (_, place) => {
      if (!places.includes(place)) return blank;
      const i = random.integers([], { high: n }).item();
      targets.data[scene * classes + labels.data[i]] = 1;
      return images.slice({ start: i, stop: i + 1 });
    });
    return concat([concat(quarters.slice(0, 2), 3), concat(quarters.slice(2), 3)], 2);
  });
  return { scenes: concat(scenes), targets };
}

if (require.main === module) main(about, run);
