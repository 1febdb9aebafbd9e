import { adversarial } from "./adversarial/index.ts";
import { boxes } from "./boxes/index.ts";
import { classification } from "./classification/index.ts";
import { contrastive } from "./contrastive/index.ts";
import { divergence } from "./divergence/index.ts";
import type { Entries } from "./entry.ts";
import { metric } from "./metric/index.ts";
import { preference } from "./preference/index.ts";
import { ranking } from "./ranking/index.ts";
import { regression } from "./regression/index.ts";
import { segmentation } from "./segmentation/index.ts";
import { sequence } from "./sequence/index.ts";

/** The families of losses, by the folder in `src/losses` that holds them. */
export const families = {
  classification,
  regression,
  segmentation,
  ranking,
  metric,
  contrastive,
  sequence,
  divergence,
  boxes,
  adversarial,
  preference,
} as const satisfies Record<string, Entries>;

/** Every loss there is, by the name under which `tapegrad/losses` exports it. */
export const entries: Entries = Object.assign({}, ...Object.values(families));
