import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { checkRecordings, type Report } from "./oracle.js";

interface Recorded {
  method: string;
  path: string;
  query?: Record<string, string | string[]>;
  body?: unknown;
}

const parent = "/v1/projects/acme/locations/europe-west1";
const bucket = "/storage/v1/b/acme-models";
const post = (path: string, body: unknown, query = {}): Recorded => ({ method: "POST", path, body, query });
const get = (path: string, query = {}): Recorded => ({ method: "GET", path, query });

const containerSpec = { imageUri: "an/image", ports: [{ containerPort: 8080 }], env: [{ name: "A", value: "***" }] };
const upload = (model: object) =>
  post(`${parent}/models:upload`, { model: { displayName: "iris", containerSpec, ...model } });
const dedicatedResources = { machineSpec: { machineType: "n1-standard-2" }, minReplicaCount: 1 };
const deploy = (deployedModel: object, changes: object = {}) =>
  post(`${parent}/endpoints/1:deployModel`, {
    deployedModel: { model: "m", dedicatedResources, ...deployedModel },
    ...changes,
  });
const patch = (updateMask: string | undefined, body: object): Recorded => ({
  method: "PATCH",
  path: `${parent}/endpoints/1`,
  query: updateMask === undefined ? {} : { updateMask },
  body,
});
const build = (changes: object) => post(`${parent}/builds`, { steps: [{ name: "docker" }], ...changes });

const legacyModel = "/v1/projects/acme/models/iris";
const legacyVersion = (changes: object) =>
  post(`${legacyModel}/versions`, {
    name: "v1",
    deploymentUri: "gs://b/model",
    runtimeVersion: "2.11",
    pythonVersion: "3.7",
    ...changes,
  });

const right: Record<string, Recorded> = {
  "an upload": upload({ versionAliases: ["v-1"], labels: { a: "b" } }),
  "an upload in snake case, which proto3's JSON mapping reads too": post(`${parent}/models:upload`, {
    parent_model: "m",
    model: { display_name: "iris", container_spec: { image_uri: "an/image", ports: [{ container_port: 8080 }] } },
  }),
  "a deploy": deploy({}, { trafficSplit: { "0": 100 } }),
  "a patch of one field": patch("trafficSplit", { trafficSplit: { "1": 100 }, etag: "x" }),
  "an endpoint with its own id": post(`${parent}/endpoints`, { displayName: "e" }, { endpointId: "e" }),
  "the version of a model": get(`${parent}/models/iris@1`),
  "the version of a model, percent-encoded": get(`${parent}/models/iris%401`),
  "a prediction of any values": post(`${parent}/endpoints/1:predict`, {
    instances: [1, "a", { b: [null] }],
    parameters: { c: 1 },
  }),
  "a prediction at a dedicated endpoint's own host": post(`/dedicated/1${parent}/endpoints/1:predict`, {
    instances: [1],
  }),
  "a raw prediction of any bytes": post(`${parent}/endpoints/1:rawPredict`, { bytes: 12 }),
  "a version of the legacy platform": legacyVersion({
    predictionClass: "predictor.Predictor",
    packageUris: ["gs://b/p"],
    autoScaling: { minNodes: 1 },
  }),
  "a prediction of the legacy platform, with a predictor's keywords": post(`${legacyModel}/versions/v1:predict`, {
    instances: [1],
    probabilities: true,
  }),
  "the legacy platform's own spelling of a mask": {
    method: "PATCH",
    path: legacyModel,
    query: { updateMask: "default_version.name" },
    body: { defaultVersion: { name: "v1", pythonVersion: "3.7", runtimeVersion: "2.11" } },
  },
  "a filtered list": get(`${parent}/endpoints`, { filter: 'display_name="x"', pageSize: "100", alt: "json" }),
  "a build": build({ timeout: "600s", source: { storageSource: { bucket: "b", object: "o", generation: "1" } } }),
  "a tag": get(`${parent}/repositories/r/packages/serving/tags/1f`),
  "the deletion of an image's version": {
    method: "DELETE",
    path: `${parent}/repositories/r/packages/serving/versions/sha256:1f`,
    query: { force: "true" },
  },
  "whether APIs are enabled": get("/v1/projects/acme/services:batchGet", {
    names: ["projects/acme/services/aiplatform.googleapis.com", "projects/acme/services/storage.googleapis.com"],
  }),
  "whether an API is enabled": get("/v1/projects/acme/services/aiplatform.googleapis.com"),
  "a project": get("/v1/projects/acme"),
  "a project, by the newer API": get("/v3/projects/acme"),
  "which permissions there are": post("/v1/projects/acme:testIamPermissions", { permissions: ["a.b.c"] }),
  "an explanation": post(`${parent}/endpoints/1:explain`, {
    instances: [{ a: 1 }],
    deployedModelId: "1",
    explanationSpecOverride: { parameters: { topK: 2 } },
  }),
  "an object": get(`${bucket}/o/a%2Fb.json`, { alt: "media", generation: "12" }),
  "a simple upload": post(`/upload${bucket}/o`, { bytes: 3 }, { uploadType: "media", name: "a" }),
  "the begin of a resumable upload": post(
    `/upload${bucket}/o`,
    { contentType: "text/plain" },
    { uploadType: "resumable", name: "a" },
  ),
  "a resumable upload's bytes, which look like JSON": {
    method: "PUT",
    path: `/upload${bucket}/o`,
    query: { uploadType: "resumable", upload_id: "***" },
    body: { anything: true },
  },
};

