import type { Generator } from "../tensor/random.ts";

/** The default of the option `generator`: the global one. */
export const anyGenerator = undefined as Generator | undefined;
