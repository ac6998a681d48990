import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";

import { describe, expect, it, onTestFinished } from "vitest";

import { askForText } from "../../src/runtime/loopback-client.js";
import { processIdentity } from "../../src/runtime/process-identity.js";
import { startProcess } from "../../src/runtime/process.js";

const ok = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

describe("a request to a server of this machine", () => {
  it("is sent again when the idle connection that it took was closed at that moment", async () => {
    let connections = 0;
    const server = createServer((socket) => {
      const isFirst = ++connections === 1;
      let requests = 0;
      socket.on("error", () => {});
      socket.on("data", () => {
        if (isFirst && ++requests === 2) socket.resetAndDestroy();
        else socket.write(ok);
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const ask = () => askForText({ port, method: "POST", path: "/", body: "{}" });
    expect((await ask()).body).toBe("ok");
    expect((await ask()).body).toBe("ok");
    expect(connections).toBe(2);
  });

  it("fails when nobody answers, and when it is cancelled", async () => {
    const server = createServer((socket) => socket.on("error", () => {}).resume()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const silent = { port, method: "GET", path: "/" } as const;
    await expect(askForText({ ...silent, silenceMs: 50 })).rejects.toMatchObject({ code: "TEMPORARILY_UNAVAILABLE" });
    const controller = new AbortController();
    const asked = askForText({ ...silent, signal: controller.signal });
    controller.abort();
    await expect(asked).rejects.toMatchObject({ code: "CANCELLED" });
    server.close();
    await once(server, "close");
    await expect(askForText(silent)).rejects.toMatchObject({ code: "TEMPORARILY_UNAVAILABLE", retryable: true });
  });
});

describe("the identity of a process", () => {
  it.skipIf(process.platform === "win32")("is the same as long as it runs, and null afterwards", async () => {
    const child = startProcess({ command: process.execPath, args: ["-e", "setInterval(() => {}, 1000)"] });
    const identity = await processIdentity(child.pid);
    expect(identity).not.toBeNull();
    expect(await processIdentity(child.pid)).toBe(identity);
    expect(await processIdentity(process.pid)).not.toBe(identity);
    await child.stop();
    expect(await processIdentity(child.pid)).toBeNull();
  });
});
