export * from "./classification.ts";
export * from "./curves.ts";
export * from "./images.ts";
export { montage, type Panel } from "./montage.ts";
export { palette } from "./plot.ts";
export * from "./points.ts";
export * from "./report.ts";
