import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { onTestFinished } from "vitest";

import type { Clock } from "../../src/core/clock.js";
import type { ProgressEvent, StepContext } from "../../src/core/progress.js";
import { GoogleConnection } from "../../src/targets/aiplatform/google/connection.js";

/** A request as it arrived. */
export interface SeenRequest {
  method: string;
  path: string;
  query: Record<string, string>;
  headers: IncomingHttpHeaders;
  body: unknown;
  /** The body as it came. */
  text: string;
}

/** What the server answers: JSON with 200, a status with a body, whatever it writes itself, a connection that breaks, or nothing. */
export type Answer =
  | { json: unknown; headers?: Record<string, string> }
  | { status: number; body: unknown; headers?: Record<string, string> }
  | { write: (response: ServerResponse) => void }
  | "broken"
  | "silent";

/** Answers of `METHOD /path`: one for all requests, a list in their order (the last one repeats), or by the request. */
export type Answers = Record<string, Answer | Answer[] | ((request: SeenRequest) => Answer)>;

/** A server on a free port that speaks canned answers of Google's and remembers what it was asked. */
export async function googleServer(answers: Answers) {
  const requests: SeenRequest[] = [];
  const respond = (request: SeenRequest, incoming: IncomingMessage, response: ServerResponse) => {
    requests.push(request);
    const answer = choose(answers, request, requests);
    if (answer === "silent") return;
    if (answer === "broken") {
      incoming.socket.destroy();
      return;
    }
    if ("write" in answer) {
      answer.write(response);
      return;
    }
    const { status, body } = "json" in answer ? { status: 200, body: answer.json } : answer;
    response.writeHead(status, { "content-type": "application/json", ...answer.headers }).end(JSON.stringify(body));
  };
  const server = createServer((incoming, response) => {
    read(incoming).then(
      (request) => respond(request, incoming, response),
      () => incoming.socket.destroy(),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    requests,
    /** The requests as `METHOD /path`. */
    lines: () => requests.map(({ method, path }) => `${method} ${path}`),
    connection: new GoogleConnection({ emulatorHost: url, projectId: "acme" }),
  };
}

/** An error as Google's APIs answer it. */
export function googleFailure(code: number, status: string, message: string, details: unknown[] = []): Answer {
  return { status: code, body: { error: { code, status, message, details } } };
}

/** A clock that never waits, and remembers how long it should have. */
export function instantClock(): Clock & { waits: number[] } {
  let now = Date.parse("2026-11-23T12:00:00Z");
  const waits: number[] = [];
  return {
    waits,
    now: () => now,
    sleep(milliseconds) {
      waits.push(milliseconds);
      now += milliseconds;
      return Promise.resolve();
    },
  };
}

/** A context that keeps what is reported. */
export function recordingContext(signal?: AbortSignal): StepContext & { events: ProgressEvent[] } {
  const events: ProgressEvent[] = [];
  return { events, report: (event) => events.push(event), signal };
}

function choose(answers: Answers, request: SeenRequest, requests: readonly SeenRequest[]): Answer {
  const line = `${request.method} ${request.path}`;
  const answer = answers[line];
  if (answer === undefined) return googleFailure(404, "NOT_FOUND", `${line} is not found.`);
  if (typeof answer === "function") return answer(request);
  if (!Array.isArray(answer)) return answer;
  const count = requests.filter((seen) => `${seen.method} ${seen.path}` === line).length;
  return answer[Math.min(count, answer.length) - 1] ?? "broken";
}

async function read(incoming: IncomingMessage): Promise<SeenRequest> {
  const url = new URL(incoming.url ?? "/", "http://server");
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return {
    method: incoming.method ?? "",
    path: decodeURIComponent(url.pathname),
    query: Object.fromEntries(url.searchParams),
    headers: incoming.headers,
    body: incoming.headers["content-type"]?.includes("json") && text !== "" ? (JSON.parse(text) as unknown) : text,
    text,
  };
}
