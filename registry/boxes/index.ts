import type { Entries } from "../entry.ts";
import { detection } from "./detection.ts";
import { iou } from "./iou.ts";

export const boxes: Entries = {
  ...iou,
  ...detection,
};
