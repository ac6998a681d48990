import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { inspect } from "node:util";

import { afterEach, describe, expect, it, vi } from "vitest";

import {
  type PredictionOptions,
  VertexPredictionService,
} from "../../src/targets/aiplatform/vertex/prediction-service.js";
import { type Answer, googleFailure, googleServer, instantClock } from "../support/google-server.js";

const name = "projects/acme/locations/europe-west1/endpoints/iris";
const path = `/dedicated/iris/v1/${name}:streamRawPredict`;
const endpoint = { name, dedicatedHost: "127.0.0.1:1/dedicated/iris", network: null, deployedModels: [] };
const request = { endpoint, instances: [{ prompt: "a" }] };

async function service(answers: Answer | Answer[], options: Partial<PredictionOptions> = {}) {
  const server = await googleServer({ [`POST ${path}`]: answers });
  const place = { connection: server.connection, project: "acme", location: "europe-west1", clock: instantClock() };
  return { server, predictions: new VertexPredictionService({ ...place, ...options }) };
}

/** An answer of events, and the response to go on with. */
function events(...parts: unknown[]) {
  let opened: (response: ServerResponse) => void;
  const response = new Promise<ServerResponse>((resolve) => (opened = resolve));
  const answer: Answer = {
    write(open) {
      open.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
      open.flushHeaders();
      for (const part of parts) open.write(event(part));
      opened(open);
    },
  };
  return { answer, response };
}

const event = (part: unknown) => `data: ${JSON.stringify(part)}\n\n`;

/** A container's answer that is passed on as it is. */
function containers(status: number, body: unknown): Answer {
  return { status, body, headers: { "x-vertex-ai-deployed-model-id": "7" } };
}

