import { afterEach, describe, expect, it, vi } from "vitest";

import type { DeployedModel } from "../../src/core/deployment.js";
import type { PredictRequest } from "../../src/core/services.js";
import { GoogleConnection } from "../../src/targets/aiplatform/google/connection.js";
import {
  type PredictionOptions,
  VertexPredictionService,
} from "../../src/targets/aiplatform/vertex/prediction-service.js";
import {
  type Answer,
  googleFailure,
  googleServer,
  instantClock,
  recordingContext,
  type SeenRequest,
} from "../support/google-server.js";

const name = "projects/acme/locations/europe-west1/endpoints/iris";
const shared = { name, dedicatedHost: null, network: null, deployedModels: [] };
const path = `POST /v1/${name}:predict`;

function inNetwork(): PredictRequest["endpoint"] {
  const model: DeployedModel = {
    id: "7",
    displayName: "iris",
    model: "models/iris",
    modelVersionId: "2",
    trafficPercent: 100,
    machineType: null,
    minReplicaCount: null,
    maxReplicaCount: null,
    accelerator: null,
    serviceAccount: null,
    predictUrl: "http://iris.aiplatform.googleapis.com/v1/models/7:predict",
    createTime: null,
  };
  return { ...shared, network: "projects/1/global/networks/vpc", deployedModels: [model] };
}

const answer: Answer = {
  json: {
    predictions: [1],
    deployedModelId: "7",
    model: "m",
    modelVersionId: "2",
    modelDisplayName: "iris",
    metadata: { a: 1 },
  },
};

