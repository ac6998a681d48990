import type { Measurement } from "../measurement.js";
import { arrivalRate } from "./arrival-rate.js";
import { requestBatching } from "./batching.js";
import { create } from "./create.js";
import { help } from "./help.js";
import { importing } from "./import.js";
import { largeRequests } from "./large-requests.js";
import { list } from "./list.js";
import { movedBytes } from "./moved-bytes.js";
import { predict } from "./predict.js";
import { redeploy } from "./redeploy.js";
import { serving } from "./serving.js";
import { split } from "./split.js";
import { files, largeModel, largeModelUnlimited } from "./staging.js";
import { start } from "./start.js";

/** All there is to measure, in the order of the table. */
export const measurements: readonly Measurement[] = [
  importing,
  help,
  list,
  serving,
  requestBatching,
  arrivalRate,
  largeRequests,
  start,
  predict,
  split,
  create,
  redeploy,
  files,
  largeModel,
  largeModelUnlimited,
  movedBytes,
];
