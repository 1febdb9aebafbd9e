export type { SignedOptions } from "./agreement.ts";
export * from "./cross-entropy.ts";
export * from "./dense.ts";
export * from "./focal.ts";
export * from "./gradient-harmonised.ts";
export * from "./hinge.ts";
export * from "./multi-label.ts";
export * from "./signed.ts";
