import { where } from "../../autograd/elementwise.ts";
import { except } from "../candidates.ts";
import "../../functional/methods.ts";
import {
  asIndices,
  expectAxes,
  expectBinary,
  expectIndices,
  expectPositiveElements,
  expectShape,
  floatTensor,
} from "../../tensor/checks.ts";
import { arange, onesLike, zerosLike } from "../../tensor/creation.ts";
import { expectOneOf, resolve } from "../../tensor/options.ts";
import { asTensor, type Tensor, type TensorLike } from "../../tensor/tensor.ts";
import { expectTerms, type Reduction, reduce } from "../reduction.ts";
import { halfLog2Pi, parameter } from "./parameters.ts";

// Times until an event, some of which are censored: all that is known is that the event had not happened by then.

/** Which samples had their event: 1, or 0 where the time is censored. */
function eventsOf(name: string, events: TensorLike, like: Tensor, shape: readonly number[]): Tensor {
  const e = asTensor(events, like.dtype, name, "events");
  expectShape(name, "events", e, shape);
  expectBinary(name, "events", e);
  return e.to(like.dtype);
}

export interface CoxPartialLikelihoodOptions {
  /** What is done when events have the same time: Efron's approximation or Breslow's. Default "efron". */
  ties?: "efron" | "breslow";
  reduction?: Reduction;
}

/**
 * Cox's negative log partial likelihood of a proportional hazards model: for each event i,
 * log sum over those still at risk, t_j >= t_i, of e^(h_j), less h_i.
 *
 * logHazards = h [n], times [n], events [n] (1, or 0 where the time is censored). "none" gives [n] with 0 for censored
 * samples, and "mean" divides by the number of events; without events it is 0, with gradient 0. Among d events of one
 * time Breslow leaves all at risk, and Efron takes l / d of them out of the sum for the l-th, l = 0, 1, ..., d - 1;
 * they agree where no times tie. A common offset of the log-hazards changes nothing. The batch should hold many
 * samples: those at risk are looked for in it alone. Options: ties ("efron"), reduction ("mean").
 * Cox 1972, "Regression models and life-tables"; Breslow 1974; Efron 1977; Katzman et al. 2018 (DeepSurv),
 * arXiv:1606.00931. Reference values: the formula with loops, which agrees with statsmodels' PHReg.
 */
export function coxPartialLikelihood(
  logHazards: TensorLike,
  times: TensorLike,
  events: TensorLike,
  options: CoxPartialLikelihoodOptions = {},
): Tensor {
  const { ties, reduction } = resolve<Required<CoxPartialLikelihoodOptions>>("coxPartialLikelihood", options, {
    ties: "efron",
    reduction: "mean",
  });
  expectOneOf("coxPartialLikelihood", "ties", ties, ["efron", "breslow"]);
  const h = floatTensor("coxPartialLikelihood", "logHazards", logHazards);
  expectAxes("coxPartialLikelihood", "logHazards", h, ["n"]);
  const t = asTensor(times, "float64", "coxPartialLikelihood", "times");
  expectShape("coxPartialLikelihood", "times", t, h.shape);
  const happened = eventsOf("coxPartialLikelihood", events, h, h.shape);
  const order = t.argsort(0, { descending: true });
  const [sorted, event] = [h.indexSelect(0, order), happened.indexSelect(0, order)];
  const { group, first, last } = groupsOf(t.indexSelect(0, order));
  const partition = sorted.logCumSumExp(0).indexSelect(0, last); // over all whose time is not before
  let terms = partition.sub(sorted);
  if (ties === "efron") {
    const ofGroup = (x: Tensor) => zerosLike(x).scatterAdd(0, group, x).indexSelect(0, group);
    const before = event.cumsum(0).sub(event);
    const rank = before.sub(before.indexSelect(0, first)); // l of d
    const share = where(event.ne(0), rank.div(ofGroup(event).maximum(1)), 0);
    const tiedShare = ofGroup(where(event.ne(0), sorted.sub(partition), except).exp());
    terms = terms.add(share.mul(tiedShare).neg().log1p());
  }
  const counted = terms.mul(event).indexSelect(0, order.argsort(0));
  if (reduction !== "mean") return reduce("coxPartialLikelihood", counted, reduction);
  expectTerms("coxPartialLikelihood", counted);
  return counted.sum().div(happened.sum().maximum(1));
}

/** For each element of sorted times the number of its group of equal ones, and where that begins and ends: int32 [n]. */
function groupsOf(times: Tensor): { group: Tensor; first: Tensor; last: Tensor } {
  const [n] = times.shape;
  const index = arange(n);
  const isNew = times.ne(times.indexSelect(0, index.sub(1).maximum(0))).to("int32");
  const group = isNew.cumsum(0);
  const sizes = zerosLike(index).scatterAdd(0, group, onesLike(index));
  const ends = sizes.cumsum(0);
  return {
    group,
    first: ends.sub(sizes).indexSelect(0, group),
    last: ends.sub(1).indexSelect(0, group),
  };
}

