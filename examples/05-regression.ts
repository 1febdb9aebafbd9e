// Lesson 5: a number. How far will the disease have progressed in a year?
//
// 442 diabetes patients, ten measurements each. With so few rows a single split is a lottery, so every patient is
// predicted by a network that never saw them: five folds, five networks, each trained on the other four fifths.
// --outliers spoils some of the training targets, and the report then shows which loss survives that.

import { join } from "node:path";
import * as tg from "../src/index.ts";
import { data, io, losses, metrics, nn, noGrad, optim, random, type Tensor } from "../src/index.ts";
import { bars, residuals } from "../src/report/index.ts";
import { ridge } from "./shared/baselines.ts";
import { type About, Lesson, main, type Result, type SettingsOf } from "./shared/lesson.ts";

type LossFunction = (predictions: Tensor, targets: Tensor) => Tensor;

// Each takes predictions [n] and targets [n], in units of the targets' spread.
const lossFunctions = (level: number): Record<string, LossFunction> => ({
  mse: losses.meanSquaredError,
  mae: losses.meanAbsoluteError,
  huber: losses.huber,
  "log-cosh": losses.logCosh,
  cauchy: losses.cauchy,
  quantile: (predictions, targets) => losses.quantile(predictions, targets, { quantile: level }),
});

export const about: About<"outliers" | "quantile"> = {
  name: "05-regression",
  title: "How far will the disease have progressed in a year?",
  summary:
    "A small network predicts a measure of diabetes progression from ten measurements of 442 patients, each patient " +
    "by a network that was trained without them.",
  data: "CSV file of numbers whose last column is the number to predict",
  metric: "R2",
  threshold: 0.42,
  losses: Object.keys(lossFunctions(0.5)),
  defaults: { epochs: 25, batchSize: 32, lr: 0.005, loss: "huber" },
  quick: { epochs: 8, threshold: 0.4 },
  flags: {
    outliers: {
      default: 0,
      help: "fraction of the training targets that get a zero too many",
      domain: "a number in [0, 0.5)",
      holds: (v) => v >= 0 && v < 0.5,
    },
    quantile: {
      default: 0.5,
      help: "what --loss quantile aims at: this fraction of targets below the prediction",
      domain: "a number in (0, 1)",
      holds: (v) => v > 0 && v < 1,
    },
  },
};

/** One network with the rows it learns from, and those it is judged by. */
interface Fold {
  model: nn.Module;
  step: (x: Tensor, y: Tensor) => Tensor;
  schedule: optim.CosineAnnealingLR;
  batches: data.DataLoader<[Tensor, Tensor]>;
  train: { x: Tensor; y: Tensor };
  heldOut: Int32Array;
  x: Tensor;
  median: number;
  spread: number;
  state: nn.StateDict;
}

