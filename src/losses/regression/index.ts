export * from "./residual.ts";
