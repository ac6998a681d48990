import { DeploymentError, type ErrorCode, plainCause } from "../core/errors.js";

/** What was tried on S3, for the message of its failure. */
export interface S3Attempt {
  /** The beginning of a sentence, such as `Listing s3://bucket/prefix`. */
  doing: string;
  bucket: string;
  /** Where requests go if that is not Amazon; null also while that is not known. */
  endpoint: string | null;
}

/** By S3's own names ("Error responses" of its documentation), and those of Node and the SDK. */
const codes: Readonly<Record<string, ErrorCode>> = {
  NoSuchBucket: "RESOURCE_DOES_NOT_EXIST",
  NoSuchKey: "RESOURCE_DOES_NOT_EXIST",
  NotFound: "RESOURCE_DOES_NOT_EXIST",
  AccessDenied: "PERMISSION_DENIED",
  AllAccessDisabled: "PERMISSION_DENIED",
  InvalidObjectState: "FAILED_PRECONDITION",
  InvalidAccessKeyId: "UNAUTHENTICATED",
  SignatureDoesNotMatch: "UNAUTHENTICATED",
  ExpiredToken: "UNAUTHENTICATED",
  ExpiredTokenException: "UNAUTHENTICATED",
  InvalidToken: "UNAUTHENTICATED",
  TokenRefreshRequired: "UNAUTHENTICATED",
  CredentialsProviderError: "UNAUTHENTICATED",
  TokenProviderError: "UNAUTHENTICATED",
  PermanentRedirect: "INVALID_PARAMETER_VALUE",
  AuthorizationHeaderMalformed: "INVALID_PARAMETER_VALUE",
  IllegalLocationConstraintException: "INVALID_PARAMETER_VALUE",
  InvalidBucketName: "INVALID_PARAMETER_VALUE",
  RequestTimeTooSkewed: "FAILED_PRECONDITION",
  PreconditionFailed: "RESOURCE_CONFLICT",
  ENOTFOUND: "TEMPORARILY_UNAVAILABLE",
  ECONNREFUSED: "TEMPORARILY_UNAVAILABLE",
};

const statuses: Readonly<Record<number, ErrorCode>> = {
  301: "INVALID_PARAMETER_VALUE",
  302: "INVALID_PARAMETER_VALUE",
  303: "INVALID_PARAMETER_VALUE",
  307: "INVALID_PARAMETER_VALUE",
  308: "INVALID_PARAMETER_VALUE",
  400: "INVALID_PARAMETER_VALUE",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "RESOURCE_DOES_NOT_EXIST",
  412: "RESOURCE_CONFLICT",
};

/** Any error of the AWS SDK, of S3 or of the way there, as a `DeploymentError` that says what to do. */
export function s3Error(attempt: S3Attempt, error: unknown): DeploymentError {
  if (DeploymentError.is(error)) return error;
  if (error instanceof Error && error.name === "AbortError") return DeploymentError.from(error, attempt.doing);
  const { name, status, message, region } = fieldsOf(error);
  const isTls = /CERT|SELF_SIGNED|ERR_TLS|ERR_SSL|EPROTO/.test(name);
  const isForeign = status !== undefined && status < 300;
  const code = isTls ? "FAILED_PRECONDITION" : isForeign ? "INVALID_PARAMETER_VALUE" : codeOf(name, status);
  const advice = isTls ? tlsAdvice : isForeign ? foreignAdvice : adviceFor(code, name, attempt, region);
  const said = message === "" || message === "UnknownError" ? name : message;
  const detail = name === "Error" || said.includes(name) ? said : `${said} (${name})`;
  const text = `${attempt.doing} failed: ${detail.replace(/[.\s]+$/, "")}.${advice}`;
  // not the error itself, which holds the request with its signature
  const cause = plainCause(error, said, { httpStatus: status });
  const isPassing = code === "TEMPORARILY_UNAVAILABLE" && !["ENOTFOUND", "ECONNREFUSED"].includes(name);
  return new DeploymentError(code, text, { cause, retryable: isPassing });
}

function codeOf(name: string, status: number | undefined): ErrorCode {
  const known = codes[name] ?? statuses[status ?? 0];
  if (known !== undefined) return known;
  return status === undefined || status >= 500 || status === 429 ? "TEMPORARILY_UNAVAILABLE" : "INTERNAL_ERROR";
}

const tlsAdvice =
  " Set AWS_CA_BUNDLE to the certificate of its authority; MLFLOW_S3_IGNORE_TLS=true trusts any certificate.";
const foreignAdvice = " What answers is not S3: check MLFLOW_S3_ENDPOINT_URL.";

function adviceFor(code: ErrorCode, name: string, { bucket, endpoint }: S3Attempt, region: string | undefined): string {
  const where = endpoint === null ? "" : `, and MLFLOW_S3_ENDPOINT_URL (now ${hostOf(endpoint)})`;
  switch (code) {
    case "RESOURCE_DOES_NOT_EXIST":
      return name === "NoSuchKey" ? "" : ` Check the bucket's name, "${bucket}"${where}.`;
    case "PERMISSION_DENIED":
      return ` Grant the caller s3:ListBucket on the bucket "${bucket}" and s3:GetObject on its objects; AWS_PROFILE chooses another caller.`;
    case "UNAUTHENTICATED":
      return " Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (with AWS_SESSION_TOKEN if they are temporary), or AWS_PROFILE; `aws sso login` renews a session.";
    case "RESOURCE_CONFLICT":
      return " It changed while it was read. Run it again when nothing writes to the model.";
    case "TEMPORARILY_UNAVAILABLE":
      return ["ENOTFOUND", "ECONNREFUSED"].includes(name)
        ? ` Check the network${where || ", and AWS_REGION"}.`
        : " Run it again later.";
    case "INVALID_PARAMETER_VALUE":
      return ` Set AWS_REGION to the region of the bucket "${bucket}"${region ? `, ${region}` : ""}${where}.`;
    case "FAILED_PRECONDITION":
      return name === "InvalidObjectState"
        ? " It is in an archive: restore it first."
        : name === "RequestTimeTooSkewed"
          ? " Set this machine's clock."
          : "";
    default:
      return "";
  }
}

/** Characters of a server's own words in a message. */
const longestQuote = 300;

function fieldsOf(error: unknown): {
  name: string;
  status: number | undefined;
  message: string;
  region: string | undefined;
} {
  const { name, code, message, Code, Region, $metadata, $response } = (
    typeof error === "object" && error !== null ? error : {}
  ) as Record<string, unknown>;
  const { httpStatusCode } = ($metadata ?? {}) as { httpStatusCode?: unknown };
  const { headers } = ($response ?? {}) as { headers?: Record<string, unknown> };
  const named = [code, Code, name].find(
    (each): each is string => typeof each === "string" && each !== "" && each !== "Error",
  );
  const region = headers?.["x-amz-bucket-region"] ?? Region;
  return {
    name: named ?? "Error",
    status: typeof httpStatusCode === "number" ? httpStatusCode : undefined,
    message: printable(typeof message === "string" ? message : ""),
    region: typeof region === "string" && /^[a-z0-9-]{1,40}$/.test(region) ? region : undefined,
  };
}

/** Of some answers that it cannot read, the SDK gives advice to its own users. */
function printable(message: string): string {
  const [first = ""] = message.split(/\n|Deserialization error: to see/, 1);
  return first
    .replaceAll(/\p{Cc}/gu, " ")
    .slice(0, longestQuote)
    .trim();
}

function hostOf(url: string): string {
  return new URL(url).origin;
}
