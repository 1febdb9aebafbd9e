// Miners select the rows of a batch that teach something; losses take what they give as the option `pairs`.

export { type Pairs, pairsOf, type Triplets, tripletsOf } from "./mined.ts";
export type { DistanceMinerOptions, MinerOptions } from "./mining.ts";
export * from "./pair-miners.ts";
export * from "./triplet-miners.ts";
