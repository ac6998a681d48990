import { describe, expect, it } from "vitest";

import { GoogleCaller } from "../../src/targets/aiplatform/google/call.js";
import { GoogleConnection } from "../../src/targets/aiplatform/google/connection.js";
import { longRunningOperation } from "../../src/targets/aiplatform/google/operations.js";
import type { Repeatable } from "../../src/targets/aiplatform/google/retry.js";
import { type Answer, googleFailure, googleServer, instantClock } from "../support/google-server.js";

const endpoint = "projects/acme/locations/europe-west1/endpoints/iris";
const operation = `${endpoint}/operations/7`;

async function getEndpoint(answers: Answer | Answer[], repeatable?: Repeatable) {
  const server = await googleServer({ [`GET /v1/${endpoint}`]: answers });
  const clock = instantClock();
  const caller = new GoogleCaller(server.connection, "aiplatform", clock);
  const call = caller.run({ doing: "Reading", ...(repeatable && { repeatable }) }, async (settings) =>
    (await server.connection.aiplatform("europe-west1")).projects.locations.endpoints.get({ name: endpoint }, settings),
  );
  const outcome = await call.then(
    (value) => ({ value, error: undefined }),
    (error: unknown) => ({ value: undefined, error }),
  );
  return { ...outcome, requests: server.requests.length, clock };
}

