import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { GoogleConnection } from "../../src/targets/aiplatform/google/connection.js";
import {
  type PredictionMessage,
  PredictionTransport,
} from "../../src/targets/aiplatform/google/prediction-transport.js";

afterEach(() => {
  vi.unstubAllEnvs();
});

async function listening(listener: RequestListener): Promise<{ url: string; server: Server }> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

const transport = () => new PredictionTransport(new GoogleConnection({ projectId: "acme" }));
const message = (url: string, more: Partial<PredictionMessage> = {}): PredictionMessage => ({
  url: `${url}/v1/endpoints/7:predict?a=b`,
  body: '{"instances":[1]}',
  withCredentials: false,
  direct: true,
  timeoutMs: 20_000,
  signal: undefined,
  ...more,
});

describe("a prediction on its way", () => {
  it("is a POST of JSON, and its answer whatever the status", async () => {
    const seen: unknown[] = [];
    const { url } = await listening((request, response) => {
      const { method, headers } = request;
      seen.push([method, request.url, headers["content-type"], headers["content-length"]]);
      response.writeHead(418, { "x-model": "7" }).end("no");
    });
    await expect(transport().post(message(url))).resolves.toMatchObject({
      status: 418,
      headers: { "x-model": "7" },
      text: "no",
    });
    expect(seen).toEqual([["POST", "/v1/endpoints/7:predict?a=b", "application/json", "17"]]);
  });

  it("has its answer unpacked, in however many pieces it comes", async () => {
    const text = JSON.stringify({ predictions: Array.from({ length: 50_000 }, (_, index) => `prediction ${index} é`) });
    const { url } = await listening((request, response) => {
      expect(request.headers["accept-encoding"]).toContain("gzip");
      expect(request.headers["user-agent"]).toContain("gzip");
      response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(text));
    });
    await expect(transport().post(message(url))).resolves.toMatchObject({ text });
  });

  it("goes over the connection of the one before", async () => {
    const { url, server } = await listening((_, response) => response.end("{}"));
    let connections = 0;
    server.on("connection", () => (connections += 1));
    const one = transport();
    for (let count = 0; count < 5; count += 1) await one.post(message(url));
    // the next one may begin before the first connection is known to be free
    expect(connections).toBeLessThanOrEqual(2);
  });

  it("fails as a broken connection does, which is worth sending it again", async () => {
    const { url } = await listening((request) => request.socket.destroy());
    await expect(transport().post(message(url))).rejects.toMatchObject({ code: "ECONNRESET" });
  });

  it.each([
    ["of so many bytes", "content-length: 50\r\n\r\n{"],
    ["of so many bytes, which then closes", "connection: close\r\ncontent-length: 50\r\n\r\n{"],
    ["in pieces", "transfer-encoding: chunked\r\n\r\n10\r\n{"],
    ["in pieces, which then closes", "connection: close\r\ntransfer-encoding: chunked\r\n\r\n10\r\n{"],
  ])("fails in the same way where an answer %s is cut off", async (_, answer) => {
    const server = createTcpServer((socket: Socket) => {
      socket.on("error", () => {}).once("data", () => socket.end(`HTTP/1.1 200 OK\r\n${answer}`));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await expect(transport().post(message(url))).rejects.toMatchObject({ code: "ECONNRESET" });
  });

  it("ends when there was no answer in time, and gives its connection up", async () => {
    const ended = withResolvers();
    const { url } = await listening((request) => request.socket.once("close", () => ended.resolve()));
    await expect(transport().post(message(url, { timeoutMs: 50 }))).rejects.toMatchObject({ code: "ETIMEDOUT" });
    await ended.promise;
  });

  it("ends when it is called off, before and while it is under way", async () => {
    const arrived = withResolvers();
    const { url } = await listening(() => arrived.resolve());
    const stop = new AbortController();
    const sent = transport().post(message(url, { signal: stop.signal }));
    await arrived.promise;
    stop.abort();
    await expect(sent).rejects.toMatchObject({ name: "AbortError" });
    await expect(transport().post(message(url, { signal: stop.signal }))).rejects.toMatchObject({ name: "AbortError" });
  });

  it("takes the proxy of the environment, unless it is inside a network", async () => {
    const asked: unknown[] = [];
    const { url: proxy, server } = await listening((_, response) => response.end());
    server.on("connect", (request, socket) => {
      asked.push(request.url);
      socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    });
    const { url } = await listening((_, response) => response.end("{}"));
    vi.stubEnv("HTTP_PROXY", proxy);
    vi.stubEnv("http_proxy", proxy);
    const one = transport();
    await expect(one.post(message(url, { direct: false }))).rejects.toThrow(/403|proxy/i);
    expect(asked).toEqual([new URL(url).host]);
    await expect(one.post(message(url))).resolves.toMatchObject({ status: 200 });
    vi.stubEnv("NO_PROXY", "127.0.0.1");
    vi.stubEnv("no_proxy", "127.0.0.1");
    await expect(one.post(message(url, { direct: false }))).resolves.toMatchObject({ status: 200 });
    expect(asked).toHaveLength(1);
  });

  it("says that a proxy has refused it, and which variable is no proxy", async () => {
    const { url: proxy, server } = await listening((_, response) => response.end());
    server.on("connect", (_, socket) => socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"));
    for (const name of ["HTTP_PROXY", "http_proxy"]) vi.stubEnv(name, new URL(proxy).host);
    const asked = transport().post(message("http://models.example.com", { direct: false }));
    await expect(asked).rejects.toMatchObject({ code: "EPROXY", message: expect.stringContaining("407") });
    for (const name of ["HTTP_PROXY", "http_proxy"]) vi.stubEnv(name, "socks5://user:secret@proxy");
    const other = transport().post(message("http://models.example.com", { direct: false }));
    await expect(other).rejects.toThrow(/^The environment variable http_proxy is not the URL of an HTTP proxy/);
  });

  it("asks a proxy that hangs up once", async () => {
    let asked = 0;
    const { url: proxy, server } = await listening((_, response) => response.end());
    server.on("connect", (_, socket) => void (++asked, socket.destroy()));
    for (const name of ["HTTP_PROXY", "http_proxy"]) vi.stubEnv(name, proxy);
    const sent = transport().post(message("http://models.example.com", { direct: false, timeoutMs: 5000 }));
    await expect(sent).rejects.toMatchObject({ code: "EPROXY" });
    expect(asked).toBe(1);
  });

  it("has the status of an error whose body is not what its headers say", async () => {
    const { url } = await listening((_, response) => response.writeHead(503, { "content-encoding": "gzip" }).end());
    await expect(transport().post(message(url))).resolves.toMatchObject({ status: 503, text: "" });
  });

  it("stops a stream that waits for its connection", async () => {
    const silent = createTcpServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as AddressInfo;
    const stop = new AbortController();
    // whoever is there never answers the TLS handshake
    const sent = transport().open(message(`https://127.0.0.1:${port}`, { signal: stop.signal }));
    const [socket] = (await once(silent, "connection")) as [Socket];
    stop.abort();
    await expect(sent).rejects.toMatchObject({ name: "AbortError" });
    socket.destroy();
  });

  it("does not hold the process once it is answered", async () => {
    const { url } = await listening((_, response) => response.end('{"predictions":[1]}'));
    const [connection, transportModule] = ["connection", "prediction-transport"].map(
      (name) => new URL(`../../src/targets/aiplatform/google/${name}.ts`, import.meta.url).href,
    );
    const program = `
      import { GoogleConnection } from "${connection}";
      import { PredictionTransport } from "${transportModule}";
      const one = new PredictionTransport(new GoogleConnection({ projectId: "acme" }));
      console.log((await one.post(${JSON.stringify(message(url))})).text);`;
    const args = ["--import", "tsx", "--input-type=module", "-e", program];
    // it would be ended by the time limit, and fail
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 30_000 });
    expect(stdout.trim()).toBe('{"predictions":[1]}');
  }, 40_000);
});

/** `Promise.withResolvers`, which Node 20 lacks. */
function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