async function service(answers: Answer | Answer[], options: Partial<PredictionOptions> = {}) {
  const server = await googleServer({ [path]: answers });
  const clock = instantClock();
  const predictions = new VertexPredictionService({
    connection: server.connection,
    project: "acme",
    location: "europe-west1",
    clock,
    ...options,
  });
  return { server, predictions, clock };
}

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("a prediction", () => {
  it("sends instances and parameters, and gives the answer with what made it", async () => {
    const { predictions, server } = await service(answer);
    const result = await predictions.predict(
      { endpoint: shared, instances: [{ x: null, at: new Date(0) }], parameters: { k: 2 } },
      {},
    );
    expect(result).toEqual({
      predictions: [1],
      deployedModelId: "7",
      model: "m",
      modelVersionId: "2",
      modelDisplayName: "iris",
      metadata: { a: 1 },
    });
    expect(server.requests[0]?.body).toEqual({
      instances: [{ x: null, at: "1970-01-01T00:00:00.000Z" }],
      parameters: { k: 2 },
    });
  });

  it("keeps its connection for the next one", async () => {
    const { predictions, server } = await service(answer);
    await predictions.predict({ endpoint: shared, instances: [1] }, {});
    await predictions.predict({ endpoint: shared, instances: [1] }, {});
    expect(server.requests.map(({ headers }) => headers.connection)).toEqual(["keep-alive", "keep-alive"]);
  });

  it("goes to the endpoint's own host where it has one", async () => {
    const dedicated = await googleServer({ [`POST /dedicated/iris/v1/${name}:predict`]: answer });
    const predictions = new VertexPredictionService({
      connection: dedicated.connection,
      project: "acme",
      location: "europe-west1",
    });
    const endpoint = { ...shared, dedicatedHost: "127.0.0.1:1/dedicated/iris" };
    expect((await predictions.predict({ endpoint, instances: [1] }, {})).predictions).toEqual([1]);
  });

  it("goes to the network of a private endpoint, whose container answers itself, with no credentials", async () => {
    const server = await googleServer({ "POST /v1/models/7:predict": { json: { predictions: [2] } } });
    const predictions = new VertexPredictionService({
      connection: server.connection,
      project: "acme",
      location: "europe-west1",
    });
    const credentials = vi.spyOn(server.connection, "authorizationHeaders");
    const result = await predictions.predict({ endpoint: inNetwork(), instances: [1], parameters: { k: 2 } }, {});
    expect(result).toEqual({
      predictions: [2],
      deployedModelId: "7",
      model: "models/iris",
      modelVersionId: "2",
      modelDisplayName: null,
      metadata: null,
    });
    expect(server.requests[0]?.body).toEqual({ instances: [1], parameters: { k: 2 } });
    expect(credentials).not.toHaveBeenCalled();
  });

  it("needs a model on a private endpoint", async () => {
    const { predictions, server } = await service(answer);
    const empty = { ...inNetwork(), deployedModels: [] };
    await expect(predictions.predict({ endpoint: empty, instances: [1] }, {})).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
    });
    expect(server.requests).toEqual([]);
  });

  it.each([
    [400, { error: { code: 400, message: "No column a", status: "INVALID_ARGUMENT" } }, "INVALID_PARAMETER_VALUE", 1],
    [500, { error: { code: 500, message: "No column a", status: "INTERNAL" } }, "FAILED_PRECONDITION", 1],
    [500, "No column a", "INTERNAL_ERROR", 3],
    [503, { error: { code: 503, message: "No column a" } }, "TEMPORARILY_UNAVAILABLE", 3],
  ])("of a private endpoint that its container refuses with %i %j is %s", async (status, body, code, requests) => {
    vi.stubEnv("MLFLOW_DEPLOYMENT_PREDICT_TOTAL_TIMEOUT", "6");
    const server = await googleServer({ "POST /v1/models/7:predict": { status, body } });
    const place = { connection: server.connection, project: "acme", location: "europe-west1", clock: instantClock() };
    const failed = new VertexPredictionService(place).predict({ endpoint: inNetwork(), instances: [1] }, {});
    await expect(failed).rejects.toMatchObject({ code });
    expect(server.requests).toHaveLength(requests);
  });

  it("carries the credentials", async () => {
    const server = await googleServer({ [path]: answer });
    const connection = new GoogleConnection({ apiEndpoint: server.url });
    vi.spyOn(connection, "authorizationHeaders").mockResolvedValue({ authorization: "Bearer token" });
    const predictions = new VertexPredictionService({ connection, project: "acme", location: "europe-west1" });
    await predictions.predict({ endpoint: shared, instances: [1] }, {});
    expect(server.requests[0]?.headers.authorization).toBe("Bearer token");
  });

  it.each([429, 500, 502, 503])("is repeated after a %i, as MLflow's are", async (status) => {
    const { predictions } = await service([googleFailure(status, "", "Later."), answer]);
    expect((await predictions.predict({ endpoint: shared, instances: [1] }, {})).predictions).toEqual([1]);
  });

  it.each([400, 404, 504])("is not repeated after a %i", async (status) => {
    const { predictions, server } = await service([googleFailure(status, "", "No."), answer]);
    await expect(predictions.predict({ endpoint: shared, instances: [1] }, {})).rejects.toThrow(/No\./);
    expect(server.requests).toHaveLength(1);
  });

  it("is not repeated past the total time", async () => {
    vi.stubEnv("MLFLOW_DEPLOYMENT_PREDICT_TOTAL_TIMEOUT", "2");
    const { predictions, clock } = await service(googleFailure(503, "UNAVAILABLE", "Later."));
    await expect(predictions.predict({ endpoint: shared, instances: [1] }, {})).rejects.toMatchObject({
      code: "TEMPORARILY_UNAVAILABLE",
    });
    expect(clock.waits).toHaveLength(1);
  });

  it("says which times to set when there was no answer in time", async () => {
    const { predictions, server } = await service("silent", { requestTimeoutSeconds: 0.05 });
    const late = predictions.predict({ endpoint: shared, instances: [1] }, {});
    await expect(late).rejects.toMatchObject({
      code: "DEADLINE_EXCEEDED",
      message: expect.stringContaining("MLFLOW_DEPLOYMENT_PREDICT_TIMEOUT"),
    });
    expect(server.requests).toHaveLength(1);
  });

  it("refuses a time that is none", async () => {
    vi.stubEnv("MLFLOW_DEPLOYMENT_PREDICT_TIMEOUT", "soon");
    const { predictions } = await service(answer);
    await expect(predictions.predict({ endpoint: shared, instances: [1] }, {})).rejects.toThrow(
      /MLFLOW_DEPLOYMENT_PREDICT_TIMEOUT must be/,
    );
  });

  it("fails with the model's own words when it refuses the rows", async () => {
    const { predictions } = await service(
      googleFailure(400, "FAILED_PRECONDITION", "Prediction failed: Model is missing inputs ['a']"),
    );
    await expect(predictions.predict({ endpoint: shared, instances: [1] }, {})).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("missing inputs ['a']"),
    });
  });

  it.each([
    [400, 'instances[0]: column "a": expected double, got null', "INVALID_PARAMETER_VALUE"],
    [500, "Model raised ValueError: no", "FAILED_PRECONDITION"],
  ])("says what the container said in place of its JSON, with %i", async (code, message, expected) => {
    const answer = JSON.stringify({ error: { code, message } });
    const { predictions } = await service(googleFailure(400, "FAILED_PRECONDITION", `Prediction failed: ${answer}`));
    const failed = predictions.predict({ endpoint: shared, instances: [1] }, {});
    await expect(failed).rejects.toMatchObject({ code: expected });
    await expect(failed).rejects.toThrow(`failed: ${message}.`);
  });

  it("fails when the answer has no predictions", async () => {
    const { predictions } = await service({ json: { result: 1 } });
    await expect(predictions.predict({ endpoint: shared, instances: [1] }, {})).rejects.toThrow(
      /without a list of predictions/,
    );
  });

  it("is cancelled by its signal", async () => {
    const { predictions, server } = await service(answer);
    const cancelled = predictions.predict({ endpoint: shared, instances: [1] }, { signal: AbortSignal.abort() });
    await expect(cancelled).rejects.toMatchObject({ code: "CANCELLED" });
    expect(server.requests).toEqual([]);
  });
});

