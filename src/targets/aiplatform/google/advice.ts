import type { ErrorCode } from "../../../core/errors.js";
import type { FailedCall, GoogleService, RequestFailure } from "./failure.js";

/** The smallest predefined role that has the permissions which this package uses ("IAM roles" of each product). */
const roles: Record<GoogleService, string> = {
  aiplatform: "roles/aiplatform.user",
  cloudbuild: "roles/cloudbuild.builds.editor",
  artifactregistry: "roles/artifactregistry.admin",
  logging: "roles/logging.viewer",
  storage: "roles/storage.admin",
  ml: "roles/ml.admin",
  serviceusage: "roles/serviceusage.serviceUsageViewer",
  cloudresourcemanager: "roles/browser",
  iam: "roles/iam.serviceAccountUser",
};

/** What a person does about a failure; null where Google's own words are all there is to say. */
export function advice(code: ErrorCode, failure: RequestFailure, call: FailedCall): string | null {
  if (call.emulator !== null) return emulatorAdvice(failure, call.emulator);
  const disabled = failure.details.find((detail) => detail["reason"] === "SERVICE_DISABLED");
  if (disabled) return enableService(disabled, call);
  switch (code) {
    case "PERMISSION_DENIED":
      return grantRole(failure, call);
    case "UNAUTHENTICATED":
      return "Run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS (or keyFilename) to a file of credentials.";
    case "RESOURCE_EXHAUSTED":
      return "Wait and try again, or ask for more quota on the page IAM & Admin > Quotas of the Google Cloud console.";
    case "TEMPORARILY_UNAVAILABLE":
      return networkAdvice(failure);
    default:
      return null;
  }
}

function emulatorAdvice(failure: RequestFailure, emulator: string): string | null {
  if (failure.networkCode === null) return null;
  return `The emulator at ${emulator} does not answer: start it with \`mlflow-deployments emulator\`, or unset AIPLATFORM_EMULATOR_HOST to use Google Cloud.`;
}

function grantRole(failure: RequestFailure, call: FailedCall): string {
  const who = call.caller ?? "the account of your credentials";
  if (/actAs/.test(failure.message)) {
    return `Grant ${who} roles/iam.serviceAccountUser on the service account that the message names.`;
  }
  const named = /\b(aiplatform|cloudbuild|artifactregistry|logging|storage|ml)\.[a-zA-Z]+\.[a-zA-Z]+/.exec(
    failure.message,
  )?.[1];
  return `Grant ${who} ${roles[(named as GoogleService | undefined) ?? call.service]} in the project.`;
}

function enableService(detail: Record<string, unknown>, call: FailedCall): string {
  const metadata = (detail["metadata"] ?? {}) as { service?: unknown; consumer?: unknown };
  const service = plainWord(metadata.service) ?? `${call.service}.googleapis.com`;
  const project = plainWord(metadata.consumer)?.replace(/^projects\//, "");
  return `Enable the API with \`gcloud services enable ${service}${project ? ` --project ${project}` : ""}\`, wait a minute, and try again.`;
}

/** A value that may stand in a command line which a person copies. */
function plainWord(value: unknown): string | null {
  return typeof value === "string" && /^[\w./:-]+$/.test(value) ? value : null;
}

function networkAdvice(failure: RequestFailure): string {
  if (failure.networkCode === "ETIMEDOUT")
    return "Try again; where the network is slow, set a longer MLFLOW_DEPLOYMENT_CLIENT_HTTP_REQUEST_TIMEOUT (seconds).";
  if (failure.networkCode === "ENOTFOUND") return "Check the network, and that the location is a region of Vertex AI.";
  return "Try again; running the same call goes on where this one stopped.";
}
