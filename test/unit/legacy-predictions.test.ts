import { describe, expect, it } from "vitest";

import { CloudLogReader } from "../../src/targets/aiplatform/google/log-reader.js";
import { versionLogs } from "../../src/targets/aiplatform/legacy/container-log.js";
import { LegacyPredictionService } from "../../src/targets/aiplatform/legacy/prediction-service.js";
import { type Answer, googleFailure, googleServer, instantClock, recordingContext } from "../support/google-server.js";

const endpoint = { name: "projects/acme/models/iris", dedicatedHost: null, network: null, deployedModels: [] };
const path = "POST /v1/projects/acme/models/iris:predict";

async function service(answers: Answer | Answer[]) {
  const server = await googleServer({ [path]: answers });
  const options = { connection: server.connection, project: "acme", clock: instantClock() };
  return { server, predictions: new LegacyPredictionService(options) };
}

describe("a prediction on the legacy platform", () => {
  it("sends parameters beside the instances, and gives the list", async () => {
    const { predictions, server } = await service({ json: { predictions: [1, 2], note: "x" } });
    const result = await predictions.predict({ endpoint, instances: [[1], [2]], parameters: { k: 3 } }, {});
    expect(result).toEqual({
      predictions: [1, 2],
      deployedModelId: null,
      model: null,
      modelVersionId: null,
      modelDisplayName: null,
      metadata: { note: "x" },
    });
    expect(server.requests[0]?.body).toEqual({ instances: [[1], [2]], k: 3 });
  });

  it("refuses a parameter that would take the place of the instances", async () => {
    const { predictions, server } = await service({ json: { predictions: [] } });
    const request = { endpoint, instances: [1], parameters: { instances: [2] } };
    await expect(predictions.predict(request, {})).rejects.toMatchObject({ code: "INVALID_PARAMETER_VALUE" });
    expect(server.requests).toEqual([]);
  });

  it.each([
    ["with status 200", { json: { error: "Prediction failed: no such flower" } }],
    ["with an error's status", { status: 400, body: { error: "Prediction failed: no such flower" } }],
  ] as [string, Answer][])("says a failure in the model's words, %s", async (_how, answer) => {
    const { predictions } = await service(answer);
    await expect(predictions.predict({ endpoint, instances: [1] }, {})).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: "The prediction on the model projects/acme/models/iris failed: no such flower.",
    });
  });

  it("is sent again after 503, as MLflow does", async () => {
    const { predictions, server } = await service([
      googleFailure(503, "UNAVAILABLE", "Busy."),
      { json: { predictions: [1] } },
    ]);
    await expect(predictions.predict({ endpoint, instances: [1] }, {})).resolves.toMatchObject({ predictions: [1] });
    expect(server.requests).toHaveLength(2);
  });

  it("passes on Google's own errors", async () => {
    const { predictions } = await service(googleFailure(404, "NOT_FOUND", "Field: name Error: not found."));
    await expect(predictions.predict({ endpoint, instances: [1] }, {})).rejects.toMatchObject({
      code: "RESOURCE_DOES_NOT_EXIST",
    });
  });

  it("needs a list of predictions in the answer", async () => {
    const { predictions } = await service({ json: { predictions: 1 } });
    await expect(predictions.predict({ endpoint, instances: [1] }, {})).rejects.toThrow(/without a list/);
  });

  it("has at most 1.5 MB", async () => {
    const { predictions } = await service({ json: { predictions: [1] } });
    const instances = ["x".repeat(1.6 * 1024 * 1024)];
    await expect(predictions.predict({ endpoint, instances }, {})).rejects.toThrow(
      /has 1\.6 MB; The legacy platform takes 1\.5 MB\. Send fewer rows/,
    );
  });

  it("neither streams nor explains", async () => {
    const { predictions } = await service({ json: {} });
    expect(() => predictions.stream({ endpoint, instances: [1] })).toThrow(/streams no predictions/);
    await expect(predictions.explain({ endpoint, instances: [1] })).rejects.toMatchObject({ code: "NOT_IMPLEMENTED" });
  });
});

describe("the log of a legacy model", () => {
  it("is what its versions wrote", async () => {
    const list = "POST /v2/entries:list";
    const server = await googleServer({ [list]: { json: { entries: [{ textPayload: "a line" }] } } });
    const logs = new CloudLogReader({ connection: server.connection, project: "acme", containers: versionLogs });
    const since = "2026-11-23T12:00:00Z";
    expect(await logs.containerLog("iris", { since, lines: 3 }, recordingContext())).toEqual(["a line"]);
    expect(server.requests[0]?.body).toMatchObject({
      filter: `resource.type="cloudml_model_version" AND resource.labels.model_id="iris" AND timestamp>="${since}"`,
    });
  });
});