describe("an explanation", () => {
  const explainPath = `POST /v1/${name}:explain`;
  const explanation = { attributions: [{ featureAttributions: { a: 0.5 } }] };

  async function explainer(answers: Answer | Answer[]) {
    const server = await googleServer({ [explainPath]: answers });
    const place = { connection: server.connection, project: "acme", location: "europe-west1", clock: instantClock() };
    return { server, predictions: new VertexPredictionService(place), context: recordingContext() };
  }

  it("comes with the prediction that it explains", async () => {
    const { predictions, server, context } = await explainer({
      json: { explanations: [explanation], predictions: [1], deployedModelId: "7" },
    });
    expect(
      await predictions.explain({ endpoint: shared, instances: [{ a: 1 }], parameters: { k: 2 } }, context),
    ).toEqual({ explanations: [explanation], predictions: [1], deployedModelId: "7" });
    expect(server.requests[0]?.body).toEqual({ instances: [{ a: 1 }], parameters: { k: 2 } });
  });

  it("is sent again as a prediction is", async () => {
    const { predictions, context } = await explainer([
      googleFailure(503, "UNAVAILABLE", "Later."),
      { json: { explanations: [] } },
    ]);
    await expect(predictions.explain({ endpoint: shared, instances: [1] }, context)).resolves.toEqual({
      explanations: [],
      predictions: [],
      deployedModelId: null,
    });
  });

  it("names the setting where the model explains nothing", async () => {
    const { predictions, context } = await explainer(
      googleFailure(400, "INVALID_ARGUMENT", "Deployed model 7 does not support explanations."),
    );
    await expect(predictions.explain({ endpoint: shared, instances: [1] }, context)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringMatching(/does not support explanations\. .* explanationParameters/),
    });
  });

  it("fails with Google's words for any other reason", async () => {
    const { predictions, context } = await explainer(googleFailure(400, "INVALID_ARGUMENT", "Bad instances."));
    const failed = predictions.explain({ endpoint: shared, instances: [1] }, context);
    await expect(failed).rejects.toMatchObject({ code: "INVALID_PARAMETER_VALUE" });
    await expect(failed).rejects.toThrow(/Bad instances\.$/);
  });

  it("is not taken for one without a list of explanations", async () => {
    const { predictions, context } = await explainer({ json: { predictions: [1] } });
    await expect(predictions.explain({ endpoint: shared, instances: [1] }, context)).rejects.toThrow(
      /without a list of explanations/,
    );
  });
});

