import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { AgentOptions } from "node:https";
import { createSecureContext } from "node:tls";

import { DeploymentError } from "../core/errors.js";

/**
 * MLflow's TLS settings: MLFLOW_TRACKING_INSECURE_TLS, MLFLOW_TRACKING_SERVER_CERT_PATH, MLFLOW_TRACKING_CLIENT_CERT_PATH.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` when they contradict each other, or a file is no certificate.
 */
export function tlsSettings(env: NodeJS.ProcessEnv): AgentOptions {
  const insecure = /^(true|1)$/i.test(env.MLFLOW_TRACKING_INSECURE_TLS ?? "");
  const serverPath = env.MLFLOW_TRACKING_SERVER_CERT_PATH;
  if (insecure && serverPath) {
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      "MLFLOW_TRACKING_INSECURE_TLS and MLFLOW_TRACKING_SERVER_CERT_PATH are both set; unset one of them.",
    );
  }
  const settings: AgentOptions = insecure ? { rejectUnauthorized: false } : {};
  if (serverPath) {
    settings.ca = readPem(
      "MLFLOW_TRACKING_SERVER_CERT_PATH",
      serverPath,
      "a certificate",
      (pem) => new X509Certificate(pem),
    );
  }
  const clientPath = env.MLFLOW_TRACKING_CLIENT_CERT_PATH;
  if (clientPath) {
    // one file with both, as in MLflow
    const what = "a certificate and its private key, without a password,";
    settings.cert = readPem("MLFLOW_TRACKING_CLIENT_CERT_PATH", clientPath, what, (pem) =>
      createSecureContext({ cert: pem, key: pem }),
    );
    settings.key = settings.cert;
  }
  return settings;
}

/** @param check Throws for what a connection would fail with, and then without the name of the file. */
function readPem(variable: string, path: string, what: string, check: (pem: Buffer) => unknown): Buffer {
  const invalid = (problem: string, cause?: unknown): DeploymentError =>
    new DeploymentError("INVALID_PARAMETER_VALUE", `${variable} names "${path}", which ${problem}.`, { cause });
  let pem: Buffer;
  try {
    pem = readFileSync(path);
  } catch (error) {
    throw invalid("cannot be read", error);
  }
  try {
    check(pem);
  } catch {
    throw invalid(`is not ${what} in PEM form`);
  }
  return pem;
}
