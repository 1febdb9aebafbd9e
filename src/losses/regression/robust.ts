import { where as select, stopGradient } from "../../autograd/elementwise.ts";
import "../../functional/methods.ts";
import { expectProbabilities } from "../../tensor/checks.ts";
import { expectNumber, expectPositive, resolve } from "../../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { reduce } from "../reduction.ts";
import { type RegressionOptions, residual } from "./residual.ts";

// Losses of the residual r = prediction - target that grow ever more slowly, so that outliers pull little or not at
// all.

export interface RobustOptions extends RegressionOptions {
  /** The size of residual at which the loss leaves the parabola, > 0. Default 1. */
  scale?: number;
}

/** The reduction of a function of r / scale. */
function ofScaled(
  where: string,
  predictions: TensorLike,
  targets: TensorLike,
  options: RobustOptions,
  terms: (x: Tensor) => Tensor,
  usual = 1,
): Tensor {
  const { scale, reduction } = resolve<Required<RobustOptions>>(where, options, { scale: usual, reduction: "mean" });
  expectPositive(where, "scale", scale);
  return reduce(where, terms(residual(where, predictions, targets).div(scale)), reduction);
}

/**
 * Cauchy's loss, also Lorentzian: log(1 + (r / scale)^2 / 2).
 *
 * predictions, targets: the same shape. Its pull, largest at |r| = sqrt(2) scale, falls like 2 / r. Options: scale (1),
 * reduction ("mean").
 * Black and Anandan 1996, "The robust estimation of multiple motions". Reference values: the formula, kornia's
 * cauchy_loss.
 */
export function cauchy(predictions: TensorLike, targets: TensorLike, options: RobustOptions = {}): Tensor {
  return ofScaled("cauchy", predictions, targets, options, (x) => x.square().mul(0.5).log1p());
}

/**
 * Geman and McClure's loss: 2 (r / scale)^2 / ((r / scale)^2 + 4), which never exceeds 2.
 *
 * predictions, targets: the same shape. Options: scale (1), reduction ("mean").
 * Geman and McClure 1985, "Bayesian image analysis". Reference values: the formula, kornia's geman_mcclure_loss.
 */
export function gemanMcClure(predictions: TensorLike, targets: TensorLike, options: RobustOptions = {}): Tensor {
  return ofScaled("gemanMcClure", predictions, targets, options, (x) => x.square().mul(2).div(x.square().add(4)));
}

/**
 * Welsch's loss, also Leclerc's: 1 - exp(-(r / scale)^2 / 2), which never exceeds 1.
 *
 * predictions, targets: the same shape. The pull of far outliers underflows to 0. Options: scale (1), reduction
 * ("mean").
 * Dennis and Welsch 1978, "Techniques for nonlinear least squares and robust regression". Reference values: the
 * formula, kornia's welsch_loss.
 */
export function welsch(predictions: TensorLike, targets: TensorLike, options: RobustOptions = {}): Tensor {
  return ofScaled("welsch", predictions, targets, options, (x) => x.square().mul(-0.5).expm1().neg());
}

/**
 * Tukey's biweight: scale^2 / 6 (1 - (1 - (r / scale)^2)^3) where |r| <= scale, scale^2 / 6 beyond, where the gradient
 * is 0.
 *
 * predictions, targets: the same shape. Options: scale (4.685, which keeps 95 % efficiency for normal residuals of
 * deviation 1), reduction ("mean"). Beaton and Tukey 1974, "The fitting of power series". Reference values: the
 * formula.
 */
export function tukey(predictions: TensorLike, targets: TensorLike, options: RobustOptions = {}): Tensor {
  const { scale = 4.685 } = options ?? {}; // ofScaled checks them
  const terms = (x: Tensor) => {
    const u = x.clamp(-1, 1).square();
    // 1 - (1 - u)^3, which would lose the digits of a small u
    return u
      .sub(3)
      .mul(u)
      .add(3)
      .mul(u)
      .mul((scale * scale) / 6);
  };
  return ofScaled("tukey", predictions, targets, options, terms, 4.685);
}

export interface GeneralRobustOptions extends RobustOptions {
  /**
   * The shape: 2 gives the parabola, 1 Charbonnier's loss, 0 Cauchy's, -2 Geman and McClure's, -Infinity Welsch's;
   * above 2 outliers pull more than in the parabola. Any number, or an infinity. Default 1.
   */
  alpha?: number;
}

