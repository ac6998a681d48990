import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { logging, type logging_v2 } from "googleapis/build/src/apis/logging/index.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type HttpServer, startHttpServer } from "../../src/emulator/http.js";
import { logRoutes } from "../../src/emulator/logging/log-routes.js";
import { LogStore, type Severity } from "../../src/emulator/logs.js";
import { projectNumber } from "../../src/emulator/project-number.js";
import { StateStore } from "../../src/emulator/state.js";

const endpointType = "aiplatform.googleapis.com/Endpoint";

let directory: string;
let server: HttpServer;
let logs: LogStore;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "emulator-logging-"));
  logs = new LogStore(await StateStore.open(directory));
  const write = (second: number, endpoint: string, severity: Severity, textPayload: string) =>
    logs.append({
      projectId: "acme",
      resource: { type: endpointType, labels: { endpoint_id: endpoint, location: "europe-west1" } },
      severity,
      textPayload,
      timestamp: `2026-01-01T00:00:0${second}Z`,
    });
  write(1, "iris", "INFO", "started");
  write(2, "iris", "ERROR", 'failed: "quoted" AND more');
  write(3, "other", "INFO", "elsewhere");
  write(4, "iris", "INFO", "served");
  server = await startHttpServer({ port: 0, routes: logRoutes(logs), onLog: () => {} });
});

afterAll(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

async function list(requestBody: logging_v2.Schema$ListLogEntriesRequest) {
  const api = logging({ version: "v2", rootUrl: `http://127.0.0.1:${server.port}/` });
  const { data } = await api.entries.list({ requestBody: { resourceNames: ["projects/acme"], ...requestBody } });
  return { lines: (data.entries ?? []).map((entry) => entry.textPayload), next: data.nextPageToken ?? undefined };
}

describe("entries.list", () => {
  it.each([
    ["", ["started", 'failed: "quoted" AND more', "elsewhere", "served"]],
    [
      `resource.type="${endpointType}" AND resource.labels.endpoint_id="iris"`,
      ["started", 'failed: "quoted" AND more', "served"],
    ],
    [`resource.type="${endpointType}"\nresource.labels.endpoint_id="other"`, ["elsewhere"]],
    [
      'timestamp>="2026-01-01T00:00:02Z" AND timestamp<"2026-01-01T00:00:04Z"',
      ['failed: "quoted" AND more', "elsewhere"],
    ],
    ["severity>=WARNING", ['failed: "quoted" AND more']],
    ['textPayload="failed: \\"quoted\\" AND more"', ['failed: "quoted" AND more']],
    ["textPayload:SERV", ["served"]],
    ['resource.type="build"', []],
    ['resource.labels.model_id!="x" severity=INFO', ["started", "elsewhere", "served"]],
  ])("finds what the filter %s asks for", async (filter, expected) => {
    expect((await list({ filter })).lines).toEqual(expected);
  });

  it("gives the newest first when asked, and page by page", async () => {
    const first = await list({ orderBy: "timestamp desc", pageSize: 3 });
    expect(first.lines).toEqual(["served", "elsewhere", 'failed: "quoted" AND more']);
    const rest = await list({ orderBy: "timestamp desc", pageSize: 3, pageToken: first.next! });
    expect(rest).toEqual({ lines: ["started"], next: undefined });
  });

  it("knows a project by its number as well, and none of another's lines", async () => {
    expect((await list({ resourceNames: [`projects/${projectNumber("acme")}`] })).lines).toHaveLength(4);
    expect((await list({ resourceNames: ["projects/other"] })).lines).toEqual([]);
  });

  it.each([
    [{ filter: "severity=LOUD" }, 400],
    [{ filter: 'timestamp>="yesterday"' }, 400],
    [{ filter: "a=1 OR b=2" }, 501],
    [{ filter: "NOT severity=INFO" }, 501],
    [{ filter: "httpRequest.status=200" }, 501],
    [{ orderBy: "severity" }, 400],
    [{ resourceNames: [] }, 400],
    [{ pageToken: "nonsense" }, 400],
    [{ colour: "red" } as logging_v2.Schema$ListLogEntriesRequest, 400],
  ])("refuses %j with %i", async (request, status) => {
    await expect(list(request)).rejects.toMatchObject({ status });
  });
});

describe("log lines", () => {
  it("are there after a restart", async () => {
    const data = join(directory, "restart");
    const before = await StateStore.open(data);
    const written = new LogStore(before);
    written.append({
      projectId: "acme",
      resource: { type: "build", labels: {} },
      severity: "INFO",
      textPayload: "kept",
    });
    written.save();
    await before.close();
    const [entry] = new LogStore(await StateStore.open(data)).ofProject("acme");
    expect(entry).toMatchObject({ textPayload: "kept", logName: "projects/acme/logs/cloudbuild" });
  });
});
