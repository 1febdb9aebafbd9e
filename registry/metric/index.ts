import type { Entries } from "../entry.ts";
import { adaptiveMargin } from "./adaptive-margin.ts";
import { center } from "./center.ts";
import { ge2e } from "./ge2e.ts";
import { instance } from "./instance.ts";
import { marginSoftmax } from "./margin-softmax.ts";
import { multipliedAngle } from "./multiplied-angle.ts";
import { prototypes } from "./prototypes.ts";
import { proxies } from "./proxies.ts";
import { regularizers } from "./regularizers.ts";
import { subCentres } from "./sub-centres.ts";

export const metric: Entries = {
  ...marginSoftmax,
  ...multipliedAngle,
  ...subCentres,
  ...adaptiveMargin,
  ...proxies,
  ...center,
  ...instance,
  ...prototypes,
  ...ge2e,
  ...regularizers,
};
