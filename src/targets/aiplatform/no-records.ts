import { DeploymentError } from "../../core/errors.js";
import type { DeploymentStore } from "../../core/services.js";

/** The records where no bucket is set: there are none, and the platform alone tells what runs. */
export const noRecords: DeploymentStore = {
  read: () => Promise.resolve(null),
  write: () =>
    Promise.reject(
      new DeploymentError("INVALID_PARAMETER_VALUE", "Without productionBucket no record can be written."),
    ),
  delete: () => Promise.resolve(),
  list: () => Promise.resolve({ records: [], unreadable: [] }),
};
