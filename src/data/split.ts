import { asIndices, expectAxes } from "../tensor/checks.ts";
import { ShapeError, ValueError } from "../tensor/errors.ts";
import { expectInteger, expectNumber, expectOneOf, resolve } from "../tensor/options.ts";
import { generatorOr } from "../tensor/random.ts";
import { formatShape } from "../tensor/shape.ts";
import { Tensor, type TensorLike } from "../tensor/tensor.ts";
import { type Dataset, expectDataset, Subset, TensorDataset } from "./dataset.ts";
import { chooseGenerator, type RandomOptions } from "./random-options.ts";
import type { Sample } from "./sample.ts";

interface PartOptions extends RandomOptions {
  /** Class indices [n]: every part then has the classes in the same proportions, as nearly as whole items allow. */
  stratify?: TensorLike;
  /** Whether the items are drawn at random (the default) or taken in their order. */
  shuffle?: boolean;
}

export interface SplitOptions extends PartOptions {
  /** The parts as fractions of the whole; they add up to 1. */
  fractions?: readonly number[];
  /** The parts as numbers of items; they add up to all of them. */
  sizes?: readonly number[];
}

export interface TrainTestSplitOptions extends PartOptions {
  /** The test part as a fraction below 1 (rounded up, as scikit-learn does) or as a number of items. Default 0.25. */
  testSize?: number;
}

/**
 * A dataset, or the indices 0..n-1, in disjoint parts.
 *
 *     const [train, validation, test] = split(dataset, { fractions: [0.7, 0.15, 0.15], stratify: labels, seed: 0 });
 *
 * Takes `fractions` or `sizes`. Fractions become whole numbers by the method of largest remainders; so do the shares of
 * the classes in each part under `stratify`. A number n gives int32 index tensors, a TensorDataset gives
 * TensorDatasets (copies), any other dataset Subsets of it.
 * Throws a ValueError for an empty part, and for a class with fewer items than there are parts.
 */
export function split(n: number, options: SplitOptions): Tensor[];
export function split<D extends TensorDataset>(dataset: D, options: SplitOptions): D[];
export function split<S extends Sample>(dataset: Dataset<S>, options: SplitOptions): Subset<S>[];
export function split(whole: number | Dataset, options: SplitOptions): (Tensor | Dataset)[] {
  const { fractions, sizes, ...rest } = resolve<Open<SplitOptions>>("split", options, {
    fractions: undefined,
    sizes: undefined,
    ...partDefaults,
  });
  const n = lengthOf("split", whole);
  if ((fractions === undefined) === (sizes === undefined)) {
    throw new ValueError("split", "needs fractions or sizes, and not both: { fractions: [0.8, 0.2] }");
  }
  const parts = fractions ? apportion(n, checkFractions(fractions)) : checkSizes(n, sizes!);
  return partition("split", whole, n, parts, rest);
}

/**
 * A dataset, or the indices 0..n-1, in a training and a test part: `split` in two.
 *
 *     const [train, test] = trainTestSplit(dataset, { testSize: 0.2, stratify: labels, seed: 0 });
 *
 * Sizes as in sklearn.model_selection.train_test_split.
 */
export function trainTestSplit(n: number, options?: TrainTestSplitOptions): [train: Tensor, test: Tensor];
export function trainTestSplit<D extends TensorDataset>(
  dataset: D,
  options?: TrainTestSplitOptions,
): [train: D, test: D];
export function trainTestSplit<S extends Sample>(
  dataset: Dataset<S>,
  options?: TrainTestSplitOptions,
): [train: Subset<S>, test: Subset<S>];
export function trainTestSplit(
  whole: number | Dataset,
  options: TrainTestSplitOptions = {},
): [Tensor | Dataset, Tensor | Dataset] {
  const { testSize, ...rest } = resolve<Open<TrainTestSplitOptions>>("trainTestSplit", options, {
    testSize: 0.25,
    ...partDefaults,
  });
  const n = lengthOf("trainTestSplit", whole);
  expectNumber("trainTestSplit", "testSize", testSize, "in (0, 1), or whole", (v) => v > 0 && (v < 1 || v % 1 === 0));
  const test = testSize! < 1 ? Math.ceil(testSize! * n) : testSize!;
  const [train, held] = partition("trainTestSplit", whole, n, [n - test, test], rest);
  return [train, held];
}

type Open<T> = { [name in keyof Required<T>]: T[name] | undefined };

const partDefaults: Open<PartOptions> = { stratify: undefined, shuffle: true, generator: undefined, seed: undefined };

