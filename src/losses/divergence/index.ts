export * from "./kullback-leibler.ts";