describe("the rows of a prediction", () => {
  const circular: unknown[] = [];
  circular.push(circular);

  it.each<[string, unknown, string]>([
    ["NaN", [[1, Number.NaN]], "instances[0][1] is NaN"],
    ["Infinity", { x: -Infinity }, "instances.x is -Infinity"],
    ["undefined in an object", [{ a: { "b c": undefined } }], 'instances[0].a["b c"] is undefined'],
    // oxlint-disable-next-line no-sparse-arrays -- it is what is tested
    ["a hole", [[1, , 3]], "instances[0][1] is undefined"],
    ["a function", [() => 1], "instances[0] is a function"],
    ["a symbol", [Symbol("x")], "instances[0] is a symbol"],
    ["an invalid date", [new Date("?")], "instances[0] is an invalid date"],
    ["a typed array", [new Float32Array(2)], "instances[0] is a Float32Array"],
    ["a map", [new Map()], "instances[0] is a Map"],
    ["an array in itself", circular, "instances[0] is an object that holds itself"],
  ])("are refused with %s in them, and the place is named", async (_what, instances, message) => {
    const { predictions, server } = await service(answer);
    const request = { endpoint: shared, instances: instances as unknown[] };
    await expect(predictions.predict(request, {})).rejects.toMatchObject({
      code: "INVALID_PARAMETER_VALUE",
      message: expect.stringContaining(message),
    });
    expect(server.requests).toEqual([]);
  });

  it("may hold the same object twice", async () => {
    const { predictions } = await service(answer);
    const row = { x: 1 };
    await expect(predictions.predict({ endpoint: shared, instances: [row, row] }, {})).resolves.toBeDefined();
  });

  it.each<[string, string | null, number, RegExp]>([
    ["1.5 MB on a shared endpoint", null, 1.5, /takes 1\.5 MB on a shared endpoint.*endpointType: dedicated/],
    [
      "10 MB on a dedicated one",
      "iris.europe-west1.prediction.vertexai.goog",
      10,
      /takes 10\.0 MB on a dedicated endpoint/,
    ],
  ])("may have %s, and no more", async (_limit, dedicatedHost, megabytes, message) => {
    const { predictions, server } = await service(answer);
    const bytes = megabytes * 1024 * 1024;
    const predict = (size: number) =>
      predictions.predict({ endpoint: { ...shared, dedicatedHost }, instances: ["x".repeat(size)] }, {});
    await expect(predict(bytes - 1000)).resolves.toBeDefined();
    await expect(predict(bytes)).rejects.toMatchObject({
      code: "INVALID_PARAMETER_VALUE",
      message: expect.stringMatching(message),
    });
    expect(server.requests).toHaveLength(1);
  });
});

