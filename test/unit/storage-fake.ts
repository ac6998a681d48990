import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

import { Storage } from "@google-cloud/storage";
import { crc32c } from "@node-rs/crc32";

import type { ProgressEvent, StepContext } from "../../src/core/progress.js";
import { encodeCrc32c } from "../../src/core/hash.js";
import type { StorageConnection } from "../../src/storage/connection.js";

/** One request as the fake saw it. */
export interface SeenRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  body: Buffer;
  headers: IncomingMessage["headers"];
}

/**
 * What goes wrong with a request: an error in place of the answer, a connection that is cut before the request is
 * handled (`reset`) or after (`lose answer`), one that is cut when the first `kept` bytes of the body are there for good, or silence.
 * And an answer that is none: any text, or any `Range` of a part.
 */
export type Fault =
  | { status: number; message: string }
  | { text: string }
  | { range: string }
  | { kept: number }
  | "reset"
  | "lose answer"
  | "hang";

interface FakeObject {
  name: string;
  content: Buffer;
  generation: string;
  metadata: Record<string, unknown>;
}

/** As much of Cloud Storage's JSON API as `src/storage` uses, with faults at will. It keeps what it was sent. */
export class FakeStorage {
  readonly requests: SeenRequest[] = [];
  readonly objects = new Map<string, FakeObject>();
  /** Metadata of the one bucket; null: there is none. */
  bucket: Record<string, unknown> | null = { name: "b", location: "US-CENTRAL1" };
  pageSize = 1000;
  /** Whether bytes are taken that have another checksum than was said. */
  takesDamaged = false;
  /** Bytes that one call of a copy gets done. */
  copiedByCall = Number.POSITIVE_INFINITY;
  /** Answers with this status while the body of an upload's part is still coming, and reads no more of it. */
  refusesEarly: number | null = null;
  /** The origin that the URLs of sessions have; this server's own if it is not set. */
  sessionsAt: string | null = null;
  /** Asked before each request is handled. */
  fault: (request: SeenRequest) => Fault | undefined = () => undefined;
  readonly #sessions = new Map<
    string,
    { name: string; query: URLSearchParams; metadata: Record<string, unknown>; content: Buffer; done?: FakeObject }
  >();
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  #generation = 1000;
  #begun = 0;
  #url = "";

