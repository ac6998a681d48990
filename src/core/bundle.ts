import type { ResolvedModel } from "./model.js";

/** What a bundle is made from. */
export interface BundleRequest {
  model: ResolvedModel;
  /** The user's name of the version; decides the sdist's version. */
  versionName: string | null;
  /** A file to use in place of the predictor template. */
  predictionScript: string | null;
  /** A file whose class `Preprocessor` the predictor gets; packed as `preprocessor.py`. */
  preprocessor: string | null;
  /** A file to use in place of the `setup.py` template. */
  setupFile: string | null;
  /** The image that the Dockerfile starts from. Default `python:X.Y-slim` of the model's Python. */
  baseImage: string | null;
  /** Where the artifacts will be, for platforms whose predictor must know; null where the runtime tells it. */
  modelArtifactUri: string | null;
  /** Where the archive is written. */
  directory: string;
}

/** A source distribution (PEP 517 sdist) that holds everything of a deployment but the model. */
export interface Bundle {
  /** `deploy_from_script-<version>.tar.gz`. */
  fileName: string;
  localPath: string;
  /** Bytes. */
  size: number;
  /** Base64 of the big-endian CRC32C. */
  crc32c: string;
  /** The sdist's version, as PEP 440 writes it. */
  version: string;
  /** The folder that it unpacks into. */
  directory: string;
  /** Over Python version, requirements, runtime and predictor code: what the image is made of. Hex. */
  environmentHash: string;
}
