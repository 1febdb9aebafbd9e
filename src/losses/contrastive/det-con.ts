import { where as select } from "../../autograd/elementwise.ts";
import { concat } from "../../autograd/movement.ts";
import { ValueError } from "../../tensor/errors.ts";
import { except } from "../candidates.ts";
import "../../functional/methods.ts";
import {
  asIndices,
  expectAxes,
  expectNotEmpty,
  expectSameShape,
  expectShape,
  floatTensor,
} from "../../tensor/checks.ts";
import { arange } from "../../tensor/creation.ts";
import { resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { scalarOption } from "../scalar-option.ts";

export interface DetConOptions {
  /** What the cosines are divided by, > 0; a number, or a learned tensor with one element. Default 0.1. */
  temperature?: number | Tensor;
  /**
   * What view1 and view2 are compared with, [n, regions, d] each: those of a target network. Default null: the views.
   */
  targets?: { view1: TensorLike; view2: TensorLike } | null;
  reduction?: Reduction;
}

/**
 * DetCon: each region of an image is matched with the regions of the same mask in the other view of the image, among
 * all regions of both views of the batch but those of its own mask in its own view: the cross-entropy against its
 * matches, over the number of regions of its mask in its view, for both views added up.
 *
 * view1, view2: [n, regions, d], pooled over masks, normalised here; masks1, masks2: [n, regions], int32, which mask
 * each region is of. Returns [n, regions] with reduction "none". A region without a match in the other view has no
 * term: 0, which "mean" counts.
 * Options: temperature (0.1), targets (null; DetCon-B gives those of BYOL's target network), reduction ("mean").
 * Henaff et al. 2021, arXiv:2103.10957. Reference values: lightly's DetConSLoss and DetConBLoss.
 */
export function detCon(
  view1: TensorLike,
  view2: TensorLike,
  masks1: TensorLike,
  masks2: TensorLike,
  options: DetConOptions = {},
): Tensor {
  const where = "detCon";
  const { temperature, targets, reduction } = resolve<Required<DetConOptions>>(where, options, {
    temperature: 0.1,
    targets: null,
    reduction: "mean",
  });
  const t = scalarOption(where, "temperature", temperature);
  const [a, b] = [floatTensor(where, "view1", view1), floatTensor(where, "view2", view2)];
  expectAxes(where, "view1", a, ["n", "regions", "d"]);
  expectNotEmpty(where, "view1", a);
  expectSameShape(where, { view1: a, view2: b });
  const [maskA, maskB] = [asIndices(where, "masks1", masks1), asIndices(where, "masks2", masks2)];
  expectShape(where, "masks1", maskA, a.shape.slice(0, 2));
  expectShape(where, "masks2", maskB, a.shape.slice(0, 2));
  const given = targets === null ? { view1: a, view2: b } : bothOf(where, targets);
  const named = { "targets.view1": given.view1, "targets.view2": given.view2 };
  const others = Object.entries(named).map(([name, x]) => floatTensor(where, name, x));
  expectSameShape(where, { view1: a, "targets.view1": others[0], "targets.view2": others[1] });
  const rows = (x: Tensor) => x.reshape([-1, x.shape[2]]).normalize();
  const [x, y, own, other] = [a, b, ...others].map(rows);
  const one = matched(x, maskA, [other, maskB], [own, maskA], t);
  const two = matched(y, maskB, [own, maskA], [other, maskB], t);
  return reduce(where, one.add(two).reshape(maskA.shape), reduction);
}

type Targets = NonNullable<DetConOptions["targets"]>;

/** The views of a target network, both of which must be there. */
function bothOf(where: string, targets: Targets): Targets {
  const found = resolve<Partial<Targets>>(`${where}: targets`, targets, { view1: undefined, view2: undefined });
  if (found.view1 === undefined || found.view2 === undefined)
    throw new ValueError(where, "targets must have both view1 and view2");
  return targets;
}

type Regions = readonly [rows: Tensor, masks: Tensor];

/** The term of each region [n regions], matched with those `across`, among them and those `within` its own view. */
function matched(x: Tensor, masks: Tensor, across: Regions, within: Regions, t: number | Tensor): Tensor {
  const cosines = (rows: Tensor) => x.matmul(rows, { transposeB: true }).div(t);
  const [isMatch, isOwn] = [sameMask(masks, across[1]), sameMask(masks, within[1])];
  const toAcross = cosines(across[0]);
  const candidates = concat([toAcross, cosines(within[0]).maskedFill(isOwn, except)], 1);
  const matches = isMatch.sum(1);
  const attraction = select(isMatch, toAcross, 0).sum(1).div(matches.maximum(1));
  const terms = candidates.logSumExp(1).sub(attraction).div(isOwn.sum(1));
  return terms.maskedFill(matches.eq(0), 0);
}

/** Whether two regions are of one mask of one image: bool [n regions, n regions]. */
function sameMask(a: Tensor, b: Tensor): Tensor {
  const [n, regions] = a.shape;
  const image = arange(n).unsqueeze(1).broadcastTo([n, regions]).reshape([-1]);
  const pairs = (u: Tensor, v: Tensor) => u.reshape([-1, 1]).eq(v.reshape([1, -1]));
  return pairs(a, b).logicalAnd(pairs(image, image));
}
