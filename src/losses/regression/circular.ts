import { where } from "../../autograd/elementwise.ts";
import "../../functional/methods.ts";
import { resolve } from "../../tensor/options.ts";
import { type Tensor, type TensorLike, tensor } from "../../tensor/tensor.ts";
import { type Reduction, reduce } from "../reduction.ts";
import { parameter, predicted } from "./parameters.ts";

export interface VonMisesNLLOptions {
  reduction?: Reduction;
}

/**
 * The negative log-likelihood of angles under von Mises's distribution, the normal one of the circle:
 * -k cos(t - angle) + log(2 pi I0(k)), for the concentration k.
 *
 * angles, targets in radians: the same shape, with any number of turns; concentration >= 0 broadcasts to it. 0 is the
 * uniform distribution, large k the normal one of variance 1 / k. Computed as 2 k sin^2((t - angle) / 2) + log(2 pi
 * e^-k I0(k)), which is finite for every k. Options: reduction ("mean").
 * von Mises 1918; Mardia and Jupp 2000, "Directional statistics". Reference values: scipy.stats.vonmises.
 */
export function vonMisesNLL(
  angles: TensorLike,
  targets: TensorLike,
  concentration: TensorLike,
  options: VonMisesNLLOptions = {},
): Tensor {
  const { reduction } = resolve<Required<VonMisesNLLOptions>>("vonMisesNLL", options, { reduction: "mean" });
  const [m, t] = predicted("vonMisesNLL", "angles", angles, targets);
  const k = parameter("vonMisesNLL", "concentration", concentration, m, "nonNegative");
  const halfChord = t.sub(m).mul(0.5).sin().square().mul(2);
  return reduce(
    "vonMisesNLL",
    halfChord
      .mul(k)
      .add(logBesselI0e(k))
      .add(Math.log(2 * Math.PI)),
    reduction,
  );
}

/** From this concentration on the asymptotic series is exact to about 1e-14. */
const large = 40;

/**
 * log(e^-k I0(k)). I0(k) is the mean of e^(k cos a) over the circle: for moderate k over 64 even steps, of which the
 * lower half mirrors the upper; for large k its asymptotic series (Abramowitz and Stegun 1964, 9.7.1).
 */
function logBesselI0e(k: Tensor): Tensor {
  const isLarge = k.ge(large);
  const near = where(isLarge, large, k).unsqueeze(-1);
  const steps = Array.from({ length: 33 }, (_, j) => (Math.PI * j) / 32);
  const exponents = tensor(
    steps.map((a) => -2 * Math.sin(a / 2) ** 2),
    { dtype: k.dtype },
  ); // cos a - 1
  const logWeights = tensor(
    steps.map((_, j) => Math.log((j === 0 || j === 32 ? 1 : 2) / 64)),
    { dtype: k.dtype },
  );
  const mean = near.mul(exponents).add(logWeights).logSumExp(-1);
  const inverse = where(isLarge, k, large).reciprocal();
  const series = seriesI0.reduceRight<Tensor | number>((sum, c) => inverse.mul(sum).add(c), 0) as Tensor;
  return where(
    isLarge,
    series.log().add(
      inverse
        .log()
        .sub(Math.log(2 * Math.PI))
        .mul(0.5),
    ),
    mean,
  );
}

/** The coefficients of k^-j, prod over i <= j of (2i - 1)^2 / (8i). */
const seriesI0 = Array.from({ length: 14 }, (_, j) => {
  let product = 1;
  for (let i = 1; i <= j; i++) product *= (2 * i - 1) ** 2 / (8 * i);
  return product;
});
