export * from "./gan.ts";
