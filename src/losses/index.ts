export * from "./classification/index.ts";
export * from "./contrastive/index.ts";
export * from "./divergence/index.ts";
export * from "./metric/index.ts";
export * from "./modules.ts";
export * from "./ranking/index.ts";
export type { BatchReduction, Reduction } from "./reduction.ts";
export * from "./regression/index.ts";
export * from "./segmentation/index.ts";
