export * from "./boundary.ts";
export * from "./cl-dice.ts";
export * from "./combined.ts";
export { type DiceOptions, type DicePreset, dice, type LogCoshDiceOptions, logCoshDice } from "./dice.ts";
export * as distanceMaps from "./distance-maps.ts";
export * from "./exponential-logarithmic.ts";
export {
  type GeneralizedDiceOptions,
  type GeneralizedWassersteinDiceOptions,
  generalizedDice,
  generalizedWassersteinDice,
} from "./generalized-dice.ts";
export * from "./hausdorff.ts";
export * from "./lovasz.ts";
export type { Activation, MaskOptions, Pooling } from "./masks.ts";
export * from "./matthews.ts";
export * from "./nacl.ts";
export type { OverlapOptions } from "./overlap.ts";
export {
  type FocalTverskyOptions,
  focalTversky,
  type JaccardOptions,
  jaccard,
  type TverskyOptions,
  tversky,
} from "./tversky.ts";
export * from "./unified-focal.ts";