export async function run(given: Partial<SettingsOf<"outliers" | "quantile">> = {}): Promise<Result> {
  const lesson = new Lesson(about, given);
  const { seed, epochs, batchSize, lr, loss, data: path, outliers, quantile } = lesson.settings;

  // Data. Outliers spoil the targets that are learnt from, never those that are judged by.
  const { features, targets } = await readTable(path ?? join(__dirname, "data", "diabetes.csv"));
  const [n, columns] = features.shape;
  const spoilt = targets.clone();
  for (const i of new random.Generator(seed).permutation(n).data.slice(0, Math.round(outliers * n)))
    spoilt.data[i] *= 10;

  // Model: ten measurements -> 32 features -> one number; one such network for each fold.
  const makeFold = (heldOut: Int32Array, lossOf: LossFunction): Fold => {
    const out = new Set(heldOut);
    const known = tg.tensor(Int32Array.from({ length: n }, (_, i) => i).filter((i) => !out.has(i)));
    const standardizer = new data.Standardizer().fit(features.indexSelect(0, known));
    const learnt = spoilt.indexSelect(0, known);
    // The median and the quartiles, unlike mean and standard deviation, hardly notice a few outliers.
    const { median, spread } = middle(learnt);
    const train = { x: standardizer.transform(features.indexSelect(0, known)), y: learnt.sub(median).div(spread) };
    const model = new nn.Sequential(new nn.Linear(columns, 32), new nn.Tanh(), new nn.Linear(32, 1), new nn.Flatten(0));
    const optimizer = new optim.AdamW(model.parameters(), { lr, weightDecay: 0.1 });
    const step = lesson.compiled((x: Tensor, y: Tensor) => {
      const value = lossOf(model.call(x), y);
      optimizer.zeroGrad();
      value.backward();
      optimizer.step();
      return value;
    });
    const batches = new data.DataLoader(new data.TensorDataset(train.x, train.y), { batchSize, shuffle: true });
    const schedule = new optim.CosineAnnealingLR(optimizer, { tMax: epochs * batches.length });
    const x = standardizer.transform(features.indexSelect(0, tg.tensor(heldOut)));
    const state = { ...standardizer.stateDict(), median: tg.tensor(median), spread: tg.tensor(spread) };
    return { model, step, schedule, batches, train, heldOut, x, median, spread, state };
  };
  const makeFolds = (lossOf: LossFunction): Fold[] => {
    tg.manualSeed(seed);
    const order = random.permutation(n).data as Int32Array;
    const heldOut = (fold: number) => order.filter((_, i) => i % 5 === fold);
    return Array.from({ length: 5 }, (_, k) => makeFold(heldOut(k), lossOf));
  };
  const folds = makeFolds(lossFunctions(quantile)[loss]);
  lesson.show(folds[0].model, [1, columns]);

  // Training: each epoch takes every network once through its rows.
  for (const epoch of lesson.epochs()) {
    for (const fold of folds) for (const value of pass(fold)) epoch.step(value);
    const unseen = assemble(folds, n, ({ model, x }) => noGrad(() => model.call(x)));
    epoch.validate(metrics.r2(unseen, targets));
  }

  // Evaluation: all patients, each predicted by the network that did not see them. The baseline has the same folds.
  const predictions = assemble(folds, n, ({ model, x }) => noGrad(() => model.call(x)));
  const lines = assemble(folds, n, ({ train, x }) => ridge(train.x, train.y, x, 10));
  const result = lesson.result(
    stateOf(folds),
    metrics.r2(predictions, targets),
    { name: "ridge regression", value: metrics.r2(lines, targets) },
    `${n} rows in 5 folds, each predicted unseen`,
  );

  // Pictures.
  const below = targets.le(predictions).mean().item();
  const picture = await residuals(predictions.data, targets.data);
  const report = lesson
    .report(result)
    .section("What is left over")
    .text(
      "R2 is the share of the targets' variance that the predictions explain: 1 is perfect, 0 no better than always " +
        "saying the mean." +
        (path === null ? " On this data every method stays near 0.5; the ten measurements do not hold more." : ""),
    )
    .table(
      ["method", "R2", "root mean squared error", "mean absolute error"],
      [["network", predictions] as const, ["ridge regression", lines] as const].map(([name, p]) => [
        name,
        metrics.r2(p, targets).toFixed(3),
        metrics.rootMeanSquaredError(p, targets).toFixed(1),
        metrics.meanAbsoluteError(p, targets).toFixed(1),
      ]),
    )
    .figure(
      picture,
      "Residuals against predictions. A band without slope or bend means there is nothing simple left to learn; its " +
        `width is what the measurements cannot tell. ${(100 * below).toFixed(0)} % of the targets lie below their prediction.`,
    );

  if (outliers > 0) {
    lesson.say("the other losses, on the same spoilt targets:");
    const survivors: Record<string, number> = { [loss]: result.value };
    for (const [name, other] of Object.entries(lossFunctions(quantile))) {
      if (name === loss) continue;
      const others = makeFolds(other);
      for (let epoch = 0; epoch < epochs; epoch++) for (const fold of others) for (const _ of pass(fold));
      survivors[name] = metrics.r2(
        assemble(others, n, ({ model, x }) => noGrad(() => model.call(x))),
        targets,
      );
      lesson.say(`  ${name.padEnd(8)} R2 ${survivors[name].toFixed(4)}`);
    }
    survivors["ridge (squares)"] = result.baseline.value;
    report
      .section("Which loss survives")
      .text(
        `${Math.round(outliers * n)} of ${n} targets got a zero too many before training. A squared error grows with the ` +
          "square of the miss, so a few wild targets drag every prediction up; an absolute error only counts them.",
      )
      .figure(
        await bars(survivors, { x: "R2 against the true targets" }),
        "R2 on unseen patients after training on spoilt targets. Below 0 the mean of the targets would be the better guess.",
      );
  }
  return lesson.finish(result, report, picture);
}

/** One epoch of one network; gives the loss of each step. */
function* pass({ step, schedule, batches }: Fold): Generator<Tensor> {
  for (const [x, y] of batches) {
    yield step(x, y);
    schedule.step();
  }
}

/** The folds' predictions for their held-out rows, in the units of the data and in the order of its rows. */
function assemble(folds: readonly Fold[], n: number, predict: (fold: Fold) => Tensor): Tensor {
  const all = tg.zeros([n]);
  for (const fold of folds) {
    const { data: scaled } = predict(fold);
    fold.heldOut.forEach((row, i) => {
      all.data[row] = scaled[i] * fold.spread + fold.median;
    });
  }
  return all;
}

/**
 * The median, and the distance between the quartiles on the scale of a standard deviation (1.349 of them for a normal).
 */
function middle(values: Tensor): { median: number; spread: number } {
  const sorted = values.sort().data;
  const at = (fraction: number) => sorted[Math.floor(fraction * (sorted.length - 1))];
  return { median: at(0.5), spread: (at(0.75) - at(0.25)) / 1.349 || 1 };
}

/** All five networks and what it takes to use them; their mean predicts a new patient. */
function stateOf(folds: readonly Fold[]): nn.StateDict {
  return Object.fromEntries(
    folds.flatMap(({ model, state }, k) =>
      Object.entries({ ...model.stateDict(), ...state }).map(([name, t]) => [`folds.${k}.${name}`, t]),
    ),
  );
}

async function readTable(path: string) {
  const { features, target } = await io.readCSV(path, { target: -1, categorical: false });
  if (target === null || target.size < 10 || features.shape[1] === 0) {
    throw new tg.FormatError("readTable", `${path} must hold at least 10 rows and 2 columns, got [${features.shape}]`);
  }
  return { features, targets: target };
}

if (require.main === module) main(about, run);
