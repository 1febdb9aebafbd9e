import { erf } from "../../autograd/special.ts";
import "../../functional/methods.ts";
import { floatTensor } from "../../tensor/checks.ts";
import { ValueError } from "../../tensor/errors.ts";
import { expectInteger, expectNonNegative, expectOneOf, expectPositive, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { classLabels, isLabelled, pick, reduceWeighted } from "../classes.ts";
import type { Reduction } from "../reduction.ts";
import { expectPixels, pixelAxes } from "./masks.ts";
import { filtered } from "./morphology.ts";

export interface NaclOptions {
  /** The factor on the distance to the labels around, >= 0. Default 0.1. */
  alpha?: number;
  /** How the labels around are averaged: "mean" over a box, or "gaussian". Default "mean". */
  smoothing?: "mean" | "gaussian";
  /** The edge of the box for "mean", odd. Default 3. */
  kernelSize?: number;
  /** The standard deviation for "gaussian", above 0, in pixels; it reaches 4 of them. Default 1. */
  sigma?: number;
  /** "l1" |x - s|, or "l2" (x - s)^2. Default "l1". */
  distance?: "l1" | "l2";
  /** Pixels with this label count nowhere. Default -100. */
  ignoreIndex?: number;
  reduction?: Reduction;
}

/**
 * Neighbour-aware calibration (NACL): cross-entropy + alpha mean_c |x_c - s_c|, s_c the share of class c among the
 * labels around the pixel. The second part keeps the logits near what the neighbourhood says, instead of letting them
 * grow.
 *
 * logits [n, classes, ...pixels], labels int32 [n, ...pixels]. "none" gives [n, ...pixels], 0 where ignored; the mean
 * is over the others. Beyond the edges there are no labels. Options: see `NaclOptions`.
 * Murugesan et al. 2023, "Trust your neighbours", arXiv:2303.06268. Reference values: monai.losses.NACLLoss.
 */
export function nacl(logits: TensorLike, labels: TensorLike, options: NaclOptions = {}): Tensor {
  const where = "nacl";
  const form = resolve<Required<NaclOptions>>(where, options, {
    alpha: 0.1,
    smoothing: "mean",
    kernelSize: 3,
    sigma: 1,
    distance: "l1",
    ignoreIndex: -100,
    reduction: "mean",
  });
  expectNonNegative(where, "alpha", form.alpha);
  expectPositive(where, "sigma", form.sigma);
  expectOneOf(where, "distance", form.distance, ["l1", "l2"]);
  const kernel = kernelOf(where, form);
  const x = floatTensor(where, "logits", logits);
  expectPixels(where, "logits", x);
  const target = classLabels(where, "logits", x, labels, form.ignoreIndex);
  const counted = target.ignored.logicalNot().to(x.dtype);
  const masks = isLabelled(x, target).to(x.dtype).mul(counted.unsqueeze(1));
  const apart = x.sub(pixelAxes(x).reduce((m, axis) => filtered(m, axis, kernel), masks));
  const distance = (form.distance === "l1" ? apart.abs() : apart.square()).mean(1);
  const entropy = pick(x.logSoftmax(1), target).neg();
  const terms = entropy.add(distance.mul(form.alpha)).mul(counted);
  return reduceWeighted(where, terms, counted, form.reduction);
}

/** The weights along one axis; the Gaussian's are its integrals over the pixels. */
function kernelOf(where: string, { smoothing, kernelSize, sigma }: Required<NaclOptions>): number[] {
  expectOneOf(where, "smoothing", smoothing, ["mean", "gaussian"]);
  expectInteger(where, "kernelSize", kernelSize);
  if (kernelSize % 2 === 0) throw new ValueError(where, `kernelSize must be odd, got ${kernelSize}`);
  if (smoothing === "mean") return new Array<number>(kernelSize).fill(1 / kernelSize);
  const reach = Math.floor(Math.max(4 * sigma, 0.5) + 0.5);
  const below = (x: number) => erf(x / (Math.SQRT2 * sigma)) / 2;
  return Array.from({ length: 2 * reach + 1 }, (_, i) => below(i - reach + 0.5) - below(i - reach - 0.5));
}
