// What makes another loss of a loss; of all families, for the namespace `wrappers`.

export * from "./contrastive/wrappers.ts";
export * from "./segmentation/wrappers.ts";
