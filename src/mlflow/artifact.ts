import { DeploymentError } from "../core/errors.js";
import type { StepContext } from "../core/progress.js";
import { withoutCredentials } from "./printable-uri.js";

/** One file of a model, not yet here unless it has a `localPath`. */
export interface Artifact {
  /** Below the model directory, with `/`; checked. */
  path: string;
  /** Bytes, as the store lists it. 0 also when the store does not say: MLflow leaves out the size of an empty file. */
  size: number;
  /** The directory that it was listed in. */
  directoryUri: string;
  /** Where it is, when it is on this machine already. */
  localPath?: string;
  open(context: StepContext): Promise<NodeJS.ReadableStream>;
}

/** Directories inside one another. More are a loop of links, or a server that lists without end. */
export const deepestDirectory = 32;

const mostEntries = 100_000;

/** @throws DeploymentError `INVALID_PARAMETER_VALUE` when a listing has more entries than any model. */
export function checkListingSize(entries: number, directoryUri: string): void {
  if (entries <= mostEntries) return;
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `${withoutCredentials(directoryUri)} has more than ${mostEntries} files: that is no model directory.`,
  );
}