  static async start(): Promise<FakeStorage> {
    const fake = new FakeStorage();
    await new Promise<void>((resolve) => fake.#server.listen(0, "127.0.0.1", resolve));
    fake.#url = `http://127.0.0.1:${(fake.#server.address() as AddressInfo).port}`;
    return fake;
  }

  get url(): string {
    return this.#url;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** A connection as the package makes it, but for shorter waits between retries. */
  connection(caller: string | null = "ci@acme.iam"): StorageConnection {
    const storage = new Storage({
      apiEndpoint: this.#url,
      projectId: "p",
      retryOptions: { maxRetries: 3, maxRetryDelay: 1 },
    });
    return { client: async () => storage, caller: async () => caller };
  }

  put(name: string, content: string | Buffer, metadata: Record<string, unknown> = {}): FakeObject {
    const object = { name, content: Buffer.from(content), generation: String(this.#generation++), metadata };
    this.objects.set(name, object);
    return object;
  }

  /** Requests that changed something, or were to. */
  get writes(): SeenRequest[] {
    return this.requests.filter(({ method }) => method !== "GET");
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://fake");
    if (this.refusesEarly !== null && request.method === "PUT") return fail(response, this.refusesEarly, "early");
    const seen: SeenRequest = {
      method: request.method ?? "",
      path: url.pathname,
      query: url.searchParams,
      body: await buffer(request).catch(() => Buffer.alloc(0)),
      headers: request.headers,
    };
    this.requests.push(seen);
    const fault = this.fault(seen);
    if (fault === "hang") return;
    if (fault === "reset") return void request.socket.destroy();
    if (typeof fault === "object" && "kept" in fault) {
      this.#keep(seen.query.get("upload_id") ?? "", seen.body.subarray(0, fault.kept));
      return void request.socket.destroy();
    }
    if (typeof fault === "object" && "text" in fault) return void response.end(fault.text);
    if (typeof fault === "object" && "range" in fault) return void response.writeHead(308, fault).end();
    if (typeof fault === "object") return fail(response, fault.status, fault.message);
    const answer = this.#handle(seen);
    if (fault === "lose answer") return void request.socket.destroy();
    if (answer.error) return fail(response, answer.error[0], answer.error[1]);
    const body = answer.raw ?? JSON.stringify(answer.json ?? {});
    response.writeHead(answer.status ?? 200, { "content-type": "application/json", ...answer.headers }).end(body);
  }

  #handle({ method, path, query, body, headers }: SeenRequest): Answer {
    if (this.bucket === null) return { error: [404, "The specified bucket does not exist."] };
    if (path.startsWith("/upload/")) {
      if (method === "PUT") return this.#continue(query.get("upload_id") ?? "", headers, body);
      if (query.get("uploadType") === "multipart") {
        const { metadata, content } = parseMultipart(String(headers["content-type"]), body);
        return this.#store(query.get("name") ?? "", query, metadata, content);
      }
      const refused = this.#refusal(query.get("name") ?? "", query);
      if (refused) return { error: refused };
      const id = `session-${this.#begun++}`;
      const metadata = JSON.parse(body.toString() || "{}");
      this.#sessions.set(id, { name: query.get("name") ?? "", query, metadata, content: Buffer.alloc(0) });
      return { headers: { location: `${this.sessionsAt ?? this.#url}${path}?uploadType=resumable&upload_id=${id}` } };
    }
    const copy = /\/b\/([^/]+)\/o\/([^/]+)\/rewriteTo\/b\/b\/o\/([^/]+)$/.exec(path);
    if (copy) return this.#copy(decodeURIComponent(copy[2] ?? ""), decodeURIComponent(copy[3] ?? ""), query);
    const name = /\/b\/b\/o\/(.+)$/.exec(path)?.[1];
    if (name !== undefined) return this.#object(method, decodeURIComponent(name), query);
    if (path.endsWith("/o")) return this.#list(query);
    return { json: this.bucket };
  }

  #object(method: string, name: string, query: URLSearchParams): Answer {
    const object = this.objects.get(name);
    const wanted = query.get("generation");
    if (!object || (wanted && wanted !== object.generation)) return { error: [404, `No such object: b/${name}`] };
    const refused = this.#refusal(name, query);
    if (refused) return { error: refused };
    if (method === "DELETE") {
      this.objects.delete(name);
      return { status: 204, raw: "" };
    }
    if (query.get("alt") !== "media") return { json: resource(object) };
    const crc = (object.metadata.crc32c as string | undefined) ?? encodeCrc32c(crc32c(object.content));
    return {
      raw: object.content,
      headers: { "x-goog-hash": `crc32c=${crc}`, "x-goog-stored-content-encoding": "identity" },
    };
  }

  #list(query: URLSearchParams): Answer {
    const names = [...this.objects.keys()].filter((each) => each.startsWith(query.get("prefix") ?? "")).sort();
    const start = Number(query.get("pageToken") ?? 0);
    const page = names.slice(start, start + this.pageSize);
    const next = start + page.length < names.length ? { nextPageToken: String(start + page.length) } : {};
    return { json: { items: page.map((name) => resource(this.objects.get(name)!)), ...next } };
  }

  /** Objects of any bucket are here together: a copy comes from where it goes. */
  #copy(from: string, to: string, query: URLSearchParams): Answer {
    const source = this.objects.get(from);
    if (!source || source.generation !== query.get("sourceGeneration"))
      return { error: [404, `No such object: ${from}`] };
    const refused = this.#refusal(to, query);
    if (refused) return { error: refused };
    const objectSize = source.content.length;
    const copied = Math.min(objectSize, Number(query.get("rewriteToken") ?? 0) + this.copiedByCall);
    const progress = { objectSize: String(objectSize), totalBytesRewritten: String(copied) };
    if (copied < objectSize) return { json: { ...progress, done: false, rewriteToken: String(copied) } };
    return { json: { ...progress, done: true, resource: resource(this.put(to, source.content, source.metadata)) } };
  }