export interface AcceleratedFailureTimeOptions {
  /** The distribution of (log t - location) / scale: log-normal, log-logistic or Weibull times. Default "normal". */
  distribution?: "normal" | "logistic" | "extreme";
  reduction?: Reduction;
}

/**
 * The negative log-likelihood of an accelerated failure time model, log t = location + scale z: -log of the density at
 * the times of events, and -log of the probability of surviving beyond the censored ones.
 *
 * location, times > 0 and events (1, or 0 where the time is censored): the same shape; scale > 0 broadcasts to it. The
 * density is that of t. z is standard "normal", "logistic", or the "extreme" value whose log-survival is -e^z, for
 * which z > 88 overflows float32. Options: distribution ("normal"), reduction ("mean").
 * Wei 1992, "The accelerated failure time model"; Barnwal et al. 2022, arXiv:2006.04920 (XGBoost).
 * Reference values: scipy.stats.lognorm, fisk and weibull_min.
 */
export function acceleratedFailureTime(
  location: TensorLike,
  times: TensorLike,
  events: TensorLike,
  scale: TensorLike,
  options: AcceleratedFailureTimeOptions = {},
): Tensor {
  const name = "acceleratedFailureTime";
  const { distribution, reduction } = resolve<Required<AcceleratedFailureTimeOptions>>(name, options, {
    distribution: "normal",
    reduction: "mean",
  });
  expectOneOf(name, "distribution", distribution, ["normal", "logistic", "extreme"]);
  const m = floatTensor(name, "location", location);
  const t = asTensor(times, m.dtype, name, "times");
  expectShape(name, "times", t, m.shape);
  expectPositiveElements(name, "times", t);
  const happened = eventsOf(name, events, m, m.shape);
  const s = parameter(name, "scale", scale, m);
  const z = t.log().sub(m).div(s);
  const { density, survival } = standard[distribution](z);
  const atEvent = density.add(s.log()).add(t.log());
  return reduce(name, where(happened.ne(0), atEvent, survival), reduction);
}

/** -log of the density and of the probability of more than z. */
const standard = {
  normal: (z: Tensor) => ({ density: z.square().mul(0.5).add(halfLog2Pi), survival: negativeLogTail(z) }),
  logistic: (z: Tensor) => ({ density: z.add(z.neg().softplus().mul(2)), survival: z.softplus() }),
  extreme: (z: Tensor) => ({ density: z.exp().sub(z), survival: z.exp() }),
};

/**
 * -log of the probability that a standard normal variable exceeds z: by erfc, and from z = 12 on, where that nears the
 * least float32, by the asymptotic series phi(z) / z (1 - 1 / z^2 + 3 / z^4 - ...).
 */
function negativeLogTail(z: Tensor): Tensor {
  const isFar = z.ge(12);
  const near = where(isFar, 0, z).mul(Math.SQRT1_2).erfc().mul(0.5).log().neg();
  const far = where(isFar, z, 12);
  const inverse = far.square().reciprocal();
  let series: Tensor = inverse.mul(0).add(1);
  for (let k = 12; k >= 1; k--)
    series = series
      .mul(inverse)
      .mul(1 - 2 * k)
      .add(1); // Horner's scheme
  return where(isFar, far.square().mul(0.5).add(far.log()).add(halfLog2Pi).sub(series.log()), near);
}

export interface DiscreteTimeHazardOptions {
  reduction?: Reduction;
}

/**
 * The negative log-likelihood of survival in discrete time, with a hazard sigmoid(x_j) for each interval j: the event
 * in interval b has survived those before it, -log sigmoid(x_b) - sum over j < b of log(1 - sigmoid(x_j)); a sample
 * censored in b has survived b as well. That is sum over j <= b of softplus(x_j), less x_b for an event.
 *
 * logits [n, intervals], intervals int32 [n] (in which the time lies), events [n] (1, or 0 where it is censored).
 * "none" gives [n]. Options: reduction ("mean").
 * Brown 1975; Gensheimer and Narasimhan 2019, "A scalable discrete-time survival model for neural networks",
 * arXiv:1805.00917. Reference values: the formula with loops.
 */
export function discreteTimeHazard(
  logits: TensorLike,
  intervals: TensorLike,
  events: TensorLike,
  options: DiscreteTimeHazardOptions = {},
): Tensor {
  const { reduction } = resolve<Required<DiscreteTimeHazardOptions>>("discreteTimeHazard", options, {
    reduction: "mean",
  });
  const x = floatTensor("discreteTimeHazard", "logits", logits);
  expectAxes("discreteTimeHazard", "logits", x, ["n", "intervals"]);
  const index = asIndices("discreteTimeHazard", "intervals", intervals);
  expectShape("discreteTimeHazard", "intervals", index, x.shape.slice(0, 1));
  expectIndices("discreteTimeHazard", "intervals", index, x.shape[1], "logits");
  const happened = eventsOf("discreteTimeHazard", events, x, index.shape);
  const last = index.unsqueeze(1);
  const lived = arange(x.shape[1]).le(last);
  const survived = x.softplus().mul(lived.to(x.dtype)).sum(1);
  return reduce("discreteTimeHazard", survived.sub(x.gather(1, last).squeeze(1).mul(happened)), reduction);
}
