import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";

import { parseTargetUri } from "../../src/core/target-uri.js";
import { DeploymentError, type Diagnosis, getDeployClient } from "../../src/index.js";
import { diagnose, type Instruments } from "../../src/targets/aiplatform/diagnose/diagnose.js";
import { GoogleConnection } from "../../src/targets/aiplatform/google/connection.js";
import { type Answer, type Answers, googleFailure, googleServer, type SeenRequest } from "../support/google-server.js";
import { type FakeServer, mlflowError, startFakeServer } from "./mlflow-fake-server.js";

const clock = { now: () => Date.parse("2026-11-23T12:00:00Z"), sleep: () => Promise.resolve() };
const date = { date: "Mon, 23 Nov 2026 12:00:00 GMT" };
const region = "projects/acme/locations/europe-west1";
const bucket = "GET /storage/v1/b/acme-models";
const objectPermissions = "GET /storage/v1/b/acme-models/iam/testPermissions";
const projectPermissions = "POST /v3/projects/acme:testIamPermissions";
const apis = "GET /v1/projects/acme/services:batchGet";

/** Grants what is asked, but for `missing`. */
const grants =
  (...missing: string[]) =>
  ({ body }: SeenRequest): Answer => {
    const { permissions } = body as { permissions: string[] };
    return { json: { permissions: permissions.filter((permission) => !missing.includes(permission)) } };
  };
const enabled = (...disabled: string[]): Answer => ({
  json: {
    services: ["aiplatform", "cloudbuild", "artifactregistry", "storage", "logging", "ml"].map((api) => ({
      name: `projects/123/services/${api}.googleapis.com`,
      state: disabled.includes(api) ? "DISABLED" : "ENABLED",
    })),
  },
});
const objects = ["create", "delete", "get", "list"].map((what) => `storage.objects.${what}`);

/** Google Cloud where all is as it should be. */
const healthy: Answers = {
  "POST /token": { json: { access_token: "token", issued_token_type: "x", token_type: "Bearer", expires_in: 3600 } },
  "HEAD /": { status: 404, body: {}, headers: date },
  [`GET /v1/${region}`]: { json: { name: region } },
  [apis]: enabled(),
  [bucket]: { json: { name: "acme-models", location: "EUROPE-WEST1" } },
  [objectPermissions]: { json: { permissions: objects } },
  [projectPermissions]: grants(),
};

let server: FakeServer;

beforeEach(async () => {
  server = await startFakeServer();
  server.routes["/version"] = (_url, response) => void response.end("3.17.2");
  server.routes["/mlflow/experiments/search"] = { experiments: [] };
  server.routes["/mlflow/registered-models/search"] = {};
  return () => server.close();
});

afterEach(() => {
  vi.unstubAllEnvs();
});

