import { DeploymentError } from "./errors.js";

const mostEntries = 100_000;

/**
 * To be asked while a listing is read, since it may have no end. A directory counts as an entry, too.
 *
 * @param place What is listed, without credentials.
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` when a listing has more entries than any model.
 */
export function checkListingSize(entries: number, place: string): void {
  if (entries <= mostEntries) return;
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `${place} has more than ${mostEntries} files: that is no model directory. Name the directory that has the MLmodel file.`,
  );
}
