/** The logit of what is no candidate. Finite, so that differences of it are, and `detectAnomaly` has nothing to find. */
export const except = -1e38;
