import { stopGradient } from "../../autograd/elementwise.ts";
import "../../functional/methods.ts";
import { maskedLogSumExp } from "../../functional/masks.ts";
import { expectAxes, expectSameShape, expectShape, floatTensor } from "../../tensor/checks.ts";
import { expectNonNegative, expectPositive, resolve } from "../../tensor/options.ts";
import type { Tensor, TensorLike } from "../../tensor/tensor.ts";
import { classAxis, classLabels, isLabelled, labelLogit } from "../classes.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { relativeEntropy } from "./distributions.ts";

// A student learns the outputs of a teacher. The teacher is a constant: no gradient goes to it.

export interface DistillationOptions {
  /** What both logits are divided by, > 0: a higher one shows more of the teacher's small probabilities. Default 4. */
  temperature?: number;
  /** Multiply by temperature^2, so that the gradient keeps its size at every temperature. Default true. */
  rescale?: boolean;
  reduction?: Reduction;
}

/** Outputs of student and teacher, of one shape; the teacher's without gradient. */
function studentAndTeacher(where: string, what: string, student: TensorLike, teacher: TensorLike): [Tensor, Tensor] {
  const s = floatTensor(where, `student${what}`, student);
  const t = floatTensor(where, `teacher${what}`, teacher);
  expectSameShape(where, { [`student${what}`]: s, [`teacher${what}`]: t });
  return [s, stopGradient(t)];
}

/** T^2 D(softmax(t / T) || softmax(s / T)) along an axis, or without the factor. */
function softened(student: Tensor, teacher: Tensor, axis: number, temperature: number, rescale: boolean): Tensor {
  const [logq, logp] = [student, teacher].map((x) => x.div(temperature).logSoftmax(axis));
  return relativeEntropy(logp, logq, axis).mul(rescale ? temperature ** 2 : 1);
}

/**
 * Knowledge distillation: T^2 D(softmax(t / T) || softmax(s / T)), the divergence of the student's softened
 * probabilities from the teacher's. One adds a share of `crossEntropy` with the labels where there are some.
 *
 * studentLogits, teacherLogits: the same shape, [n, classes, ...] or [classes]; "none" gives the shape without the
 * classes.
 * Options: temperature (4), rescale (true), reduction ("mean").
 * Hinton et al. 2015, "Distilling the knowledge in a neural network", arXiv:1503.02531.
 * Reference values: torch.nn.KLDivLoss with "batchmean".
 */
export function knowledgeDistillation(
  studentLogits: TensorLike,
  teacherLogits: TensorLike,
  options: DistillationOptions = {},
): Tensor {
  const { temperature, rescale, reduction } = resolve<Required<DistillationOptions>>("knowledgeDistillation", options, {
    temperature: 4,
    rescale: true,
    reduction: "mean",
  });
  expectPositive("knowledgeDistillation", "temperature", temperature);
  const [s, t] = studentAndTeacher("knowledgeDistillation", "Logits", studentLogits, teacherLogits);
  const axis = classAxis("knowledgeDistillation", "studentLogits", s);
  return reduce("knowledgeDistillation", softened(s, t, axis, temperature, rescale), reduction);
}

export interface DecoupledDistillationOptions {
  /** The weight of the labelled class against all others, >= 0. Default 1. */
  alpha?: number;
  /** The weight of the divergence among the other classes, >= 0. Default 8. */
  beta?: number;
  /** What both logits are divided by, > 0. Default 4. */
  temperature?: number;
  reduction?: Reduction;
}

/**
 * Decoupled knowledge distillation: T^2 (alpha D(b_t || b_s) + beta D(u_t || u_s)), b the probabilities of the labelled
 * class and of all others together, u those of the other classes among themselves. Hinton's loss weighs the second by
 * the teacher's doubt, so that a sure teacher hides what it knows of the other classes.
 *
 * studentLogits, teacherLogits: the same shape, [n, classes, ...] or [classes]; labels int32 [n, ...] or a number.
 * "none" gives the shape of the labels. Options: alpha (1), beta (8), temperature (4), reduction ("mean").
 * Zhao et al. 2022, "Decoupled knowledge distillation", arXiv:2203.08679. Reference values: the authors' formula.
 */
export function decoupledKnowledgeDistillation(
  studentLogits: TensorLike,
  teacherLogits: TensorLike,
  labels: TensorLike,
  options: DecoupledDistillationOptions = {},
): Tensor {
  const name = "decoupledKnowledgeDistillation";
  const { alpha, beta, temperature, reduction } = resolve<Required<DecoupledDistillationOptions>>(name, options, {
    alpha: 1,
    beta: 8,
    temperature: 4,
    reduction: "mean",
  });
  expectNonNegative(name, "alpha", alpha);
  expectNonNegative(name, "beta", beta);
  expectPositive(name, "temperature", temperature);
  const logits = studentAndTeacher(name, "Logits", studentLogits, teacherLogits);
  const target = classLabels(name, "studentLogits", logits[0], labels);
  const isOther = isLabelled(logits[0], target).logicalNot();
  const [s, t] = logits.map((x) => {
    const softer = x.div(temperature);
    const logOdds = labelLogit(softer, target);
    const others = softer.sub(maskedLogSumExp(softer, isOther, target.axis, { keepDims: true }));
    return {
      label: logOdds.logSigmoid(),
      rest: logOdds.neg().logSigmoid(),
      others: others.maskedFill(isOther.logicalNot(), 0),
    };
  });
  const decided = t.label
    .exp()
    .mul(t.label.sub(s.label))
    .add(t.rest.exp().mul(t.rest.sub(s.rest)));
  const among = relativeEntropy(t.others, s.others, target.axis); // the labelled class adds e^0 (0 - 0)
  return reduce(
    name,
    decided
      .mul(alpha)
      .add(among.mul(beta))
      .mul(temperature ** 2),
    reduction,
  );
}

