export { Adam, type AdamOptions, AdamW } from "./adam.ts";
export {
  type CommonOptions,
  type Group,
  Optimizer,
  type OptimizerState,
  type ParameterState,
  type ParametersOrGroups,
} from "./optimizer.ts";
export { SGD, type SGDOptions } from "./sgd.ts";
