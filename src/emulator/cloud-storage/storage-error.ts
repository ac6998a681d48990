import { GoogleError } from "../google-error.js";

/** An error in the form of Cloud Storage's JSON API, which is older than `google.rpc.Status`. */
export class StorageError extends GoogleError {
  override readonly name = "StorageError";
  /** Cloud Storage's own word, such as `notFound` or `conditionNotMet`. */
  readonly reason: string;

  constructor(httpStatus: number, status: string, reason: string, message: string) {
    super(httpStatus, status, message);
    this.reason = reason;
  }

  override toWire(): unknown {
    const { httpStatus: code, message, reason } = this;
    return { error: { code, message, errors: [{ message, domain: "global", reason }] } };
  }

  /** Any error of the emulator in Cloud Storage's form. */
  static override from(error: unknown): StorageError {
    if (error instanceof StorageError) return error;
    const { httpStatus, status, message } = GoogleError.from(error);
    return new StorageError(httpStatus, status, reasons[httpStatus] ?? "backendError", message);
  }
}

const reasons: Readonly<Record<number, string>> = {
  400: "invalid",
  401: "authError",
  403: "forbidden",
  404: "notFound",
  409: "conflict",
  413: "uploadTooLarge",
  429: "rateLimitExceeded",
  501: "notImplemented",
};

export const bucketNotFound = () =>
  new StorageError(404, "NOT_FOUND", "notFound", "The specified bucket does not exist.");
export const objectNotFound = (bucket: string, object: string) =>
  new StorageError(404, "NOT_FOUND", "notFound", `No such object: ${bucket}/${object}`);
export const conditionNotMet = () =>
  new StorageError(
    412,
    "FAILED_PRECONDITION",
    "conditionNotMet",
    "At least one of the pre-conditions you specified did not hold.",
  );
export const badRequest = (message: string, reason = "invalid") =>
  new StorageError(400, "INVALID_ARGUMENT", reason, message);
export const requiredParameter = (name: string) => badRequest(`Required parameter: ${name}`, "required");
export const conflict = (message: string) => new StorageError(409, "ALREADY_EXISTS", "conflict", message);
export const forbidden = (message: string) => new StorageError(403, "PERMISSION_DENIED", "forbidden", message);
export const notEmulated = (what: string) =>
  new StorageError(501, "UNIMPLEMENTED", "notImplemented", `The emulator does not implement ${what}.`);
