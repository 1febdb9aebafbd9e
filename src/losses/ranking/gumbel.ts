import { expectInteger, expectNonNegative } from "../../tensor/options.ts";
import { type Generator, generatorOr } from "../../tensor/random.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import type { Lists } from "./lists.ts";

export interface SamplingOptions {
  /** How many times the scores are perturbed. */
  samples?: number;
  /** The factor on the Gumbel noise that is added to the scores, >= 0. With 0 nothing is drawn. */
  noise?: number;
  /** Draws from this generator instead of the global one. */
  generator?: Generator;
}

/** Options with their defaults; a generator may still be missing. */
export type Resolved<O extends { generator?: Generator }> = Required<Omit<O, "generator">> & {
  generator: Generator | undefined;
};

export function expectSampling(where: string, { samples, noise }: { samples: number; noise: number }): void {
  expectInteger(where, "samples", samples);
  expectNonNegative(where, "noise", noise);
}

/**
 * The lists `samples` times over, [samples lists, items], each time with other standard Gumbel noise on the scores:
 * sorted by them, a list is a draw from the Plackett-Luce model of its scores.
 */
export function perturbed(
  { s, y, real, single }: Lists,
  { samples, noise, generator }: { samples: number; noise: number; generator: Generator | undefined },
): Lists {
  const [lists, items] = s.shape;
  const shape = [samples, lists, items];
  const each = (x: Tensor) => x.broadcastTo(shape).reshape([samples * lists, items]);
  if (noise === 0) return { s: each(s), y: each(y), real: each(real), single };
  const uniform = generatorOr(generator)
    .uniform(shape)
    .to(s.dtype)
    .clamp(1e-30, 1 - 2 ** -24); // both logarithms finite
  const gumbel = uniform.log().neg().log().neg().mul(noise);
  return { s: each(s.add(gumbel).maskedFill(real.logicalNot(), 0)), y: each(y), real: each(real), single };
}

/** The mean over the samples of `perturbed`: [samples lists] -> [lists]. */
export const meanOfSamples = (terms: Tensor, samples: number): Tensor =>
  samples === 1 ? terms : terms.reshape([samples, terms.shape[0] / samples]).mean(0);
