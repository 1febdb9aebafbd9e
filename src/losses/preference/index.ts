export * from "./direct.ts";
export * from "./policy.ts";
export * from "./reference-free.ts";
