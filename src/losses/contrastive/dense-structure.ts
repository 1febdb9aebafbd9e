import { where as select, stopGradient } from "../../autograd/elementwise.ts";
import { nuclearNorm } from "../../functional/factorisations.ts";
import { maskedMean } from "../../functional/masks.ts";
import "../../functional/methods.ts";
import { safeSqrt, xlogy } from "../../functional/numerics.ts";
import { singularValues } from "../../functional/singular-values.ts";
import { asIndices, expectAxes, expectIndices, expectNotEmpty, expectShape, floatTensor } from "../../tensor/checks.ts";
import { arange } from "../../tensor/creation.ts";
import { ShapeError, ValueError } from "../../tensor/errors.ts";
import { expectInteger, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";

// How well the places of images can be told apart by their features.

export interface DenseStructureOptions {
  /** How many clusters there are in an image, and in a group of images. Default [3, 24]. */
  counts?: readonly [number, number];
  /** How many images, one after another, are clustered together; divides n. Default null: the whole batch. */
  groupSize?: number | null;
  /** L2-normalise the features first. Default true. */
  normalize?: boolean;
}

/**
 * Dense representation structure (DSE), to be added to a self-supervised loss with a small weight:
 * -(inter - (intraBatch + intraImage) / 2) / spread - rank: clusters of places should lie apart (inter, the mean
 * distance of places to the nearest centre of another cluster) and be tight (intra, the mean over clusters of at least
 * two places of the sum of the singular values of the centred cluster over sqrt(max(places - 1, d))), measured by the
 * mean distance from the common mean (spread), and use all dimensions (rank = e^H / min(n places, d), H the entropy of
 * all singular values).
 *
 * features: [n, places, d]; imageClusters, batchClusters: int32 [n, places], the cluster of each place among those of
 * its image and of its group of images, as k-means finds them. Returns a scalar. Clusters and their centres are
 * constants; second derivatives of the rank are not those of the value. It reads values, and is no part of a compiled
 * step.
 * Options: counts ([3, 24]), groupSize (null), normalize (true). Dai et al. 2025, "Exploring structural degradation in
 * dense representations for self-supervised learning", arXiv:2510.17299. Reference values: lightly's DSERegularizer,
 * which clusters by itself.
 */
export function denseStructure(
  features: TensorLike,
  imageClusters: TensorLike,
  batchClusters: TensorLike,
  options: DenseStructureOptions = {},
): Tensor {
  const where = "denseStructure";
  const { counts, groupSize, normalize } = resolve<Required<DenseStructureOptions>>(where, options, {
    counts: [3, 24],
    groupSize: null,
    normalize: true,
  });
  if (!Array.isArray(counts) || counts.length !== 2)
    throw new ValueError(where, `counts must be two whole numbers, got ${String(counts)}`);
  for (const count of counts) expectInteger(where, "counts", count);
  const given = floatTensor(where, "features", features);
  expectAxes(where, "features", given, ["n", "places", "d"]);
  expectNotEmpty(where, "features", given);
  const [n, places, d] = given.shape;
  const size = groupSize ?? n;
  expectInteger(where, "groupSize", size);
  if (n % size !== 0) throw new ShapeError(where, `groupSize ${size} does not divide the ${n} images of features`);
  const named = { imageClusters, batchClusters };
  const [ofImage, ofBatch] = Object.entries(named).map(([name, clusters], i) => {
    const index = asIndices(where, name, clusters);
    expectShape(where, name, index, [n, places]);
    expectIndices(where, name, index, counts[i], "counts");
    return index;
  });

  const x = normalize ? given.normalize({ axis: 2 }) : given;
  const rows = x.reshape([n * places, d]);
  const images = clustersOf(x, ofImage, counts[0]);
  const groups = clustersOf(x.reshape([n / size, size * places, d]), ofBatch.reshape([n / size, -1]), counts[1]);
  const intraImage = maskedMean(maskedMean(images.extents, images.counted, 1), images.counted.any(1));
  const intraBatch = maskedMean(groups.extents, groups.counted);
  const spread = rows.sub(rows.mean(0)).norm(1).mean();
  const apart = distanceToOthers(groups).sub(intraBatch.add(intraImage).mul(0.5));
  return apart
    .div(select(spread.eq(0), 1, spread))
    .add(effectiveRank(rows).div(Math.min(n * places, d)))
    .neg();
}

/** Points [m, places, d] and their clusters. */
interface Clusters {
  x: Tensor;
  /** Whether each point is in each cluster, 1 or 0: [m, clusters, places]. */
  member: Tensor;
  /** The points of each cluster: [m, clusters]. */
  sizes: Tensor;
  /** [m, clusters, d] */
  means: Tensor;
  /** The sum of the singular values of each centred cluster, over sqrt(max(points - 1, d)): [m, clusters]. */
  extents: Tensor;
  /** Which clusters have two points or more: bool [m, clusters]. */
  counted: Tensor;
}

function clustersOf(x: Tensor, index: Tensor, count: number): Clusters {
  const member = index.unsqueeze(1).eq(arange(count).unsqueeze(1)).to(x.dtype);
  const sizes = member.sum(2);
  const means = member.matmul(x).div(sizes.maximum(1).unsqueeze(2));
  const centred = x.unsqueeze(1).sub(means.unsqueeze(2)).mul(member.unsqueeze(3)); // other places are rows of 0
  const extents = nuclearNorm(centred).div(sizes.sub(1).maximum(x.shape[2]).sqrt());
  return { x, member, sizes, means, extents, counted: sizes.gt(1) };
}

/** The mean distance of points to the nearest centre, a constant, of another cluster, over groups with two clusters. */
function distanceToOthers({ x, member, sizes, means }: Clusters): Tensor {
  const centres = stopGradient(means);
  const products = x.matmul(centres, { transposeB: true }); // [groups, points, clusters]
  const squares = x.square().sum(2, { keepDims: true }).add(centres.square().sum(2).unsqueeze(1)).sub(products.mul(2));
  const filled = sizes.gt(0);
  const isOther = member.swapAxes(1, 2).eq(0).logicalAnd(filled.unsqueeze(1));
  const nearest = safeSqrt(select(isOther, squares.relu(), 1e30)).min(2);
  const several = filled.sum(1).gt(1);
  return maskedMean(select(several.unsqueeze(1), nearest, 0).mean(1), several);
}

/** e^H of the singular values as shares of their sum. */
function effectiveRank(rows: Tensor): Tensor {
  const values = singularValues(rows);
  const total = values.sum();
  const shares = values.div(select(total.eq(0), 1, total));
  return xlogy(shares, shares).sum().neg().exp();
}
