import type { StepContext } from "./progress.js";

/** One column or tensor of a model's signature, as MLflow writes it (`mlflow.types.schema`). */
export interface SignatureField {
  /** Absent for an unnamed column or tensor. */
  name?: string;
  /** A column's type such as `double`, `string`, `array`, `object`; `tensor` for a tensor. */
  type: string;
  /** Whether a row must have it. Default true. */
  required?: boolean;
  [detail: string]: unknown;
}

/** What a model takes and gives, as its MLmodel file says. */
export interface ModelSignature {
  inputs: SignatureField[] | null;
  outputs: SignatureField[] | null;
  /** Inference parameters with their types and defaults. */
  params: SignatureField[] | null;
  /** True for a chat model or an agent of MLflow's: it gets each row of a request by itself. Default: false. */
  rowByRow?: boolean;
}

/** What the MLmodel file of a model says. */
export interface ModelMetadata {
  /** Flavor name to its settings; `python_function` is the one that serving loads. */
  flavors: Record<string, Record<string, unknown>>;
  signature: ModelSignature | null;
  /** The Python that the model was logged with, such as `3.11.7`. Null when the model does not say. */
  pythonVersion: string | null;
  mlflowVersion: string | null;
  /** MLflow's id of the logged model (`model_id`, or `model_uuid` before MLflow 3). */
  modelId: string | null;
  runId: string | null;
  /** The path of the input example in the model directory. */
  inputExample: string | null;
}

/** Where a model comes from. */
export interface ModelSource {
  /** The URI that the user gave. */
  uri: string;
  /** The place that it resolved to, without credentials: an artifact root, a directory or a bucket prefix. */
  artifactUri: string;
  runId: string | null;
  modelId: string | null;
  /** The registered model and its version, where the URI went through the model registry. */
  registeredModel: { name: string; version: string } | null;
}

/** An object of Cloud Storage. */
export interface StoredObject {
  bucket: string;
  /** Its full name in the bucket. */
  name: string;
  generation: string;
}

/** One file of a model: on this machine, or at the store that it is kept in. */
export interface ModelFile {
  /** Path below the model directory, with `/`. */
  path: string;
  /** Bytes. */
  size: number;
  /** Lower-case hex. Null where the bytes were not read. */
  sha256: string | null;
  /** Base64 of the big-endian CRC32C, as Cloud Storage writes it. Null where the bytes were not read and the store does not say it. */
  crc32c: string | null;
  /** What the store tells these bytes from others under the same name by, such as an ETag. */
  version?: string | undefined;
  /** Where its bytes are on this machine. Null while they are at the store only. */
  localPath: string | null;
  /** The object that it is, where the store is Cloud Storage. */
  object?: StoredObject | undefined;
  /** Its bytes, from the store; they are checked against `size`. There where `localPath` is null. */
  open?(context: StepContext): Promise<AsyncIterable<Uint8Array>>;
}

/** A file of a model that was brought to this machine, and read on the way. */
export interface LocalModelFile extends ModelFile {
  sha256: string;
  crc32c: string;
  localPath: string;
}

/** A model that was found and described. */
export interface ResolvedModel {
  source: ModelSource;
  metadata: ModelMetadata;
  /** The text of the model's `requirements.txt`. */
  requirements: string;
  /** All files, sorted by path. */
  files: ModelFile[];
  /**
   * Brings files to this machine, to the directory that the model was resolved with; what is here stays where it is. There where a
   * `localPath` is null.
   *
   * @param paths - Paths of `files`.
   * @returns In the order of `paths`.
   */
  bring?(paths: readonly string[], context: StepContext): Promise<LocalModelFile[]>;
}
