export * from "./info-nce.ts";
