export * from "./classification.ts";
export * from "./curves.ts";
export * from "./images.ts";
export { palette } from "./plot.ts";
export * from "./points.ts";
export * from "./report.ts";
