import { stopGradient } from "../../autograd/elementwise.ts";
import { noGrad } from "../../autograd/primitive.ts";
import { maskedMean } from "../../functional/masks.ts";
import { Module } from "../../nn/module.ts";
import "../../functional/methods.ts";
import {
  expectAxes,
  expectBinary,
  expectNotEmpty,
  expectSameShape,
  expectShape,
  floatTensor,
} from "../../tensor/checks.ts";
import { zeros } from "../../tensor/creation.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { expectInteger, expectNonNegative, expectPositive, resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { expectFraction } from "../scalar-option.ts";
import { viewStack } from "./views.ts";

// Self-distillation: the student's softmax learns the teacher's, which is centred and sharper.

export interface DINOOptions {
  /** What is taken off the teacher's scores, [d]: a running mean, as `TeacherCentre` keeps. Default none. */
  centre?: TensorLike | null;
  /** What the teacher's scores are divided by, > 0. Default 0.04. */
  teacherTemperature?: number;
  /** What the student's scores are divided by, > 0. Default 0.1. */
  studentTemperature?: number;
}

const dinoDefaults: Required<DINOOptions> = { centre: null, teacherTemperature: 0.04, studentTemperature: 0.1 };

/** log softmax of the student and softmax of the teacher, along the last axis, after the checks of the options. */
function softened(where: string, student: Tensor, teacher: Tensor, options: Required<DINOOptions>): [Tensor, Tensor] {
  const { centre, teacherTemperature, studentTemperature } = options;
  expectPositive(where, "teacherTemperature", teacherTemperature);
  expectPositive(where, "studentTemperature", studentTemperature);
  const d = student.shape[student.ndim - 1];
  const c = centre === null ? null : floatTensor(where, "centre", centre);
  if (c !== null) expectShape(where, "centre", c, [d]);
  const scores = stopGradient(c === null ? teacher : teacher.sub(c));
  return [student.div(studentTemperature).logSoftmax(-1), scores.div(teacherTemperature).softmax(-1)];
}

/**
 * DINO: the cross-entropy -sum_k softmax((t - c) / T_t)_k log softmax(s / T_s)_k of each view of the student with each
 * other view of the teacher; the mean over such pairs of views and the batch.
 *
 * student: scores [views, n, d]; teacher: [teacherViews, n, d], whose view i is the student's view i. Returns a scalar.
 * The teacher and the centre are constants to the gradient.
 * Options: centre (null), teacherTemperature (0.04), studentTemperature (0.1).
 * Caron et al. 2021, arXiv:2104.14294. Reference values: lightly's DINOLoss.
 */
export function dino(student: TensorLike, teacher: TensorLike, options: DINOOptions = {}): Tensor {
  const where = "dino";
  const settings = resolve<Required<DINOOptions>>(where, options, dinoDefaults);
  const s = viewStack(where, "student", student, 2, 1);
  const t = viewStack(where, "teacher", teacher, 1, 1);
  if (t.shape[0] > s.shape[0]) {
    throw new ShapeError(
      where,
      `teacher ${formatShape(t.shape)} must have no more views than student ${formatShape(s.shape)}, whose first ones they are`,
    );
  }
  expectShape(where, "teacher", t, [t.shape[0], ...s.shape.slice(1)]);
  const [logs, targets] = softened(where, s, t, settings);
  const shared = logs.slice({ stop: t.shape[0] });
  const total = targets.sum(0).mul(logs.sum(0)).sum().sub(targets.mul(shared).sum()); // all pairs less those of one view
  return total.neg().div((s.shape[0] - 1) * t.shape[0] * s.shape[1]);
}

export interface IBOTOptions extends DINOOptions {
  /** The factor of the visible patches, >= 0: 0 is iBOT (the default), 1 iBOT++. */
  visibleWeight?: number;
  reduction?: Reduction;
}

/**
 * iBOT: the cross-entropy of `dino` for the masked patches of an image, their mean over the image.
 *
 * student, teacher: scores [n, patches, d]; mask: [n, patches], 1 where the student did not see the patch. Returns [n]
 * with reduction "none"; an image without masked patches has loss 0, and is counted. visibleWeight adds the mean over
 * the visible patches. Zhou et al. 2022, arXiv:2111.07832. Reference values: lightly's IBOTPatchLoss and
 * IBOTPlusPlusPatchLoss.
 * Options: centre (null), teacherTemperature (0.04), studentTemperature (0.1), visibleWeight (0), reduction ("mean").
 */
export function iBOT(student: TensorLike, teacher: TensorLike, mask: TensorLike, options: IBOTOptions = {}): Tensor {
  const where = "iBOT";
  const { visibleWeight, reduction, ...settings } = resolve<Required<IBOTOptions>>(where, options, {
    ...dinoDefaults,
    visibleWeight: 0,
    reduction: "mean",
  });
  expectNonNegative(where, "visibleWeight", visibleWeight);
  const [s, t] = [floatTensor(where, "student", student), floatTensor(where, "teacher", teacher)];
  expectAxes(where, "student", s, ["n", "patches", "d"]);
  expectSameShape(where, { student: s, teacher: t });
  expectNotEmpty(where, "student", s);
  const m = asTensor(mask, s.dtype, where, "mask");
  expectShape(where, "mask", m, s.shape.slice(0, 2));
  expectBinary(where, "mask", m);
  const [logs, targets] = softened(where, s, t, settings);
  const terms = targets.mul(logs).sum(2).neg();
  const over = (kept: Tensor) => maskedMean(terms, kept, 1);
  const hidden = over(m.ne(0));
  return reduce(where, visibleWeight === 0 ? hidden : hidden.add(over(m.eq(0)).mul(visibleWeight)), reduction);
}

/** The running mean of a teacher's scores, which `dino` and `iBOT` take as their centre. */
export class TeacherCentre extends Module {
  /** [d], 0 at first. */
  value: Tensor;
  readonly momentum: number;

  /** d: the number of scores. momentum (0.9): how much of the old value an update keeps, in [0, 1]. */
  constructor(d: number, options: { momentum?: number } = {}) {
    super();
    expectInteger("TeacherCentre", "d", d);
    const { momentum } = resolve("TeacherCentre", options, { momentum: 0.9 });
    expectFraction("TeacherCentre", "momentum", momentum);
    this.momentum = momentum;
    this.value = zeros([d]);
  }

  /** The value as it is. */
  forward(): Tensor {
    return this.value;
  }

  /** value <- momentum value + (1 - momentum) mean of the scores [..., d]. Call it after the loss. */
  update(scores: TensorLike): void {
    const t = floatTensor("TeacherCentre.update", "scores", scores);
    const [d] = this.value.shape;
    if (t.shape[t.ndim - 1] !== d || t.size === 0) {
      throw new ShapeError("TeacherCentre.update", `scores must be [..., ${d}], got ${formatShape(t.shape)}`);
    }
    noGrad(() => {
      const mean = t.reshape([-1, d]).mean(0).to(this.value.dtype);
      this.value.assign(this.value.mul(this.momentum).add(mean.mul(1 - this.momentum)));
    });
  }
}
