export { type Dataset, Subset, TensorDataset } from "./dataset.ts";
export { DataLoader, type DataLoaderOptions } from "./loader.ts";
export type { Sample } from "./sample.ts";
export { BalancedBatchSampler, type BalancedBatchSamplerOptions, type BatchSampler } from "./sampler.ts";
export { type SplitOptions, split, type TrainTestSplitOptions, trainTestSplit } from "./split.ts";
export { Standardizer, standardize } from "./standardizer.ts";
