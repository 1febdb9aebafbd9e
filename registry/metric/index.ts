import type { Entries } from "../entry.ts";
import { adaptiveMargin } from "./adaptive-margin.ts";
import { angular } from "./angular.ts";
import { averagePrecision } from "./average-precision.ts";
import { batchContrastive } from "./batch-contrastive.ts";
import { center } from "./center.ts";
import { circle } from "./circle.ts";
import { dynamicSoftMargin } from "./dynamic-soft-margin.ts";
import { ge2e } from "./ge2e.ts";
import { histogram } from "./histogram.ts";
import { instance } from "./instance.ts";
import { liftedStructure } from "./lifted-structure.ts";
import { manifoldSimilarity } from "./manifold-similarity.ts";
import { margin } from "./margin.ts";
import { marginSoftmax } from "./margin-softmax.ts";
import { multiSimilarity } from "./multi-similarity.ts";
import { multipliedAngle } from "./multiplied-angle.ts";
import { nPair } from "./n-pair.ts";
import { nca } from "./nca.ts";
import { onlineContrastive } from "./online-contrastive.ts";
import { pairs } from "./pairs.ts";
import { prototypes } from "./prototypes.ts";
import { proxies } from "./proxies.ts";
import { quadruplet } from "./quadruplet.ts";
import { rankedList } from "./ranked-list.ts";
import { regularizers } from "./regularizers.ts";
import { sdml } from "./sdml.ts";
import { subCentres } from "./sub-centres.ts";
import { thresholdConsistentMargin } from "./threshold-consistent-margin.ts";
import { triplet } from "./triplet.ts";
import { tupletMargin } from "./tuplet-margin.ts";

export const metric: Entries = {
  ...pairs,
  ...triplet,
  ...marginSoftmax,
  ...ge2e,
  ...multiSimilarity,
  ...circle,
  ...proxies,
  ...nPair,
  ...liftedStructure,
  ...margin,
  ...multipliedAngle,
  ...subCentres,
  ...adaptiveMargin,
  ...center,
  ...instance,
  ...prototypes,
  ...regularizers,
  ...quadruplet,
  ...batchContrastive,
  ...angular,
  ...tupletMargin,
  ...rankedList,
  ...averagePrecision,
  ...histogram,
  ...nca,
  ...thresholdConsistentMargin,
  ...dynamicSoftMargin,
  ...manifoldSimilarity,
  ...onlineContrastive,
  ...sdml,
};
