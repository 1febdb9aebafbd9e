import "../../functional/methods.ts";
import { expectProbabilities, expectSameShape, floatTensor } from "../../tensor/checks.ts";
import { promote } from "../../tensor/dtype.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { classAxis } from "../classes.ts";
import { type Reduction, reduce } from "../reduction.ts";

// What divergences share: the prediction by its logarithms, the target as it is or by its logarithms.

/** log q and the target p (log p with logTarget), of one shape, checked. */
export function compared(
  where: string,
  logProbabilities: TensorLike,
  target: TensorLike,
  logTarget: boolean,
): [logq: Tensor, target: Tensor] {
  const logq = floatTensor(where, "logProbabilities", logProbabilities);
  const t = asTensor(target, logq.dtype, where, "target");
  const given = t.to(promote(t.dtype, logq.dtype));
  expectSameShape(where, { logProbabilities: logq, target: given });
  if (!logTarget) expectProbabilities(where, "target", given, "for log-probabilities set logTarget: true");
  return [logq, given];
}

/** The logarithm of probability 0: finite, so that differences and `detectAnomaly` are at peace with it. */
const impossible = -1e30;

/** Log-probabilities with `impossible` for -Infinity, which has gradient 0. */
export const finiteLogs = (logp: Tensor): Tensor => logp.clamp(impossible);

/** log p, `impossible` with gradient 0 where p = 0. */
export function logsOf(p: Tensor): Tensor {
  const zero = p.eq(0);
  return p.maskedFill(zero, 1).log().maskedFill(zero, impossible);
}

export interface DivergenceOptions {
  /** The target holds log-probabilities. Default false. */
  logTarget?: boolean;
  reduction?: Reduction;
}

/** The reduction of what `terms` makes of the finite log q and log p of each distribution along the class axis. */
export function ofDistributions(
  where: string,
  logProbabilities: TensorLike,
  target: TensorLike,
  { logTarget, reduction }: Required<DivergenceOptions>,
  terms: (logq: Tensor, logp: Tensor, axis: number) => Tensor,
): Tensor {
  const [logq, p] = compared(where, logProbabilities, target, logTarget);
  const axis = classAxis(where, "logProbabilities", logq);
  return reduce(where, terms(finiteLogs(logq), logTarget ? finiteLogs(p) : logsOf(p), axis), reduction);
}

export const divergenceDefaults: Required<DivergenceOptions> = { logTarget: false, reduction: "mean" };

/** D(p || q) = sum p (log p - log q) along an axis, of finite logarithms. */
export const relativeEntropy = (logp: Tensor, logq: Tensor, axis: number): Tensor =>
  logp.exp().mul(logp.sub(logq)).sum(axis);
