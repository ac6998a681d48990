import type { ResolvedModel, StoredObject } from "../model.js";
import type { StepContext } from "../progress.js";

/** 1: finds a model by its MLflow URI, and reads what describes it. Its other files stay at their store until they are asked for. */
export interface ModelResolver {
  /**
   * @throws DeploymentError `RESOURCE_DOES_NOT_EXIST` (no such run, model or version), `INVALID_PARAMETER_VALUE` (a URI
   * of no known form; a flavor that the model lacks), `UNAUTHENTICATED`, `PERMISSION_DENIED`.
   */
  resolve(request: ResolveRequest, context: StepContext): Promise<ResolvedModel>;
  /**
   * Reads what describes the model, and not the model: MLmodel, and the small files beside it that say more. Nothing of it stays
   * on this machine. Optional: without it no signature is known, by which rows could be checked before they are sent.
   *
   * @throws DeploymentError As {@link resolve}.
   */
  describe?(request: DescribeRequest, context: StepContext): Promise<Pick<ResolvedModel, "source" | "metadata">>;
}

/** Which model is wanted. */
export interface DescribeRequest {
  /** `runs:/`, `models:/`, `mlflow-artifacts:/`, `https://`, `gs://`, `s3://`, `file:` or a path. `runs:/ID` alone means the run's only model. */
  modelUri: string;
  /** A flavor that the model must have. */
  flavor?: string | undefined;
}

/** Which model is wanted, and where its files go. */
export interface ResolveRequest extends DescribeRequest {
  /** An empty directory for files that are brought to this machine; it must be there as long as the model is used. */
  directory: string;
}

/** A file as a store lists it. */
export interface ListedArtifact {
  /** Relative to the URI that was listed, with `/`. */
  path: string;
  /** Bytes; 0 also when the store does not say. */
  size: number;
  /** What tells these bytes from others under the same name, such as an ETag, where the store has that. */
  version?: string | undefined;
  /** Base64 of the big-endian CRC32C, where the store has it of every file. */
  crc32c?: string | undefined;
  /** The object that it is, where the store is Cloud Storage, which can then copy it itself. */
  object?: StoredObject | undefined;
}

/** Reads the files below a URI of one scheme, such as `gs`. See `registerArtifactReader`. */
export interface ArtifactReader {
  /** All files below `uri`. None when there is no such directory, or `RESOURCE_DOES_NOT_EXIST`. */
  list(uri: string, context: StepContext): Promise<ListedArtifact[]>;
  /**
   * The bytes of one file that `list` gave.
   *
   * @param version As `list` gave it: other bytes are an error.
   */
  open(uri: string, path: string, context: StepContext, version?: string): Promise<NodeJS.ReadableStream>;
}
