import { DeploymentError, type ErrorCode } from "../core/errors.js";
import { maskCredentials, withoutCredentials } from "./printable-uri.js";
import { trackingUriSetting } from "./tracking-uri.js";

/** What a server answered, as far as a failure needs it. */
export interface FailedAnswer {
  status: number;
  /** Where a redirect points to. */
  location: string | undefined;
  body: string;
  /** Whether the request was signed. */
  signed: boolean;
}

/** MLflow's error codes (`mlflow.protos.databricks_pb2.ErrorCode`) that mean something to a caller of this package. */
const mlflowCodes: Record<string, ErrorCode> = {
  RESOURCE_DOES_NOT_EXIST: "RESOURCE_DOES_NOT_EXIST",
  RESOURCE_NOT_FOUND: "RESOURCE_DOES_NOT_EXIST",
  NOT_FOUND: "RESOURCE_DOES_NOT_EXIST",
  INVALID_PARAMETER_VALUE: "INVALID_PARAMETER_VALUE",
  BAD_REQUEST: "INVALID_PARAMETER_VALUE",
  PERMISSION_DENIED: "PERMISSION_DENIED",
  UNAUTHENTICATED: "UNAUTHENTICATED",
  UNAUTHORIZED: "UNAUTHENTICATED",
  TEMPORARILY_UNAVAILABLE: "TEMPORARILY_UNAVAILABLE",
  REQUEST_LIMIT_EXCEEDED: "RESOURCE_EXHAUSTED",
};

/** The answers that MLflow's own client asks again after (`mlflow.utils.request_utils`). */
const transientStatuses: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);

/** The object of an answer in JSON; null for anything else, such as a page of HTML. */
export function jsonObject(body: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}

/**
 * An answer that is not the wanted one, as an error.
 *
 * @param what What was asked for, such as `the run "abc"`.
 * @param server The server's address, without credentials.
 */
export function answerFailure(answer: FailedAnswer, what: string, server: string): DeploymentError {
  const { status } = answer;
  const json = jsonObject(answer.body);
  const said = typeof json?.["message"] === "string" ? `: ${tidy(json["message"])}` : "";
  const failed = `Cannot read ${what} from ${server}`;

  if (status >= 300 && status < 400) {
    const target = withoutCredentials(answer.location ?? "another address").split(/[?#]/)[0];
    return new DeploymentError(
      "UNAUTHENTICATED",
      `${failed}: the server redirects to ${target}, and credentials are not sent there. If that is the server, set ` +
        `${trackingUriSetting} to it; if it is a sign-in page, set MLFLOW_TRACKING_TOKEN.`,
    );
  }
  if (status === 401) {
    const advice = answer.signed
      ? "the user name, password or token is wrong or has expired"
      : "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN";
    return new DeploymentError("UNAUTHENTICATED", `${failed}: the server asks who you are; ${advice}.`);
  }
  if (status === 403) {
    return new DeploymentError("PERMISSION_DENIED", `${failed}: the server does not let this user read it${said}.`);
  }
  if (transientStatuses.has(status)) {
    return new DeploymentError(
      status === 429 ? "RESOURCE_EXHAUSTED" : "TEMPORARILY_UNAVAILABLE",
      `${failed}: HTTP ${status}${said}. Look at the server's log if it stays so.`,
    );
  }
  if (json === null) {
    return new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `${failed}: HTTP ${status}, and no JSON. Is this an MLflow server? Check ${trackingUriSetting}, with its path if it has one.`,
    );
  }
  const code =
    mlflowCodes[String(json["error_code"])] ?? (status === 404 ? "RESOURCE_DOES_NOT_EXIST" : "INTERNAL_ERROR");
  return new DeploymentError(code, `${failed}${said || `: HTTP ${status}`}`);
}

/** A request that got no answer, as an error. `code` is that of the socket, such as `ECONNREFUSED`. */
export function connectionFailure(error: unknown, code: string, what: string, server: string): DeploymentError {
  const options = { cause: new Error(code) };
  if (code === "ECONNREFUSED" || code === "ENOTFOUND") {
    return new DeploymentError(
      "TEMPORARILY_UNAVAILABLE",
      `No server answers at ${server} (${code}). Start MLflow there, or set ${trackingUriSetting} to where it is.`,
      { ...options, retryable: false },
    );
  }
  if (/CERT|SELF_SIGNED|ERR_TLS|SSL|EPROTO/.test(code)) {
    return new DeploymentError(
      "FAILED_PRECONDITION",
      `No secure connection to ${server} (${code}). Set MLFLOW_TRACKING_SERVER_CERT_PATH to the certificate of its authority.`,
      options,
    );
  }
  const reason = tidy(error instanceof Error ? error.message : String(error));
  return new DeploymentError(
    "TEMPORARILY_UNAVAILABLE",
    `Cannot read ${what} from ${server}: ${reason} (${code}).`,
    options,
  );
}

/** A page of HTML with status 200 where a file should be. */
export function pageInPlace(what: string, server: string): DeploymentError {
  return new DeploymentError(
    "UNAUTHENTICATED",
    `Cannot read ${what} from ${server}: a page of HTML came in its place. If it is a proxy's sign-in page, set MLFLOW_TRACKING_TOKEN; ` +
      `else check ${trackingUriSetting}, with its path if it has one.`,
  );
}

/** Characters of a server's own words in a message. */
const longestQuote = 500;

/** A server's own words, without credentials and without a flood. */
function tidy(message: string): string {
  const words = message.slice(0, longestQuote).split(/\s+/);
  // half a URL does not show what in it is a password
  if (message.length > longestQuote) words.splice(-1, 1, "…");
  return maskCredentials(words.join(" ")).trim().replace(/\.$/, "");
}
