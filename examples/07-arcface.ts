// Lesson 7: are these two of one kind? Verification of classes that no training example showed.
//
// A network learns from seven digits to turn an image into a vector, its embedding, and is then asked whether two
// images of the other three digits show the same one: yes, if the angle between their vectors is small. A classifier
// trained with plain softmax has no reason to make that angle small. ArcFace asks for it: its score for a class is the
// cosine of the angle to the class's centre, and the right class has to win with the angle made larger by a margin.
//
// The three digits are never looked at before the end. Scale, margin, learning rate and the rest were chosen by the
// same game on the seven digits 0 to 6 alone: two left out, five to learn from, averaged over seven such choices.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { concat, losses, manualSeed, nn, optim, type Tensor } from "../src/index.ts";
import { histogram, roc, sphere } from "../src/report/index.ts";
import {
  classBatches,
  embeddingNetwork,
  leaveOutClasses,
  type Part,
  type Rounds,
  turned,
  verification,
} from "./shared/embeddings.ts";
import { predict } from "./shared/evaluate.ts";
import { type Images, imageData, readImages } from "./shared/images.ts";
import { type About, type Epoch, Lesson, main, type Result, type SettingsOf } from "./shared/lesson.ts";

type Embed = (embeddings: Tensor, batch: Rounds) => Tensor;

/** What is learned besides the network, and the loss of a batch of embeddings. */
interface Objective {
  head: nn.Module<unknown>;
  loss: Embed;
}

const byLabels = (head: losses.ArcFace | losses.CosFace | losses.NormalizedSoftmax): Objective => ({
  head,
  loss: (embeddings, { y }) => head.call(embeddings, y),
});

const objectives: Record<string, (classes: number, size: number) => Objective> = {
  arcface: (classes, size) => byLabels(new losses.ArcFace(classes, size, { scale: 16, margin: 0.3 })),
  cosface: (classes, size) => byLabels(new losses.CosFace(classes, size, { scale: 16, margin: 0.2 })),
  "normalized-softmax": (classes, size) => byLabels(new losses.NormalizedSoftmax(classes, size, { scale: 16 })),
  softmax: (classes, size) => {
    const head = new nn.Linear(size, classes);
    return { head, loss: (embeddings, { y }) => losses.crossEntropy(head.call(embeddings), y) };
  },
  ge2e: () => {
    const head = new losses.GE2E({ reduction: "mean" });
    return {
      head,
      loss: (embeddings, { classes, rounds }) => {
        const perClass = embeddings.reshape([rounds, classes, -1]).transpose([1, 0, 2]);
        return head.call(perClass.normalize({ axis: 2 }));
      },
    };
  },
};

type Flags = "first" | "seeds";

export const about: About<Flags> = {
  name: "07-arcface",
  title: "Are these two the same, whatever they are?",
  summary:
    "A network learns from seven digits to measure how alike two images are, with ArcFace, plain softmax or GE2E, and " +
    "is judged on pairs of the three digits it has never seen.",
  data: imageData,
  metric: "verification AUC",
  threshold: 0.85,
  losses: Object.keys(objectives),
  defaults: { epochs: 12, batchSize: 56, lr: 0.002, loss: "arcface" },
  quick: { epochs: 3, threshold: 0.8 },
  flags: {
    first: {
      default: 7,
      help: "the first of the three classes left out",
      domain: "a whole number >= 0",
      holds: (v) => Number.isInteger(v) && v >= 0,
    },
    seeds: {
      default: 1,
      help: "compare the losses over so many seeds",
      domain: "a whole number >= 1",
      holds: (v) => Number.isInteger(v) && v >= 1,
    },
  },
};

const size = 128;

