export * from "./ge2e.ts";
export * from "./info-nce.ts";
export * from "./margin-softmax.ts";
export * as miners from "./miners.ts";
export * from "./modules.ts";
export * from "./pairs.ts";
export * from "./ranking.ts";
export * from "./triplet.ts";
