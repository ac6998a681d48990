import { appendFileSync, mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";

import type { EmulatorRequest, Exchange } from "./http.js";

/** What a record says in place of a value that may be a secret. */
const mask = "***";

/**
 * Appends each request to a file, as a line of JSON: `{"time","method","path","query","body","status"}`. Headers, and
 * with them tokens, are left out; a body that is not JSON is `{"bytes": N}`; the values of a container's environment
 * variables are masked.
 *
 * Lines are written at once, so that what a killed emulator was asked is there.
 */
export class Recorder {
  readonly #file: string;

  constructor(file: string) {
    this.#file = resolve(file);
    mkdirSync(dirname(this.#file), { recursive: true });
  }

  record({ request, status }: Exchange): void {
    const line = {
      time: new Date().toISOString(),
      method: request.method,
      path: request.path.replace(/^\/containers\/[^/]+/, `/containers/${mask}`),
      query: readQuery(request.query),
      body: readBody(request),
      status,
    };
    appendFileSync(this.#file, `${JSON.stringify(line)}\n`, { mode: 0o600 });
  }
}

/** Parameters of Google's APIs that are credentials ("System parameters"). */
const secretParameters = new Set(["access_token", "oauth_token", "key", "upload_id", "signature"]);

function readQuery(query: URLSearchParams): Record<string, string | string[]> {
  const read: Record<string, string | string[]> = {};
  for (const name of new Set(query.keys())) {
    const values = query.getAll(name).map((value) => (isSecret(name) ? mask : value));
    read[name] = values.length === 1 ? values[0]! : values;
  }
  return read;
}

function isSecret(name: string): boolean {
  return secretParameters.has(name.toLowerCase()) || /^x-goog-(signature|credential)$/i.test(name);
}

function readBody(request: EmulatorRequest): unknown {
  if (request.bytesRead === 0) return null;
  if (request.buffered === undefined) return { bytes: request.bytesRead };
  try {
    return maskVariables(JSON.parse(request.buffered.toString("utf8")), false);
  } catch {
    return { bytes: request.bytesRead };
  }
}

/** `env[].value` below a `containerSpec`, in either of proto3's spellings, wherever it is. */
function maskVariables(value: unknown, inContainer: boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => maskVariables(item, inContainer));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]: [string, unknown]) => {
      if (inContainer && key === "env" && Array.isArray(item)) return [key, item.map(maskVariable)];
      return [key, maskVariables(item, inContainer || key === "containerSpec" || key === "container_spec")];
    }),
  );
}

function maskVariable(variable: unknown): unknown {
  if (typeof variable !== "object" || variable === null || !("value" in variable)) return variable;
  return { ...variable, value: mask };
}
