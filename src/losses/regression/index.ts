export * from "./frequency.ts";
export * from "./gradient-harmonised.ts";
export * from "./huber.ts";
export * from "./quantile.ts";
export * from "./relative.ts";
export type { RegressionOptions } from "./residual.ts";
export * from "./robust.ts";
export * from "./similarity.ts";
export * from "./squared.ts";
