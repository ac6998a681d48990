import { DeploymentError } from "../core/errors.js";
import { modelUriForms } from "./model-uri.js";
import { withoutCredentials } from "./printable-uri.js";

/** What people know the stores by that MLflow reads and this package does not. */
const storeNames: Readonly<Record<string, string>> = {
  wasbs: "Azure Blob Storage",
  wasb: "Azure Blob Storage",
  abfss: "Azure Data Lake Storage",
  abfs: "Azure Data Lake Storage",
  dbfs: "Databricks' file system and Unity Catalog volumes",
  hdfs: "HDFS",
  viewfs: "HDFS",
  ftp: "FTP",
  sftp: "SFTP",
  r2: "Cloudflare R2",
  b2: "Backblaze B2",
  oci: "Oracle's object storage",
};

/** S3 in all but the scheme. */
const likeS3: ReadonlySet<string> = new Set(["r2", "b2", "s3a", "s3n"]);

/** Why files cannot be read, and the ways there are to read them all the same. */
export function unsupportedStore(uri: string, scheme: string): DeploymentError {
  const name = storeNames[scheme];
  const what = `The files at ${withoutCredentials(uri)} cannot be read: "${scheme}:"${name ? ` (${name})` : ""} is not supported.`;
  const isKnown = name !== undefined || likeS3.has(scheme);
  const first = likeS3.has(scheme)
    ? "Write it as s3://bucket/path, with MLFLOW_S3_ENDPOINT_URL if it is not Amazon's; or start"
    : "Start";
  const ways =
    `${first} the MLflow server with --serve-artifacts, copy the model to gs://, s3:// or a directory, or add a reader by ` +
    `registerArtifactReader("${scheme}", …).`;
  return new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `${what} ${isKnown ? "" : `Known forms: ${modelUriForms}. `}${ways}`,
  );
}
