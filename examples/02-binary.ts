// Lesson 2: a yes-or-no question. Is this tumour malignant?
//
// 569 biopsies, 30 measurements of cell nuclei each. A small network gives every biopsy one number, its score: the
// larger, the more likely malignant. The losses differ in what they ask of this number.

import { join } from "node:path";
import { data, FormatError, io, losses, manualSeed, metrics, nn, noGrad, optim, type Tensor } from "../src/index.ts";
import { calibration, histogram, roc } from "../src/report/index.ts";
import { centroidDistances } from "./shared/baselines.ts";
import { type About, Lesson, main, type Result, type Settings } from "./shared/lesson.ts";

// Each takes scores [n] (logits: log odds of malignant) and targets [n] of zeros and ones.
const lossFunctions: Record<string, (scores: Tensor, targets: Tensor) => Tensor> = {
  bce: losses.binaryCrossEntropyWithLogits,
  hinge: (scores, targets) => losses.hinge(scores, targets, { labels: "binary" }),
  "squared-hinge": (scores, targets) => losses.squaredHinge(scores, targets, { labels: "binary" }),
  focal: losses.sigmoidFocal,
  poly: losses.sigmoidPoly,
};

export const about: About = {
  name: "02-binary",
  title: "Is this tumour malignant?",
  summary:
    "A small network reads 30 measurements of cell nuclei from a breast biopsy (Wisconsin, 569 cases) and says " +
    "whether the tumour is malignant.",
  data: "CSV file of numbers whose last column names one of two classes; the rarer one counts as positive",
  metric: "accuracy",
  threshold: 0.96,
  losses: Object.keys(lossFunctions),
  defaults: { epochs: 40, batchSize: 32, lr: 0.003, loss: "bce" },
  quick: { epochs: 15, threshold: 0.93 },
};

