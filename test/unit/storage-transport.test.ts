import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";

import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";

import type { StorageConnection } from "../../src/storage/connection.js";
import { ObjectTransport } from "../../src/storage/object-transport.js";
import { FakeStorage } from "./storage-fake.js";

let fake: FakeStorage;
beforeEach(async () => {
  fake = await FakeStorage.start();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await fake.stop();
});

const request = (signal = new AbortController().signal) => ({ method: "POST", body: "{}", signal }) as const;

describe("a proxy that hangs up", () => {
  it("is asked once for each request", async () => {
    let asked = 0;
    const proxy = createServer((socket) => socket.once("data", () => void (++asked, socket.destroy())));
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");
    onTestFinished(() => void proxy.close());
    const { port } = proxy.address() as AddressInfo;
    for (const name of ["HTTP_PROXY", "http_proxy"]) vi.stubEnv(name, `http://127.0.0.1:${port}`);
    for (const name of ["NO_PROXY", "no_proxy"]) vi.stubEnv(name, "");

    const transport = new ObjectTransport(fake.connection(), 5000);
    for (const count of [1, 2]) {
      await expect(transport.continue("http://storage.example.com/", request())).rejects.toMatchObject({
        code: "EPROXY",
      });
      expect(asked).toBe(count);
    }
  });
});

describe("credentials that do not come", () => {
  it("do not hold up a cancellation", async () => {
    const connection = fake.connection();
    let wanted = false;
    const waiting: StorageConnection = {
      ...connection,
      client: async () => {
        const client = await connection.client();
        const getRequestHeaders = () => ((wanted = true), new Promise(() => {}));
        const authClient = Object.assign(Object.create(client.authClient), { getRequestHeaders });
        return Object.assign(client, { useAuthWithCustomEndpoint: true, authClient });
      },
    };
    const controller = new AbortController();
    const sent = new ObjectTransport(waiting, 5000).upload("/b/b/o", request(controller.signal));
    await expect.poll(() => wanted).toBe(true);
    controller.abort();
    await expect(sent).rejects.toMatchObject({ code: "CANCELLED" });
  });
});

describe("a session that is not encrypted", () => {
  it("gets nothing from an upload to a Cloud Storage that is", async () => {
    const connection = fake.connection();
    const encrypted: StorageConnection = {
      ...connection,
      client: async () => Object.assign(await connection.client(), { apiEndpoint: "https://storage.googleapis.com" }),
    };
    const sent = new ObjectTransport(encrypted, 5000).continue(`${fake.url}/?upload_id=secret`, request());
    await expect(sent).rejects.toMatchObject({
      code: "INTERNAL_ERROR",
      message: expect.not.stringContaining("secret"),
    });
    expect(fake.requests).toEqual([]);
  });
});
