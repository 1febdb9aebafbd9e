import { ValueError } from "../tensor/errors.ts";
import { Generator } from "../tensor/random.ts";

export interface RandomOptions {
  /** Draws from this generator instead of the global one. */
  generator?: Generator;
  /** Short for a generator of its own with this seed. */
  seed?: string | number;
}

/** The generator that the options name; undefined stands for the global one. */
export function chooseGenerator(
  where: string,
  generator: Generator | undefined,
  seed: string | number | undefined,
): Generator | undefined {
  if (seed === undefined) {
    if (generator !== undefined && !(generator instanceof Generator)) {
      throw new ValueError(where, "generator must be a random.Generator; for a number use seed");
    }
    return generator;
  }
  if (generator !== undefined) throw new ValueError(where, "takes generator or seed, not both");
  return new Generator(seed);
}