  #keep(id: string, bytes: Buffer): void {
    const session = this.#sessions.get(id);
    if (session) session.content = Buffer.concat([session.content, bytes]);
  }

  #continue(id: string, headers: SeenRequest["headers"], body: Buffer): Answer {
    const session = this.#sessions.get(id);
    if (!session) return { error: [404, "no session"] };
    if (session.done) return { json: resource(session.done) };
    const range = headers["content-range"] ?? "";
    const start = /^bytes (\d+)-/.exec(range)?.[1];
    if (start !== undefined && Number(start) !== session.content.length) return { error: [503, "wrong offset"] };
    this.#keep(id, body);
    const total = Number(/\/(\d+)$/.exec(range)?.[1] ?? Number.NaN);
    const received = session.content.length;
    if (received !== total) {
      return { status: 308, raw: "", headers: received ? { range: `bytes=0-${received - 1}` } : {} };
    }
    const hash = /crc32c=([^,]+)/.exec(String(headers["x-goog-hash"] ?? ""))?.[1];
    const metadata = { ...session.metadata, ...(hash && { crc32c: hash }) };
    const answer = this.#store(session.name, session.query, metadata, session.content);
    const done = this.objects.get(session.name);
    if (!answer.error && done) session.done = done;
    return answer;
  }

  /** Forgets the uploads that are under way. */
  forgetSessions(): void {
    this.#sessions.clear();
  }

  #store(name: string, query: URLSearchParams, metadata: Record<string, unknown>, content: Buffer): Answer {
    const refused = this.#refusal(name, query);
    if (refused) return { error: refused };
    const actual = encodeCrc32c(crc32c(content));
    if (this.takesDamaged) return { json: resource(this.put(name, content, { ...metadata, crc32c: actual })) };
    if (metadata.crc32c && metadata.crc32c !== actual) {
      return {
        error: [400, `Provided CRC32C "${metadata.crc32c as string}" doesn't match calculated CRC32C "${actual}".`],
      };
    }
    return { json: resource(this.put(name, content, metadata)) };
  }

  #refusal(name: string, query: URLSearchParams): [number, string] | undefined {
    const wanted = query.get("ifGenerationMatch");
    if (wanted === null || wanted === (this.objects.get(name)?.generation ?? "0")) return undefined;
    return [412, "At least one of the pre-conditions you specified did not hold."];
  }
}

interface Answer {
  status?: number;
  json?: unknown;
  raw?: string | Buffer;
  headers?: Record<string, string>;
  error?: [number, string];
}

function resource({ name, content, generation, metadata }: FakeObject): Record<string, unknown> {
  return { crc32c: encodeCrc32c(crc32c(content)), ...metadata, name, size: String(content.length), generation };
}

function fail(response: ServerResponse, code: number, message: string): void {
  const error = { code, message, errors: [{ message, domain: "global", reason: "any" }] };
  response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify({ error }));
}

function parseMultipart(contentType: string, body: Buffer): { metadata: Record<string, unknown>; content: Buffer } {
  const boundary = `--${/boundary="?([^";]+)/.exec(contentType)?.[1] ?? ""}`;
  const second = body.indexOf(`\r\n${boundary}`, 1);
  const start = (from: number) => body.indexOf("\r\n\r\n", from) + 4;
  return {
    metadata: JSON.parse(body.subarray(start(0), second).toString()),
    content: body.subarray(start(second + 2), body.lastIndexOf(`\r\n${boundary}--`)),
  };
}

/** A context that keeps the events. */
export function recordingContext(signal?: AbortSignal): StepContext & { events: ProgressEvent[] } {
  const events: ProgressEvent[] = [];
  return { events, report: (event) => void events.push(event), signal };
}
