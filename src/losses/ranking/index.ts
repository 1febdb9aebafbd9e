export * from "./margin-ranking.ts";
