/** The APIs that are used, each by the first part of its host and of its permissions. */
export type GoogleService =
  | "aiplatform"
  | "cloudbuild"
  | "artifactregistry"
  | "logging"
  | "storage"
  | "serviceusage"
  | "cloudresourcemanager"
  | "iam"
  | "ml";

/** What was being done when a request failed. */
export interface FailedCall {
  /** With the resource's name: `Reading the endpoint projects/p/locations/l/endpoints/e`. */
  doing: string;
  service: GoogleService;
  /** Whether the caller's own signal stopped it. */
  cancelled?: boolean;
  /** The emulator's URL; null for Google Cloud. */
  emulator: string | null;
  /** The account, where it is known. */
  caller: string | null;
}

/**
 * What is known of a failed request, whichever library sent it: gaxios (googleapis) and undici (predictions) throw errors
 * of their own that hold the whole request, its Authorization header included, so that no such error leaves this folder.
 */
export interface RequestFailure {
  /** Google's own words, or the network's. */
  message: string;
  /** The HTTP status; null when no answer came. */
  httpStatus: number | null;
  /** The name of a `google.rpc.Code`, such as `NOT_FOUND`; null where the answer has none. */
  status: string | null;
  /** `google.rpc.Status.details`. */
  details: Record<string, unknown>[];
  /** Of a request without an answer: Node's error code, such as `ECONNRESET`. */
  networkCode: string | null;
  /** Seconds of the header `Retry-After`. */
  retryAfterSeconds: number | null;
}

/** Takes an error apart that a request threw. */
export function requestFailure(error: unknown): RequestFailure {
  const thrown = asRecord(error);
  const response = asRecord(thrown["response"]);
  const message = error instanceof Error ? error.message : String(error);
  if (typeof response["status"] !== "number") return withoutAnswer(thrown, message);
  return answeredFailure(response["status"], response["data"], header(response["headers"], "retry-after"), message);
}

/** What an answer that is no success says. */
function answeredFailure(
  httpStatus: number,
  body: unknown,
  retryAfter: string | null,
  otherwise: string,
): RequestFailure {
  const answer = asRecord(asRecord(body)["error"]);
  const retryAfterSeconds = Number(retryAfter ?? Number.NaN);
  return {
    message: googlesMessage(body, answer) ?? (/<html|<!doctype/i.test(otherwise) ? `HTTP ${httpStatus}` : otherwise),
    httpStatus,
    status: typeof answer["status"] === "string" ? answer["status"] : null,
    details: Array.isArray(answer["details"]) ? answer["details"].map(asRecord) : [],
    networkCode: null,
    retryAfterSeconds: Number.isFinite(retryAfterSeconds) ? retryAfterSeconds : null,
  };
}

function googlesMessage(body: unknown, answer: Record<string, unknown>): string | null {
  if (typeof answer["message"] === "string" && answer["message"] !== "") return answer["message"];
  // the token endpoint of OAuth: {"error": "invalid_grant", "error_description": "…"}
  const { error, error_description: description } = asRecord(body);
  if (typeof error !== "string") return null;
  return typeof description === "string" ? `${error}: ${description}` : error;
}

function withoutAnswer(thrown: Record<string, unknown>, message: string): RequestFailure {
  const causes = [thrown, asRecord(thrown["cause"])];
  const code = causes.map((part) => part["code"]).find((value): value is string => typeof value === "string");
  // node-fetch, below gaxios, ends a request that took too long by aborting it
  const timedOut = causes.some((part) => part["name"] === "AbortError" || part["name"] === "TimeoutError");
  return {
    message: message || code || "no reason was given",
    httpStatus: null,
    status: null,
    details: [],
    networkCode: timedOut ? "ETIMEDOUT" : (code ?? null),
    retryAfterSeconds: null,
  };
}

/** Of a `Headers`, gaxios' or Node's, or of axios' object. */
function header(headers: unknown, name: string): string | null {
  const { get, [name]: field } = asRecord(headers);
  const value: unknown = typeof get === "function" ? get.call(headers, name) : field;
  return typeof value === "string" ? value : null;
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
