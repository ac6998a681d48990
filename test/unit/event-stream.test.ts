import { describe, expect, it } from "vitest";

import { readEventStream } from "../../src/core/event-stream.js";

/** The text in parts of `size` bytes. */
async function* bytes(text: string, size = text.length): AsyncGenerator<Uint8Array> {
  const all = Buffer.from(text);
  for (let start = 0; start < all.length; start += size) yield all.subarray(start, start + size);
}

async function read(source: AsyncIterable<Uint8Array>): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const value of readEventStream(source, 'The deployment "tester"')) values.push(value);
  return values;
}

describe("a stream of events", () => {
  it.each([1, 2, 3, 7, 1000])("is read alike in parts of %i bytes, whatever ends its lines", async (size) => {
    const text =
      '\uFEFFdata: {"a":1}\r\n\r\ndata:"zwölf €"\n\n: ping\n\ndata: [1,\rdata: 2]\r\revent: x\ndata: null\n\n';
    expect(await read(bytes(text, size))).toEqual([{ a: 1 }, "zwölf €", [1, 2], null]);
  });

  it("gives each value as soon as its event has ended", async () => {
    let sent = 0;
    const source = async function* () {
      for (sent = 1; sent <= 3; sent++) yield Buffer.from(`data: ${sent}\n\n`);
    };
    for await (const value of readEventStream(source(), "The deployment")) expect(value).toBe(sent);
    expect(sent).toBe(4);
  });

  it("ends at the mark that some servers send", async () => {
    expect(await read(bytes("data: 1\n\ndata: [DONE]\n\n"))).toEqual([1]);
  });

  it("ends its source when the reader stops", async () => {
    let ended = false;
    const source = async function* () {
      try {
        for (;;) yield Buffer.from("data: 1\n\n");
      } finally {
        ended = true;
      }
    };
    for await (const value of readEventStream(source(), "The deployment")) {
      expect(value).toBe(1);
      break;
    }
    expect(ended).toBe(true);
  });
});

describe("a stream of events fails", () => {
  it.each([
    ["INVALID_ARGUMENT", "INVALID_PARAMETER_VALUE"],
    ["INTERNAL", "INTERNAL_ERROR"],
    ["toString", "INTERNAL_ERROR"],
  ])("with the code and the words of the sender's error %s", async (status, code) => {
    const error = JSON.stringify({ error: { code: 400, message: "no such row", status } });
    const seen: unknown[] = [];
    const reading = (async () => {
      const source = bytes(`data: 1\n\nevent: error\ndata: ${error}\n\ndata: 2\n\n`);
      for await (const value of readEventStream(source, 'The deployment "tester"')) seen.push(value);
    })();
    await expect(reading).rejects.toMatchObject({
      code,
      message: 'The deployment "tester" ended its stream with an error: no such row',
    });
    expect(seen).toEqual([1]);
  });

  it.each(["data: {}\n", 'data: {"a"', "data: 1\n\ndata: 2\n"])("when it breaks off, as after %j", async (text) => {
    await expect(read(bytes(text))).rejects.toMatchObject({
      code: "TEMPORARILY_UNAVAILABLE",
      retryable: true,
      message: expect.stringContaining('the deployment "tester" broke off') as string,
    });
  });

  it("when its source fails, which is the cause", async () => {
    const cause = new Error("socket hang up");
    const source = async function* () {
      yield Buffer.from("data: 1\n\n");
      throw cause;
    };
    await expect(read(source())).rejects.toMatchObject({ code: "TEMPORARILY_UNAVAILABLE", cause });
  });

  it("as cancelled when its source was aborted", async () => {
    // oxlint-disable-next-line require-yield -- it fails at once
    const source = async function* (): AsyncGenerator<Uint8Array> {
      throw new DOMException("aborted", "AbortError");
    };
    await expect(read(source())).rejects.toMatchObject({ code: "CANCELLED" });
  });

  it("for what is no JSON, and for what is no text", async () => {
    await expect(read(bytes("data: hello\n\n"))).rejects.toThrow(/not JSON: hello/);
    const source = async function* () {
      yield Buffer.from([0x64, 0xff, 0x0a]);
    };
    await expect(read(source())).rejects.toThrow(/not UTF-8/);
  });

  it("for an endless line and an endless event, before they fill the memory", async () => {
    const endless = async function* (part: string) {
      for (;;) yield Buffer.from(part);
    };
    const megabyte = "x".repeat(1024 * 1024);
    await expect(read(endless(megabyte))).rejects.toThrow(/more than 33554432 characters/);
    await expect(read(endless(`data: ${megabyte}\n`))).rejects.toThrow(/more than 33554432 characters/);
  });
});
