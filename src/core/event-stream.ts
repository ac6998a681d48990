import { TextDecoder } from "node:util";

import { DeploymentError, type ErrorCode } from "./errors.js";
import { parseExactJson } from "./exact-json.js";

/** The longest event that is read, in characters: the sender is not trusted with this machine's memory. */
const longestEvent = 32 * 1024 * 1024;

/** How much of a sender's own words an error repeats, in characters. */
const longestReason = 1000;

/** The last event of senders that mark the end, such as vLLM. */
const endMark = "[DONE]";

/** The codes of https://cloud.google.com/apis/design/errors, which the serving runtime answers with, that are not its own fault. */
const codes: Readonly<Record<string, ErrorCode>> = {
  INVALID_ARGUMENT: "INVALID_PARAMETER_VALUE",
  FAILED_PRECONDITION: "FAILED_PRECONDITION",
  NOT_FOUND: "RESOURCE_DOES_NOT_EXIST",
  RESOURCE_EXHAUSTED: "RESOURCE_EXHAUSTED",
  UNAVAILABLE: "TEMPORARILY_UNAVAILABLE",
  DEADLINE_EXCEEDED: "DEADLINE_EXCEEDED",
};

/**
 * Reads Server-Sent Events (`text/event-stream` of the HTML standard) whose data is JSON, and gives the value of each as it
 * comes. Who stops early ends the source.
 *
 * @param source - The bytes, such as the body of a response.
 * @param what - What sends them, for messages: `The deployment "tester"`.
 * @throws DeploymentError of the sender's own code and words for an event `error`; `TEMPORARILY_UNAVAILABLE` when the bytes
 * break off; `INTERNAL_ERROR` for what is no JSON or too long; `CANCELLED` when the source was aborted.
 */
export async function* readEventStream(
  source: AsyncIterable<Uint8Array>,
  what: string,
): AsyncGenerator<unknown, void, undefined> {
  let event = newEvent();
  for await (const line of linesOf(source, what)) {
    if (line === "") {
      if (event.name === "error") throw reportedError(event.data.join("\n"), what);
      const text = event.data.join("\n");
      if (text === endMark) return;
      if (event.data.length > 0) yield parse(text, what);
      event = newEvent();
      continue;
    }
    const { field, value } = takeApart(line);
    if (field === "event") event.name = value;
    if (field !== "data") continue;
    event.data.push(value);
    event.length += value.length;
    if (event.length > longestEvent) throw tooLong(what);
  }
  if (event.data.length > 0) throw brokenOff(what);
}

function newEvent(): { name: string; data: string[]; length: number } {
  return { name: "", data: [], length: 0 };
}

/** `data: {"a": 1}` as its field and value; a comment, which begins with a colon, has the field "". */
function takeApart(line: string): { field: string; value: string } {
  const colon = line.indexOf(":");
  if (colon === -1) return { field: line, value: "" };
  return { field: line.slice(0, colon), value: line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1) };
}

/** The lines that have ended, by LF, CR or both. The last one of a stream that breaks off is `data` of a half event. */
async function* linesOf(source: AsyncIterable<Uint8Array>, what: string): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest: string[] = [];
  let length = 0;
  let endedByReturn = false;
  for await (const chunk of chunksOf(source, what)) {
    let text = decode(decoder, chunk, what);
    if (text === "") continue;
    if (endedByReturn && text.startsWith("\n")) text = text.slice(1);
    endedByReturn = text.endsWith("\r");
    const [first = "", ...others] = text.split(/\r\n|\r|\n/);
    rest.push(first);
    length += first.length;
    if (length > longestEvent) throw tooLong(what);
    for (const next of others) {
      yield rest.join("");
      rest = [next];
      length = next.length;
    }
  }
  if (length > 0) throw brokenOff(what);
}

async function* chunksOf(source: AsyncIterable<Uint8Array>, what: string): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* source;
  } catch (error) {
    if (DeploymentError.is(error)) throw error;
    if (error instanceof Error && error.name === "AbortError") throw DeploymentError.from(error, "The stream");
    throw brokenOff(what, error);
  }
}

function decode(decoder: TextDecoder, chunk: Uint8Array, what: string): string {
  try {
    return decoder.decode(chunk, { stream: true });
  } catch (error) {
    throw new DeploymentError("INTERNAL_ERROR", `${what} sent a stream that is not UTF-8.`, { cause: error });
  }
}

function parse(text: string, what: string): unknown {
  try {
    return parseExactJson(text);
  } catch (error) {
    throw new DeploymentError(
      "INTERNAL_ERROR",
      `${what} sent an event that is not JSON: ${text.slice(0, 200)}. predictStream reads Server-Sent Events with JSON as their data.`,
      { cause: error },
    );
  }
}

/** The sender's error, in Google's form: `{"error": {"code": 400, "message": "…", "status": "INVALID_ARGUMENT"}}`. */
function reportedError(text: string, what: string): DeploymentError {
  let status: unknown;
  let message: unknown = text;
  try {
    const { error } = JSON.parse(text) as { error?: { status?: unknown; message?: unknown } };
    status = error?.status;
    message = error?.message ?? text;
  } catch {
    // another form of sender: its words as they are
  }
  const code = typeof status === "string" && Object.hasOwn(codes, status) ? codes[status]! : "INTERNAL_ERROR";
  return new DeploymentError(
    code,
    `${what} ended its stream with an error: ${String(message).slice(0, longestReason)}`,
  );
}

function tooLong(what: string): DeploymentError {
  return new DeploymentError(
    "INTERNAL_ERROR",
    `${what} sent an event of more than ${longestEvent} characters, which is not read. Have predict_stream yield smaller parts.`,
  );
}

function brokenOff(what: string, cause?: unknown): DeploymentError {
  return new DeploymentError(
    "TEMPORARILY_UNAVAILABLE",
    `The stream of ${what.replace(/^The /, "the ")} broke off before its end. Its log says why, unless the connection was lost.`,
    { cause },
  );
}
