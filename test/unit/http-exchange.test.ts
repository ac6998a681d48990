import type { Dispatcher } from "undici";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";

import { exchange } from "../../src/http/exchange.js";

/** A server at the end of a slow line: it takes `bytesPerSecond`, and answers when it has all. */
function slowLine(bytesPerSecond: number): Dispatcher {
  const take = async (body: Buffer | AsyncIterable<Uint8Array>, handler: Dispatcher.DispatchHandler) => {
    let failure: Error | undefined;
    const controller = { abort: (reason: Error) => void (failure = reason) } as Dispatcher.DispatchController;
    handler.onRequestStart?.(controller, {});
    for await (const part of Buffer.isBuffer(body) ? [body] : body) {
      await new Promise((resolve) => setTimeout(resolve, (part.length / bytesPerSecond) * 1000));
      if (failure) return handler.onResponseError?.(controller, failure);
    }
    handler.onResponseStart?.(controller, 200, {}, "OK");
    handler.onResponseEnd?.(controller, {});
  };
  const dispatch = ({ body }: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) => {
    void take(body as Buffer, handler);
    return true;
  };
  return { dispatch } as Dispatcher;
}

async function* inOnePart(content: Buffer): AsyncGenerator<Buffer> {
  yield content;
}

it("requests that share a signal warn of nothing, however many they are", async () => {
  const warnings: Error[] = [];
  const heard = (warning: Error) => void warnings.push(warning);
  process.on("warning", heard);
  onTestFinished(() => void process.off("warning", heard));
  const { signal } = new AbortController();
  const request = {
    method: "PUT",
    origin: "http://127.0.0.1",
    path: "/",
    headers: {},
    body: Buffer.alloc(1),
    signal,
  } as const;
  const limit = { milliseconds: 60_000, of: "answer" } as const;
  const line = slowLine(1000);
  await Promise.all(Array.from({ length: 64 }, () => exchange(line, { ...request, limit })));
  await new Promise(setImmediate);
  expect(warnings).toEqual([]);
});

describe("a request that takes longer than a server may be silent", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const content = Buffer.alloc(8 * 2 ** 20);
  const send = (body: Buffer | AsyncIterable<Uint8Array>, bytesPerSecond: number) => {
    const answer = exchange(slowLine(bytesPerSecond), {
      method: "PUT",
      origin: "http://127.0.0.1",
      path: "/",
      headers: {},
      body,
      signal: new AbortController().signal,
      limit: { milliseconds: 60_000, of: "silence" },
    }).catch((error: unknown) => error);
    return Promise.all([answer, vi.advanceTimersByTimeAsync(3_600_000)]).then(([each]) => each);
  };

  it.each([
    ["from memory", () => content],
    ["in one large part", () => inOnePart(content)],
  ])("goes on where its body, %s, is still being taken", async (_, body) => {
    expect(await send(body(), 20_000)).toMatchObject({ status: 200 });
  });

  it("fails where next to nothing is taken", async () => {
    expect(await send(content, 1000)).toMatchObject({ code: "ETIMEDOUT" });
  });
});
