import { describe, expect, it } from "vitest";

import { CloudLogReader } from "../../src/targets/aiplatform/google/log-reader.js";
import { endpointContainers } from "../../src/targets/aiplatform/vertex/container-log.js";
import { type Answers, googleFailure, googleServer, instantClock, recordingContext } from "../support/google-server.js";

const list = "POST /v2/entries:list";
const query = { since: "2026-11-23T12:00:00Z", lines: 3 };

async function reader(answers: Answers) {
  const server = await googleServer(answers);
  const place = { connection: server.connection, project: "acme", location: "europe-west1", clock: instantClock() };
  return {
    server,
    logs: new CloudLogReader({ ...place, containers: endpointContainers }),
    context: recordingContext(),
  };
}

describe("a container's log", () => {
  it("is the last lines of the endpoint since then, oldest first", async () => {
    const entries = [{ textPayload: "Traceback\n  File x\nValueError" }, { jsonPayload: { message: "starting" } }];
    const { logs, server, context } = await reader({ [list]: { json: { entries } } });
    expect(await logs.containerLog("iris", query, context)).toEqual(["Traceback", "  File x", "ValueError"]);
    expect(server.requests[0]?.body).toEqual({
      resourceNames: ["projects/acme"],
      filter:
        'resource.type="aiplatform.googleapis.com/Endpoint" AND resource.labels.endpoint_id="iris" AND timestamp>="2026-11-23T12:00:00Z"',
      orderBy: "timestamp desc",
      pageSize: 3,
    });
  });

  it("is read on when a page is empty but not the last", async () => {
    const { logs, context } = await reader({
      [list]: [{ json: { nextPageToken: "2" } }, { json: { entries: [{ textPayload: "found" }] } }],
    });
    expect(await logs.containerLog("iris", query, context)).toEqual(["found"]);
  });

  it("holds nothing that a terminal would obey", async () => {
    const { logs, context } = await reader({
      [list]: { json: { entries: [{ textPayload: "\u001B[31mred\u001B[0m\u0007 \u001B]0;title\u0007\tend" }] } },
    });
    const [line] = await logs.containerLog("iris", query, context);
    expect(line).toBe("red \tend");
  });

  it("cannot leave its filter by a name with quotes", async () => {
    const { logs, server, context } = await reader({ [list]: { json: {} } });
    await logs.buildLog('x" OR severity="ERROR', query, context);
    expect(server.requests[0]?.body).toMatchObject({
      filter: expect.stringContaining('resource.labels.build_id="x\\" OR severity=\\"ERROR" AND'),
    });
  });

  it("has none of another deployed model's lines, where it is known whose they are", async () => {
    const line = (id: string | null, textPayload: string) => ({
      textPayload,
      ...(id !== null && { labels: { deployed_model_id: id } }),
    });
    const entries = [line("2", "theirs"), line("1", "ours"), line(null, "whose?")];
    const { logs, context } = await reader({ [list]: { json: { entries } } });
    expect(await logs.containerLog("iris", { ...query, exceptDeployedModels: ["2"] }, context)).toEqual([
      "whose?",
      "ours",
    ]);
  });

  it("is read in pages that Cloud Logging takes", async () => {
    const page = (size: number) => Array.from({ length: size }, () => ({ textPayload: "line" }));
    const { logs, server, context } = await reader({
      [list]: [
        { json: { entries: page(1000), nextPageToken: "2" } },
        { json: { entries: page(1000), nextPageToken: "3" } },
      ],
    });
    expect(await logs.containerLog("iris", { ...query, lines: 1500 }, context)).toHaveLength(1500);
    expect(server.requests.map(({ body }) => body)).toMatchObject([{ pageSize: 1000 }, { pageSize: 1000 }]);
  });

  it("is an error when it cannot be read and that is what was asked for", async () => {
    const { logs, context } = await reader({ [list]: googleFailure(403, "PERMISSION_DENIED", "No.") });
    await expect(logs.containerLog("iris", { ...query, mustBeRead: true }, context)).rejects.toMatchObject({
      code: "PERMISSION_DENIED",
    });
  });

  it("is empty, with a warning, when it cannot be read", async () => {
    const { logs, context } = await reader({ [list]: googleFailure(403, "PERMISSION_DENIED", "No.") });
    expect(await logs.containerLog("iris", query, context)).toEqual([]);
    expect(context.events).toEqual([{ type: "warning", message: expect.stringContaining("No.") }]);
  });
});