function lengthOf(where: string, whole: number | Dataset): number {
  if (typeof whole !== "number") expectDataset(where, whole);
  const n = typeof whole === "number" ? whole : whole.length;
  expectInteger(where, typeof whole === "number" ? "n" : "dataset.length", n);
  return n;
}

function checkFractions(fractions: readonly number[]): readonly number[] {
  const fit = Array.isArray(fractions) && fractions.every((f) => f > 0) && Math.abs(sum(fractions) - 1) < 1e-9;
  if (!fit) {
    throw new ValueError("split", `fractions must be positive and add up to 1, got ${JSON.stringify(fractions)}`);
  }
  return fractions;
}

function checkSizes(n: number, sizes: readonly number[]): readonly number[] {
  if (!Array.isArray(sizes) || !sizes.every(Number.isInteger) || sum(sizes) !== n) {
    throw new ValueError("split", `sizes must be whole numbers that add up to ${n}, got ${JSON.stringify(sizes)}`);
  }
  return sizes;
}

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/**
 * Whole numbers of the given sum in proportion to the weights: each rounded down, the rest to the largest remainders.
 */
function apportion(total: number, weights: readonly number[]): number[] {
  const shares = weights.map((w) => (total * w) / sum(weights));
  const whole = shares.map((share) => Math.floor(share + 1e-9)); // 0.7 * 10 is 7, whatever its last bit says
  const order = [...shares.keys()].sort((a, b) => shares[b] - whole[b] - (shares[a] - whole[a]) || a - b);
  for (const i of order.slice(0, total - sum(whole))) whole[i]++;
  return whole;
}

function partition(
  where: string,
  whole: number | Dataset,
  n: number,
  sizes: readonly number[],
  options: Open<PartOptions>,
): (Tensor | Dataset)[] {
  const { stratify, shuffle, generator, seed } = options;
  expectOneOf(where, "shuffle", shuffle, [true, false]);
  const source = generatorOr(chooseGenerator(where, generator, seed));
  const empty = sizes.findIndex((size) => size < 1);
  if (sizes.length === 0 || empty >= 0) {
    throw new ValueError(where, `the ${n} items would be split into ${formatShape(sizes)}; no part may be empty`);
  }
  const classOf = classPositions(where, n, stratify, sizes.length);
  const quotas = stratified(classOf, sizes);
  const order = () => (shuffle ? source.permutation(n).data : Int32Array.from({ length: n }, (_, i) => i));
  const partOf = new Int32Array(n);
  for (const item of order()) {
    const part = quotas.findIndex((quota) => quota[classOf[item]] > 0);
    quotas[part][classOf[item]]--;
    partOf[item] = part;
  }
  const parts = sizes.map((size) => new Int32Array(size));
  const filled = sizes.map(() => 0);
  for (const item of order()) parts[partOf[item]][filled[partOf[item]]++] = item; // anew: the last to be drawn are rare classes
  return parts.map((indices) => {
    if (typeof whole === "number") return new Tensor(indices, [indices.length], "int32");
    if (!(whole instanceof TensorDataset)) return new Subset(whole, indices);
    const rows = whole.batch(indices);
    return Array.isArray(rows) ? new TensorDataset(...rows) : new TensorDataset(rows);
  });
}

/** For every item the position of its class among the classes that occur; without labels all are of one class. */
function classPositions(where: string, n: number, stratify: TensorLike | undefined, parts: number): Int32Array {
  if (stratify === undefined) return new Int32Array(n);
  const labels = asIndices(where, "stratify", stratify);
  expectAxes(where, "stratify", labels, ["n"]);
  if (labels.size !== n) throw new ShapeError(where, `stratify has ${labels.size} labels, but there are ${n} items`);
  const counts = new Map<number, number>();
  for (const label of labels.data) counts.set(label, (counts.get(label) ?? 0) + 1);
  for (const [label, count] of counts) {
    if (count < parts) {
      throw new ValueError(where, `stratify: class ${label} has ${count} items, fewer than the ${parts} parts`);
    }
  }
  const positions = new Map([...counts.keys()].sort((a, b) => a - b).map((label, i) => [label, i]));
  return Int32Array.from(labels.data, (label) => positions.get(label)!);
}

/** How many items of each class go into each part. The parts take their shares of what is left, the last part first. */
function stratified(classOf: Int32Array, sizes: readonly number[]): number[][] {
  const left: number[] = [];
  for (const c of classOf) left[c] = (left[c] ?? 0) + 1;
  const quotas: number[][] = [];
  for (let part = sizes.length - 1; part > 0; part--) {
    const quota = apportion(sizes[part], left);
    quota.forEach((count, c) => {
      left[c] -= count;
    });
    quotas.unshift(quota);
  }
  return [left, ...quotas];
}