const wrong: [name: string, request: Recorded, problem: RegExp][] = [
  ["an unknown path", get(`${parent}/endpoint/1`), /in no discovery document/],
  ["an unknown version of an API", get("/v1beta1/projects/acme/locations/x/endpoints"), /in no discovery document/],
  ["an unknown verb", post(`${parent}/endpoints/1:deploy`, {}), /in no discovery document/],
  ["a wrong HTTP method", { method: "PUT", path: `${parent}/endpoints/1`, body: {} }, /in no discovery document/],
  [
    "a body where none is taken",
    { method: "DELETE", path: `${parent}/endpoints/1`, body: { force: true } },
    /takes none/,
  ],
  ["a body that is no JSON", post(`${parent}/models:upload`, { bytes: 10 }), /bytes: unknown field/],
  ["a body that is a list", post(`${parent}/endpoints`, []), /must be an object/],
  [
    "an unknown field",
    upload({ displayNames: "x" }),
    /model\.displayNames: unknown field of GoogleCloudAiplatformV1Model/,
  ],
  [
    "an unknown field, deep down",
    deploy({ dedicatedResources: { ...dedicatedResources, machineSpec: { type: "x" } } }),
    /machineSpec\.type: unknown/,
  ],
  ["an unknown field, in the protos' words", upload({ displayNames: "x" }), /no field named "displayNames"/],
  [
    "text in place of a number",
    deploy({ dedicatedResources: { ...dedicatedResources, minReplicaCount: "one" } }),
    /minReplicaCount: must be an integer/,
  ],
  ["a number in place of text", upload({ displayName: 7 }), /model\.displayName: must be a string/],
  [
    "an object in place of a list",
    post(`${parent}/endpoints/1:predict`, { instances: {} }),
    /instances: must be a list/,
  ],
  [
    "a fraction as a share of traffic",
    deploy({}, { trafficSplit: { "0": 99.5 } }),
    /trafficSplit\.0: must be an integer/,
  ],
  [
    "a number beyond its type",
    deploy({ dedicatedResources: { ...dedicatedResources, maxReplicaCount: 2 ** 31 } }),
    /2147483648 is no int32/,
  ],
  [
    "an unknown enum value",
    deploy({ dedicatedResources: { ...dedicatedResources, machineSpec: { acceleratorType: "T4" } } }),
    /none of its enum's values/,
  ],
  ["a duration without its unit", build({ timeout: "600" }), /timeout: '600' is no google-duration/],
  ["a missing required field", post(`${parent}/endpoints`, { labels: {} }), /displayName: missing, and required/],
  ["a missing required message", post(`${parent}/models:upload`, {}), /^model: missing, and required/],
  [
    "a missing required field, deep down",
    upload({ containerSpec: { ports: [] } }),
    /containerSpec\.imageUri: missing, and required/,
  ],
  [
    "an unknown field of a permission check",
    post("/v1/projects/acme:testIamPermissions", { permission: ["a.b.c"] }),
    /permission: unknown field of TestIamPermissionsRequest/,
  ],
  ["an unknown verb of a project's services", get("/v1/projects/acme/services:batch"), /in no discovery document/],
  ["no rows to predict", post(`${parent}/endpoints/1:predict`, { instances: [] }), /instances: missing, and required/],
  [
    "a required body that is not there",
    post(`${parent}/endpoints/1:undeployModel`, null),
    /deployedModelId: missing, and required/,
  ],
  ["a field that only the service sets", upload({ createTime: "2026-01-01T00:00:00Z" }), /createTime: is read-only/],
  ["a field that only the service sets, of a build", build({ status: "QUEUED" }), /status: is read-only/],
  ["a patch without its mask", patch(undefined, { displayName: "x" }), /updateMask: missing query parameter/],
  ["a mask in snake case", patch("traffic_split", { trafficSplit: {} }), /updateMask: .*traffic_split/],
  ["a mask of an unknown field", patch("traffic", { trafficSplit: {} }), /updateMask: 'traffic' is no field/],
  ["a mask of a read-only field", patch("createTime", {}), /updateMask: 'createTime' is read-only/],
  ["a patch that takes a required field away", patch("displayName", {}), /displayName: missing, and required/],
  [
    "an unknown field of the legacy platform",
    legacyVersion({ predictorClass: "p.P" }),
    /predictorClass: unknown field/,
  ],
  ["a version without its Python", legacyVersion({ pythonVersion: null }), /pythonVersion: missing, and required/],
  [
    "a prediction of the legacy platform without rows",
    post(`${legacyModel}:predict`, { httpBody: {} }),
    /must be an object with a list "instances"/,
  ],
  [
    "a mask of an unknown field on the legacy platform",
    { method: "PATCH", path: legacyModel, query: { updateMask: "default_versions.name" }, body: {} },
    /updateMask: 'defaultVersions' is no field/,
  ],
  [
    "an unknown query parameter",
    get(`${parent}/endpoints`, { maxResults: "10" }),
    /maxResults: unknown query parameter/,
  ],
  [
    "a query parameter in snake case",
    get(`${parent}/endpoints`, { page_size: "10" }),
    /page_size: unknown query parameter/,
  ],
  [
    "a query parameter of the wrong type",
    get(`${parent}/endpoints`, { pageSize: "many" }),
    /pageSize: 'many' is no int32/,
  ],
  ["a query parameter given twice", get(`${parent}/endpoints`, { filter: ["a", "b"] }), /filter: given 2 times/],
  [
    "a missing query parameter",
    post(`${parent}/repositories`, { format: "DOCKER" }),
    /repositoryId: missing query parameter/,
  ],
  [
    "an unknown field of a build's step",
    build({ steps: [{ name: "docker", arguments: [] }] }),
    /steps\[0\]\.arguments: unknown field of BuildStep/,
  ],
  [
    "an unknown enum value of a build",
    build({ options: { logging: "CLOUD" } }),
    /options\.logging: 'CLOUD' is none of its enum's values/,
  ],
  [
    "a log request without its resources",
    post("/v2/entries:list", { filter: "x" }),
    /resourceNames: missing, and required/,
  ],
  [
    "snake case in Cloud Storage",
    post(`/upload${bucket}/o`, { content_type: "x" }, { uploadType: "resumable", name: "a" }),
    /content_type: unknown field of Object/,
  ],
  [
    "an upload without its type",
    post(`/upload${bucket}/o`, { bytes: 3 }, { name: "a" }),
    /uploadType: None is none of/,
  ],
  ["an upload of nothing by name", post(`/upload${bucket}/o`, { bytes: 3 }, { uploadType: "media" }), /name: missing/],
  ["an object whose slashes are not encoded", get(`${bucket}/o/a/b.json`), /in no discovery document/],
  [
    "a bucket without its name",
    post("/storage/v1/b", { location: "EU" }, { project: "acme" }),
    /name: missing, and required in Bucket/,
  ],
  ["a bucket without its project", post("/storage/v1/b", { name: "acme-models" }), /project: missing query parameter/],
];

