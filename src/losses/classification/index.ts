export * from "./cross-entropy.ts";
export * from "./focal.ts";
export * from "./hinge.ts";