describe("an integer beyond 2^53 in a prediction", () => {
  const raw = `POST /v1/${name}:rawPredict`;
  const text = (body: string, headers: Record<string, string> = {}): Answer => ({
    write: (response) => response.writeHead(200, { "content-type": "application/json", ...headers }).end(body),
  });

  async function rawService(answers: Answer) {
    const server = await googleServer({ [raw]: answers });
    const place = { connection: server.connection, project: "acme", location: "europe-west1", clock: instantClock() };
    return { server, predictions: new VertexPredictionService(place) };
  }

  it("goes by rawPredict with its digits, and comes back with them", async () => {
    const said = text('{"predictions": [9007199254740995]}', { "x-vertex-ai-deployed-model-id": "7" });
    const { predictions, server } = await rawService(said);
    const [model] = inNetwork().deployedModels;
    const endpoint = { ...shared, deployedModels: [model!] };
    const request = { endpoint, instances: [[9007199254740993n, 1.5]], parameters: { k: -9007199254740993n } };
    expect(await predictions.predict(request, {})).toEqual({
      predictions: [9007199254740995n],
      deployedModelId: "7",
      model: "models/iris",
      modelVersionId: "2",
      modelDisplayName: null,
      metadata: null,
    });
    expect(server.requests[0]?.text).toBe(
      '{"instances":[[9007199254740993,1.5]],"parameters":{"k":-9007199254740993}}',
    );
  });

  it("knows the id of a model that has been deployed since the endpoint was read", async () => {
    const { predictions } = await rawService(text('{"predictions": [1]}', { "x-vertex-ai-deployed-model-id": "8" }));
    const answered = await predictions.predict({ endpoint: shared, instances: [2n] }, {});
    expect([answered.deployedModelId, answered.model]).toEqual(["8", null]);
  });

  it("is refused in the container's own words, and by Vertex AI's where the header is not there", async () => {
    const error = { error: { code: 400, message: "instances[0]: no", status: "INVALID_ARGUMENT" } };
    const refusing = (headers: Record<string, string>) => rawService({ status: 400, body: error, headers });
    const request = { endpoint: shared, instances: [1n] };
    const { predictions: container } = await refusing({ "x-vertex-ai-deployed-model-id": "7" });
    await expect(container.predict(request, {})).rejects.toMatchObject({
      code: "INVALID_PARAMETER_VALUE",
      message: `The prediction on the endpoint ${name} failed: instances[0]: no.`,
    });
    const { predictions: google } = await refusing({});
    await expect(google.predict(request, {})).rejects.toMatchObject({
      message: expect.stringContaining("instances[0]: no"),
      cause: expect.objectContaining({ httpStatus: 400 }),
    });
  });

  it("goes to a private endpoint's container, which answers itself", async () => {
    const server = await googleServer({ "POST /v1/models/7:predict": text('{"predictions": [9007199254740995]}') });
    const predictions = new VertexPredictionService({ connection: server.connection, project: "p", location: "l" });
    const answered = await predictions.predict({ endpoint: inNetwork(), instances: [9007199254740993n] }, {});
    expect(answered.predictions).toEqual([9007199254740995n]);
    expect(server.requests[0]?.text).toBe('{"instances":[9007199254740993]}');
  });

  it("is refused by explain, which has no such way", async () => {
    const { predictions, server } = await rawService(text("{}"));
    await expect(
      predictions.explain({ endpoint: shared, instances: [{ id: 1n }] }, recordingContext()),
    ).rejects.toThrow("instances[0].id is a BigInt");
    expect(server.requests).toEqual([]);
  });
});

