import "./methods.ts";

export * from "./activations.ts";
export * from "./distances.ts";
export * from "./factorisations.ts";
export * from "./masks.ts";
export { clone } from "./methods.ts";
export * from "./numerics.ts";
export * from "./products.ts";
export { entmax15, sparsemax } from "./projections.ts";
export * from "./reductions.ts";
export * from "./rows.ts";
export * from "./selection.ts";
export * from "./shapes.ts";
export * from "./singular-values.ts";
