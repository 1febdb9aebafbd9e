import type { Entries } from "../entry.ts";
import { approximateRanks } from "./approximate-ranks.ts";
import { bradleyTerry } from "./bradley-terry.ts";
import { clickModels } from "./click-models.ts";
import { lambda } from "./lambda.ts";
import { listMLE } from "./list-mle.ts";
import { listwise } from "./listwise.ts";
import { marginRanking } from "./margin-ranking.ts";
import { neuralSort } from "./neural-sort.ts";
import { pairwise } from "./pairwise.ts";
import { pointwise } from "./pointwise.ts";
import { rankingCircle } from "./ranking-circle.ts";
import { sampledSoftmax } from "./sampled-softmax.ts";
import { selfAdversarial } from "./self-adversarial.ts";
import { warp } from "./warp.ts";
import { yeti } from "./yeti.ts";

export const ranking: Entries = {
  ...marginRanking,
  ...selfAdversarial,
  ...bradleyTerry,
  ...pairwise,
  ...lambda,
  ...yeti,
  ...listwise,
  ...listMLE,
  ...approximateRanks,
  ...neuralSort,
  ...rankingCircle,
  ...pointwise,
  ...clickModels,
  ...warp,
  ...sampledSoftmax,
};