/** Credentials of a federation whose token endpoint is a local server: they need no key and no network. */
async function credentialsOf(tokenUrl: string): Promise<object> {
  const directory = await mkdtemp(join(tmpdir(), "credentials-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, "subject-token");
  await writeFile(file, "subject");
  return {
    type: "external_account",
    audience: "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/provider",
    subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
    token_url: tokenUrl,
    credential_source: { file },
  };
}

interface Setting {
  answers?: Answers;
  config?: object;
  env?: NodeJS.ProcessEnv;
  uri?: string;
  instruments?: Partial<Instruments>;
  credentials?: object;
  signal?: AbortSignal;
}

/** Diagnoses a Google Cloud of canned answers, seen with credentials. */
async function look({ answers, config, env = {}, uri = "aiplatform", instruments, credentials, signal }: Setting = {}) {
  const google = await googleServer({ ...healthy, ...answers });
  const own = credentials ?? (await credentialsOf(`${google.url}/token`));
  const callConfig = {
    projectId: "acme",
    location: "europe-west1",
    productionBucket: "acme-models",
    trackingUri: server.uri,
    ...config,
  };
  const diagnoses = await diagnose({ callConfig, target: parseTargetUri(uri), env }, {}, signal, {
    connect: (options) => new GoogleConnection({ ...options, credentials: own, apiEndpoint: google.url }),
    clock,
    findPython: () => Promise.resolve({ path: "/usr/bin/python3", version: "3.11.7" }),
    nodeVersion: "20.19.0",
    timeoutMs: 5000,
    ...instruments,
  });
  const byName = Object.fromEntries(diagnoses.map((diagnosis) => [diagnosis.check, diagnosis]));
  return { diagnoses, google, of: (check: string): Diagnosis => byName[check]! };
}

const order = [
  "settings",
  "emulator",
  "credentials",
  "project",
  "location",
  "apis",
  "bucket",
  "permissions",
  "serviceAccounts",
  "mlflow",
  "python",
  "node",
  "clock",
];
const statuses = (diagnoses: readonly Diagnosis[]) =>
  Object.fromEntries(diagnoses.map(({ check, status }) => [check, status]));

describe("a diagnosis", () => {
  it("finds all in order where all is, and says of nothing what to do", async () => {
    const { diagnoses, of, google } = await look();
    expect(diagnoses.map(({ check }) => check)).toEqual(order);
    expect(diagnoses.filter(({ status }) => status !== "ok")).toMatchObject([
      { check: "serviceAccounts", status: "skipped" },
    ]);
    expect(diagnoses.filter(({ advice }) => advice !== null)).toEqual([]);
    expect(of("project").message).toBe("acme, by config.");
    expect(of("bucket").message).toContain("EUROPE-WEST1");
    expect(of("mlflow").message).toBe(`MLflow 3.17.2 at ${server.uri}, with a model registry.`);
    // nothing is changed
    const changing = google.requests.filter(({ method }) => method !== "GET" && method !== "HEAD");
    expect(new Set(changing.map(({ path }) => path))).toEqual(
      new Set(["/token", "/v3/projects/acme:testIamPermissions"]),
    );
  });

  it("shows no credential in what it found", async () => {
    const { diagnoses } = await look({
      config: { trackingUri: server.uri.replace("//", "//ada:secret-word@") },
      answers: { [projectPermissions]: googleFailure(403, "PERMISSION_DENIED", "No.") },
    });
    expect(JSON.stringify(diagnoses)).not.toMatch(/secret-word|Bearer|"token"/);
  });

  it("is a finding too where settings are wrong, and looks at what needs none", async () => {
    const { diagnoses, of } = await look({ config: { productoinBucket: "x" } });
    expect(of("settings")).toMatchObject({
      status: "failed",
      message: expect.stringContaining('"productoinBucket"') as string,
      advice: expect.stringContaining("productionBucket") as string,
    });
    expect(statuses(diagnoses)).toMatchObject({ bucket: "skipped", mlflow: "skipped", clock: "skipped", node: "ok" });
    expect(of("bucket").message).toContain('"settings"');
  });

  it("goes on where one check fails", async () => {
    const { diagnoses } = await look({
      answers: { [bucket]: googleFailure(404, "NOT_FOUND", "The specified bucket does not exist.") },
    });
    expect(statuses(diagnoses)).toMatchObject({ bucket: "failed", permissions: "ok", mlflow: "ok", clock: "ok" });
  });

  it("waits for no answer longer than it may", async () => {
    const { of, diagnoses } = await look({ answers: { [apis]: "silent" }, instruments: { timeoutMs: 500 } });
    expect(of("apis")).toMatchObject({ status: "failed", message: "No answer within 0.5 s." });
    expect(of("apis").advice).toMatch(/network/);
    expect(statuses(diagnoses)).toMatchObject({ permissions: "ok", bucket: "ok" });
  });

  it("asks once, and not again as a deployment would", async () => {
    const { google, of } = await look({ answers: { [apis]: googleFailure(503, "UNAVAILABLE", "Later.") } });
    expect(of("apis").status).toBe("failed");
    expect(google.lines().filter((line) => line === apis)).toHaveLength(1);
  });

  it("that is cancelled is none", async () => {
    await expect(look({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "CANCELLED" });
  });
});

describe("the check of credentials", () => {
  it("says how to sign in where Google refuses them, and skips what needs them", async () => {
    const refused = { error: "invalid_grant", error_description: "Token has been expired or revoked." };
    const { of, diagnoses } = await look({ answers: { "POST /token": { status: 400, body: refused } } });
    expect(of("credentials")).toMatchObject({
      status: "failed",
      message: expect.stringMatching(/expired or were revoked/) as string,
      advice: expect.stringContaining("gcloud auth application-default login") as string,
    });
    expect(statuses(diagnoses)).toMatchObject({
      project: "ok",
      location: "skipped",
      apis: "skipped",
      bucket: "skipped",
      permissions: "skipped",
      mlflow: "ok",
    });
  });

  it("says that a key file is none", async () => {
    const credentials = { type: "service_account", client_email: "robot@acme.iam", private_key: "none" };
    const { of } = await look({ credentials, env: { GOOGLE_APPLICATION_CREDENTIALS: "key.json" } });
    expect(of("credentials")).toMatchObject({
      status: "failed",
      message: "The credentials cannot be read (the file of GOOGLE_APPLICATION_CREDENTIALS).",
    });
  });

  it("says that a named file is not there", async () => {
    const { of } = await look({
      config: { keyFilename: "/nowhere/key.json" },
      instruments: { connect: (options) => new GoogleConnection(options) },
    });
    expect(of("credentials")).toMatchObject({
      status: "failed",
      message: expect.stringContaining("keyFilename") as string,
    });
  });
});

describe("the check of the project", () => {
  it.each([
    ["the target URI", { uri: "aiplatform:/acme", config: { projectId: undefined } }],
    [
      "the environment variable GOOGLE_CLOUD_PROJECT",
      { env: { GOOGLE_CLOUD_PROJECT: "acme" }, config: { projectId: undefined } },
    ],
    ["config", { config: { projectId: undefined, project: "acme" }, env: { GOOGLE_CLOUD_PROJECT: "other" } }],
  ])("says that %s names it", async (source, setting) => {
    const { of } = await look(setting);
    expect(of("project")).toMatchObject({ status: "ok", message: `acme, by ${source}.` });
  });

  it("says that there is none, and skips what is asked of a project", async () => {
    const connect: Instruments["connect"] = (options) => {
      const connection = new GoogleConnection({ ...options, credentials: {}, apiEndpoint: "http://127.0.0.1:9" });
      connection.defaultProject = () => Promise.resolve(null);
      connection.authorizationHeaders = () => Promise.resolve({});
      return connection;
    };
    const { of, diagnoses } = await look({ config: { projectId: undefined }, instruments: { connect } });
    expect(of("project")).toMatchObject({
      status: "failed",
      advice: expect.stringContaining("GOOGLE_CLOUD_PROJECT") as string,
    });
    expect(statuses(diagnoses)).toMatchObject({ apis: "skipped", permissions: "skipped", location: "skipped" });
  });
});

describe("the check of the location", () => {
  it("says that Vertex AI has no such region", async () => {
    const { of } = await look({ answers: { [`GET /v1/${region}`]: googleFailure(404, "NOT_FOUND", "No location.") } });
    expect(of("location")).toMatchObject({ status: "failed", message: "Vertex AI has no region europe-west1." });
  });

  it("fails no caller who may only not read it", async () => {
    const { of } = await look({
      answers: { [`GET /v1/${region}`]: googleFailure(403, "PERMISSION_DENIED", "Not for you.") },
    });
    expect(of("location").status).toBe("warning");
  });
});

describe("the check of the APIs", () => {
  it("names those that are not enabled, and the command that does it", async () => {
    const { of } = await look({ answers: { [apis]: enabled("cloudbuild", "logging") } });
    expect(of("apis")).toEqual({
      check: "apis",
      status: "failed",
      message: "Not enabled in acme: cloudbuild.googleapis.com, logging.googleapis.com.",
      advice:
        "Run `gcloud services enable cloudbuild.googleapis.com logging.googleapis.com --project acme`, and wait a minute.",
    });
  });

  it("asks for no builds where the image is the user's own", async () => {
    const { of, google } = await look({
      answers: { [apis]: enabled("cloudbuild") },
      config: { serving: "image", imageUri: "europe-west1-docker.pkg.dev/acme/images/own:1" },
    });
    expect(of("apis").status).toBe("ok");
    const asked = google.requests.find(({ path }) => path.endsWith("/services:batchGet"));
    expect(asked?.query).not.toHaveProperty("names", expect.stringContaining("cloudbuild"));
  });

  it("asks for ml on the legacy platform", async () => {
    const { of } = await look({ answers: { [apis]: enabled("ml") }, config: { platform: "legacy" } });
    expect(of("apis").message).toBe("Not enabled in acme: ml.googleapis.com.");
  });

  it("is a warning for who may not read them", async () => {
    const { of } = await look({ answers: { [apis]: googleFailure(403, "PERMISSION_DENIED", "Permission denied.") } });
    expect(of("apis")).toMatchObject({
      status: "warning",
      advice: expect.stringContaining("roles/serviceusage.serviceUsageViewer") as string,
    });
  });
});

describe("the check of the bucket", () => {
  it("says how to make one that is not there", async () => {
    const { of } = await look({
      answers: { [bucket]: googleFailure(404, "NOT_FOUND", "The specified bucket does not exist.") },
    });
    expect(of("bucket")).toMatchObject({
      status: "failed",
      message: 'The bucket "acme-models" does not exist.',
      advice: expect.stringContaining(
        "gcloud storage buckets create gs://acme-models --location=europe-west1",
      ) as string,
    });
  });

  it("says that it is elsewhere", async () => {
    const { of } = await look({ answers: { [bucket]: { json: { name: "acme-models", location: "US" } } } });
    expect(of("bucket")).toMatchObject({ status: "failed", message: expect.stringMatching(/is in US/) as string });
  });

  it("names the permissions that are missing, and the role", async () => {
    const { of } = await look({ answers: { [objectPermissions]: { json: { permissions: objects.slice(2) } } } });
    expect(of("bucket")).toMatchObject({
      status: "failed",
      message: expect.stringContaining("storage.objects.create, storage.objects.delete") as string,
      advice: expect.stringContaining("roles/storage.objectAdmin") as string,
    });
  });

  it("warns where its region cannot be read, as with roles for objects only", async () => {
    const { of } = await look({
      answers: { [bucket]: googleFailure(403, "PERMISSION_DENIED", "storage.buckets.get") },
    });
    expect(of("bucket").status).toBe("warning");
  });

  it("is skipped where none is named, and says how to name one", async () => {
    const { of } = await look({ config: { productionBucket: undefined } });
    expect(of("bucket")).toMatchObject({
      status: "skipped",
      advice: expect.stringContaining("productionBucket") as string,
    });
  });

  it("fails where an emulator of storage alone would get its objects", async () => {
    vi.stubEnv("STORAGE_EMULATOR_HOST", "127.0.0.1:9");
    const { of } = await look();
    expect(of("bucket")).toMatchObject({
      status: "failed",
      message: expect.stringContaining("STORAGE_EMULATOR_HOST") as string,
    });
  });
});

describe("the check of permissions", () => {
  it("names what is missing, and the roles that have it", async () => {
    const { of } = await look({
      answers: { [projectPermissions]: grants("aiplatform.endpoints.deploy", "cloudbuild.builds.create") },
    });
    expect(of("permissions")).toMatchObject({
      status: "failed",
      message: expect.stringContaining("lacks aiplatform.endpoints.deploy, cloudbuild.builds.create.") as string,
      advice: expect.stringContaining(
        "roles/aiplatform.user, roles/cloudbuild.builds.editor in the project acme",
      ) as string,
    });
  });

  it("only warns of what a deployment can do without", async () => {
    const { of } = await look({ answers: { [projectPermissions]: grants("artifactregistry.versions.delete") } });
    expect(of("permissions")).toMatchObject({
      status: "warning",
      message: expect.stringContaining("needed for prune") as string,
    });
  });

  it("fails where the project is not there or closed to the caller", async () => {
    const { of } = await look({
      answers: { [projectPermissions]: googleFailure(403, "PERMISSION_DENIED", "The caller does not have permission") },
    });
    expect(of("permissions")).toMatchObject({
      status: "failed",
      message: expect.stringContaining("does not have permission") as string,
      advice: expect.stringContaining("Check the project's id") as string,
    });
  });

  it("warns where the API that tells is not enabled", async () => {
    const disabled = [{ reason: "SERVICE_DISABLED", metadata: { service: "cloudresourcemanager.googleapis.com" } }];
    const { of } = await look({
      answers: { [projectPermissions]: googleFailure(403, "PERMISSION_DENIED", "It is disabled.", disabled) },
    });
    expect(of("permissions")).toMatchObject({
      status: "warning",
      advice: expect.stringContaining("gcloud services enable cloudresourcemanager.googleapis.com") as string,
    });
  });
});

describe("the check of service accounts", () => {
  const robot = "robot@other.iam.gserviceaccount.com";
  const onAccount = `POST /v1/projects/other/serviceAccounts/${robot}:testIamPermissions`;
  const config = { buildServiceAccount: robot };
  const lacking = { [projectPermissions]: grants("iam.serviceAccounts.actAs") };

  it("is passed with the permission in the project", async () => {
    const { of, google } = await look({ config });
    expect(of("serviceAccounts")).toMatchObject({ status: "ok", message: expect.stringContaining(robot) as string });
    expect(google.lines()).not.toContain(onAccount);
  });

  it("is passed with the permission on the account alone", async () => {
    const { of } = await look({ config, answers: { ...lacking, [onAccount]: grants() } });
    expect(of("serviceAccounts").status).toBe("ok");
  });

  it("says which role is missing on which account", async () => {
    const { of } = await look({
      config: { serviceAccount: robot },
      answers: { ...lacking, [onAccount]: grants("iam.serviceAccounts.actAs") },
    });
    expect(of("serviceAccounts")).toMatchObject({
      status: "failed",
      advice: expect.stringContaining(`roles/iam.serviceAccountUser on ${robot}`) as string,
    });
  });

  it("says that an account is not there", async () => {
    const { of } = await look({ config, answers: lacking });
    expect(of("serviceAccounts")).toMatchObject({
      status: "failed",
      message: `The service account ${robot} does not exist.`,
    });
  });
});

describe("the check of MLflow", () => {
  it("is skipped where no server is named", async () => {
    const { of } = await look({ config: { trackingUri: undefined } });
    expect(of("mlflow")).toMatchObject({
      status: "skipped",
      advice: expect.stringContaining("MLFLOW_TRACKING_URI") as string,
    });
  });

  it("says that nothing answers there", async () => {
    const { of } = await look({ config: { trackingUri: "http://127.0.0.1:9" } });
    expect(of("mlflow")).toMatchObject({
      status: "failed",
      message: "No server answers at http://127.0.0.1:9 (ECONNREFUSED).",
      advice: expect.stringContaining("Start MLflow there") as string,
    });
  });

  it("says that what answers is no MLflow", async () => {
    for (const path of Object.keys(server.routes)) delete server.routes[path];
    expect((await look()).of("mlflow")).toMatchObject({
      status: "failed",
      advice: expect.stringContaining("Is this an MLflow server?") as string,
    });
  });

  it("says that credentials are missing", async () => {
    server.routes["/mlflow/experiments/search"] = (_url, response) => void response.writeHead(401).end();
    const { of } = await look();
    expect(of("mlflow").status).toBe("failed");
    expect(`${of("mlflow").message} ${of("mlflow").advice}`).toContain("MLFLOW_TRACKING_USERNAME");
  });

  it("warns where there is no registry", async () => {
    server.routes["/mlflow/registered-models/search"] = mlflowError(
      400,
      "INVALID_PARAMETER_VALUE",
      "Model registry functionality is unavailable",
    );
    expect((await look()).of("mlflow")).toMatchObject({
      status: "warning",
      message: expect.stringContaining("this server has no model registry") as string,
    });
  });

  it("is passed where a proxy hides the version", async () => {
    delete server.routes["/version"];
    expect((await look()).of("mlflow")).toMatchObject({
      status: "ok",
      message: expect.stringContaining("unknown version") as string,
    });
  });

  it("sends each request once, to a server that fails", async () => {
    server.routes["/mlflow/experiments/search"] = (_url, response) => void response.writeHead(503).end();
    expect((await look()).of("mlflow").status).toBe("failed");
    expect(server.requests.filter(({ url }) => url.includes("experiments"))).toHaveLength(1);
  });
});

describe("the checks of this machine", () => {
  it("warn where there is no Python, which a deployment does not need", async () => {
    const { of } = await look({
      instruments: {
        findPython: () => Promise.reject(new DeploymentError("FAILED_PRECONDITION", "No Python. Install it.")),
      },
    });
    expect(of("python")).toMatchObject({ status: "warning", message: "No Python.", advice: "Install it." });
  });

  it("refuse a Node that is too old", async () => {
    for (const [nodeVersion, status] of [
      ["20.18.3", "failed"],
      ["18.20.0", "failed"],
      ["20.19.0", "ok"],
      ["22.1.0", "ok"],
    ] as const) {
      expect((await look({ instruments: { nodeVersion } })).of("node").status).toBe(status);
    }
  });

  it.each([
    [31, "warning", "31 s ahead of Google's"],
    [-95, "warning", "95 s behind Google's"],
    [30, "ok", ""],
    [-30, "ok", ""],
  ])("find a clock that is %i s off: %s", async (seconds, status, message) => {
    // the header has whole seconds, of which half a second is gone on average
    const off = { ...clock, now: () => clock.now() + seconds * 1000 + 500 };
    const { of } = await look({ instruments: { clock: off } });
    expect(of("clock")).toMatchObject({ status, message: expect.stringContaining(message) as string });
  });
});

it("the check of the clock says that the network is in the way", async () => {
  const { of } = await look({ answers: { "HEAD /": "broken" } });
  expect(of("clock")).toMatchObject({
    status: "failed",
    message: expect.stringMatching(/^No answer from http/) as string,
    advice: expect.stringContaining("network") as string,
  });
});

describe("an emulator", () => {
  it("that does not answer fails, and what would be asked of it is skipped", async () => {
    const { of, diagnoses } = await look({ config: { emulatorHost: "127.0.0.1:9" } });
    expect(of("emulator")).toMatchObject({
      status: "failed",
      advice: expect.stringContaining("mlflow-deployments emulator") as string,
    });
    expect(statuses(diagnoses)).toMatchObject({
      credentials: "skipped",
      bucket: "skipped",
      clock: "skipped",
      mlflow: "ok",
    });
  });

  it("that is no host fails, and hinders no check of anything else", async () => {
    const { of, diagnoses } = await look({ config: { emulatorHost: "192.0.2.1:9090" } });
    expect(of("emulator")).toMatchObject({
      status: "failed",
      advice: expect.stringContaining("AIPLATFORM_EMULATOR_ALLOW_REMOTE") as string,
    });
    expect(statuses(diagnoses)).toMatchObject({ mlflow: "ok", node: "ok", apis: "skipped" });
  });
});

it("client.diagnose gives its findings where settings are wrong, and rejects for nothing", async () => {
  const client = getDeployClient("aiplatform", { config: { location: "Mars" } });
  const diagnoses = await client.diagnose();
  expect(diagnoses.find(({ check }) => check === "settings")).toMatchObject({
    status: "failed",
    message: expect.stringContaining("location") as string,
  });
});
