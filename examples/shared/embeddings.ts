import { concat, data, FormatError, metrics, nn, random, Tensor, tensor } from "../../src/index.ts";
import { type NumberFlag, whole } from "./flags.ts";
import type { Images } from "./images.ts";
import type { Lesson } from "./lesson.ts";

// What lessons 6 and 7 share: classes left out, batches of several images of several classes, and comparisons of
// images by their embeddings.

/** Images [n, 1, height, width] and the class of each, counted from 0. */
export interface Part {
  x: Tensor;
  y: Tensor;
  /** What class 0, 1, ... is in the data. */
  names: string[];
}

/** At most so many images of a class are learned from, and of a class left out: pairs grow with the square. */
const most = { seen: 500, unseen: 200 };

/** The flag --first of both lessons. */
export const firstLeftOut: NumberFlag = {
  default: 7,
  help: "the first of the three classes left out",
  ...whole(0),
};

/**
 * Three classes, `first` and the two after it, are left out; the others are split into images to learn from and, one
 * in eight, images to watch the training with.
 */
export function leaveOutClasses(images: Images, first: number): { train: Part; validation: Part; unseen: Part } {
  const { classes } = images;
  if (classes < 5) {
    throw new FormatError("leaveOutClasses", `needs at least 5 classes, three of them to leave out, got ${classes}`);
  }
  const left = [0, 1, 2].map((i) => (first + i) % classes);
  const seen = Array.from({ length: classes }, (_, c) => c).filter((c) => !left.includes(c));
  const all = imagesOf(images, seen, most.seen);
  const [train, validation] = data
    .split(new data.TensorDataset(all.x, all.y), { fractions: [7 / 8, 1 / 8], stratify: all.y })
    .map(({ tensors: [x, y] }) => ({ x, y, names: all.names }));
  return { train, validation, unseen: imagesOf(images, left, most.unseen) };
}

/** The first `count` images of each of the classes, relabelled 0, 1, ... in this order. */
function imagesOf({ images, labels }: Images, classes: readonly number[], count: number): Part {
  const rows = classes.map((c) => [...labels.data.keys()].filter((i) => labels.data[i] === c).slice(0, count));
  return {
    x: images.indexSelect(0, tensor(Int32Array.from(rows.flat()))),
    y: tensor(Int32Array.from(rows.flatMap((members, c) => members.map(() => c)))),
    names: classes.map(String),
  };
}

/**
 * 16 filters of 3 x 3 pixels, 32 of 3 x 3 x 16, the strongest answer of each 2 x 2 block, and from these the embedding.
 */
