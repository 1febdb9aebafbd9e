export {
  brierScore,
  calibrationError,
  logLoss,
  type ReliabilityBin,
  reliabilityBins,
} from "./calibration.ts";
export {
  type Average,
  type AverageOptions,
  accuracy,
  balancedAccuracy,
  confusionMatrix,
  f1,
  precision,
  recall,
  topKAccuracy,
} from "./classification.ts";
export { mutualInformationBound } from "./information.ts";
export {
  averagePrecision,
  type DETCurve,
  detCurve,
  equalErrorRate,
  meanAveragePrecision,
  type PrecisionRecallCurve,
  precisionRecallCurve,
  type ROCCurve,
  rocAUC,
  rocCurve,
} from "./ranking.ts";
export { meanAbsoluteError, meanSquaredError, r2, rootMeanSquaredError } from "./regression.ts";
export {
  type RecallOptions,
  type RetrievalMetric,
  type RetrievalOptions,
  recallAtK,
  retrievalMeanAveragePrecision,
} from "./retrieval.ts";
