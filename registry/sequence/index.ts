import type { Entries } from "../entry.ts";
import { crf } from "./crf.ts";
import { ctc } from "./ctc.ts";
import { language } from "./language.ts";
import { sampling } from "./sampling.ts";
import { softDTW } from "./soft-dtw.ts";
import { token } from "./token.ts";
import { transducer } from "./transducer.ts";

export const sequence: Entries = {
  ...ctc,
  ...transducer,
  ...crf,
  ...token,
  ...language,
  ...sampling,
  ...softDTW,
};
