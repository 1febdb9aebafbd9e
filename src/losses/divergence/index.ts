export * from "./discrepancy.ts";
export * from "./distillation.ts";
export * from "./f-divergences.ts";
export * from "./features.ts";
export * from "./gaussian.ts";
export * from "./jensen-shannon.ts";
export * from "./kullback-leibler.ts";
export * from "./optimal-transport.ts";