describe("a prediction request over the limit", () => {
  /** Answers each row with itself. */
  const echo = (request: SeenRequest): Answer => ({
    json: {
      predictions: (request.body as { instances: unknown[] }).instances.map((row) => (row as unknown[])[0]),
      deployedModelId: "7",
    },
  });
  const rows = (count: number, size: number) => Array.from({ length: count }, (_, row) => [row, "x".repeat(size)]);
  const rowsOf = ({ body }: SeenRequest) => (body as { instances: unknown[] }).instances.length;

  async function splitting(answer: (request: SeenRequest) => Answer) {
    const server = await googleServer({ [path]: answer });
    const place = { connection: server.connection, project: "acme", location: "europe-west1", clock: instantClock() };
    return { server, predictions: new VertexPredictionService(place) };
  }

  it("is split into requests that the service surely takes, whose answers come in the order of the rows", async () => {
    const { server, predictions } = await splitting(echo);
    const instances = rows(500, 10_000);
    const answer = await predictions.predict(
      { endpoint: shared, instances, parameters: { k: "é" }, splittable: true },
      {},
    );
    expect(answer).toMatchObject({ predictions: instances.map(([row]) => row), deployedModelId: "7" });
    expect(server.requests.length).toBe(4);
    for (const request of server.requests) {
      expect(Buffer.byteLength(request.text)).toBeLessThanOrEqual(1_500_000);
      expect(request.body).toMatchObject({ parameters: { k: "é" } });
    }
    expect(server.requests.reduce((sum, request) => sum + rowsOf(request), 0)).toBe(500);
  });

  it("has at most four requests on their way", async () => {
    let now = 0;
    let most = 0;
    const { server, predictions } = await splitting((request) => {
      most = Math.max(most, ++now);
      const { json } = echo(request) as { json: unknown };
      return {
        write: (response) =>
          setImmediate(() => {
            now -= 1;
            response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(json));
          }),
      };
    });
    await predictions.predict({ endpoint: shared, instances: rows(12, 1_400_000), splittable: true }, {});
    expect(server.requests).toHaveLength(12);
    expect(most).toBeLessThanOrEqual(4);
  });

  it("has null for what its answers do not all say", async () => {
    let id = 0;
    const { predictions } = await splitting((request) => {
      const { json } = echo(request) as { json: object };
      return { json: { ...json, deployedModelId: String(++id), modelVersionId: "2", metadata: { a: [1] } } };
    });
    const answer = await predictions.predict({ endpoint: shared, instances: rows(2, 1_000_000), splittable: true }, {});
    expect(answer).toMatchObject({ deployedModelId: null, modelVersionId: "2", metadata: { a: [1] } });
  });

  it("is one request where all rows fit, and no more than it was where it may not be split", async () => {
    const { server, predictions } = await splitting(echo);
    await predictions.predict({ endpoint: shared, instances: rows(3, 400_000), splittable: true }, {});
    expect(server.requests).toHaveLength(1);
    const large = predictions.predict({ endpoint: shared, instances: rows(3, 800_000) }, {});
    await expect(large).rejects.toThrow("takes 1.5 MB on a shared endpoint");
    expect(server.requests).toHaveLength(1);
  });

  it("is refused before anything is sent where one row is over it, by the row's number", async () => {
    const { server, predictions } = await splitting(echo);
    const instances = [...rows(3, 900_000), [3, "x".repeat(2_000_000)]];
    await expect(predictions.predict({ endpoint: shared, instances, splittable: true }, {})).rejects.toMatchObject({
      code: "INVALID_PARAMETER_VALUE",
      message: expect.stringMatching(/^Row 4 of the prediction request alone has 1\.9 MB; Vertex AI takes 1\.5 MB/),
    });
    const parameters = { text: "x".repeat(2_000_000) };
    await expect(
      predictions.predict({ endpoint: shared, instances: [1], parameters, splittable: true }, {}),
    ).rejects.toThrow("without any row, has 1.9 MB");
    expect(server.requests).toEqual([]);
  });

  it("fails with the rows of the part that failed, and sends no more of them", async () => {
    const { server, predictions } = await splitting((request) =>
      (request.body as { instances: unknown[][] }).instances[0]?.[0] === 1
        ? googleFailure(400, "INVALID_ARGUMENT", "instances[0]: no.")
        : "silent",
    );
    const failed = predictions.predict({ endpoint: shared, instances: rows(9, 1_400_000), splittable: true }, {});
    await expect(failed).rejects.toMatchObject({
      code: "INVALID_PARAMETER_VALUE",
      message: expect.stringMatching(/^Row 2 of 9, in a request of their own: .*instances\[0\]: no\./),
    });
    expect(server.requests.length).toBeLessThanOrEqual(4);
  });

  it("is stopped as a whole by its caller", async () => {
    const stop = new AbortController();
    const { server, predictions } = await splitting(() => {
      stop.abort();
      return "silent";
    });
    const request = { endpoint: shared, instances: rows(9, 1_400_000), splittable: true };
    await expect(predictions.predict(request, { signal: stop.signal })).rejects.toMatchObject({ code: "CANCELLED" });
    expect(server.requests.length).toBeLessThanOrEqual(4);
  });

  it("is sent again in halves where an answer is over the limit", async () => {
    const { server, predictions } = await splitting((request) =>
      rowsOf(request) > 2
        ? googleFailure(400, "FAILED_PRECONDITION", "The response size (2000000 bytes) exceeds 1.500MB limit.")
        : echo(request),
    );
    const answer = await predictions.predict({ endpoint: shared, instances: rows(7, 1), splittable: true }, {});
    expect(answer.predictions).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(server.requests.map(rowsOf)).toEqual([7, 4, 2, 2, 3, 2, 1]);
  });

  it("is refused where a part is answered with another number of predictions", async () => {
    const { predictions } = await splitting(() => ({ json: { predictions: [1] } }));
    const request = { endpoint: shared, instances: rows(4, 700_000), splittable: true };
    await expect(predictions.predict(request, {})).rejects.toThrow(
      /Rows 1 to 2 of 4.*1 predictions for 2 rows.*splitRequests/,
    );
  });
});
