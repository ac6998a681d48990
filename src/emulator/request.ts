import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { type Readable, Transform } from "node:stream";

import { GoogleError, invalidArgument } from "./google-error.js";

/** Google's own limit on the body of an API request that is not an upload is near this. */
const maxBodyBytes = 32 * 1024 * 1024;

/** A request to a route of the emulator. */
export class EmulatorRequest {
  readonly method: string;
  /** As sent: undecoded, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** The named groups of the route's pattern, percent-decoded; a group that did not take part is absent. */
  params: Readonly<Record<string, string>> = {};
  /** How much of the body has been read. */
  bytesRead = 0;
  /** The body, once `body()` or `json()` has read it; never a streamed one. */
  buffered: Buffer | undefined;

  readonly #incoming: IncomingMessage;
  readonly #outgoing: ServerResponse;
  #gone: AbortController | undefined;
  #stream: Readable | undefined;

  constructor(incoming: IncomingMessage, outgoing: ServerResponse) {
    const url = incoming.url ?? "/";
    // not `new URL`, which would resolve the `..` that an object's name may hold
    const mark = url.indexOf("?");
    this.method = incoming.method ?? "GET";
    this.path = mark === -1 ? url : url.slice(0, mark);
    this.query = new URLSearchParams(mark === -1 ? "" : url.slice(mark + 1));
    this.headers = incoming.headers;
    this.#incoming = incoming;
    this.#outgoing = outgoing;
  }

  /** Aborted when the client goes away before its answer is complete. */
  get signal(): AbortSignal {
    if (!this.#gone) {
      const gone = new AbortController();
      const outgoing = this.#outgoing;
      const close = () => {
        if (!outgoing.writableFinished) gone.abort();
      };
      if (outgoing.destroyed) close();
      else outgoing.once("close", close);
      this.#gone = gone;
    }
    return this.#gone.signal;
  }

  /** This request with the groups that a route's pattern found. */
  withParams(groups: Readonly<Record<string, string | undefined>>): this {
    const params: Record<string, string> = {};
    for (const [name, value] of Object.entries(groups)) {
      if (value !== undefined) params[name] = decode(value);
    }
    this.params = params;
    return this;
  }

  /** A parameter of the path that the route's pattern always has. */
  param(name: string): string {
    const value = this.params[name];
    if (value === undefined) throw new Error(`The route has no group "${name}".`);
    return value;
  }

  /** The raw body as it comes, for uploads. Use it, `stream` or `body()`. It throws when the connection breaks. */
  async *chunks(): AsyncGenerator<Buffer> {
    // an upload that is refused half-way still gets its answer
    const chunks: AsyncIterable<Buffer> = this.#incoming.iterator({ destroyOnReturn: false });
    for await (const chunk of chunks) {
      this.bytesRead += chunk.length;
      yield chunk;
    }
  }

  /** Breaks the connection: nothing more is read of the body, and whoever reads it gets an error. */
  abandon(): void {
    this.#incoming.destroy();
  }

  /** The raw body as a stream, for proxies. */
  get stream(): Readable {
    if (!this.#stream) {
      const counted = new Transform({
        transform: (chunk: Buffer, _encoding, done) => {
          this.bytesRead += chunk.length;
          done(null, chunk);
        },
      });
      this.#incoming.once("error", (error) => counted.destroy(error));
      this.#stream = this.#incoming.pipe(counted);
    }
    return this.#stream;
  }

  /** The whole body. */
  async body(): Promise<Buffer> {
    if (this.buffered) return this.buffered;
    const chunks: Buffer[] = [];
    for await (const chunk of this.#incoming as AsyncIterable<Buffer>) {
      this.bytesRead += chunk.length;
      if (this.bytesRead > maxBodyBytes) {
        throw new GoogleError(
          413,
          "INVALID_ARGUMENT",
          `Request payload size exceeds the limit: ${maxBodyBytes} bytes.`,
        );
      }
      chunks.push(chunk);
    }
    this.buffered = Buffer.concat(chunks);
    return this.buffered;
  }

  /** Reads a JSON body that its route refused unread, so that the record shows what was refused. */
  async readRefused(): Promise<void> {
    const isJson = this.headers["content-type"]?.includes("json");
    if (isJson && this.bytesRead === 0 && !this.#stream) await this.body().catch(() => {});
  }

  /** The body as JSON; `{}` when it is empty. */
  async json(): Promise<unknown> {
    const text = (await this.body()).toString("utf8");
    if (text.trim() === "") return {};
    try {
      return JSON.parse(text) as unknown;
    } catch {
      throw invalidArgument(`Invalid JSON payload received. Parsing error.\n${text.slice(0, 80)}\n^`);
    }
  }
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw invalidArgument(`The path has a broken percent-encoding: ${value}`);
  }
}
