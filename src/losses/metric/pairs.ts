import { where as select } from "../../autograd/elementwise.ts";
import { expectBinary, expectNotEmpty, expectSameShape, expectSigns, floatTensor } from "../../tensor/checks.ts";
import { ValueError } from "../../tensor/errors.ts";
import { expectNonNegative, expectNumber, expectOneOf, expectPositive, resolve } from "../../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { meanNonZero, type SparseReduction } from "../mean-non-zero.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { distancesOf, type PairDistance, pairOf } from "./pair.ts";

export type ContrastivePreset = "hadsell2006" | "siamese" | "pml";

interface ContrastiveSettings {
  /** The distance beyond which dissimilar pairs are left alone, >= 0. Default 1. */
  margin?: number;
  /** Multiply every term by 1/2, as the paper does. Default false. */
  half?: boolean;
  /** Square both terms. Default true. */
  squared?: boolean;
  /** The distance within which similar pairs are left alone, >= 0. Default 0. */
  posMargin?: number;
  /** Default "euclidean". "cosine" is 1 - cos. */
  distance?: PairDistance;
  /** L2-normalise x1 and x2 first. Default false. */
  normalize?: boolean;
  /**
   * Default "mean". "meanNonZero" averages the similar and the dissimilar pairs with a loss apart, and adds the two.
   */
  reduction?: SparseReduction;
}

/** `positiveLabel` must be given, by itself or by a preset: the field uses both conventions. */
export type ContrastiveOptions = ContrastiveSettings & (LabelledContrastive | PresetContrastive);

interface LabelledContrastive {
  /** Which label marks a similar pair, 0 or 1. Required without a preset. */
  positiveLabel: 0 | 1;
  /** Start from a form of the field, "hadsell2006", "siamese" or "pml"; the other options go on top. */
  preset?: ContrastivePreset;
}

type PresetContrastive = Partial<LabelledContrastive> & Required<Pick<LabelledContrastive, "preset">>;

type ResolvedContrastive = Required<ContrastiveSettings> & {
  positiveLabel: 0 | 1 | undefined;
  preset: ContrastivePreset | undefined;
};

const plain: ResolvedContrastive = {
  positiveLabel: undefined,
  preset: undefined,
  margin: 1,
  half: false,
  squared: true,
  posMargin: 0,
  distance: "euclidean",
  normalize: false,
  reduction: "mean",
};

const contrastivePresets: Record<ContrastivePreset, Partial<ResolvedContrastive>> = {
  hadsell2006: { positiveLabel: 0, half: true },
  siamese: { positiveLabel: 1 },
  pml: { positiveLabel: 1, squared: false, normalize: true, reduction: "meanNonZero" },
};

/**
 * Contrastive loss of pairs at distance D: D^2 for a similar pair, [margin - D]+^2 for a dissimilar one.
 *
 * x1, x2: [..., d]; labels: [...], 0 or 1; `positiveLabel` says which of the two means "similar" and has no default.
 * The similar term is computed from D^2 without a root; at D = 0 and at D = margin the gradient of the dissimilar term
 * is 0. Options: see `ContrastiveOptions`; given options override the preset's:
 * - "hadsell2006": positiveLabel 0, both terms times 1/2 (the paper adds the pairs up: reduction "sum").
 * - "siamese": positiveLabel 1, no 1/2.
 * - "pml": positiveLabel 1, distances of unit vectors, not squared, reduction "meanNonZero".
 *
 * Hadsell, Chopra and LeCun 2006, "Dimensionality reduction by learning an invariant mapping".
 * Reference values: the formula; pytorch-metric-learning's ContrastiveLoss for "pml".
 */
