import { cosineMatrix, distanceMatrix } from "../../functional/distances.ts";
import { maskedLogSumExp } from "../../functional/masks.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { expectNonNegative, expectOneOf, expectPositive, resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { except } from "../candidates.ts";
import { expectTerms, type Reduction, reduce } from "../reduction.ts";
import { expectCentred, isOwn } from "./centres.ts";

/** "paper": the original; "plusPlus": Proxy-NCA++; "pml": pytorch-metric-learning's. */
export type ProxyNCAPreset = "paper" | "plusPlus" | "pml";

export interface ProxyNCAOptions {
  /** Start from a form; the other options go on top. Default "paper". */
  preset?: ProxyNCAPreset;
  /** The factor on the squared distances, 1 / temperature, > 0. Default 1; 9 for "plusPlus". */
  scale?: number;
  /** Whether the own proxy is in the denominator. Default false; true for "plusPlus" and "pml". */
  includePositive?: boolean;
  reduction?: Reduction;
}

const presets: Record<ProxyNCAPreset, { scale: number; includePositive: boolean }> = {
  paper: { scale: 1, includePositive: false },
  plusPlus: { scale: 9, includePositive: true },
  pml: { scale: 1, includePositive: true },
};

/**
 * Proxy-NCA: -log e^(-s d_y) / sum over c of e^(-s d_c), where d_c is the squared distance of the L2-normalised
 * embedding from the L2-normalised proxy of class c, and the sum leaves out the own class unless `includePositive`.
 *
 * embeddings: [n, d]; proxies: [classes, d]; labels: [n], int32 class indices. Returns [n] with reduction "none".
 * Without `includePositive` there must be 2 classes, and the loss goes below 0. With it, distances 2 - 2 cos make it
 * `normalizedSoftmax` of scale 2 s.
 *
 * Options: preset ("paper"), scale (1), includePositive (false), reduction ("mean").
 * Movshovitz-Attias et al. 2017, arXiv:1703.07464; Teh et al. 2020, arXiv:2004.01113 (Proxy-NCA++, temperature 1/9).
 * Reference values: pytorch-metric-learning's ProxyNCALoss, which includes the positive; the paper's formula.
 */
export function proxyNCA(
  embeddings: TensorLike,
  proxies: TensorLike,
  labels: TensorLike,
  options: ProxyNCAOptions = {},
): Tensor {
  const where = "proxyNCA";
  const defaults: Required<ProxyNCAOptions> = { preset: "paper", ...presets.paper, reduction: "mean" };
  const { preset } = resolve(where, options, defaults);
  expectOneOf(where, "preset", preset, Object.keys(presets) as ProxyNCAPreset[]);
  const { scale, includePositive, reduction } = resolve(where, options, { ...defaults, ...presets[preset] });
  expectPositive(where, "scale", scale);
  const { x, w, own } = expectCentred(where, [embeddings, proxies, labels], { name: "proxies" });
  const [classes] = w.shape;
  if (!includePositive && classes < 2) {
    throw new ShapeError(
      where,
      `proxies ${formatShape(w.shape)} must be of at least 2 classes, or no other class is left; or set includePositive`,
    );
  }
  const logits = distanceMatrix(x.normalize(), w.normalize(), { squared: true }).mul(-scale); // [n, classes]
  const candidates = includePositive ? logits : logits.maskedFill(isOwn(own, classes), except);
  return reduce(where, candidates.logSumExp(1).sub(logits.gather(1, own).squeeze(1)), reduction);
}

export interface ProxyAnchorOptions {
  /** The cosine beyond which a pair is left alone is margin for positives, -margin for negatives; >= 0. Default 0.1. */
  margin?: number;
  /** The factor on the cosines, > 0. Default 32. */
  alpha?: number;
}

/**
 * Proxy-Anchor: mean over the proxies with positives of log(1 + sum over those of e^(-alpha (s - margin))), plus mean
 * over all proxies of log(1 + sum over their negatives of e^(alpha (s + margin))), where s is the cosine of embedding
 * and proxy. Each proxy is an anchor, to which the hardest samples of the batch matter most.
 *
 * embeddings: [n, d], n at least 1; proxies: [classes, d]; labels: [n], int32 class indices. Returns a scalar: the two
 * means have their own counts, so there are no terms to reduce.
 * Options: margin (0.1), alpha (32).
 * Kim et al. 2020, arXiv:2003.13911. Reference values: pytorch-metric-learning's ProxyAnchorLoss.
 */
export function proxyAnchor(
  embeddings: TensorLike,
  proxies: TensorLike,
  labels: TensorLike,
  options: ProxyAnchorOptions = {},
): Tensor {
  const where = "proxyAnchor";
  const { margin, alpha } = resolve<Required<ProxyAnchorOptions>>(where, options, { margin: 0.1, alpha: 32 });
  expectNonNegative(where, "margin", margin);
  expectPositive(where, "alpha", alpha);
  const { x, w, own } = expectCentred(where, [embeddings, proxies, labels], { name: "proxies" });
  expectTerms(where, own);
  const s = cosineMatrix(x, w); // [n, classes]
  const isPositive = isOwn(own, w.shape[0]);
  const pull = maskedLogSumExp(s.sub(margin).mul(-alpha), isPositive, 0, { addOne: true }); // [classes]
  const push = maskedLogSumExp(s.add(margin).mul(alpha), isPositive.logicalNot(), 0, { addOne: true });
  const withPositives = isPositive.any(0).to(s.dtype).sum();
  return pull.sum().div(withPositives).add(push.mean());
}