describe("a call", () => {
  it.each([429, 500, 502, 503, 504])("is sent again after a %i", async (status) => {
    const { value, requests } = await getEndpoint([
      googleFailure(status, "UNAVAILABLE", "Later."),
      { json: { name: endpoint } },
    ]);
    expect(value).toMatchObject({ name: endpoint });
    expect(requests).toBe(2);
  });

  it("is sent again after a connection that broke", async () => {
    const { value } = await getEndpoint(["broken", { json: { name: endpoint } }]);
    expect(value).toMatchObject({ name: endpoint });
  });

  it("is given up after some attempts, with Google's last words", async () => {
    const { error, requests } = await getEndpoint(googleFailure(503, "UNAVAILABLE", "Not today."));
    expect(error).toMatchObject({ code: "TEMPORARILY_UNAVAILABLE", message: expect.stringContaining("Not today.") });
    expect(requests).toBeGreaterThan(1);
  });

  it.each([400, 401, 403, 404, 409])("is not repeated after a %i", async (status) => {
    const { error, requests } = await getEndpoint(googleFailure(status, "", "No."));
    expect(error).toMatchObject({ name: "DeploymentError" });
    expect(requests).toBe(1);
  });

  it("waits as long as the server asks", async () => {
    const later = { status: 429, body: {}, headers: { "retry-after": "7" } };
    const { clock } = await getEndpoint([later, { json: {} }]);
    expect(clock.waits).toEqual([7000]);
  });

  it.each<[Answer, number]>([
    [googleFailure(429, "RESOURCE_EXHAUSTED", "Quota."), 2],
    [googleFailure(500, "INTERNAL", "?"), 1],
    [googleFailure(503, "UNAVAILABLE", "?"), 1],
    ["broken", 1],
  ])("that would make two of a thing is repeated only when nothing was made (%j)", async (answer, expected) => {
    const { requests } = await getEndpoint([answer, { json: {} }], "unaccepted");
    expect(requests).toBe(expected);
  });

  it("that would make two of a thing is repeated when no connection was made", async () => {
    const clock = instantClock();
    const caller = new GoogleCaller(new GoogleConnection({ emulatorHost: "127.0.0.1:1" }), "aiplatform", clock);
    let attempts = 0;
    const refused = () => {
      attempts++;
      return Promise.reject(Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" }));
    };
    await expect(caller.run({ doing: "Uploading", repeatable: "unaccepted" }, refused)).rejects.toThrow(
      /does not answer/,
    );
    expect(attempts).toBe(3);
  });

  it("is not sent when it was cancelled before", async () => {
    const caller = new GoogleCaller(new GoogleConnection({ emulatorHost: "127.0.0.1:1" }), "aiplatform");
    const never = () => Promise.reject(new Error("sent"));
    await expect(caller.run({ doing: "Reading", signal: AbortSignal.abort() }, never)).rejects.toMatchObject({
      code: "CANCELLED",
    });
  });

  it("is CANCELLED while it waits for the answer", async () => {
    const controller = new AbortController();
    const server = await googleServer({
      [`GET /v1/${endpoint}`]: () => {
        controller.abort();
        return "broken";
      },
    });
    const caller = new GoogleCaller(server.connection, "aiplatform", instantClock());
    const call = caller.run({ doing: "Reading", signal: controller.signal }, async (settings) =>
      (await server.connection.aiplatform("l")).projects.locations.endpoints.get({ name: endpoint }, settings),
    );
    await expect(call).rejects.toMatchObject({ code: "CANCELLED" });
  });
});

describe("a long-running operation", () => {
  async function operationOf(answers: Answer | Answer[], cancelled: Answer = { json: {} }) {
    const server = await googleServer({
      [`GET /v1/${operation}`]: answers,
      [`POST /v1/${operation}:cancel`]: cancelled,
    });
    const clock = instantClock();
    const operations = async () => (await server.connection.aiplatform("l")).projects.locations.operations;
    const running = longRunningOperation({
      name: operation,
      doing: "Deploying",
      caller: new GoogleCaller(server.connection, "aiplatform", clock),
      api: {
        get: async (name, settings) => (await operations()).get({ name }, settings),
        cancel: async (name) => (await operations()).cancel({ name }),
      },
      convert: (response) => response["endpoint"],
      clock,
    });
    return { running, server };
  }

  it("is polled until it is done, and tells the stages on the way", async () => {
    const stages: (string | null)[] = [];
    const { running } = await operationOf([
      { json: { name: operation, metadata: {} } },
      { json: { name: operation, metadata: { deploymentStage: "STARTING_MODEL_SERVER" } } },
      { json: { name: operation, done: true, response: { endpoint: "iris" } } },
    ]);
    expect(await running.wait({ onPoll: ({ stage }) => stages.push(stage) })).toBe("iris");
    expect(stages).toEqual([null, "STARTING_MODEL_SERVER"]);
  });

  it("survives a poll that fails for a moment", async () => {
    const { running } = await operationOf([
      googleFailure(503, "UNAVAILABLE", "?"),
      { json: { done: true, response: { endpoint: "iris" } } },
    ]);
    expect(await running.wait()).toBe("iris");
  });

  it("fails with the operation's own error", async () => {
    const error = { code: 9, message: "Model server exited unexpectedly." };
    const { running } = await operationOf({ json: { name: operation, done: true, error } });
    await expect(running.wait()).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: "Deploying failed: Model server exited unexpectedly.",
    });
  });

  it("stops to be waited for at the deadline, and goes on", async () => {
    const { running, server } = await operationOf({ json: { name: operation } });
    await expect(running.wait({ timeoutSeconds: 60 })).rejects.toMatchObject({
      code: "DEADLINE_EXCEEDED",
      retryable: true,
    });
    expect(server.lines().filter((line) => line.endsWith(":cancel"))).toEqual([]);
  });

  it.each<Answer>([{ json: {} }, googleFailure(501, "UNIMPLEMENTED", "No."), googleFailure(404, "NOT_FOUND", "Gone.")])(
    "is cancelled as well as the platform can (%j)",
    async (answer) => {
      const { running, server } = await operationOf({ json: {} }, answer);
      await running.cancel();
      expect(server.lines()).toEqual([`POST /v1/${operation}:cancel`]);
    },
  );

  it("says why it could not be cancelled", async () => {
    const { running } = await operationOf({ json: {} }, googleFailure(403, "PERMISSION_DENIED", "No."));
    await expect(running.cancel()).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
  });
});