export async function run(given: Partial<SettingsOf<Flags>> = {}): Promise<Result> {
  const lesson = new Lesson(about, given);
  const { seed, seeds, epochs, loss, data: path, first, report: folder } = lesson.settings;
  const images = await readImages(path);
  const pixels = (part: Part) => part.x.flatten(1);

  // Training: the loss asked for, and the others to compare it with.
  manualSeed(seed);
  const parts = leaveOutClasses(images, first);
  const { validation, unseen } = parts;
  lesson.show(embeddingNetwork(images, size), [1, 1, images.height, images.width]);
  const names = [...new Set([loss, "arcface", "softmax", "ge2e"])];
  const chosen = learn(images, parts, loss, lesson.settings, lesson.epochs());
  const compared = new Map<string, ReturnType<typeof verification>[]>();
  for (const name of names) {
    const results: ReturnType<typeof verification>[] = [];
    for (let s = seed; s < seed + seeds; s++) {
      const isChosen = name === loss && s === seed;
      const { model } = isChosen ? chosen : learn(images, parts, name, { ...lesson.settings, seed: s }, silent(epochs));
      results.push(verification(predict(model, unseen.x), unseen.y));
    }
    compared.set(name, results);
  }

  // Evaluation: every pair of images of the classes left out.
  const raw = verification(pixels(unseen), unseen.y);
  const centred = verification(pixels(unseen).sub(pixels(parts.train).mean(0)), unseen.y);
  const [own] = compared.get(loss)!;
  const head = Object.entries(chosen.head.stateDict()).map(([name, t]) => [`loss.${name}`, t] as const);
  const result = lesson.result(
    { ...chosen.model.stateDict(), ...Object.fromEntries(head) },
    own.auc,
    { name: "cosine of raw pixels", value: raw.auc },
    `${own.cosines.length} pairs of classes ${unseen.names.join(", ")}, never seen`,
  );
  const rows = [...[...compared].map(([name, of]) => [name, of] as const), ["raw pixels", [raw]] as const];
  const table = [...rows, ["raw pixels less their mean", [centred]] as const].map(([name, of]) => [
    name,
    spread(of.map(({ auc }) => auc)),
    spread(of.map(({ equalErrorRate }) => equalErrorRate)),
  ]);
  for (const [name, auc, eer] of table) lesson.say(`  ${name.padEnd(26)} AUC ${auc.padEnd(15)} EER ${eer}`);

  // Pictures.
  const rocPicture = await roc(
    Object.fromEntries(
      rows.map(([name, [{ cosines, genuine }]]) => [name, { scores: cosines.map(rounded), labels: genuine }]),
    ),
    { threshold: own.threshold },
  );
  const flat = learn(
    images,
    parts,
    "arcface",
    { ...lesson.settings, size: 3, lr: 5 * lesson.settings.lr },
    silent(epochs),
  );
  const report = lesson
    .report(result)
    .section(`Pairs of ${unseen.names.join(", ")}, which it has never seen`)
    .text(
      `Two images count as one class when the angle between their embeddings is below a threshold. AUC is the chance ` +
        `that a pair of one class lies closer than a pair of two; at the equal error rate as many such pairs are ` +
        `rejected as others are accepted.${seeds > 1 ? ` Mean and standard deviation over ${seeds} seeds.` : ""}`,
    )
    .table(["embedding", "AUC", "equal error rate"], table)
    .figure(rocPicture, `All thresholds. The dot is where both errors of ${loss} are equal.`)
    .figure(await angleHistogram(own), `Angles with ${loss}. The dashed line is the threshold of equal errors.`);
  const [other] = loss === "softmax" ? ["arcface"] : ["softmax"];
  report.figure(
    await angleHistogram(compared.get(other)![0]),
    `Angles with ${other}${other === "softmax" ? ", which learns to tell its own classes apart and nothing about angles" : ""}.`,
  );
  const directions = predict(flat.model, validation.x);
  report
    .section("ArcFace in three dimensions")
    .text(
      "A network with embeddings of three numbers, trained on the seven digits as they stand, so that there is " +
        "something to see. ArcFace looks at directions alone: every image is a point on a sphere.",
    )
    .figure(
      await sphere(directions, validation.y.data, {
        names: validation.names,
        arrows: flat.head.parameters()[0],
      }),
      "Digits it learned, in images it did not: each class gathers round its centre, and the centres keep apart.",
    )
    .figure(
      await sphere(predict(flat.model, unseen.x), unseen.y.data, { names: unseen.names }),
      "The digits it never saw, on the same sphere: three numbers are too few to keep them apart from one another.",
    );

  // The vectors, for a projector such as projector.tensorflow.org.
  await mkdir(folder, { recursive: true });
  const shown = [
    { part: unseen, name: "unseen" },
    { part: validation, name: "seen class" },
  ];
  const vectors = concat(shown.map(({ part }) => predict(chosen.model, part.x).normalize()));
  await writeFile(join(folder, "vectors.tsv"), tsv(vectors.toArray() as number[][]));
  const metadata = shown.flatMap(({ part, name }) => Array.from(part.y.data, (c) => [part.names[c], name]));
  await writeFile(join(folder, "metadata.tsv"), tsv([["class", "part"], ...metadata]));
  report.text(
    "`vectors.tsv` and `metadata.tsv` beside this page hold the embeddings; projector.tensorflow.org and others show them.",
  );
  return lesson.finish(result, report, rocPicture);
}

