import type { Measurement } from "../measurement.js";
import { help } from "./help.js";
import { importing } from "./import.js";
import { predict } from "./predict.js";
import { redeploy } from "./redeploy.js";
import { serving } from "./serving.js";
import { split } from "./split.js";
import { files, largeModel } from "./staging.js";
import { start } from "./start.js";

/** All there is to measure, in the order of the table. */
export const measurements: readonly Measurement[] = [
  importing,
  help,
  serving,
  start,
  predict,
  split,
  redeploy,
  files,
  largeModel,
];
