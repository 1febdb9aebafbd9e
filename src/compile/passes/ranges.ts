/**
 * Attributes that a pass gives to a record whose input it knows to lie in part of the range, for which there is a
 * cheaper form. The primitive's own kernel does not look at them.
 */

/** Of exp: the input is at most 0, or NaN. */
export const ofNonPositive = { range: "nonPositive" } as const;

/** Of log1p: the input is in [0, 1], or NaN. */
export const ofUnit = { range: "unit" } as const;
