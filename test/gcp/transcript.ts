import { createWriteStream, mkdirSync } from "node:fs";
import { ClientRequest, type IncomingMessage } from "node:http";
import { dirname } from "node:path";
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";

import { followUndici } from "./undici-exchanges.js";

/** Hosts whose requests are about credentials: nothing of them is written down. */
const credentialHosts = /(^|\.)(oauth2|sts|iamcredentials|accounts)\.google(apis)?\.com$|^metadata\.|^169\.254\./;
/** Query parameters that are credentials in themselves. */
const secretParameters =
  /^(upload_id|access_token|oauth_token|key|sig|signature|X-(Goog|Amz)-(Signature|Credential|Security-Token))$/i;
/** Fields of JSON that are credentials, wherever they are. */
const secretFields = /^((access|id|refresh)_?token|assertion|client_?secret|private_?key|password)$/i;
/** Requests for the content of objects and of MLflow's artifacts, which is the user's. */
const contentPaths = /[?&]alt=media(&|$)|\/mlflow-artifacts\/artifacts\/|^\/get-artifact/;
/** A body that is larger is written down as its length. Bytes. */
const largestBody = 256 * 1024;

/** A request and its answer, whole. */
export interface Exchange {
  /** RFC 3339. */
  time: string;
  method: string;
  /** With its colon. */
  protocol: string;
  host: string;
  path: string;
  body: Buffer;
  status: number | undefined;
  answer: Buffer;
  /** Of the answer. */
  encoding: string | undefined;
}

type Chunk = string | Uint8Array | null | undefined;

/**
 * Writes every request of this process and its answer to a file, a line of JSON each, from which the emulator can be
 * corrected: `{"time","method","url","body","status","answer"}`. No headers, no credentials; a body that is not JSON is its
 * length; values of `containerSpec.env` are masked; the content of objects and artifacts is its length.
 *
 * The libraries below this package send in three ways, which all end in Node's `ClientRequest`: that is where it listens, and
 * to undici, which sends predictions.
 *
 * @returns Stops it.
 */
export function recordTranscript(file: string): () => Promise<void> {
  mkdirSync(dirname(file), { recursive: true });
  const output = createWriteStream(file, { flags: "a", mode: 0o600 });
  // oxlint-disable-next-line typescript/unbound-method -- called with the request as `this`
  const { write, end } = ClientRequest.prototype;
  const followed = new WeakMap<ClientRequest, Buffer[]>();
  const writeDown = (exchange: Exchange): void => {
    const line = lineOf(exchange);
    if (line !== null && !output.writableEnded) output.write(`${JSON.stringify(line)}\n`);
  };
  const unfollow = followUndici(writeDown);

  const follow = (request: ClientRequest, chunk: unknown): void => {
    const body = followed.get(request) ?? listen(request, writeDown);
    followed.set(request, body);
    if (typeof chunk === "string" || chunk instanceof Uint8Array) body.push(Buffer.from(chunk));
  };
  ClientRequest.prototype.write = function (this: ClientRequest, ...args: Parameters<typeof write>) {
    follow(this, args[0]);
    return write.apply(this, args);
  } as typeof write;
  ClientRequest.prototype.end = function (this: ClientRequest, ...args: Parameters<typeof end>) {
    follow(this, args[0]);
    return end.apply(this, args);
  } as typeof end;

  return () => {
    unfollow();
    Object.assign(ClientRequest.prototype, { write, end });
    return new Promise((resolve) => output.end(resolve));
  };
}

function listen(request: ClientRequest, writeDown: (exchange: Exchange) => void): Buffer[] {
  const body: Buffer[] = [];
  const time = new Date().toISOString();
  request.prependOnceListener("response", (response: IncomingMessage) => {
    const answer: Buffer[] = [];
    // Not a listener for `data`: that would set the stream flowing before its own reader is there.
    const push = response.push.bind(response);
    response.push = (chunk: Chunk, encoding?: BufferEncoding) => {
      if (chunk) answer.push(Buffer.from(chunk as Uint8Array));
      return push(chunk, encoding);
    };
    response.once("close", () => {
      const { method, protocol, host, path } = request;
      writeDown({
        time,
        method,
        protocol,
        host,
        path,
        body: Buffer.concat(body),
        status: response.statusCode,
        answer: Buffer.concat(answer),
        encoding: response.headers["content-encoding"],
      });
    });
  });
  return body;
}

/** What is written down of an exchange; null where it is about credentials. */
function lineOf({ time, method, protocol, host, path, body, status, answer, encoding }: Exchange): object | null {
  // gtoken 7, below @google-cloud/storage, asks www.googleapis.com/oauth2/v4/token for its tokens
  if (credentialHosts.test(host) || path.startsWith("/oauth2/")) return null;
  const isContent = contentPaths.test(path) && status === 200;
  const url = shownUrl(path, `${protocol}//${host}`);
  return { time, method, url, body: shown(body), status, answer: shown(decoded(answer, encoding), isContent) };
}

function shownUrl(path: string, origin: string): string {
  const url = new URL(path, origin);
  for (const name of url.searchParams.keys()) if (secretParameters.test(name)) url.searchParams.set(name, "***");
  return url.href;
}

function shown(body: Buffer, isContent = false): unknown {
  if (body.length === 0) return null;
  if (isContent || body.length > largestBody) return { bytes: body.length };
  try {
    return JSON.parse(body.toString("utf8"), masked) as unknown;
  } catch {
    return { bytes: body.length };
  }
}

/** `containerSpec.env` is a list of names and values. */
function masked(key: string, value: unknown): unknown {
  if (typeof value === "string" && secretFields.test(key)) return "***";
  if (key !== "env" || !Array.isArray(value)) return value;
  return (value as { name?: unknown }[]).map(({ name }) => ({ name, value: "***" }));
}

function decoded(body: Buffer, encoding: string | undefined): Buffer {
  try {
    if (encoding === "gzip") return gunzipSync(body);
    if (encoding === "deflate") return inflateSync(body);
    return encoding === "br" ? brotliDecompressSync(body) : body;
  } catch {
    return body; // it was cut off
  }
}
