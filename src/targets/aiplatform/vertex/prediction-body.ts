import { DeploymentError } from "../../../core/errors.js";

/** The kinds of endpoints, by the way to them: Google's shared host, a public host of their own, or a network. */
export type EndpointType = "shared" | "dedicated" | "private";

/**
 * The most bytes of a prediction request: "Choose an endpoint type" of Vertex AI says 1.5 MB for endpoints on the shared
 * host, 10 MB for the others. Read as binary megabytes, so that nothing is refused here that the service may take.
 */
const maxBytes: Record<EndpointType, number> = {
  shared: 1.5 * 1024 * 1024,
  dedicated: 10 * 1024 * 1024,
  private: 10 * 1024 * 1024,
};

/**
 * The text of a prediction request.
 *
 * JSON would change some values silently: `NaN` becomes `null`, `undefined` disappears, a `Map` becomes `{}`.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` that names such a value by its path, or the limit that the text
 * exceeds.
 */
export function predictionBody(
  request: { instances: readonly unknown[]; parameters?: Record<string, unknown> | undefined; stream?: true },
  endpointType: EndpointType,
): string {
  check(request.instances, "instances", new Set());
  if (request.parameters !== undefined) check(request.parameters, "parameters", new Set());
  const { instances, parameters, stream } = request;
  const text = JSON.stringify({ instances, parameters, stream });
  const bytes = Buffer.byteLength(text);
  const limit = maxBytes[endpointType];
  if (bytes > limit) throw tooLarge(bytes, limit, endpointType);
  return text;
}

function check(value: unknown, path: string, above: Set<object>): void {
  switch (typeof value) {
    case "string":
    case "boolean":
      return;
    case "number":
      if (!Number.isFinite(value)) throw refused(path, `${value}`, "Send null for a missing number.");
      return;
    case "object":
      if (value !== null) checkObject(value, path, above);
      return;
    case "undefined":
      throw refused(path, "undefined", "Send null for a missing value, or leave the key out.");
    case "bigint":
      throw refused(path, "a BigInt", "Send a number or a string.");
    default:
      throw refused(path, `a ${typeof value}`, "Send data only.");
  }
}

function checkObject(value: object, path: string, above: Set<object>): void {
  if (above.has(value)) throw refused(path, "an object that holds itself", "Send data only.");
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw refused(path, "an invalid date", "Send null for a missing value.");
    return;
  }
  above.add(value);
  if (Array.isArray(value)) {
    // not forEach: it would pass over the holes of a sparse array
    for (let index = 0; index < value.length; index++) check(value[index], `${path}[${index}]`, above);
  } else if (isPlain(value)) {
    for (const [key, part] of Object.entries(value)) check(part, `${path}${step(key)}`, above);
  } else {
    throw refused(
      path,
      `a ${value.constructor?.name || "class instance"}`,
      "Send arrays and plain objects; Array.from makes an array of a typed one.",
    );
  }
  above.delete(value);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

function step(key: string): string {
  return /^[A-Za-z_]\w*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function refused(path: string, what: string, instead: string): DeploymentError {
  return new DeploymentError("INVALID_PARAMETER_VALUE", `${path} is ${what}, which JSON cannot hold. ${instead}`);
}

function tooLarge(bytes: number, limit: number, endpointType: EndpointType): DeploymentError {
  const instead =
    endpointType === "shared"
      ? "Send fewer rows in each request, or deploy with endpointType: dedicated, which takes 10 MB."
      : "Send fewer rows in each request.";
  return new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The prediction request has ${megabytes(bytes)}; Vertex AI takes ${megabytes(limit)} on a ${endpointType} endpoint. ${instead}`,
  );
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
