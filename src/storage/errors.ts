import { DeploymentError, type ErrorCode, plainCause } from "../core/errors.js";
import type { StorageConnection } from "./connection.js";

/** What was tried, for the message of its failure. */
export interface Attempt {
  /** The beginning of a sentence, such as `Uploading gs://bucket/name`. */
  doing: string;
  bucket: string;
  /** The role that the caller needs for it on the bucket. */
  role: "roles/storage.objectAdmin" | "roles/storage.objectViewer";
  /** The bucket that Cloud Storage copies from, where it does. */
  source?: string | undefined;
}

/** Runs `work`; what it throws comes out as a `DeploymentError` that says what was tried, what Google said, and what to do. */
export async function explained<T>(
  connection: StorageConnection,
  attempt: Attempt,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw await storageError(connection, attempt, error);
  }
}

/** Any error of `@google-cloud/storage`, of a request's transport or of authentication, as a `DeploymentError`. */
export async function storageError(
  connection: StorageConnection,
  attempt: Attempt,
  error: unknown,
): Promise<DeploymentError> {
  if (DeploymentError.is(error)) return error;
  if (error instanceof Error && error.name === "AbortError") return DeploymentError.from(error, attempt.doing);
  const status = httpStatus(error);
  const code = isAuthenticationFailure(error) ? "UNAUTHENTICATED" : codeOf(status, error);
  const advice = await adviceFor(code, attempt, connection, error);
  return new DeploymentError(code, `${attempt.doing} failed: ${withFullStop(googleMessage(error))}${advice}`, {
    cause: withoutRequest(error),
    retryable: code === "TEMPORARILY_UNAVAILABLE" || code === "RESOURCE_EXHAUSTED",
  });
}

/** The error without the request that it carries, whose headers hold a token. */
export function withoutRequest(error: unknown): Error {
  return plainCause(error, googleMessage(error), { httpStatus: httpStatus(error) });
}

/** The HTTP status that an error of the library stands for; undefined when no answer came. */
export function httpStatus(error: unknown): number | undefined {
  const { code, status, response, message } = fieldsOf(error);
  const found = [code, status, response?.status, response?.statusCode].map(Number).find((each) => each >= 100);
  if (found !== undefined) return found;
  // A resumable upload that gave up retrying has the last status in its text alone.
  const told = /\bstatus: (\d{3})\b/.exec(message ?? "")?.[1];
  return told === undefined ? undefined : Number(told);
}

/** Cloud Storage's 404 is the same for a bucket and an object but for its message. */
export function isMissingBucket(error: unknown): boolean {
  return httpStatus(error) === 404 && /bucket does not exist/i.test(googleMessage(error));
}

/** Whether the same request may succeed when it is sent again, if that does no harm. */
export function isPassing(error: unknown): boolean {
  const status = httpStatus(error);
  if (status === undefined) return isNetworkFailure(error);
  return status >= 500 || status === 408 || status === 429;
}

/** Whether Cloud Storage refused bytes that do not have the checksum that they were sent with. */
export function isDamage(error: unknown): boolean {
  return httpStatus(error) === 400 && /\b(crc32c|md5|checksum)\b/i.test(googleMessage(error));
}

/** What Google said, without the names of upload sessions: whoever knows one can write to it. */
function googleMessage(error: unknown): string {
  const { message, errors, response } = fieldsOf(error);
  const body = response?.data ?? response?.body ?? parsed(message);
  const said = errorOf(body) ?? errorOf(errors?.[0]) ?? fieldsOf(errors?.[0]).message ?? message ?? String(error);
  return said.replaceAll(/(upload_id=)[^&\s"']+/g, "$1…").trim();
}

function codeOf(status: number | undefined, error: unknown): ErrorCode {
  if (status === undefined) return isNetworkFailure(error) ? "TEMPORARILY_UNAVAILABLE" : "INTERNAL_ERROR";
  if (status >= 500 || status === 408) return "TEMPORARILY_UNAVAILABLE";
  return codes[status] ?? "INTERNAL_ERROR";
}

const codes: Readonly<Record<number, ErrorCode>> = {
  400: "INVALID_PARAMETER_VALUE",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "RESOURCE_DOES_NOT_EXIST",
  409: "RESOURCE_CONFLICT",
  412: "RESOURCE_CONFLICT",
  429: "RESOURCE_EXHAUSTED",
};

async function adviceFor(
  code: ErrorCode,
  attempt: Attempt,
  connection: StorageConnection,
  error: unknown,
): Promise<string> {
  switch (code) {
    case "PERMISSION_DENIED": {
      const caller = await connection.caller().catch(() => null);
      return ` Grant ${caller ?? "the caller"} ${missingRoles(attempt, googleMessage(error))}.`;
    }
    case "UNAUTHENTICATED":
      return " Sign in with `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS.";
    case "RESOURCE_DOES_NOT_EXIST":
      return isMissingBucket(error) ? ` Create the bucket "${attempt.bucket}", or name another one.` : "";
    case "RESOURCE_CONFLICT":
      return " Someone else changed it at the same time; look at what is there now before you run this again.";
    case "TEMPORARILY_UNAVAILABLE":
    case "RESOURCE_EXHAUSTED":
      return " Run it again later: what has been uploaded is not sent twice.";
    default:
      return "";
  }
}

/** A copy needs two buckets; Cloud Storage names the permission that is missing, and with it which of them it is about. */
function missingRoles({ role, bucket, source }: Attempt, said: string): string {
  const wanted = `the role ${role} on the bucket "${bucket}"`;
  if (source === undefined || /storage\.objects\.(create|delete)\b/.test(said)) return wanted;
  const reading = `the role roles/storage.objectViewer on the bucket "${source}"`;
  return /storage\.objects\.get\b/.test(said) ? reading : `${reading} and ${wanted}`;
}

/** google-auth-library finds no credentials, or their owner has to sign in again (RFC 6749's `invalid_grant`). */
function isAuthenticationFailure(error: unknown): boolean {
  const { message, response } = fieldsOf(error);
  if (fieldsOf(response?.data).error === "invalid_grant") return true;
  return /could not load the default credentials|invalid_grant|invalid_rapt/i.test(message ?? "");
}

function isNetworkFailure(error: unknown): boolean {
  const { code, message } = fieldsOf(error);
  const failure =
    /^(ECONN\w+|EPIPE|EPROXY|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ERR_STREAM_PREMATURE_CLOSE|UND_ERR_CONNECT_TIMEOUT|CONTENT_DOWNLOAD_MISMATCH)$/;
  if (typeof code === "string" && failure.test(code)) return true;
  return /socket hang up|premature close|retry (?:limit|total time limit) exceeded|offset is lower/i.test(
    message ?? "",
  );
}

interface ErrorFields {
  code?: unknown;
  status?: unknown;
  message?: string;
  error?: unknown;
  errors?: unknown[];
  response?: { status?: unknown; statusCode?: unknown; data?: unknown; body?: unknown };
}

/** The library throws its `ApiError`, gaxios's errors, Node's, and Google's error objects as they are. */
function fieldsOf(error: unknown): ErrorFields {
  return typeof error === "object" && error !== null ? error : {};
}

/** The message in `{ error: { message } }`, which is how Google answers. */
function errorOf(body: unknown): string | undefined {
  const content = typeof body === "string" ? parsed(body) : body;
  const { message } = fieldsOf(fieldsOf(content).error);
  return typeof message === "string" && message !== "" ? message : undefined;
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}

function withFullStop(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