export interface MarginMSEOptions {
  reduction?: Reduction;
}

/**
 * Margin-MSE: the squared error of the margin by which the positive document outscores a negative one,
 * ((s+ - s-) - (t+ - t-))^2, of a student from its teacher. The scores themselves may differ in scale and offset.
 *
 * studentPositive, teacherPositive [n]; studentNegative, teacherNegative [n], or [n, m] for m negatives each. "none"
 * gives the shape of the negatives. Options: reduction ("mean").
 * Hofstätter et al. 2020, "Improving efficient neural ranking models with cross-architecture knowledge distillation",
 * arXiv:2010.02666. Reference values: torch.nn.MSELoss of the margins.
 */
export function marginMSE(
  studentPositive: TensorLike,
  studentNegative: TensorLike,
  teacherPositive: TensorLike,
  teacherNegative: TensorLike,
  options: MarginMSEOptions = {},
): Tensor {
  const { reduction } = resolve<Required<MarginMSEOptions>>("marginMSE", options, { reduction: "mean" });
  const [sp, tp] = studentAndTeacher("marginMSE", "Positive", studentPositive, teacherPositive);
  const [sn, tn] = studentAndTeacher("marginMSE", "Negative", studentNegative, teacherNegative);
  expectAxes("marginMSE", "studentPositive", sp, ["n"]);
  const several = sn.ndim === 2;
  expectShape("marginMSE", "studentNegative", sn, several ? [sp.shape[0], sn.shape[1]] : sp.shape);
  const margin = (positive: Tensor, negative: Tensor) => (several ? positive.unsqueeze(1) : positive).sub(negative);
  return reduce("marginMSE", margin(sp, sn).sub(margin(tp, tn)).square(), reduction);
}

export interface RankingDistillationOptions {
  /** What both scores are divided by, > 0. Default 1. */
  temperature?: number;
  /** Multiply by temperature^2. Default true. */
  rescale?: boolean;
  reduction?: Reduction;
}

/**
 * Distillation of a ranking: T^2 D(softmax(t / T) || softmax(s / T)) over the candidates of each query.
 *
 * studentScores, teacherScores [n, candidates]; "none" gives [n]. Options: temperature (1), rescale (true),
 * reduction ("mean"). Lin et al. 2020, "Distilling dense representations for ranking using tightly-coupled teachers",
 * arXiv:2010.11386. Reference values: torch.nn.KLDivLoss, as sentence-transformers' DistillKLDivLoss takes it.
 */
export function rankingDistillation(
  studentScores: TensorLike,
  teacherScores: TensorLike,
  options: RankingDistillationOptions = {},
): Tensor {
  const { temperature, rescale, reduction } = resolve<Required<RankingDistillationOptions>>(
    "rankingDistillation",
    options,
    { temperature: 1, rescale: true, reduction: "mean" },
  );
  expectPositive("rankingDistillation", "temperature", temperature);
  const [s, t] = studentAndTeacher("rankingDistillation", "Scores", studentScores, teacherScores);
  expectAxes("rankingDistillation", "studentScores", s, ["n", "candidates"]);
  return reduce("rankingDistillation", softened(s, t, 1, temperature, rescale), reduction);
}

export interface LocalizationDistillationOptions {
  /** What both logits are divided by, > 0. Default 10. */
  temperature?: number;
  /** Multiply by temperature^2. Default true. */
  rescale?: boolean;
  /** Divide by the number of bins, as mmdet does and the paper does not. Default false. */
  divideByBins?: boolean;
  reduction?: Reduction;
}

/**
 * Localisation distillation: T^2 D(softmax(t / T) || softmax(s / T)) over the bins in which the distance of each edge
 * of a box may lie.
 *
 * studentLogits, teacherLogits [..., bins], as [n, 4, bins]; "none" gives [...].
 * Options: temperature (10), rescale (true), divideByBins (false), reduction ("mean").
 * Zheng et al. 2022, "Localization distillation for dense object detection", arXiv:2102.12252.
 * Reference values: torch.nn.KLDivLoss.
 */
export function localizationDistillation(
  studentLogits: TensorLike,
  teacherLogits: TensorLike,
  options: LocalizationDistillationOptions = {},
): Tensor {
  const { temperature, rescale, divideByBins, reduction } = resolve<Required<LocalizationDistillationOptions>>(
    "localizationDistillation",
    options,
    { temperature: 10, rescale: true, divideByBins: false, reduction: "mean" },
  );
  expectPositive("localizationDistillation", "temperature", temperature);
  const [s, t] = studentAndTeacher("localizationDistillation", "Logits", studentLogits, teacherLogits);
  classAxis("localizationDistillation", "studentLogits", s); // not a number
  const terms = softened(s, t, -1, temperature, rescale);
  return reduce("localizationDistillation", divideByBins ? terms.div(s.shape.at(-1)!) : terms, reduction);
}