async function all(parts: AsyncIterable<unknown>): Promise<unknown[]> {
  const collected: unknown[] = [];
  for await (const part of parts) collected.push(part);
  return collected;
}

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("a prediction stream", () => {
  it("asks the endpoint's own host for a stream, and gives each part as it comes", async () => {
    const { answer, response } = events("Hel");
    const { predictions, server } = await service(answer);
    const parts = predictions.stream({ ...request, parameters: { k: 2 } }, {})[Symbol.asyncIterator]();
    expect(await parts.next()).toEqual({ done: false, value: "Hel" });
    const open = await response;
    open.write(event({ text: "lo" }));
    expect(await parts.next()).toEqual({ done: false, value: { text: "lo" } });
    open.end();
    expect(await parts.next()).toEqual({ done: true, value: undefined });
    expect(server.requests.map(({ body }) => body)).toEqual([
      { instances: [{ prompt: "a" }], parameters: { k: 2 }, stream: true },
    ]);
  });

  it("sends nothing until its first part is asked for", async () => {
    const { predictions, server } = await service(events("a").answer);
    predictions.stream(request, {});
    await predictions.predict({ ...request, endpoint: { ...endpoint, dedicatedHost: null } }, {}).catch(() => {});
    expect(server.lines().filter((line) => line.includes("stream"))).toEqual([]);
  });

  it("breaks the connection when its consumer stops early", async () => {
    const { answer, response } = events(1, 2, 3);
    const { predictions } = await service(answer);
    const closed = response.then((open) => once(open, "close"));
    for await (const part of predictions.stream(request, {})) if (part === 2) break;
    await expect(closed).resolves.toBeDefined();
  });

  it("ends as cancelled by its signal, at once and with the connection", async () => {
    const { answer, response } = events(1);
    const { predictions } = await service(answer);
    const controller = new AbortController();
    const parts = predictions.stream(request, { signal: controller.signal })[Symbol.asyncIterator]();
    await parts.next();
    const next = parts.next();
    const closed = once(await response, "close");
    controller.abort();
    await expect(next).rejects.toMatchObject({ name: "DeploymentError", code: "CANCELLED" });
    await closed;
  });

  it("is cancelled before its first byte too", async () => {
    const { predictions, server } = await service("silent");
    const controller = new AbortController();
    const first = predictions.stream(request, { signal: controller.signal }).next();
    await vi.waitFor(() => expect(server.requests).toHaveLength(1));
    controller.abort();
    await expect(first).rejects.toMatchObject({ code: "CANCELLED" });
  });

  it("has to begin within the time of a prediction, and may then take any", async () => {
    const { answer, response } = events();
    const silent = await service(answer, { requestTimeoutSeconds: 0.1 });
    await expect(silent.predictions.stream(request, {}).next()).rejects.toMatchObject({
      code: "DEADLINE_EXCEEDED",
      message: expect.stringContaining("MLFLOW_DEPLOYMENT_PREDICT_TIMEOUT"),
    });
    await once(await response, "close");

    const slow = events(1);
    const { predictions } = await service(slow.answer, { requestTimeoutSeconds: 0.1, totalTimeoutSeconds: 0.1 });
    const parts = predictions.stream(request, {})[Symbol.asyncIterator]();
    await parts.next();
    // longer than both times
    setTimeout(() => void slow.response.then((open) => open.end(event(2))), 300);
    expect(await parts.next()).toEqual({ done: false, value: 2 });
  });

  it("may have no part at all", async () => {
    const { answer, response } = events();
    const { predictions } = await service(answer);
    const parts = all(predictions.stream(request, {}));
    (await response).end();
    expect(await parts).toEqual([]);
  });

  it.each([429, 503])("is asked for again after a %i", async (status) => {
    const { answer, response } = events(1);
    const { predictions } = await service([googleFailure(status, "", "Later."), answer]);
    void response.then((open) => open.end());
    expect(await all(predictions.stream(request, {}))).toEqual([1]);
  });

  it.each([
    [400, "INVALID_ARGUMENT", "INVALID_PARAMETER_VALUE"],
    [500, "INTERNAL", "FAILED_PRECONDITION"],
  ])("says what the container refused with %i, and is not repeated", async (code, status, expected) => {
    const { predictions, server } = await service(containers(code, { error: { code, status, message: "No a." } }));
    await expect(predictions.stream(request, {}).next()).rejects.toMatchObject({
      code: expected,
      message: expect.stringContaining("failed: No a."),
    });
    expect(server.requests).toHaveLength(1);
  });

  it("says what Vertex AI refused", async () => {
    const { predictions } = await service(googleFailure(403, "PERMISSION_DENIED", "Denied."));
    await expect(predictions.stream(request, {}).next()).rejects.toMatchObject({
      code: "PERMISSION_DENIED",
      message: expect.stringContaining("Denied."),
    });
  });

  it("is not made of an answer of another kind", async () => {
    const { predictions } = await service({ json: { predictions: [1] } });
    await expect(predictions.stream(request, {}).next()).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("does not stream"),
    });
  });

  it("gives what came, and then fails, when the connection breaks", async () => {
    const { answer, response } = events(1);
    const { predictions, server } = await service(answer);
    vi.spyOn(server.connection, "authorizationHeaders").mockResolvedValue({ authorization: "Bearer hunter2" });
    const parts = predictions.stream(request, {})[Symbol.asyncIterator]();
    expect(await parts.next()).toEqual({ done: false, value: 1 });
    (await response).destroy();
    const error: unknown = await parts.next().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "DeploymentError", code: "TEMPORARILY_UNAVAILABLE" });
    expect(inspect(error, { depth: null, showHidden: true })).not.toContain("hunter2");
  });

  it("fails with the model's words when the model fails midway", async () => {
    const { answer, response } = events(1);
    const { predictions } = await service(answer);
    const parts = predictions.stream(request, {})[Symbol.asyncIterator]();
    await parts.next();
    const error = { code: 400, message: "No b.", status: "INVALID_ARGUMENT" };
    (await response).end(`event: error\n${event({ error })}`);
    await expect(parts.next()).rejects.toMatchObject({
      code: "INVALID_PARAMETER_VALUE",
      message: expect.stringContaining("No b."),
    });
  });
});
