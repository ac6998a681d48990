import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { recordTranscript } from "../gcp/transcript.js";

let directory: string;
let server: Server;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "transcript-"));
  const answer = JSON.stringify({
    access_token: "a-token",
    credential: { accessToken: "a-token" },
    rows: ["of-the-user"],
  });
  server = createServer((_request, response) => response.end(answer)).listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterEach(async () => {
  server.close();
  await rm(directory, { recursive: true });
});

/** What is written of one request to this machine under Google's name. */
async function transcriptOf(host: string, path: string): Promise<string> {
  const file = join(directory, "transcript.jsonl");
  const stop = recordTranscript(file);
  const { port } = server.address() as AddressInfo;
  const sent = request({ host: "127.0.0.1", port, path, method: "POST" });
  sent.host = host;
  sent.end("assertion=a-token");
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  response.resume();
  await once(response, "close");
  await stop();
  return readFile(file, "utf8");
}

describe("the transcript of npm run test:gcp", () => {
  it.each([
    ["oauth2.googleapis.com", "/token"],
    ["www.googleapis.com", "/oauth2/v4/token"],
    ["sts.googleapis.com", "/v1/token"],
    ["metadata.google.internal", "/computeMetadata/v1/instance/service-accounts/default/token"],
  ])("holds nothing of a request for credentials to %s", async (host, path) => {
    expect(await transcriptOf(host, path)).toBe("");
  });

  it("masks credentials in an answer of any host", async () => {
    const text = await transcriptOf("aiplatform.googleapis.com", "/v1/anything?access_token=a-token");
    expect(JSON.parse(text)).toMatchObject({
      answer: { access_token: "***", credential: { accessToken: "***" }, rows: ["of-the-user"] },
    });
    expect(text).not.toContain("a-token");
  });

  it.each([
    ["storage.googleapis.com", "/storage/v1/b/acme-models/o/a.json?alt=media&generation=1"],
    ["127.0.0.1", "/api/2.0/mlflow-artifacts/artifacts/0/models/m-1/artifacts/input_example.json"],
    ["127.0.0.1", "/get-artifact?path=input_example.json&run_uuid=1"],
  ])("holds the content of a file at %s%s as its length", async (host, path) => {
    expect(JSON.parse(await transcriptOf(host, path))).toMatchObject({
      answer: { bytes: expect.any(Number) as number },
    });
  });
});
