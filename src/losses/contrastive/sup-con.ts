import { where as select } from "../../autograd/elementwise.ts";
import { asIndices, expectAxes, expectNotEmpty, expectShape, floatTensor } from "../../tensor/checks.ts";
import { expectOneOf, expectPositive, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { except } from "../candidates.ts";
import { reduceWeighted } from "../classes.ts";
import { reduceSparse, type SparseReduction } from "../mean-non-zero.ts";
import { scalarOption } from "../scalar-option.ts";
import { diagonalOf } from "./rows.ts";

/** "paper"; "supContrast": the authors' code; "pml": pytorch-metric-learning's. */
export type SupConPreset = "paper" | "supContrast" | "pml";

export interface SupConOptions {
  /** Start from a form; the other options go on top. Default "paper". */
  preset?: SupConPreset;
  /**
   * What the cosines are divided by, > 0; a number, or a learned tensor with one element. Default 0.1; 0.07 for
   * "supContrast".
   */
  temperature?: number | Tensor;
  /** Multiply the loss by temperature / baseTemperature, > 0; null (the default) does not. 0.07 for "supContrast". */
  baseTemperature?: number | null;
  /**
   * "mean" is over the anchors that have a positive. "meanNonZero" leaves out those with loss 0 too; the default for
   * "pml".
   */
  reduction?: SparseReduction;
}

type Settings = Required<SupConOptions>;

const paper: Settings = { preset: "paper", temperature: 0.1, baseTemperature: null, reduction: "mean" };

const presets: Record<SupConPreset, Partial<Settings>> = {
  paper: {},
  supContrast: { temperature: 0.07, baseTemperature: 0.07 },
  pml: { reduction: "meanNonZero" },
};

/**
 * Supervised contrastive loss (L_out): -mean over the positives p of anchor i of
 * log e^(x_i . x_p / t) / sum over a != i of e^(x_i . x_a / t), where positives are the other rows with i's label.
 *
 * embeddings: [n, d], L2-normalised here; labels: [n], int32, any numbers. Several views of a sample are rows with one
 * label; with two views of each and nothing else it is `ntXent`. Returns [n] with reduction "none". An anchor without
 * positives has loss 0 and does not count; without any positives the loss is 0.
 *
 * The positives' cosines come from the sum of their rows, so that n x n values are only made for the denominator.
 * Options: preset ("paper"), temperature (0.1), baseTemperature (null), reduction ("mean").
 * Khosla et al. 2020, arXiv:2004.11362. Reference values: the formula; SupContrast (NaN for an anchor without
 * positives); pytorch-metric-learning's SupConLoss (0 for a batch of one class).
 */
export function supCon(embeddings: TensorLike, labels: TensorLike, options: SupConOptions = {}): Tensor {
  const where = "supCon";
  const { preset } = resolve(where, options, paper);
  expectOneOf(where, "preset", preset, Object.keys(presets) as SupConPreset[]);
  const { temperature, baseTemperature, reduction } = resolve<Settings>(where, options, {
    ...paper,
    ...presets[preset],
  });
  const t = scalarOption(where, "temperature", temperature);
  if (baseTemperature !== null) expectPositive(where, "baseTemperature", baseTemperature);
  const e = floatTensor(where, "embeddings", embeddings);
  const y = asIndices(where, "labels", labels);
  expectAxes(where, "embeddings", e, ["n", "d"]);
  expectNotEmpty(where, "embeddings", e);
  expectShape(where, "labels", y, [e.shape[0]]);

  const x = e.normalize();
  const scaled = x.div(t);
  const sameLabel = y.unsqueeze(1).eq(y).to(x.dtype); // [n, n], with the diagonal
  const positives = sameLabel.sum(1).sub(1);
  const ofPositives = scaled.mul(sameLabel.matmul(x).sub(x)).sum(1).div(positives.maximum(1));
  const others = scaled.matmul(x, { transposeB: true }).maskedFill(diagonalOf(x), except);
  const terms = select(positives.gt(0), others.logSumExp(1).sub(ofPositives), 0);
  const loss = baseTemperature === null ? terms : terms.mul(t).div(baseTemperature);
  if (reduction === "mean") return reduceWeighted(where, loss, positives.gt(0).to(x.dtype), "mean");
  return reduceSparse(where, loss, reduction);
}
