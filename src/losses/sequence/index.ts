export { AdaptiveSoftmax, type AdaptiveSoftmaxOptions } from "./adaptive-softmax.ts";
export { type CRFOptions, crf } from "./crf.ts";
export { type CTCOptions, ctc } from "./ctc.ts";
export {
  loadBalance,
  type MinimumRiskOptions,
  minimumRisk,
  unlikelihood,
  type ZLossOptions,
  zLoss,
} from "./language.ts";
export { CRF } from "./modules.ts";
export { negativeSampling, noiseContrastive } from "./sampling.ts";
export { type SoftDTWOptions, softDTW } from "./soft-dtw.ts";
export { type TokenCrossEntropyOptions, tokenCrossEntropy } from "./token.ts";
export { type RNNTOptions, rnnT } from "./transducer.ts";
