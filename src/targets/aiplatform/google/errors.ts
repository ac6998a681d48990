import { DeploymentError, type ErrorCode, plainCause } from "../../../core/errors.js";
import { OperationFailedError } from "../../../core/operation.js";
import { advice } from "./advice.js";
import { type FailedCall, type RequestFailure, requestFailure } from "./failure.js";

/** `google.rpc.Code` by number and name, to MLflow's codes. */
const codes: readonly (readonly [number, string, ErrorCode])[] = [
  [1, "CANCELLED", "CANCELLED"],
  [2, "UNKNOWN", "INTERNAL_ERROR"],
  [3, "INVALID_ARGUMENT", "INVALID_PARAMETER_VALUE"],
  [4, "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED"],
  [5, "NOT_FOUND", "RESOURCE_DOES_NOT_EXIST"],
  [6, "ALREADY_EXISTS", "RESOURCE_ALREADY_EXISTS"],
  [7, "PERMISSION_DENIED", "PERMISSION_DENIED"],
  [8, "RESOURCE_EXHAUSTED", "RESOURCE_EXHAUSTED"],
  [9, "FAILED_PRECONDITION", "FAILED_PRECONDITION"],
  [10, "ABORTED", "RESOURCE_CONFLICT"],
  [11, "OUT_OF_RANGE", "INVALID_PARAMETER_VALUE"],
  [12, "UNIMPLEMENTED", "NOT_IMPLEMENTED"],
  [13, "INTERNAL", "INTERNAL_ERROR"],
  [14, "UNAVAILABLE", "TEMPORARILY_UNAVAILABLE"],
  [15, "DATA_LOSS", "INTERNAL_ERROR"],
  [16, "UNAUTHENTICATED", "UNAUTHENTICATED"],
];

const codeOfStatus: ReadonlyMap<string, ErrorCode> = new Map(codes.map(([, status, code]) => [status, code]));
const statusOfNumber: ReadonlyMap<number, string> = new Map(codes.map(([number, status]) => [number, status]));

/** For answers without a status of Google's, such as a proxy's. */
const codeOfHttpStatus: ReadonlyMap<number, ErrorCode> = new Map([
  [400, "INVALID_PARAMETER_VALUE"],
  [401, "UNAUTHENTICATED"],
  [403, "PERMISSION_DENIED"],
  [404, "RESOURCE_DOES_NOT_EXIST"],
  [408, "TEMPORARILY_UNAVAILABLE"],
  [409, "RESOURCE_CONFLICT"],
  [412, "RESOURCE_CONFLICT"],
  [413, "INVALID_PARAMETER_VALUE"],
  [429, "RESOURCE_EXHAUSTED"],
  [501, "NOT_IMPLEMENTED"],
  [502, "TEMPORARILY_UNAVAILABLE"],
  [503, "TEMPORARILY_UNAVAILABLE"],
  [504, "DEADLINE_EXCEEDED"],
]);

/** What the auth libraries say when they find no credentials, or none that work; they have no code for it. */
const noCredentials =
  /could not load the default credentials|invalid_grant|invalid_client|invalid_rapt|unable to detect a project id|does not exist, or it is not a file|DECODER routines|failed to obtain.*subject token/i;

/** The error of a failed request, in the terms of this package: Google's own words, and what to do. */
export function googleError(error: unknown, call: FailedCall): DeploymentError {
  if (DeploymentError.is(error)) return error;
  if (call.cancelled)
    return new DeploymentError("CANCELLED", `${call.doing} was cancelled.`, { cause: safeCause(error) });
  const failure = requestFailure(error);
  return failureError(failure, call, error);
}

/** As {@link googleError}, for a failure that was no exception. */
function failureError(failure: RequestFailure, call: FailedCall, error?: unknown): DeploymentError {
  const code = errorCode(failure);
  const violations = fieldViolations(failure);
  const text = [`${call.doing} failed: ${sentence(failure.message)}`, ...violations, advice(code, failure, call)];
  const message = text.filter((part) => part !== null).join(" ");
  return new DeploymentError(code, message, error === undefined ? {} : { cause: safeCause(error) });
}

/** The error of an operation that ended with one (`google.rpc.Status`). */
export function operationError(
  status: { code?: number | null; message?: string | null; details?: unknown[] | null },
  call: FailedCall,
): OperationFailedError {
  const { code, message } = failureError(
    {
      message: status.message || "no reason was given",
      httpStatus: null,
      status: statusOfNumber.get(status.code ?? 2) ?? "UNKNOWN",
      details: (status.details ?? []) as Record<string, unknown>[],
      networkCode: null,
      retryAfterSeconds: null,
    },
    call,
  );
  return new OperationFailedError(code, message);
}

function errorCode(failure: RequestFailure): ErrorCode {
  if (failure.details.some((detail) => detail["reason"] === "SERVICE_DISABLED")) return "FAILED_PRECONDITION";
  if (noCredentials.test(failure.message)) return "UNAUTHENTICATED";
  const byStatus = codeOfStatus.get(failure.status ?? "");
  if (byStatus) return byStatus;
  if (failure.httpStatus !== null) return codeOfHttpStatus.get(failure.httpStatus) ?? "INTERNAL_ERROR";
  return failure.networkCode === null ? "INTERNAL_ERROR" : "TEMPORARILY_UNAVAILABLE";
}

/** What `google.rpc.BadRequest` says of single fields, unless the message says it already. */
function fieldViolations(failure: RequestFailure): string[] {
  return failure.details
    .flatMap((detail) => (detail["fieldViolations"] as { field?: string; description?: string }[] | undefined) ?? [])
    .filter(({ description }) => description && !failure.message.includes(description))
    .map(({ field, description }) => `${field ? `${field}: ` : ""}${sentence(description ?? "")}`);
}

/** The error as a cause that holds no request: neither headers nor sockets. */
function safeCause(error: unknown): Error {
  const { message, httpStatus, status, networkCode } = requestFailure(error);
  return plainCause(error, message, { httpStatus, status, networkCode });
}

function sentence(text: string): string {
  const trimmed = text.trim();
  // a full stop would become part of a link
  return /[.!?]$|:\/\/\S+$/.test(trimmed) ? trimmed : `${trimmed}.`;
}
