// Lesson 6: a space in which like lies near like. Retrieval of classes that no training example showed.
//
// A network turns each image into a vector, its embedding. What is learned from are not labels but
// comparisons: pairs that belong together or not, triplets of which two do, one match among many candidates. A good
// space keeps its meaning for digits it has never seen: the nearest images of a 9 are 9s, though no 9 was shown.
//
// Three digits are never looked at before the end. All settings were chosen by the same game on the digits 0 to 6
// alone: two left out, five to learn from, averaged over seven such choices.
//
//                                  recall@1            mean average precision
// digits left out                  network raw pixels  network        raw pixels
// 7, 8, 9, five seeds              0.995   0.992       0.838 +- 0.004 0.773
// ten choices of three (--first)   0.998   0.998       0.896          0.848

import { concat, losses, manualSeed, metrics, optim, type Tensor, tensor } from "../src/index.ts";
import { curves, imageGrid, type Picture, scatter } from "../src/report/index.ts";
import {
  classBatches,
  embeddingNetwork,
  features,
  firstLeftOut,
  leaveOutClasses,
  principalComponents,
  type Rounds,
  turned,
} from "./shared/embeddings.ts";
import { imageData, readImages } from "./shared/images.ts";
import { type About, Lesson, main, type Result, type SettingsOf } from "./shared/lesson.ts";

// Each takes embeddings of length 1 [rounds * classes, size], the rows of each round in the same order of classes.
const lossFunctions: Record<string, (embeddings: Tensor, batch: Rounds) => Tensor> = {
  "semi-hard": (embeddings, { y }) => losses.semiHardTriplet(embeddings, y, { squared: true, margin: 0.2 }),
  "batch-hard": (embeddings, { y }) => losses.batchHardTriplet(embeddings, y, { margin: 0.2 }),
  "multi-similarity": (embeddings, { y }) => losses.multiSimilarity(embeddings, y),
  circle: (embeddings, { y }) => losses.circle(embeddings, y),
  supcon: (embeddings, { y }) => losses.supCon(embeddings, y, { temperature: 0.1 }),
  triplet: (embeddings, batch) => {
    const [anchors, positives] = pairs(embeddings, batch);
    return losses.triplet(anchors, positives, nextClass(positives, batch), { preset: "facenet" });
  },
  contrastive: (embeddings, batch) => {
    const [x1, similar] = pairs(embeddings, batch);
    const isSimilar = tensor(Int32Array.from({ length: 2 * x1.shape[0] }, (_, i) => (i < x1.shape[0] ? 1 : 0)));
    const x2 = concat([similar, nextClass(similar, batch)]);
    return losses.contrastive(concat([x1, x1]), x2, isSimilar, { positiveLabel: 1, margin: 1 });
  },
  "info-nce": (embeddings, batch) =>
    perRound(embeddings, batch, (queries, keys) =>
      losses.infoNCE(queries, keys, { temperature: 0.1, symmetric: true }),
    ),
  "multiple-negatives": (embeddings, batch) =>
    perRound(embeddings, batch, (anchors, positives) =>
      losses.multipleNegativesRanking(anchors, positives, { scale: 10 }),
    ),
};

/** Rows that belong together: the first half of the rounds and the second. */
const pairs = (embeddings: Tensor, batch: Rounds): Tensor[] => embeddings.split((batch.rounds / 2) * batch.classes);

/** For each row the one of the next class in its round. */
function nextClass(rows: Tensor, { classes }: Rounds): Tensor {
  const next = (i: number) => i - (i % classes) + ((i + 1) % classes);
  return rows.indexSelect(0, tensor(Int32Array.from({ length: rows.shape[0] }, (_, i) => next(i))));
}

/**
 * The mean loss of the first round with the second, of the third with the fourth and so on: each class once in each.
 */
function perRound(
  embeddings: Tensor,
  { classes, rounds }: Rounds,
  loss: (one: Tensor, other: Tensor) => Tensor,
): Tensor {
  const parts = embeddings.split(classes);
  const terms = Array.from({ length: rounds / 2 }, (_, i) => loss(parts[2 * i], parts[2 * i + 1]));
  return terms.reduce((a, b) => a.add(b)).div(terms.length);
}

export const about: About<"first"> = {
  name: "06-siamese-triplet",
  title: "Which images show the same thing?",
  summary:
    "A network learns from pairs and triplets of seven digits to place images so that like lies near like, and is " +
    "judged on the three digits it has never seen.",
  data: imageData,
  metric: "recall@1",
  threshold: 0.95,
  losses: Object.keys(lossFunctions),
  defaults: { epochs: 12, batchSize: 56, lr: 0.002, loss: "semi-hard" },
  quick: { epochs: 4, threshold: 0.95 },
  flags: { first: firstLeftOut },
};

