export * from "./ge2e.ts";
export * from "./margin-softmax.ts";
export * as miners from "./miners.ts";
export * from "./pairs.ts";
export * from "./triplet.ts";
