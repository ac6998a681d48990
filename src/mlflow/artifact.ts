import type { StoredObject } from "../core/model.js";
import type { StepContext } from "../core/progress.js";

/** One file of a model, not yet here unless it has a `localPath`. */
export interface Artifact {
  /** Below the model directory, with `/`; checked. */
  path: string;
  /** Bytes, as the store lists it. 0 also when the store does not say: MLflow leaves out the size of an empty file. */
  size: number;
  /** The directory that it was listed in. */
  directoryUri: string;
  /** As the store lists it. */
  version?: string | undefined;
  crc32c?: string | undefined;
  object?: StoredObject | undefined;
  /** Whether an MLflow server gives it out, which lists nothing of a file but its size. */
  isServed?: boolean;
  /** Where it is, when it is on this machine already. */
  localPath?: string;
  open(context: StepContext): Promise<NodeJS.ReadableStream>;
}

/** Directories inside one another. More are a loop of links, or a server that lists without end. */
export const deepestDirectory = 32;
