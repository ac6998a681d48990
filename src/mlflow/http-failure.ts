import { DeploymentError, type ErrorCode } from "../core/errors.js";
import { maskUrls, withoutCredentials } from "./printable-uri.js";
import { secureConnectionFailure } from "./tls-failure.js";

/** What a server answered, as far as a failure needs it. */
export interface FailedAnswer {
  status: number;
  /** Where a redirect points to. */
  location: string | undefined;
  body: string;
  /** Whether the request was signed. */
  signed: boolean;
  /** What somebody who did not sign is to do where the server asks for it. */
  signInAdvice: string;
}

/** Which server was asked. */
export interface AskedServer {
  /** Its scheme, host and port, without credentials. */
  origin: string;
  /** How its address is set. */
  setting: string;
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
 */
export function answerFailure(answer: FailedAnswer, what: string, server: AskedServer): DeploymentError {
  const { status } = answer;
  const json = jsonObject(answer.body);
  const said = typeof json?.["message"] === "string" ? `: ${tidy(json["message"])}` : "";
  const failed = `Cannot read ${what} from ${server.origin}`;

  if (status >= 300 && status < 400) {
    const target = withoutCredentials(answer.location ?? "another address").split(/[?#]/)[0];
    const signIn = answer.signed ? "the token or password is wrong or has expired" : answer.signInAdvice;
    return new DeploymentError(
      "UNAUTHENTICATED",
      `${failed}: the server redirects to ${target}, and credentials are not sent there. If that is the server, set ` +
        `${server.setting} to it; if it is a sign-in page, ${signIn}.`,
    );
  }
  if (status === 401) {
    const advice = answer.signed ? "the user name, password or token is wrong or has expired" : answer.signInAdvice;
    return new DeploymentError("UNAUTHENTICATED", `${failed}: the server asks who you are; ${advice}.`);
  }
  if (status === 403) {
    const advice = answer.signed ? "" : ` If it needs a user: ${answer.signInAdvice}.`;
    return new DeploymentError(
      "PERMISSION_DENIED",
      `${failed}: the server does not let this user read it${said}.${advice}`,
    );
  }
  if (transientStatuses.has(status)) {
    return new DeploymentError(
      status === 429 ? "RESOURCE_EXHAUSTED" : "TEMPORARILY_UNAVAILABLE",
      `${failed}: HTTP ${status}${said}. Look at the server's log if it stays so.`,
    );
  }
  // every error of MLflow's API has a code: JSON without is another server's
  if (json === null || (status !== 200 && typeof json["error_code"] !== "string")) {
    return strangeAnswer(answer, failed, server);
  }
  if (/model registry functionality is unavailable/i.test(said)) {
    return new DeploymentError(
      "FAILED_PRECONDITION",
      `${failed}: this server has no model registry. Name the model by runs:/ in place of models:/, or start the server with ` +
        "--backend-store-uri of a database, such as sqlite:///mlflow.db.",
    );
  }
  const code =
    mlflowCodes[String(json["error_code"])] ?? (status === 404 ? "RESOURCE_DOES_NOT_EXIST" : "INTERNAL_ERROR");
  return new DeploymentError(code, `${failed}${said || `: HTTP ${status}`}`);
}

/** Something that no MLflow server answers. */
function strangeAnswer({ status, body }: FailedAnswer, failed: string, { setting }: AskedServer): DeploymentError {
  const text = body.trimStart();
  if (status === 200 && text.startsWith("{")) {
    return new DeploymentError(
      "TEMPORARILY_UNAVAILABLE",
      `${failed}: the answer is cut off, or is no JSON. Look at the server's log, or at that of a proxy before it, if it stays so.`,
    );
  }
  const kind = text.startsWith("<") ? "a page of HTML" : "not what MLflow answers";
  const signIn =
    status === 200 && text.startsWith("<") ? " If a proxy shows its sign-in page, set MLFLOW_TRACKING_TOKEN." : "";
  return new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `${failed}: HTTP ${status}, and ${kind}. Is this an MLflow server? Check ${setting}, with its path if it has one.${signIn}`,
  );
}

/** A request that got no answer, as an error. `code` is that of the socket, such as `ECONNREFUSED`. */
export function connectionFailure(error: unknown, code: string, what: string, server: AskedServer): DeploymentError {
  const options = { cause: new Error(code) };
  if (code === "ECONNREFUSED" || code === "ENOTFOUND") {
    return new DeploymentError(
      "TEMPORARILY_UNAVAILABLE",
      `No server answers at ${server.origin} (${code}). Start MLflow there, or set ${server.setting} to where it is.`,
      { ...options, retryable: false },
    );
  }
  const insecure = secureConnectionFailure(code, server);
  if (insecure !== null) return insecure;
  if (code.startsWith("HPE_")) {
    return new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `What answers at ${server.origin} does not speak HTTP (${code}). Check host and port in ${server.setting}.`,
      options,
    );
  }
  const reason = tidy(error instanceof Error ? error.message : String(error));
  const hint =
    code === "ECONNRESET" && server.origin.startsWith("http:")
      ? ` If the server expects TLS, write https:// in ${server.setting}.`
      : "";
  return new DeploymentError(
    "TEMPORARILY_UNAVAILABLE",
    `Cannot read ${what} from ${server.origin}: ${reason} (${code}).${hint}`,
    options,
  );
}

/** An answer that does not end, or is larger than any of MLflow's. */
export function tooLarge(what: string, server: AskedServer, bytes: number): DeploymentError {
  return new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `Cannot read ${what} from ${server.origin}: the answer has more than ${bytes} bytes. Is this an MLflow server? Check ${server.setting}.`,
  );
}

/** A page of HTML with status 200 where a file should be. */
export function pageInPlace(what: string, server: AskedServer): DeploymentError {
  return new DeploymentError(
    "UNAUTHENTICATED",
    `Cannot read ${what} from ${server.origin}: a page of HTML came in its place. If it is a proxy's sign-in page, set MLFLOW_TRACKING_TOKEN; ` +
      `else check ${server.setting}, with its path if it has one.`,
  );
}

/** Characters of a server's own words in a message. */
const longestQuote = 500;

/** A server's own words, without credentials and without a flood. */
export function tidy(message: string): string {
  const words = message.slice(0, longestQuote).split(/\s+/);
  // half a URL does not show what in it is a password
  if (message.length > longestQuote) words.splice(-1, 1, "…");
  return maskUrls(words.join(" ")).trim().replace(/\.$/, "");
}
