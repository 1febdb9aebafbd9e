export * from "./detection.ts";
export * as boxFormats from "./formats.ts";
export * from "./iou.ts";
