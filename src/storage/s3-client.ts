import { readFileSync } from "node:fs";
import { Agent } from "node:https";

import type * as ClientS3 from "@aws-sdk/client-s3";
import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3";

import { DeploymentError } from "../core/errors.js";

/** The AWS SDK's library for S3. */
export type S3Library = typeof ClientS3;

/** The library with a client of it. */
export interface S3 {
  library: S3Library;
  client: S3Client;
  /** Where requests go if that is not Amazon; for messages. */
  endpoint: string | null;
}

/** Milliseconds. */
const connectionTimeout = 10_000;
/** Milliseconds that a connection may be silent. */
const silenceTimeout = 60_000;
/** Where S3 is asked when no region is set, as boto3 does: it says which region a bucket is in. */
const fallbackRegion = "us-east-1";

/**
 * Loads the library, which is a package of its own, and makes a client with the settings that MLflow has for S3
 * (`mlflow.store.artifact.s3_artifact_repo`): `MLFLOW_S3_ENDPOINT_URL`, `MLFLOW_S3_IGNORE_TLS`,
 * `MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE`, `MLFLOW_EXPERIMENTAL_S3_SIGNATURE_VERSION=unsigned`, and boto3's `AWS_DEFAULT_REGION`,
 * `AWS_CA_BUNDLE`, `AWS_ENDPOINT_URL_S3`. Credentials are found by the SDK, in the environment, profiles, web identity or metadata.
 *
 * @throws DeploymentError `FAILED_PRECONDITION` when the library is not installed, `INVALID_PARAMETER_VALUE` for a wrong setting.
 */
export async function connectS3(env: NodeJS.ProcessEnv, load: () => Promise<S3Library>): Promise<S3> {
  const library = await loaded(load);
  const endpoint = endpointOf(env);
  const config = { ...addressing(env, endpoint), ...signing(env), requestHandler: requestHandler(env) };
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION;
  const make = (found: { region?: string }) =>
    new library.S3Client({ ...config, ...found, followRegionRedirects: true });
  const client = make(region ? { region } : {});
  const hasRegion = await client.config.region().then(
    () => true,
    () => false,
  );
  return { library, endpoint, client: hasRegion ? client : make({ region: fallbackRegion }) };
}

async function loaded(load: () => Promise<S3Library>): Promise<S3Library> {
  try {
    return await load();
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
    if (!isMissing) throw error;
    throw new DeploymentError(
      "FAILED_PRECONDITION",
      "Models in s3:// are read with the AWS SDK, which is not installed here. Run: npm install @aws-sdk/client-s3",
      { cause: error },
    );
  }
}

function endpointOf(env: NodeJS.ProcessEnv): string | null {
  for (const variable of ["MLFLOW_S3_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]) {
    const url = env[variable];
    if (!url) continue;
    if (/^https?:\/\//i.test(url) && URL.canParse(url)) return url;
    throw invalid(variable, "is not an http or https URL, such as https://minio.example.com:9000");
  }
  return null;
}

/** boto3's `auto`: the bucket is part of the host on Amazon, and of the path elsewhere. */
function addressing(env: NodeJS.ProcessEnv, endpoint: string | null): S3ClientConfig {
  const style = env.MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE || "auto";
  if (!["auto", "path", "virtual"].includes(style)) {
    throw invalid("MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE", "is none of auto, path, virtual");
  }
  const forcePathStyle = style === "path" || (style === "auto" && endpoint !== null);
  return endpoint === null ? { forcePathStyle } : { endpoint, forcePathStyle };
}

/** Public buckets are read without credentials when MLflow is told to. */
function signing(env: NodeJS.ProcessEnv): S3ClientConfig {
  if (env.MLFLOW_EXPERIMENTAL_S3_SIGNATURE_VERSION?.toLowerCase() !== "unsigned") return {};
  const nobody = { accessKeyId: "unsigned", secretAccessKey: "unsigned" };
  return { credentials: nobody, signer: { sign: async (request) => request } };
}

function requestHandler(env: NodeJS.ProcessEnv): NonNullable<S3ClientConfig["requestHandler"]> {
  const ignoreTls = /^(true|1)$/i.test(env.MLFLOW_S3_IGNORE_TLS ?? "");
  const tls = ignoreTls
    ? { rejectUnauthorized: false }
    : { ...(env.AWS_CA_BUNDLE && { ca: readCertificates(env.AWS_CA_BUNDLE) }) };
  return { httpsAgent: new Agent({ keepAlive: true, ...tls }), connectionTimeout, socketTimeout: silenceTimeout };
}

function readCertificates(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new DeploymentError("INVALID_PARAMETER_VALUE", `AWS_CA_BUNDLE names "${path}", which cannot be read.`, {
      cause: error,
    });
  }
}

function invalid(variable: string, why: string): DeploymentError {
  return new DeploymentError("INVALID_PARAMETER_VALUE", `The environment variable ${variable} ${why}.`);
}
