import { ValueError } from "../../tensor/errors.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";

// What miners select: rows of a batch, as int32 tensors. The first of a pair or triplet is its anchor.

/** Triplets, three tensors of one length; of length 0 when the batch has none. */
export interface Triplets {
  anchors: Tensor;
  positives: Tensor;
  negatives: Tensor;
}

/** Pairs that share a label (anchors, positives), and pairs that do not (negativeAnchors, negatives). */
export interface Pairs {
  anchors: Tensor;
  positives: Tensor;
  negativeAnchors: Tensor;
  negatives: Tensor;
}

export const tripletsFrom = (rows: readonly (readonly number[])[]): Triplets => {
  const [anchors, positives, negatives] = columns(rows, 3);
  return { anchors, positives, negatives };
};

export const pairsFrom = (
  positivePairs: readonly (readonly number[])[],
  negativePairs: readonly (readonly number[])[],
): Pairs => {
  const [anchors, positives] = columns(positivePairs, 2);
  const [negativeAnchors, negatives] = columns(negativePairs, 2);
  return { anchors, positives, negativeAnchors, negatives };
};

/** A list of equally long rows as int32 columns. */
const columns = (rows: readonly (readonly number[])[], count: number): Tensor[] =>
  Array.from({ length: count }, (_, i) => tensor(Int32Array.from(rows, (row) => row[i])));

/** The pairs that triplets consist of, one of either kind for each triplet; pairs stay as they are. */
export function pairsOf(mined: Triplets | Pairs): Pairs {
  expectMined("miners.pairsOf", "mined", mined);
  if ("negativeAnchors" in mined) return mined;
  const { anchors, positives, negatives } = mined;
  return { anchors, positives, negativeAnchors: anchors, negatives };
}

/** Every triplet that pairs with one anchor make; triplets stay as they are. */
export function tripletsOf(mined: Triplets | Pairs): Triplets {
  expectMined("miners.tripletsOf", "mined", mined);
  if (!("negativeAnchors" in mined)) return mined;
  const negativesOf = new Map<number, number[]>();
  mined.negativeAnchors.data.forEach((anchor, i) => {
    const found = negativesOf.get(anchor);
    if (found === undefined) negativesOf.set(anchor, [mined.negatives.data[i]]);
    else found.push(mined.negatives.data[i]);
  });
  const rows: number[][] = [];
  mined.anchors.data.forEach((anchor, i) => {
    for (const negative of negativesOf.get(anchor) ?? []) rows.push([anchor, mined.positives.data[i], negative]);
  });
  return tripletsFrom(rows);
}

/** Throws unless `value` has the columns of pairs or of triplets. */
export function expectMined(where: string, name: string, value: unknown): asserts value is Triplets | Pairs {
  const given = typeof value === "object" && value !== null ? Object.keys(value) : [];
  if (!["anchors", "positives", "negatives"].every((column) => given.includes(column))) {
    throw new ValueError(
      where,
      `${name} must be what a miner gives: anchors, positives and negatives, and negativeAnchors unless they are triplets`,
    );
  }
}
