/** An error as Google's REST APIs answer it (`google.rpc.Status` in an `error` object, AIP-193). */
export class GoogleError extends Error {
  override readonly name: string = "GoogleError";
  /** The HTTP status, such as 404. */
  readonly httpStatus: number;
  /** The name in `google.rpc.Code`, such as `NOT_FOUND`. */
  readonly status: string;
  readonly details: unknown[] | undefined;

  constructor(httpStatus: number, status: string, message: string, details?: unknown[]) {
    super(message);
    this.httpStatus = httpStatus;
    this.status = status;
    this.details = details;
  }

  /** The body of the answer. Cloud Storage overrides it, having a form of its own. */
  toWire(): unknown {
    return {
      error: {
        code: this.httpStatus,
        message: this.message,
        status: this.status,
        ...(this.details === undefined ? {} : { details: this.details }),
      },
    };
  }

  /** `error` itself if it is a `GoogleError`, else a 500 that tells the caller what broke in the emulator. */
  static from(error: unknown): GoogleError {
    if (error instanceof GoogleError) return error;
    return new GoogleError(
      500,
      "INTERNAL",
      `Emulator error: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

export const invalidArgument = (message: string, details?: unknown[]) =>
  new GoogleError(400, "INVALID_ARGUMENT", message, details);
export const failedPrecondition = (message: string) => new GoogleError(400, "FAILED_PRECONDITION", message);
export const permissionDenied = (message: string) => new GoogleError(403, "PERMISSION_DENIED", message);
export const notFound = (message: string) => new GoogleError(404, "NOT_FOUND", message);
export const alreadyExists = (message: string) => new GoogleError(409, "ALREADY_EXISTS", message);
/** Another writer was faster, such as an `etag` that no longer holds. */
export const aborted = (message: string) => new GoogleError(409, "ABORTED", message);
export const unimplemented = (message: string) => new GoogleError(501, "UNIMPLEMENTED", message);