export function contrastive(x1: TensorLike, x2: TensorLike, labels: TensorLike, options: ContrastiveOptions): Tensor {
  const where = "contrastive";
  const { preset } = resolve<ResolvedContrastive>(where, options, plain);
  if (preset !== undefined) expectOneOf(where, "preset", preset, ["hadsell2006", "siamese", "pml"]);
  const settings = resolve(where, options, { ...plain, ...(preset && contrastivePresets[preset]) });
  checkContrastive(where, settings);
  const { positiveLabel, margin, half, squared, posMargin, normalize, reduction } = settings;
  let [a, b, y] = pairOf(where, x1, x2, "labels", labels);
  expectBinary(where, "labels", y);
  if (normalize) [a, b] = [a.normalize({ axis: -1 }), b.normalize({ axis: -1 })];
  const { d, dSquared } = distancesOf(where, a, b, settings.distance);
  const excess = posMargin === 0 ? d : d.sub(posMargin).relu();
  const missing = d.neg().add(margin).relu();
  const attract = !squared ? excess : posMargin === 0 ? dSquared : excess.square();
  const terms = select(y.eq(positiveLabel!), attract, squared ? missing.square() : missing).mul(half ? 0.5 : 1);
  if (reduction !== "meanNonZero") return reduce(where, terms, reduction);
  expectNotEmpty(where, "x1", a);
  const similar = y.eq(positiveLabel!);
  return meanNonZero(select(similar, terms, 0)).add(meanNonZero(select(similar, 0, terms)));
}

function checkContrastive(where: string, settings: ResolvedContrastive): void {
  if (settings.positiveLabel === undefined) {
    throw new ValueError(
      where,
      "positiveLabel must say which label marks a similar pair: 0 (Hadsell et al. 2006) or 1 (most libraries)",
    );
  }
  expectOneOf(where, "positiveLabel", settings.positiveLabel, [0, 1]);
  expectNonNegative(where, "margin", settings.margin);
  expectNonNegative(where, "posMargin", settings.posMargin);
  expectOneOf(where, "reduction", settings.reduction, ["none", "mean", "sum", "meanNonZero"]);
}

export interface HingeEmbeddingOptions {
  /** The distance beyond which dissimilar pairs are left alone, >= 0. Default 1. */
  margin?: number;
  reduction?: Reduction;
}

/**
 * Hinge embedding: x where y = 1, [margin - x]+ where y = -1, of distances x.
 *
 * distances, targets: one shape; targets 1 (similar) or -1. The gradient at the kink is 0 (PyTorch: -1).
 * Options: margin (1), reduction ("mean").
 * Reference values: torch.nn.HingeEmbeddingLoss.
 */
export function hingeEmbedding(
  distances: TensorLike,
  targets: TensorLike,
  options: HingeEmbeddingOptions = {},
): Tensor {
  const where = "hingeEmbedding";
  const { margin, reduction } = resolve<Required<HingeEmbeddingOptions>>(where, options, {
    margin: 1,
    reduction: "mean",
  });
  expectNonNegative(where, "margin", margin);
  const [x, y] = [floatTensor(where, "distances", distances), asTensor(targets, undefined, where, "targets")];
  expectSameShape(where, { distances: x, targets: y });
  expectSigns(where, "targets", y);
  return reduce(where, select(y.eq(1), x, x.neg().add(margin).relu()), reduction);
}

export interface CosineEmbeddingOptions {
  /** The cosine up to which dissimilar pairs are left alone, in [-1, 1]. Default 0. */
  margin?: number;
  /** Added to each squared norm. Default 1e-12, as in PyTorch: a zero vector has cosine 0 with everything. */
  eps?: number;
  reduction?: Reduction;
}

/**
 * Cosine embedding: 1 - cos(x1, x2) where y = 1, [cos(x1, x2) - margin]+ where y = -1.
 *
 * x1, x2: [..., d]; targets: [...], 1 (similar) or -1. The gradient at the kink is 0.
 * Options: margin (0), eps (1e-12), reduction ("mean").
 * Reference values: torch.nn.CosineEmbeddingLoss.
 */
export function cosineEmbedding(
  x1: TensorLike,
  x2: TensorLike,
  targets: TensorLike,
  options: CosineEmbeddingOptions = {},
): Tensor {
  const where = "cosineEmbedding";
  const { margin, eps, reduction } = resolve<Required<CosineEmbeddingOptions>>(where, options, {
    margin: 0,
    eps: 1e-12,
    reduction: "mean",
  });
  expectNumber(where, "margin", margin, "in [-1, 1]", (v) => v >= -1 && v <= 1);
  expectPositive(where, "eps", eps);
  const [a, b, y] = pairOf(where, x1, x2, "targets", targets);
  expectSigns(where, "targets", y);
  const length = (x: Tensor) => x.square().sum(-1).add(eps).sqrt();
  const cosine = a.mul(b).sum(-1).div(length(a)).div(length(b));
  return reduce(where, select(y.eq(1), cosine.neg().add(1), cosine.sub(margin).relu()), reduction);
}