export function embeddingNetwork({ height, width }: Images, size: number): nn.Sequential {
  return new nn.Sequential(
    new nn.Conv2d(1, 16, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.Conv2d(16, 32, 3, { padding: 1 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Linear(32 * Math.floor(height / 2) * Math.floor(width / 2), size),
  );
}

/** The images as they are, turned by a quarter, a half and three quarters, and the mirror images of these four. */
function positions(x: Tensor): Tensor[] {
  const quarter = (t: Tensor) => t.transpose([0, 1, 3, 2]).flip(3);
  const half = x.flip([2, 3]);
  const angles = x.shape[2] === x.shape[3] ? [x, quarter(x), half, quarter(half)] : [x, half];
  return [...angles, ...angles.map((t) => t.flip(3))];
}

/**
 * Each image in its eight positions, and each position of a digit a class of its own: seven digits give 56 classes to
 * tell apart, and a network that learns more from them about strokes than about digits.
 * Santoro et al. 2016, "Meta-learning with memory-augmented neural networks", make classes of turned characters so.
 */
export function turned({ x, y, names }: Part): Part {
  const all = positions(x);
  return {
    x: concat(all),
    y: concat(all.map((_, i) => y.add(i * names.length))),
    names: all.flatMap((_, i) => names.map((name) => `${name}/${i}`)),
  };
}

/**
 * What a trained network makes of images it may not know the classes of: vectors of length 1.
 *
 * The last layer has learned to forget what does not tell its own classes apart, which others may be told apart by; so
 * the features below it are taken (Chen et al. 2020, arXiv:2002.05709, section 4.2), those of all eight positions, less
 * their mean over `reference`, images of the classes learned from.
 */
export function features(
  lesson: Pick<Lesson, "predict">,
  network: nn.Sequential,
  x: Tensor,
  reference: Tensor,
): Tensor {
  const below = new nn.Sequential(...network.layers.slice(0, -1));
  const means = positions(reference).map((t) => lesson.predict(below, t).mean(0));
  const parts = positions(x).map((t, i) => lesson.predict(below, t).sub(means[i]).normalize());
  return concat(parts, 1).normalize();
}

/** A batch in rounds: one image of each of `classes` classes, then another of each, and so on. */
export interface Rounds {
  /** [rounds * classes, 1, height, width], distorted. */
  x: Tensor;
  /** [rounds * classes] */
  y: Tensor;
  classes: number;
  rounds: number;
}

/** Images of a class in a batch. */
const rounds = 4;

/**
 * Batches of `batchSize / 4` classes at random, four images of each, each image a little distorted. One `for...of` loop
 * is an epoch of about `images` images.
 */
export function classBatches(
  { x, y, names }: Part,
  { batchSize, images }: { batchSize: number; images: number },
): Iterable<Rounds> & { length: number } {
  const members = names.map((_, c) => [...y.data.keys()].filter((i) => y.data[i] === c));
  const classes = Math.min(names.length, Math.max(2, Math.round(batchSize / rounds)));
  return {
    length: Math.ceil(images / (classes * rounds)),
    *[Symbol.iterator]() {
      for (let batch = 0; batch < this.length; batch++) {
        const chosen = random.permutation(names.length).data.subarray(0, classes);
        const orders = Array.from(chosen, (c) => random.permutation(members[c].length).data);
        const rows = Array.from({ length: rounds }, (_, r) =>
          Array.from(chosen, (c, k) => members[c][orders[k][r % orders[k].length]]),
        );
        const indices = tensor(Int32Array.from(rows.flat()));
        yield { x: distorted(x.indexSelect(0, indices)), y: y.indexSelect(0, indices), classes, rounds };
      }
    },
  };
}

/** Each image slightly turned, scaled, slanted and moved, as another hand might have written it. */
export function distorted(x: Tensor): Tensor {
  const [n, , height, width] = x.shape;
  const amounts = random.uniform([n, 5], { low: -1, high: 1 }).data;
  const result = new Tensor(new Float32Array(x.size), x.shape, "float32");
  for (let i = 0; i < n; i++) {
    const [turn, size, slant, down, right] = amounts.subarray(5 * i, 5 * i + 5);
    const zoom = 1 + 0.1 * size;
    const [cos, sin] = [zoom * Math.cos(0.25 * turn), zoom * Math.sin(0.25 * turn)];
    const source = x.data.subarray(i * height * width, (i + 1) * height * width);
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const v = row - (height - 1) / 2;
        const u = column - (width - 1) / 2 + 0.2 * slant * v;
        const fromRow = (height - 1) / 2 + cos * v - sin * u + 0.09 * height * down;
        const fromColumn = (width - 1) / 2 + sin * v + cos * u + 0.09 * width * right;
        result.data[(i * height + row) * width + column] = interpolated(source, height, width, fromRow, fromColumn);
      }
    }
  }
  return result;
}

/** The image between its pixels: bilinear, 0 outside. */
function interpolated(image: ArrayLike<number>, height: number, width: number, row: number, column: number): number {
  const [top, left] = [Math.floor(row), Math.floor(column)];
  const [down, right] = [row - top, column - left];
  const pixel = (r: number, c: number) => (r >= 0 && r < height && c >= 0 && c < width ? image[r * width + c] : 0);
  const upper = (1 - right) * pixel(top, left) + right * pixel(top, left + 1);
  const lower = (1 - right) * pixel(top + 1, left) + right * pixel(top + 1, left + 1);
  return (1 - down) * upper + down * lower;
}

/** The cosine of every pair of different rows, and whether the two have one label. */
export function cosinePairs(embeddings: Tensor, labels: Tensor): { cosines: Float32Array; genuine: Uint8Array } {
  const unit = embeddings.normalize();
  const all = unit.matmul(unit, { transposeB: true }).data;
  const n = labels.size;
  const cosines = new Float32Array((n * (n - 1)) / 2);
  const genuine = new Uint8Array(cosines.length);
  let pair = 0;
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      cosines[pair] = all[i * n + j];
      genuine[pair++] = labels.data[i] === labels.data[j] ? 1 : 0;
    }
  }
  return { cosines, genuine };
}

/** How well a threshold on the cosine tells pairs of one class from pairs of two. */
export function verification(embeddings: Tensor, labels: Tensor) {
  const { cosines, genuine } = cosinePairs(embeddings, labels);
  const [scores, truth] = [tensor(cosines), tensor(Int32Array.from(genuine))];
  const { rate, threshold } = metrics.equalErrorRate(scores, truth);
  return { cosines, genuine, auc: metrics.rocAUC(scores, truth), equalErrorRate: rate, threshold };
}

/** Rows as coordinates along the `count` directions of their largest variance: principal components. */
export function principalComponents(rows: Tensor, count: number): Tensor {
  // There are fewer rows than columns, so the directions come from the products of the rows: orthogonal iteration.
  const centred = rows.sub(rows.mean(0));
  const products = centred.matmul(centred, { transposeB: true });
  let directions = random.normal([rows.shape[0], count], { generator: new random.Generator(0) });
  for (let i = 0; i < 20; i++) directions = orthonormal(products.matmul(directions));
  const variances = directions.mul(products.matmul(directions)).sum(0);
  return directions.mul(variances.relu().sqrt());
}

/** Gram and Schmidt: each column less its parts along those before it, at length 1. */
function orthonormal(columns: Tensor): Tensor {
  const [first, ...rest] = columns.split(1, 1);
  let done = first.normalize({ axis: 0 });
  for (const column of rest) {
    const part = done.matmul(done.transpose().matmul(column));
    done = concat([done, column.sub(part).normalize({ axis: 0 })], 1);
  }
  return done;
}
