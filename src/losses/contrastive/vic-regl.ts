import { stack } from "../../functional/shapes.ts";
import "../../functional/methods.ts";
import { expectAxes, expectShape, floatTensor } from "../../tensor/checks.ts";
import { ShapeError, ValueError } from "../../tensor/errors.ts";
import { expectInteger, expectNonNegative, expectPositive, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { expectFraction } from "../scalar-option.ts";
import { redundancy, shortfall } from "./vic-reg.ts";
import { viewStack } from "./views.ts";

// VICReg of whole images and of the places in them.

/** Small crops of the images, which are compared with the views and not with one another. */
export interface Crops {
  /** [crops, n, d]. */
  features: TensorLike;
  /** [crops, n, places, k]. */
  maps: TensorLike;
  /** [crops, n, places, 2]. */
  locations: TensorLike;
}

export interface VICRegLOptions {
  /** Further views that are compared with those only; their maps may have another number of places. Default null. */
  crops?: Crops | null;
  /** The share of the loss over whole images; that over places has 1 - alpha. In [0, 1]. Default 0.75. */
  alpha?: number;
  /** The factor of the invariance, >= 0. Default 25. */
  invariance?: number;
  /** The factor of the variance term, >= 0. Default 25. */
  variance?: number;
  /** The factor of the covariance term, >= 0. Default 1. */
  covariance?: number;
  /**
   * How many of the nearest pairs of places are matched, from the first map to the second and back. Default [20, 4].
   */
  matches?: readonly [number, number];
  /** Added to the variance under the root, > 0. Default 1e-4. */
  eps?: number;
}

/** One view of the batch: its features [n, d], its map [n, places, k], and where the places are, [n, places, 2]. */
interface View {
  features: Tensor;
  map: Tensor;
  locations: Tensor;
}

/**
 * VICRegL: alpha VICReg of whole images + (1 - alpha) VICReg of places. Places of two views are matched with the
 * nearest in the image and, once more, with the nearest in feature space; only the nearest pairs count.
 *
 * features: [views, n, d]; maps: [views, n, places, k]; locations: [views, n, places, 2], where in the image each place
 * is; n at least 2, and two views, or one and crops. Returns a scalar. Means over all pairs of views, each way, and of
 * views with crops; variances and covariances are over the batch, for each rank of a match. Matches have no gradient.
 * Options: crops (null), alpha (0.75), invariance (25), variance (25), covariance (1), matches ([20, 4]), eps (1e-4).
 * Bardes, Ponce and LeCun 2022, "VICRegL: Self-supervised learning of local visual features", arXiv:2210.01571. The
 * paper has 20 matches between views and 4 with crops; the authors' code, lightly, and this, 20 from the first to the
 * second and 4 back. Reference values: lightly's VICRegLLoss.
 */
export function vicRegL(
  features: TensorLike,
  maps: TensorLike,
  locations: TensorLike,
  options: VICRegLOptions = {},
): Tensor {
  const where = "vicRegL";
  const settings = resolve<Required<VICRegLOptions>>(where, options, {
    crops: null,
    alpha: 0.75,
    invariance: 25,
    variance: 25,
    covariance: 1,
    matches: [20, 4],
    eps: 1e-4,
  });
  const { alpha, invariance, variance, covariance, matches, eps } = settings;
  expectFraction(where, "alpha", alpha);
  for (const name of ["invariance", "variance", "covariance"] as const) expectNonNegative(where, name, settings[name]);
  expectPositive(where, "eps", eps);
  if (!Array.isArray(matches) || matches.length !== 2)
    throw new ValueError(where, `matches must be two whole numbers, got ${String(matches)}`);
  for (const m of matches) expectInteger(where, "matches", m);
  const views = viewsOf(where, "", { features, maps, locations });
  const crops = cropsOf(where, settings.crops, views[0]);
  if (views.length + crops.length < 2) throw new ShapeError(where, "features need two views, or one and crops");

  const kept = { deviation: 1, correction: 1, eps } as const;
  const difference = (a: Tensor, b: Tensor) => a.sub(b).square().mean().mul(invariance);
  const spread = (z: Tensor) => shortfall(z, kept).mul(variance).add(redundancy(z, 1).mul(covariance));
  const places = ([a, b]: readonly [Tensor, Tensor]) => difference(a, b).add(meanOf([spread(a), spread(b)]));
  const ofPlaces = (a: View, b: View): Tensor[] =>
    [squaredGaps(a.locations, b.locations), squaredDistances(a.map, b.map)].flatMap((distances) => [
      places(nearest(a.map, b.map, distances, matches[0])),
      places(nearest(b.map, a.map, distances.transpose([0, 2, 1]), matches[1])),
    ]);
  const pairs = views.flatMap((a) => [...views, ...crops].filter((b) => b !== a).map((b) => [a, b] as const));
  const whole = meanOf(pairs.map(([a, b]) => difference(a.features, b.features))).add(
    meanOf([...views, ...crops].map((view) => spread(view.features))),
  );
  const local = meanOf(pairs.flatMap(([a, b]) => ofPlaces(a, b))).mul(2); // by location and by features, added up
  return whole.mul(alpha).add(local.mul(1 - alpha));
}

const meanOf = (terms: readonly Tensor[]): Tensor => stack(terms).mean();

function cropsOf(where: string, crops: Crops | null, view: View): View[] {
  if (crops === null) return [];
  const none = { features: undefined, maps: undefined, locations: undefined } as unknown as Crops;
  const given = resolve<Crops>(`${where}: crops`, crops, none);
  const found = viewsOf(where, "crops.", given);
  const [first] = found;
  expectShape(where, "crops.features", first.features, view.features.shape);
  expectShape(where, "crops.maps", first.map, [first.map.shape[0], first.map.shape[1], view.map.shape[2]]);
  return found;
}

/** The views of a stack, checked. */
function viewsOf(where: string, prefix: string, given: Crops): View[] {
  const features = viewStack(where, `${prefix}features`, given.features, 1, 2);
  const [views, n] = features.shape;
  const maps = floatTensor(where, `${prefix}maps`, given.maps);
  expectAxes(where, `${prefix}maps`, maps, ["views", "n", "places", "k"]);
  const [, , places, k] = maps.shape;
  expectShape(where, `${prefix}maps`, maps, [views, n, Math.max(1, places), Math.max(1, k)]);
  const locations = floatTensor(where, `${prefix}locations`, given.locations);
  expectShape(where, `${prefix}locations`, locations, [views, n, places, 2]);
  return Array.from({ length: views }, (_, i) => ({
    features: features.slice([i]),
    map: maps.slice([i]),
    locations: locations.slice([i]),
  }));
}

/** Squared distances between places, [n, a, 2] and [n, b, 2] -> [n, a, b], by subtraction. */
const squaredGaps = (a: Tensor, b: Tensor): Tensor => a.unsqueeze(2).sub(b.unsqueeze(1)).square().sum(3);

/** Squared distances between features, [n, a, k] and [n, b, k] -> [n, a, b], by one product. */
const squaredDistances = (a: Tensor, b: Tensor): Tensor =>
  a
    .square()
    .sum(2)
    .unsqueeze(2)
    .add(b.square().sum(2).unsqueeze(1))
    .sub(a.matmul(b, { transposeB: true }).mul(2));

/**
 * The `count` rows of a [n, p, k] that are nearest to a row of b, nearest first, and those rows of b: [n, count, k].
 */
function nearest(a: Tensor, b: Tensor, distances: Tensor, count: number): [Tensor, Tensor] {
  const order = distances
    .min(2)
    .argsort(1)
    .slice([null, { stop: count }]);
  const found = distances.argmin(2).gather(1, order);
  const at = (x: Tensor, index: Tensor) => x.gather(1, index.unsqueeze(2).broadcastTo([...index.shape, x.shape[2]]));
  return [at(a, order), at(b, found)];
}