/**
 * Barron's general loss: |alpha - 2| / alpha ((x^2 / |alpha - 2| + 1)^(alpha / 2) - 1), x = r / scale, with its limits
 * at alpha 2, 0, -Infinity and Infinity.
 *
 * predictions, targets: the same shape. x^2 / 2 near 0 for every alpha. Options: alpha (1), scale (1), reduction
 * ("mean"). Computed with expm1 and log1p, which keep the digits of small residuals. Large alpha overflows for
 * residuals of many scales, as the formula does. Barron 2019, arXiv:1701.03077. Reference values: the formula.
 */
export function generalRobust(
  predictions: TensorLike,
  targets: TensorLike,
  options: GeneralRobustOptions = {},
): Tensor {
  const where = "generalRobust";
  const { alpha, scale, reduction } = resolve<Required<GeneralRobustOptions>>(where, options, {
    alpha: 1,
    scale: 1,
    reduction: "mean",
  });
  expectNumber(where, "alpha", alpha, "or an infinity", (v) => !Number.isNaN(v));
  expectPositive(where, "scale", scale);
  const half = residual(where, predictions, targets).div(scale).square().mul(0.5); // x^2 / 2
  return reduce(where, barron(half, alpha), reduction);
}

function barron(half: Tensor, alpha: number): Tensor {
  if (alpha === 2) return half;
  if (alpha === 0) return half.log1p();
  if (alpha === Number.NEGATIVE_INFINITY) return half.neg().expm1().neg();
  if (alpha === Number.POSITIVE_INFINITY) return half.expm1();
  const b = Math.abs(alpha - 2);
  return half
    .mul(2 / b)
    .log1p()
    .mul(alpha / 2)
    .expm1()
    .mul(b / alpha);
}

export interface WingOptions extends RegressionOptions {
  /** Where the logarithm turns into a line, > 0. Default 10. */
  width?: number;
  /** How sharply the logarithm bends, > 0. Default 2. */
  epsilon?: number;
}

/**
 * Wing loss of landmarks: width log(1 + |r| / epsilon) where |r| < width, |r| - C beyond, with C such that the two
 * meet: medium errors pull more than large ones.
 *
 * predictions, targets: the same shape. The slope jumps at 0 (gradient 0 there) and at |r| = width (that of the line).
 * Options: width (10), epsilon (2), reduction ("mean"). Feng et al. 2018, arXiv:1711.06753. Reference values: the
 * formula; segmentation_models_pytorch and pytorch-toolbelt default to width 5, epsilon 0.5.
 */
export function wing(predictions: TensorLike, targets: TensorLike, options: WingOptions = {}): Tensor {
  const { width, epsilon, reduction } = resolve<Required<WingOptions>>("wing", options, {
    width: 10,
    epsilon: 2,
    reduction: "mean",
  });
  expectPositive("wing", "width", width);
  expectPositive("wing", "epsilon", epsilon);
  const size = residual("wing", predictions, targets).abs();
  const curved = size.div(epsilon).log1p().mul(width);
  const line = size.sub(width - width * Math.log1p(width / epsilon));
  return reduce("wing", select(size.lt(width), curved, line), reduction);
}

export interface AdaptiveWingOptions extends RegressionOptions {
  /** The exponent's upper end, > 1. Default 2.1. */
  alpha?: number;
  /** The height of the curve, > 0. Default 14. */
  omega?: number;
  /** How sharply it bends, > 0. Default 1. */
  epsilon?: number;
  /** Where it turns into a line, > 0. Default 0.5. */
  theta?: number;
}

/**
 * Adaptive wing loss of heat maps: omega log(1 + |r / epsilon|^(alpha - target)) where |r| < theta, beyond it a line
 * that continues it with the same slope; on peaks it is a wing, on background a parabola.
 *
 * predictions, targets: the same shape, targets in [0, 1]. The gradient at r = 0 is 0. Options: alpha (2.1), omega
 * (14), epsilon (1), theta (0.5), reduction ("mean"). Wang, Bo and Fuxin 2019, arXiv:1904.07399. Reference values: the
 * formula.
 */
