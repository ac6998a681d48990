import { MlflowModelResolver } from "../mlflow/model-resolver.js";
import type { MlflowServerOptions } from "../mlflow/servers.js";
import type { StorageConnection } from "../storage/connection.js";
import { GcsArtifactReader } from "../storage/gcs-artifact-reader.js";
import { S3ArtifactReader } from "../storage/s3-artifact-reader.js";

/**
 * Finds models on MLflow's servers, in directories, and in the buckets of Cloud Storage and S3. Those are only asked, and their
 * credentials only looked for, when a model is there.
 */
export function modelResolver(servers: MlflowServerOptions, storage: StorageConnection): MlflowModelResolver {
  const readers = { gs: new GcsArtifactReader(storage), s3: new S3ArtifactReader() };
  return new MlflowModelResolver({ ...servers, readers });
}
