import { DeploymentError } from "../../../core/errors.js";

/** What a serving container answered in place of predictions: `{"error": {"code": 400, "message": "…"}}`. */
interface ContainerError {
  code: unknown;
  message: string;
}

/**
 * The container's error in the message of Vertex AI's own, `Prediction failed: {"error": …}`; null in any other message.
 */
export function wrappedError(message: string): ContainerError | null {
  const start = message.indexOf("{");
  if (start === -1) return null;
  try {
    return bodyError(JSON.parse(message.slice(start)));
  } catch {
    return null;
  }
}

/**
 * The container's error in an answer that came from it directly, where that error is about this one request; null for
 * statuses after which the same request may succeed.
 */
export function directError(status: number, body: unknown): ContainerError | null {
  const error = status === 400 || status === 500 ? bodyError(body) : null;
  return error && { ...error, code: status };
}

function bodyError(body: unknown): ContainerError | null {
  const { error } = (body ?? {}) as { error?: { code?: unknown; message?: unknown } | null };
  return typeof error?.message === "string" ? { code: error.code, message: error.message } : null;
}

/** The error of a request that the container refused, in the container's own words. */
export function refusedByContainer({ code, message }: ContainerError, doing: string): DeploymentError {
  const isInput = code === 400;
  return new DeploymentError(
    isInput ? "INVALID_PARAMETER_VALUE" : "FAILED_PRECONDITION",
    `${doing} failed: ${message}${/[.!?]$/.test(message) ? "" : "."}${isInput ? "" : " The container's log says more."}`,
  );
}
