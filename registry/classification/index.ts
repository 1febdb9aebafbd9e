import type { Entries } from "../entry.ts";
import { activePassive } from "./active-passive.ts";
import { biTempered } from "./bi-tempered.ts";
import { brier } from "./brier.ts";
import { consistency } from "./consistency.ts";
import { crossEntropy } from "./cross-entropy.ts";
import { dense } from "./dense.ts";
import { evidential } from "./evidential.ts";
import { focal } from "./focal.ts";
import { focalCosine } from "./focal-cosine.ts";
import { gradientHarmonised } from "./gradient-harmonised.ts";
import { hardExamples } from "./hard-examples.ts";
import { hinge } from "./hinge.ts";
import { longTail } from "./long-tail.ts";
import { multiLabel } from "./multi-label.ts";
import { noiseRobust } from "./noise-robust.ts";
import { oneClass } from "./one-class.ts";
import { ordinal } from "./ordinal.ts";
import { positiveUnlabelled } from "./positive-unlabelled.ts";
import { severalLabels } from "./several-labels.ts";
import { signed } from "./signed.ts";
import { sparsemax } from "./sparsemax.ts";

export const classification: Entries = {
  ...crossEntropy,
  ...focal,
  ...hinge,
  ...multiLabel,
  ...dense,
  ...noiseRobust,
  ...longTail,
  ...ordinal,
  ...activePassive,
  ...biTempered,
  ...brier,
  ...consistency,
  ...evidential,
  ...focalCosine,
  ...gradientHarmonised,
  ...hardExamples,
  ...oneClass,
  ...positiveUnlabelled,
  ...severalLabels,
  ...signed,
  ...sparsemax,
};