interface LearnSettings {
  seed: number;
  epochs: number;
  batchSize: number;
  lr: number;
  size?: number;
}

/** A network trained with the named loss; equal seeds start from the same weights and see the same batches. */
function learn(
  images: Images,
  { train, validation }: { train: Part; validation: Part },
  name: string,
  { seed, epochs, batchSize, lr, size: dimensions = size }: LearnSettings,
  rounds: Iterable<Epoch | undefined>,
): { model: nn.Module; head: nn.Module<unknown> } {
  manualSeed(`${seed} weights`);
  const part = dimensions > 3 ? turned(train) : train;
  const model = embeddingNetwork(images, dimensions);
  const { head, loss } = objectives[name](part.names.length, dimensions);
  manualSeed(`${seed} batches`);
  const optimizer = new optim.AdamW([...model.parameters(), ...head.parameters()], { lr });
  const steps = Math.ceil(train.y.size / batchSize);
  const schedule = new optim.CosineAnnealingLR(optimizer, { tMax: epochs * steps });
  const batches = classBatches(part, batchSize);
  for (const epoch of rounds) {
    for (let step = 0; step < steps; step++) {
      const batch = batches.next().value as Rounds;
      const value = loss(model.call(batch.x), batch);
      optimizer.zeroGrad();
      value.backward();
      optimizer.step();
      schedule.step();
      epoch?.step(value);
    }
    epoch?.validate(verification(predict(model, validation.x), validation.y).auc);
  }
  return { model, head };
}

/** Epochs that nobody watches. */
const silent = (count: number): undefined[] => Array.from({ length: count });

const rounded = (cosine: number): number => Math.round(cosine * 250) / 250; // a curve of 500 points says as much

/** "0.912", or mean and standard deviation of several. */
function spread(values: readonly number[]): string {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  if (values.length === 1) return mean.toFixed(3);
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (values.length - 1);
  return `${mean.toFixed(3)} +- ${Math.sqrt(variance).toFixed(3)}`;
}

function angleHistogram({ cosines, genuine, threshold }: ReturnType<typeof verification>): Promise<string> {
  const degrees = (cosine: number) => (Math.acos(Math.min(1, Math.max(-1, cosine))) * 180) / Math.PI;
  const angles = (kind: number) =>
    Array.from(
      cosines.filter((_, i) => genuine[i] === kind),
      degrees,
    );
  return histogram(
    { "genuine pairs": angles(1), "impostor pairs": angles(0) },
    { x: "angle in degrees", bins: 45, mark: degrees(threshold) },
  );
}

const tsv = (rows: readonly (readonly (string | number)[])[]): string =>
  rows.map((row) => `${row.map((v) => (typeof v === "number" ? Number(v.toFixed(5)) : v)).join("\t")}\n`).join("");

if (require.main === module) main(about, run);
