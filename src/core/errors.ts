/** The error codes of this package: MLflow's own (`mlflow.protos.databricks_pb2.ErrorCode`) where one fits. */
export type ErrorCode =
  | "RESOURCE_DOES_NOT_EXIST"
  | "RESOURCE_ALREADY_EXISTS"
  | "RESOURCE_CONFLICT"
  | "INVALID_PARAMETER_VALUE"
  | "UNAUTHENTICATED"
  | "PERMISSION_DENIED"
  | "FAILED_PRECONDITION"
  | "RESOURCE_EXHAUSTED"
  | "TEMPORARILY_UNAVAILABLE"
  | "DEADLINE_EXCEEDED"
  | "CANCELLED"
  | "NOT_IMPLEMENTED"
  | "INTERNAL_ERROR";

/** Says that an error is ours even when two copies of this package are installed side by side. */
const marker = Symbol.for("mlflow-deployments.DeploymentError");

const retryableCodes: ReadonlySet<ErrorCode> = new Set(["TEMPORARILY_UNAVAILABLE", "RESOURCE_EXHAUSTED"]);

/**
 * The one error that public methods of this package reject with. Its message says what failed, why, and what to do
 * next, and never holds a credential.
 */
export class DeploymentError extends Error {
  override readonly name = "DeploymentError";
  /** What kind of failure this is, for programs. */
  readonly code: ErrorCode;
  /** Whether the same call may succeed later with nothing changed. Default: by `code`. */
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, options: { cause?: unknown; retryable?: boolean } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? retryableCodes.has(code);
    Object.defineProperty(this, marker, { value: true });
  }

  /** For `JSON.stringify`, and so for loggers: without stack and cause. */
  toJSON(): { name: string; code: ErrorCode; message: string; retryable: boolean } {
    const { name, code, message, retryable } = this;
    return { name, code, message, retryable };
  }

  /** Whether `error` is a `DeploymentError`, of this or another installed copy of the package. */
  static is(error: unknown): error is DeploymentError {
    return typeof error === "object" && error !== null && marker in error;
  }

  /**
   * `error` as a `DeploymentError`: itself if it is one, a `CANCELLED` for an abort, a `DEADLINE_EXCEEDED` for the end of an
   * `AbortSignal.timeout`, else an `INTERNAL_ERROR`, each with it as cause.
   */
  static from(error: unknown, doing: string): DeploymentError {
    if (DeploymentError.is(error)) return error;
    if (error instanceof Error && error.name === "AbortError") {
      return new DeploymentError("CANCELLED", `${doing} was cancelled.`, { cause: error });
    }
    if (error instanceof Error && error.name === "TimeoutError") {
      return new DeploymentError("DEADLINE_EXCEEDED", `${doing} was not finished in time.`, { cause: error });
    }
    const reason = error instanceof Error ? error.message : String(error);
    return new DeploymentError("INTERNAL_ERROR", `${doing} failed: ${reason}`, { cause: error });
  }
}

/**
 * An error to stand as the cause of one of ours in place of a library's own, whose message, request and headers may hold
 * what must not be shown: `message` and `fields`, and of the original nothing but where it was thrown.
 */
export function plainCause(original: unknown, message: string, fields: Record<string, unknown>): Error {
  const cause = Object.assign(new Error(message), fields);
  const stack = original instanceof Error ? original.stack : undefined;
  const frames = stack?.indexOf("\n    at ") ?? -1;
  cause.stack = `Error: ${message}${frames === -1 ? "" : stack?.slice(frames)}`;
  return cause;
}

/** Throws `CANCELLED` when `signal` is aborted. */
export function throwIfCancelled(signal: AbortSignal | undefined, doing: string): void {
  if (signal?.aborted) throw new DeploymentError("CANCELLED", `${doing} was cancelled.`, { cause: signal.reason });
}