export async function run(given: Partial<Settings> = {}): Promise<Result> {
  const lesson = new Lesson(about, given);
  const { seed, batchSize, lr, loss, data: path } = lesson.settings;
  manualSeed(seed);

  // Data: 60 % to learn from, 20 % to choose the threshold with, 20 % to judge by. Malignant counts as 1.
  const { features, positives, names } = await readTable(path ?? join(__dirname, "data", "breast-cancer.csv"));
  const [train, validation, test] = data.split(new data.TensorDataset(features, positives), {
    fractions: [0.6, 0.2, 0.2],
    stratify: positives,
  });
  const standardizer = new data.Standardizer().fit(train.tensors[0]);
  const inputs = (part: data.TensorDataset<[Tensor, Tensor]>) => standardizer.transform(part.tensors[0]);
  const targets = (part: data.TensorDataset<[Tensor, Tensor]>) => part.tensors[1];

  // Model: 30 measurements -> 16 features of its own -> 1 score.
  const columns = features.shape[1];
  const model = new nn.Sequential(new nn.Linear(columns, 16), new nn.ReLU(), new nn.Linear(16, 1), new nn.Flatten(0));
  const lossOf = (scores: Tensor, y: Tensor) => lossFunctions[loss](scores, y.to("float32"));
  const optimizer = new optim.AdamW(model.parameters(), { lr, weightDecay: 0.05 });
  const batches = new data.DataLoader(train, { batchSize, shuffle: true });
  lesson.show(model, [1, columns]);

  // Training. A step is compiled as a whole, the loss, its gradients and the optimizer: the first call with a size of
  // batch notes what is done and makes a WebAssembly program of it, which the later calls run. --eager does without.
  const step = lesson.compiled((x: Tensor, y: Tensor) => {
    const value = lossOf(model.call(standardizer.transform(x)), y);
    optimizer.zeroGrad();
    value.backward();
    optimizer.step();
    return value;
  });
  for (const epoch of lesson.epochs()) {
    for (const [x, y] of batches) epoch.step(step(x, y));
    const scores = noGrad(() => model.call(inputs(validation)));
    epoch.validate(metrics.accuracy(scores.gt(0), targets(validation)), lossOf(scores, targets(validation)));
  }

  // Evaluation: the threshold comes from the validation part, the judgement from the test part.
  const validationScores = noGrad(() => model.call(inputs(validation)));
  const threshold = bestThreshold(validationScores, targets(validation));
  const scores = noGrad(() => model.call(inputs(test)));
  const truth = targets(test);
  const distances = centroidDistances(inputs(train), targets(train), inputs(test), 2);
  const result = lesson.result(
    { ...model.stateDict(), ...standardizer.stateDict() },
    metrics.accuracy(scores.ge(threshold), truth),
    { name: "nearest centroid", value: metrics.accuracy(distances.argmin(1), truth) },
    `${test.length} held-out rows`,
  );

  // Pictures.
  const probabilities = scores.sigmoid();
  const centroidScores = distances.slice([null, 0]).sub(distances.slice([null, 1]));
  const rocPicture = await roc(
    {
      network: { scores: scores.data, labels: truth.data },
      "nearest centroid": { scores: centroidScores.data, labels: truth.data },
    },
    { threshold },
  );
  const [negative, positive] = names;
  const scoresOf = (of: Tensor, labels: Tensor, label: number) =>
    Array.from(of.data).filter((_, i) => labels.data[i] === label);
  const report = lesson
    .report(result)
    .section("What it can tell apart")
    .text(
      `The area under the ROC curve, the chance that a ${positive} case scores above a ${negative} one, is ` +
        `${metrics.rocAUC(scores, truth).toFixed(4)} for the network and ` +
        `${metrics.rocAUC(centroidScores, truth).toFixed(4)} for the nearest centroid.`,
    )
    .figure(
      rocPicture,
      "Every threshold is a point of the curve: how many cases it finds, and at the price of how many false alarms. " +
        "The dot is the threshold chosen on the validation part.",
    )
    .figure(
      await histogram(
        { [negative]: scoresOf(scores, truth, 0), [positive]: scoresOf(scores, truth, 1) },
        { x: "score", mark: threshold },
      ),
      "The scores of the test part. The dashed line is the threshold; what lies on the wrong side of it is an error.",
    )
    .section("Whether its probabilities mean what they say")
    .figure(
      await calibration({ network: { probabilities: probabilities.data, labels: truth.data } }, { bins: 5 }),
      "Of the cases given 80 %, do 80 % turn out positive? On the dashed line they do. Larger dots hold more cases; " +
        "few cases lie in the middle, so dots there scatter." +
        (loss.includes("hinge") ? " A hinge loss never asked for probabilities: its scores stop at the margin." : ""),
    )
    .section("The decision threshold")
    .table(
      ["threshold", "score", "accuracy", `${positive} found (recall)`, "alarms that are right (precision)"],
      Object.entries({
        "a probability of one half": 0,
        "most accurate on validation": threshold,
        "misses none on validation": Math.min(...scoresOf(validationScores, targets(validation), 1)),
      }).map(([name, t]) => {
        const said = scores.ge(t).to("int32");
        const values = [metrics.accuracy(said, truth), metrics.recall(said, truth), metrics.precision(said, truth)];
        return [name, ...[t, ...values].map((v) => v.toFixed(3))];
      }),
    )
    .text(
      "All three are judged on the test part. A missed tumour costs more than a second look, so the last row is the " +
        "one a clinic would ask for.",
    );
  return lesson.finish(result, report, rocPicture);
}

/** The table's features and, as 1, the rows of the rarer class. */
async function readTable(path: string) {
  const { features, target, classes } = await io.readCSV(path, { target: -1, categorical: true });
  if (target === null || classes?.length !== 2) {
    throw new FormatError("readTable", `the last column of ${path} must hold two classes, got ${classes?.length}`);
  }
  const rarer = target.sum().item() * 2 <= target.size ? 1 : 0;
  return { features, positives: target.eq(rarer).to("int32"), names: [classes[1 - rarer], classes[rarer]] };
}

/** Of the midpoints between neighbouring scores the most accurate one; of equals the nearest to 0. */
function bestThreshold(scores: Tensor, labels: Tensor): number {
  const sorted = Array.from(scores.data).sort((a, b) => a - b);
  const candidates = [0, ...sorted.slice(1).map((s, i) => (s + sorted[i]) / 2)];
  candidates.sort((a, b) => Math.abs(a) - Math.abs(b));
  const accuracies = candidates.map((t) => metrics.accuracy(scores.ge(t), labels));
  return candidates[accuracies.indexOf(Math.max(...accuracies))];
}

if (require.main === module) main(about, run);
