import "./functional/methods.ts";

export {
  Generator,
  type IntegersOptions,
  integers,
  manualSeed,
  type NormalOptions,
  normal,
  permutation,
  type UniformOptions,
  uniform,
} from "./tensor/random.ts";