export function adaptiveWing(predictions: TensorLike, targets: TensorLike, options: AdaptiveWingOptions = {}): Tensor {
  const where = "adaptiveWing";
  const { alpha, omega, epsilon, theta, reduction } = resolve<Required<AdaptiveWingOptions>>(where, options, {
    alpha: 2.1,
    omega: 14,
    epsilon: 1,
    theta: 0.5,
    reduction: "mean",
  });
  expectNumber(where, "alpha", alpha, "> 1 and finite", (v) => v > 1 && v < Infinity);
  for (const [name, value] of Object.entries({ omega, epsilon, theta })) expectPositive(where, name, value);
  const size = residual(where, predictions, targets).abs();
  const y = asTensor(targets, size.dtype);
  expectProbabilities(where, "targets", y);
  const power = y.neg().add(alpha);
  const inside = size.lt(theta).logicalAnd(size.ne(0));
  const curve = select(inside, size.div(epsilon), 1).pow(power).log1p().mul(omega);
  const bend = power.mul(Math.log(theta / epsilon)).exp(); // (theta / epsilon)^(alpha - y)
  const slope = bend
    .div(bend.add(1))
    .mul(power)
    .mul(omega / theta);
  const line = size.sub(theta).mul(slope).add(bend.log1p().mul(omega));
  return reduce(where, select(size.lt(theta), select(inside, curve, 0), line), reduction);
}

export interface BalancedL1Options extends RegressionOptions {
  /** How much inliers are promoted, > 0. Default 0.5. */
  alpha?: number;
  /** The slope of the line, > 0. Default 1.5. */
  gamma?: number;
  /** Where the line begins, > 0. Default 1. */
  beta?: number;
}

/**
 * Balanced L1: alpha / b (b |r| + 1) log(b |r| / beta + 1) - alpha |r| where |r| < beta, gamma |r| + gamma / b - alpha
 * beta beyond, b = e^(gamma / alpha) - 1.
 *
 * predictions, targets: the same shape. Options: alpha (0.5), gamma (1.5), beta (1), reduction ("mean"). The two parts
 * meet at beta, with equal slopes, for beta 1. Pang et al. 2019, arXiv:1904.02701. Reference values: the formula, as in
 * mmdetection.
 */
export function balancedL1(predictions: TensorLike, targets: TensorLike, options: BalancedL1Options = {}): Tensor {
  const { alpha, gamma, beta, reduction } = resolve<Required<BalancedL1Options>>("balancedL1", options, {
    alpha: 0.5,
    gamma: 1.5,
    beta: 1,
    reduction: "mean",
  });
  for (const [name, value] of Object.entries({ alpha, gamma, beta })) expectPositive("balancedL1", name, value);
  const b = Math.expm1(gamma / alpha);
  const size = residual("balancedL1", predictions, targets).abs();
  const inside = size.minimum(beta).mul(b);
  const curved = inside
    .add(1)
    .mul(inside.div(beta).log1p())
    .mul(alpha / b)
    .sub(size.mul(alpha));
  const line = size.mul(gamma).add(gamma / b - alpha * beta);
  return reduce("balancedL1", select(size.lt(beta), curved, line), reduction);
}

export interface ReverseHuberOptions extends RegressionOptions {
  /** Where the line turns into a parabola, as a share of the largest residual of the batch, in (0, 1]. Default 0.2. */
  share?: number;
}

/**
 * Reverse Huber, also berHu: |r| where |r| <= c, (r^2 + c^2) / (2 c) beyond, c = share max |r| of the batch, outside
 * the gradient.
 *
 * predictions, targets: the same shape. The gradient at r = 0 is 0. Options: share (0.2), reduction ("mean").
 * Owen 2007, "A robust hybrid of lasso and ridge regression"; Laina et al. 2016, arXiv:1606.00373. Reference values:
 * the formula.
 */
export function reverseHuber(predictions: TensorLike, targets: TensorLike, options: ReverseHuberOptions = {}): Tensor {
  const where = "reverseHuber";
  const { share, reduction } = resolve<Required<ReverseHuberOptions>>(where, options, {
    share: 0.2,
    reduction: "mean",
  });
  expectNumber(where, "share", share, "in (0, 1]", (v) => v > 0 && v <= 1);
  const size = residual(where, predictions, targets).abs();
  if (size.size === 0) return reduce(where, size, reduction);
  const most = stopGradient(size.max().mul(share));
  const c = most.maskedFill(most.eq(0), 1);
  const square = size.square().add(c.square()).div(c.mul(2));
  return reduce(where, select(size.gt(c), square, size), reduction);
}