let directory: string;
let report: Report;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "oracle-"));
  const requests = [...Object.values(right), ...wrong.map(([, request]) => request)];
  const lines = requests.map(({ method, path, query = {}, body = null }) =>
    JSON.stringify({ method, path, query, body, status: 200 }),
  );
  const file = join(directory, "recording.jsonl");
  await writeFile(
    file,
    [
      ...lines,
      JSON.stringify({ ...get("/containers/***/b/x"), query: {}, body: null }),
      JSON.stringify({ ...post(`/private${parent.slice(3)}/endpoints/1/v1/models/2:predict`, {}), query: {} }),
      JSON.stringify({ method: "HEAD", path: "/", query: {}, body: null }),
    ].join("\n"),
  );
  report = await checkRecordings([file]);
});

afterAll(() => rm(directory, { recursive: true }));

const problemsOfLine = (line: number) =>
  report.violations.filter((violation) => violation.line === line).map(({ problem }) => problem);

describe("the oracle of Google's contract", () => {
  it.each(Object.keys(right))("has nothing against %s", (name) => {
    expect(problemsOfLine(Object.keys(right).indexOf(name) + 1)).toEqual([]);
  });

  it.each(wrong.map(([name, , problem], index) => ({ name, problem, index })))("sees $name", ({ problem, index }) => {
    const line = Object.keys(right).length + index + 1;
    expect(problemsOfLine(line)).toContainEqual(expect.stringMatching(problem));
  });

  it("counts requests by Google's name of their method, and leaves out those from and to containers and for the date", () => {
    expect(report.checked).toBe(Object.keys(right).length + wrong.length);
    expect(report.outside).toBe(3);
    expect(report.byMethod).toMatchObject({
      "aiplatform.projects.locations.models.get": 2,
      "artifactregistry.projects.locations.repositories.packages.tags.get": 1,
    });
  });
});
