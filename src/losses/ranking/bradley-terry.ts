import { expectSameShape, floatTensor } from "../../tensor/checks.ts";
import { ShapeError } from "../../tensor/errors.ts";
import { expectNonNegative, expectNumber, resolve } from "../../tensor/options.ts";
import { formatShape } from "../../tensor/shape.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { paired } from "./margin-ranking.ts";

// Of two scores, one is known to be the better.

export interface BradleyTerryOptions {
  /** By how much the chosen score should lead: a number, or one for each pair. Default 0. */
  margin?: number | TensorLike;
  /** The factor on (chosen + rejected)^2, which keeps the scores near 0, >= 0. Default 0. */
  centring?: number;
  reduction?: Reduction;
}

/**
 * Bradley-Terry: -log of the chance that the chosen one wins, log(1 + e^(-(chosen - rejected - margin))); the loss of
 * reward models.
 *
 * chosen, rejected: scores of one shape. Options: margin (0), centring (0; TRL's center_rewards_coefficient), reduction
 * ("mean").
 * Bradley and Terry 1952, "Rank analysis of incomplete block designs"; Ouyang et al. 2022, arXiv:2203.02155; Touvron et
 * al. 2023, arXiv:2307.09288 (margin). Reference values: torch.nn.functional.logsigmoid.
 */
export function bradleyTerry(chosen: TensorLike, rejected: TensorLike, options: BradleyTerryOptions = {}): Tensor {
  const where = "bradleyTerry";
  const { margin, centring, reduction } = resolve<Required<BradleyTerryOptions>>(where, options, {
    margin: 0,
    centring: 0,
    reduction: "mean",
  });
  if (typeof margin === "number") expectNumber(where, "margin", margin, "that is finite", Number.isFinite);
  expectNonNegative(where, "centring", centring);
  const [winner, loser] = [floatTensor(where, "chosen", chosen), floatTensor(where, "rejected", rejected)];
  expectSameShape(where, { chosen: winner, rejected: loser });
  const lead = asTensor(margin, winner.dtype, where, "margin");
  if (lead.ndim > 0 && formatShape(lead.shape) !== formatShape(winner.shape))
    throw new ShapeError(
      where,
      `margin ${formatShape(lead.shape)} must be a number or of shape ${formatShape(winner.shape)}`,
    );
  const losses = loser.sub(winner).add(lead).softplus();
  return reduce(where, centring === 0 ? losses : losses.add(winner.add(loser).square().mul(centring)), reduction);
}

/**
 * Bayesian personalised ranking: log(1 + e^(-(positive - negative))), for an item that a user took and one that they
 * did not.
 *
 * positive: scores [n], or of any shape; negative: the same shape, or with a last axis of its own that lists the
 * negatives of each positive: [n, k]. "none" gives the shape of negative. The paper's penalty on the parameters is the
 * optimizer's weight decay. Options: reduction ("mean").
 * Rendle et al. 2009, "BPR: Bayesian personalized ranking from implicit feedback", arXiv:1205.2618. Reference values:
 * torch.nn.functional.logsigmoid.
 */
export function bayesianPersonalizedRanking(
  positive: TensorLike,
  negative: TensorLike,
  options: { reduction?: Reduction } = {},
): Tensor {
  const where = "bayesianPersonalizedRanking";
  const { reduction } = resolve<{ reduction: Reduction }>(where, options, { reduction: "mean" });
  const [p, n] = [floatTensor(where, "positive", positive), floatTensor(where, "negative", negative)];
  return reduce(where, n.sub(paired(where, p, n, "aligned")).softplus(), reduction);
}
