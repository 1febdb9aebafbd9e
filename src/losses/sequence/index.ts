export { type CRFOptions, crf } from "./crf.ts";
export { type CTCOptions, ctc } from "./ctc.ts";
export { CRF } from "./modules.ts";
export { type TokenCrossEntropyOptions, tokenCrossEntropy } from "./token.ts";
export { type RNNTOptions, rnnT } from "./transducer.ts";