export async function run(given: Partial<SettingsOf<"first">> = {}): Promise<Result> {
  const lesson = new Lesson(about, given);
  const { seed, epochs, batchSize, lr, loss, data: path, first } = lesson.settings;
  manualSeed(seed);

  // Data: seven classes to learn from, each of their eight positions a class of its own; three classes to judge by.
  const images = await readImages(path);
  const { height, width } = images;
  const { train, validation, unseen } = leaveOutClasses(images, first);
  const batches = classBatches(turned(train), { batchSize, images: train.y.size });

  const model = embeddingNetwork(images, 128);
  const optimizer = new optim.AdamW(model.parameters(), { lr });
  const schedule = new optim.CosineAnnealingLR(optimizer, { tMax: epochs * batches.length });
  lesson.show(model, [1, 1, height, width]);

  // Training. The validation part holds other images of the classes learned from.
  const step = lesson.compiled((batch: Rounds) => {
    const value = lossFunctions[loss](model.call(batch.x).normalize(), batch);
    optimizer.zeroGrad();
    value.backward();
    optimizer.step();
    return value;
  });
  for (const epoch of lesson.epochs()) {
    for (const batch of batches) {
      epoch.step(step(batch));
      schedule.step();
    }
    epoch.validate(metrics.recallAtK(lesson.predict(model, validation.x), validation.y, { metric: "cosine" }));
  }

  // Evaluation: every unseen image in turn looks for its nearest among the others.
  const { y } = unseen;
  const pixels = unseen.x.flatten(1);
  const spaces: Record<string, Tensor> = {
    network: features(lesson, model, unseen.x, validation.x),
    "raw pixels": pixels.normalize(),
    "raw pixels less their mean": pixels.sub(train.x.flatten(1).mean(0)).normalize(),
  };
  const found = Object.entries(spaces).map(([name, space]) => ({ name, ...retrieval(space, y) }));
  const [own, raw] = found;
  const result = lesson.result(
    model.stateDict(),
    own.recall[0],
    { name: "raw pixels", value: raw.recall[0] },
    `${y.size} images of classes ${unseen.names.join(", ")}, never seen`,
  );
  lesson.say(`  mean average precision ${own.precision.toFixed(4)}, raw pixels ${raw.precision.toFixed(4)}`);

  // Pictures.
  const plane = await scatter(principalComponents(spaces.network, 2), y.data, { names: unseen.names });
  const rawPlane = await scatter(principalComponents(spaces["raw pixels"], 2), y.data, { names: unseen.names });
  const image = (i: number, caption: string): Picture => {
    return { values: unseen.x.slice([i, 0]).data, height, width, caption };
  };
  const { shown, wrong } = queries(own.ranked, y);
  const grid = shown.flatMap(({ query, neighbours }) => [
    image(query, `${unseen.names[y.data[query]]}: nearest`),
    ...neighbours.map((i) => image(i, unseen.names[y.data[i]])),
  ]);
  const report = lesson
    .report(result)
    .section(`Digits ${unseen.names.join(", ")}, which it has never seen`)
    .figure(
      plane,
      "What the network makes of them, seen along the two directions in which they differ most (principal components).",
    )
    .figure(rawPlane, "The same images as raw pixels, seen the same way.")
    .section("Looking for the same digit")
    .text(
      "Every image in turn is a query, and the others are ranked by their distance to it. Recall@k asks whether one of " +
        "the k nearest is of the query's class, mean average precision whether all of its class come before the rest.",
    )
    .table(
      ["space", "recall@1", "mean average precision"],
      found.map(({ name, recall, precision }) => [name, recall[0].toFixed(3), precision.toFixed(3)]),
    )
    .text(
      "The nearest image alone is easy to find: raw pixels nearly always do, since some image is nearly the same. To " +
        "bring a whole class together is the harder question, and the one that learning answers.",
    )
    .figure(
      await curves(Object.fromEntries(found.slice(0, 2).map(({ name, recall }) => [name, recall])), {
        x: "k",
        y: "recall@k",
      }),
      "How often one of the k nearest images shows the query's digit.",
    )
    .figure(
      imageGrid(grid, { columns: 7, side: 48 }),
      `Queries (left) and their six nearest images: the first of each class, then ` +
        `${Math.min(3, wrong)} of the ${wrong} queries whose nearest is of another class.`,
    );
  return lesson.finish(result, report, plane);
}

/** Of rows of length 1: for each all others, the nearest first; recall@1, ..., recall@10; mean average precision. */
function retrieval(space: Tensor, { data: y, size: n }: Tensor) {
  const cosines = space.matmul(space, { transposeB: true }).data;
  const all = Array.from({ length: n }, (_, i) => i);
  const ranked = all.map((query) =>
    all.filter((i) => i !== query).sort((a, b) => cosines[query * n + b] - cosines[query * n + a]),
  );
  const first = ranked.map((others, query) => others.findIndex((i) => y[i] === y[query]));
  const recall = Array.from({ length: 10 }, (_, k) => first.filter((at) => at <= k).length / n);
  const precisions = ranked.map((others, query) =>
    metrics.averagePrecision(
      others.map((i) => cosines[query * n + i]),
      others.map((i) => (y[i] === y[query] ? 1 : 0)),
    ),
  );
  return { ranked, recall, precision: precisions.reduce((a, b) => a + b) / n };
}

/**
 * The first query of each class and up to three whose nearest is wrong, with six neighbours each; how many are wrong.
 */
function queries(ranked: readonly number[][], { data: y }: Tensor) {
  const all = ranked.map((others, query) => ({ query, neighbours: others.slice(0, 6) }));
  const firsts = all.filter(({ query }) => y.indexOf(y[query]) === query);
  const wrong = all.filter(({ query, neighbours }) => y[neighbours[0]] !== y[query]);
  return { shown: [...firsts, ...wrong.slice(0, 3)], wrong: wrong.length };
}

if (require.main === module) main(about, run);
