export {
  type AdrMSEOptions,
  type ApproxMRROptions,
  type ApproxNDCGOptions,
  adrMSE,
  approxMRR,
  approxNDCG,
  type GumbelApproxNDCGOptions,
  gumbelApproxNDCG,
} from "./approximate-ranks.ts";
export * from "./bradley-terry.ts";
export * from "./click-models.ts";
export type { SamplingOptions } from "./gumbel.ts";
export { type LambdaOptions, type LambdaScheme, lambda } from "./lambda.ts";
export * from "./list-mle.ts";
export type { Gain, ListAverage, ListOptions, ListwiseOptions } from "./lists.ts";
export * from "./listwise.ts";
export {
  type KnowledgeGraphMarginRankingOptions,
  knowledgeGraphMarginRanking,
  type MarginRankingOptions,
  marginRanking,
} from "./margin-ranking.ts";
export * from "./neural-sort.ts";
export {
  type PairOptions,
  type PairWeighting,
  type PairwiseHingeOptions,
  type PairwiseLogisticOptions,
  type PairwiseMSEOptions,
  type PairwiseQuantileOptions,
  pairwiseHinge,
  pairwiseLogistic,
  pairwiseMSE,
  pairwiseQuantile,
  pairwiseSoftZeroOne,
  rankNet,
  type WeightedPairOptions,
} from "./pairwise.ts";
export {
  type PointwiseOptions,
  type PointwiseOrdinalOptions,
  type PointwiseRMSEOptions,
  type PointwiseSigmoidOptions,
  pointwiseMSE,
  pointwiseOrdinal,
  pointwiseRMSE,
  pointwiseSigmoid,
} from "./pointwise.ts";
export * from "./ranking-circle.ts";
export * from "./sampled-softmax.ts";
export * from "./self-adversarial.ts";
export * from "./warp.ts";
export * from "./yeti.ts";
