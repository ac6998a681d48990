import { once } from "node:events";
import { Agent, createServer, request as sendRequest, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

import { describe, expect, it, onTestFinished } from "vitest";

import { forward } from "../../src/targets/local/supervisor/proxy.js";
import type { Lease } from "../../src/targets/local/supervisor/worker.js";

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** The proxy in front of a server; how many requests are under way. */
async function proxyOf(listener: RequestListener) {
  const port = await serve(listener);
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  const state = { underWay: 0 };
  const lease = async (): Promise<Lease> => {
    state.underWay++;
    return { port, agent, specHash: "0123456789abcdef", release: () => state.underWay--, lost: () => {} };
  };
  const front = await serve((incoming, outgoing) => void forward(incoming, outgoing, lease));
  return { url: `http://127.0.0.1:${front}`, port: front, state };
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!condition() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(condition()).toBe(true);
}

describe("the proxy of a deployment", () => {
  it("sends requests and answers on as they are, and says which model has answered", async () => {
    const { url, state } = await proxyOf((incoming, outgoing) => {
      void buffer(incoming).then((body) => {
        outgoing.writeHead(418, {
          "x-seen": `${incoming.method} ${incoming.url} ${incoming.headers["x-mine"] as string}`,
        });
        outgoing.end(body);
      });
    });
    const body = Buffer.alloc(3_000_000, "abc");
    for (let round = 0; round < 3; round++) {
      const answer = await fetch(`${url}/a?b=%20`, { method: "POST", body, headers: { "x-mine": "1" } });
      expect([answer.status, answer.headers.get("x-seen")]).toEqual([418, "POST /a?b=%20 1"]);
      expect(answer.headers.get("x-deployed-model-id")).toBe("0123456789");
      expect(Buffer.from(await answer.arrayBuffer()).equals(body)).toBe(true);
    }
    await until(() => state.underWay === 0);
  });

  it("gives the parts of an answer as they come, and ends the request when the client goes", async () => {
    let ended = false;
    const { port, state } = await proxyOf((_incoming, outgoing) => {
      outgoing.write("first");
      outgoing.once("close", () => (ended = true));
    });
    const sent = sendRequest({ port, host: "127.0.0.1" });
    sent.on("error", () => {});
    sent.end();
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    answer.on("error", () => {});
    const [part] = (await once(answer, "data")) as [Buffer];
    expect([part.toString(), state.underWay, ended]).toEqual(["first", 1, false]);
    sent.destroy();
    await until(() => ended && state.underWay === 0);
  });

  it("answers 503 when the server ends before it answers, and breaks off when it ends half way", async () => {
    const { url, state } = await proxyOf((incoming, outgoing) => {
      if (incoming.url === "/half") outgoing.write("half", () => outgoing.destroy());
      else incoming.socket.destroy();
    });
    const refused = await fetch(url, { method: "POST", body: "x" });
    expect([refused.status, await refused.json()]).toEqual([
      503,
      {
        error: {
          code: 503,
          status: "UNAVAILABLE",
          message: expect.stringMatching(/ended while it answered/) as string,
        },
      },
    ]);
    await expect(fetch(`${url}/half`).then((answer) => answer.text())).rejects.toThrow("terminated");
    await until(() => state.underWay === 0);
  });

  it("sends a request on to the next server when the first is not there any more", async () => {
    const next = await serve((incoming, outgoing) => void buffer(incoming).then((body) => outgoing.end(body)));
    const agent = new Agent();
    const lost: number[] = [];
    const closed = createServer().listen(0, "127.0.0.1");
    await once(closed, "listening");
    const { port: dead } = closed.address() as AddressInfo;
    closed.close();
    await once(closed, "close");
    const lease = async (): Promise<Lease> => {
      const port = lost.length === 0 ? dead : next;
      return { port, agent, specHash: "x", release: () => {}, lost: () => lost.push(port) };
    };
    const front = await serve((incoming, outgoing) => void forward(incoming, outgoing, lease));
    const answer = await fetch(`http://127.0.0.1:${front}`, { method: "POST", body: "all of it" });
    expect([await answer.text(), lost]).toEqual(["all of it", [dead]]);
  });

  it("answers 503 when nothing serves", async () => {
    const front = await serve((incoming, outgoing) => void forward(incoming, outgoing, async () => null));
    expect((await fetch(`http://127.0.0.1:${front}`, { method: "POST", body: "x" })).status).toBe(503);
  });

  it.each([{ origin: "https://example.com" }, { "sec-fetch-site": "cross-site" }, { host: "evil.example" }])(
    "refuses a web page that sends %j",
    async (headers) => {
      const { port, state } = await proxyOf((_incoming, outgoing) => outgoing.end());
      const sent = sendRequest({ port, host: "127.0.0.1", headers });
      sent.end();
      const [answer] = (await once(sent, "response")) as [IncomingMessage];
      answer.resume();
      expect([answer.statusCode, state.underWay]).toEqual([403, 0]);
    },
  );
});
