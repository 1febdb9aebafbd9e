import type { Entries } from "../entry.ts";
import { adaptiveTemperature } from "./adaptive-temperature.ts";
import { assignment } from "./assignment.ts";
import { banks } from "./bank.ts";
import { coSENT } from "./co-sent.ts";
import { contrastiveTension } from "./contrastive-tension.ts";
import { csrReconstruction } from "./csr-reconstruction.ts";
import { decoupled } from "./decoupled.ts";
import { denseStructure } from "./dense-structure.ts";
import { detCon } from "./det-con.ts";
import { distillation } from "./distillation.ts";
import { gaussian } from "./gaussian.ts";
import { gist } from "./gist.ts";
import { infoNCE } from "./info-nce.ts";
import { multipleNegativesRanking } from "./multiple-negatives-ranking.ts";
import { predictive } from "./predictive.ts";
import { protoNCE } from "./proto-nce.ts";
import { redundancy } from "./redundancy.ts";
import { regularizers } from "./regularizers.ts";
import { sentencePairs } from "./sentence-pairs.ts";
import { sigLIP } from "./sig-lip.ts";
import { supCon } from "./sup-con.ts";
import { uniformity } from "./uniformity.ts";
import { vicReg } from "./vic-reg.ts";
import { vicRegL } from "./vic-regl.ts";
import { whitening } from "./whitening.ts";

export const contrastive: Entries = {
  ...infoNCE,
  ...multipleNegativesRanking,
  ...supCon,
  ...sigLIP,
  ...gist,
  ...coSENT,
  ...contrastiveTension,
  ...sentencePairs,
  ...regularizers,
  ...csrReconstruction,
  ...decoupled,
  ...adaptiveTemperature,
  ...banks,
  ...protoNCE,
  ...uniformity,
  ...redundancy,
  ...vicReg,
  ...vicRegL,
  ...whitening,
  ...gaussian,
  ...predictive,
  ...distillation,
  ...assignment,
  ...detCon,
  ...denseStructure,
};
