import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";

import { GoogleCaller } from "../../src/targets/aiplatform/google/call.js";
import { GoogleConnection } from "../../src/targets/aiplatform/google/connection.js";
import { type Answers, googleServer, instantClock } from "../support/google-server.js";

const endpoint = "projects/acme/locations/europe-west1/endpoints/iris";

/** Answers of the services, and of the token endpoint of a workload identity federation. */
const services: Answers = {
  "POST /token": {
    json: { access_token: "federated-token", issued_token_type: "x", token_type: "Bearer", expires_in: 3600 },
  },
  [`GET /v1/${endpoint}`]: { json: { name: endpoint } },
  "GET /v1/projects/acme/locations/global/builds": { json: {} },
  "GET /v1/projects/acme/locations/europe-west1/repositories/images": { json: {} },
  "POST /v2/entries:list": { json: {} },
  "GET /storage/v1/b/models": { json: { name: "models" } },
};

async function callEveryService(connection: GoogleConnection): Promise<void> {
  const signal = {};
  await (await connection.aiplatform("europe-west1")).projects.locations.endpoints.get({ name: endpoint }, signal);
  await (
    await connection.cloudbuild()
  ).projects.locations.builds.list({ parent: "projects/acme/locations/global" }, signal);
  const repositories = (await connection.artifactregistry()).projects.locations.repositories;
  await repositories.get({ name: "projects/acme/locations/europe-west1/repositories/images" }, signal);
  await (await connection.logging()).entries.list({ requestBody: { resourceNames: ["projects/acme"] } }, signal);
  await (await connection.storage()).bucket("models").getMetadata();
}

/** Credentials of a federation whose token endpoint is a local server: they need no key and no network. */
async function federatedCredentials(tokenUrl: string): Promise<object> {
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

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("a connection with credentials", () => {
  it("sends an Authorization header from each library, though each has an auth library of its own", async () => {
    const server = await googleServer(services);
    const credentials = await federatedCredentials(`${server.url}/token`);
    const connection = new GoogleConnection({ credentials, apiEndpoint: server.url, projectId: "acme" });
    await callEveryService(connection);
    const sent = server.requests.filter(({ path }) => path !== "/token");
    expect(sent.map(({ headers }) => headers.authorization)).toEqual(sent.map(() => "Bearer federated-token"));
    expect(new Set(sent.map(({ path }) => path)).size).toBe(5);
  });

  it("gives the same header for predictions", async () => {
    const server = await googleServer(services);
    const credentials = await federatedCredentials(`${server.url}/token`);
    const connection = new GoogleConnection({ credentials, apiEndpoint: server.url, projectId: "acme" });
    expect(await connection.authorizationHeaders(server.url)).toMatchObject({
      authorization: "Bearer federated-token",
    });
  });

  it("knows the account of a service account's key, and the project of the options", async () => {
    const credentials = {
      type: "service_account",
      client_email: "robot@acme.iam.gserviceaccount.com",
      private_key: "none",
    };
    const connection = new GoogleConnection({ credentials, projectId: "acme" });
    expect(await connection.caller()).toBe("robot@acme.iam.gserviceaccount.com");
    expect(await connection.defaultProject()).toBe("acme");
  });

  it("refuses a Cloud Storage that alone would be an emulator's", async () => {
    vi.stubEnv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:9");
    await expect(new GoogleConnection({ projectId: "acme" }).storage()).rejects.toThrow(/AIPLATFORM_EMULATOR_HOST/);
  });

  it("sends no credentials to a host that is none of Google's", () => {
    const connection = new GoogleConnection({ projectId: "acme" });
    expect(connection.dedicatedUrl("12.europe-west1-34.prediction.vertexai.goog")).toBe(
      "https://12.europe-west1-34.prediction.vertexai.goog",
    );
    expect(connection.dedicatedUrl("https://12.europe-west1-34.prediction.vertexai.goog")).toBe(
      "https://12.europe-west1-34.prediction.vertexai.goog",
    );
    expect(() => connection.dedicatedUrl("goog.example.com")).toThrow(/none of Google's/);
    expect(() => connection.dedicatedUrl("example.com/x.goog")).toThrow(/none of Google's/);
  });

  it.each([
    "http://123.aiplatform.googleapis.com/v1/models/7:predict",
    "http://iris.europe-west1.aiplatform.googleapis.com/v1/models/7:predict",
    "http://10.128.0.26/v1/models/7:predict",
    "https://192.168.1.4/v1/models/7:predict",
  ])("takes %s for a URL inside a network", (url) => {
    expect(new GoogleConnection({ projectId: "acme" }).privateUrl(url)).toBe(url);
  });

  it.each([
    "http://169.254.169.254/computeMetadata/v1/",
    "http://127.0.0.1:8080/",
    "http://8.8.8.8/v1/models/7:predict",
    "http://aiplatform.googleapis.com.example.com/",
    "http://user:secret@iris.aiplatform.googleapis.com/",
    "ftp://iris.aiplatform.googleapis.com/",
    "iris.aiplatform.googleapis.com",
  ])("sends no rows to %s, which is none inside a network", (url) => {
    const refusal = { code: "INTERNAL_ERROR", message: expect.not.stringContaining("secret") as string };
    expect(() => new GoogleConnection({ projectId: "acme" }).privateUrl(url)).toThrow(expect.objectContaining(refusal));
  });

  it("finds Vertex AI at the host of the location", () => {
    const connection = new GoogleConnection({ projectId: "acme" });
    expect(connection.aiplatformUrl("europe-west1")).toBe("https://europe-west1-aiplatform.googleapis.com");
    expect(connection.aiplatformUrl("global")).toBe("https://aiplatform.googleapis.com");
  });
});

describe("MLFLOW_DEPLOYMENT_CLIENT_HTTP_REQUEST_TIMEOUT", () => {
  const get = async (url: string) => {
    const connection = new GoogleConnection({ emulatorHost: url });
    const caller = new GoogleCaller(connection, "aiplatform", instantClock());
    return caller.run({ doing: "Reading" }, async (settings) =>
      (await connection.aiplatform("europe-west1")).projects.locations.endpoints.get({ name: endpoint }, settings),
    );
  };

  it("is the time of each request, which is then sent again", async () => {
    vi.stubEnv("MLFLOW_DEPLOYMENT_CLIENT_HTTP_REQUEST_TIMEOUT", "0.2");
    const server = await googleServer({ [`GET /v1/${endpoint}`]: ["silent", { json: { name: endpoint } }] });
    expect(await get(server.url)).toEqual({ name: endpoint });
    expect(server.requests).toHaveLength(2);
  });

  it.each(["soon", "0", "-1", "Infinity", "1e9"])("is refused as %s", async (value) => {
    vi.stubEnv("MLFLOW_DEPLOYMENT_CLIENT_HTTP_REQUEST_TIMEOUT", value);
    const server = await googleServer({ [`GET /v1/${endpoint}`]: { json: { name: endpoint } } });
    await expect(get(server.url)).rejects.toMatchObject({
      code: "INVALID_PARAMETER_VALUE",
      message: expect.stringContaining("MLFLOW_DEPLOYMENT_CLIENT_HTTP_REQUEST_TIMEOUT must be a number of seconds"),
    });
    expect(server.requests).toEqual([]);
  });
});

describe("a connection to an emulator", () => {
  it("looks for no credentials and sends none, whatever the environment has", async () => {
    const server = await googleServer(services);
    const metadata = await googleServer({});
    const directory = await mkdtemp(join(tmpdir(), "credentials-"));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    const file = join(directory, "credentials.json");
    await writeFile(file, JSON.stringify(await federatedCredentials(`${metadata.url}/token`)));
    vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", file);
    vi.stubEnv("GCE_METADATA_HOST", new URL(metadata.url).host);
    const connection = new GoogleConnection({ emulatorHost: new URL(server.url).host, projectId: "acme" });

    await callEveryService(connection);
    expect(await connection.authorizationHeaders(server.url)).toEqual({});
    expect(await connection.caller()).toMatch(/anonymous/);
    expect(server.requests).toHaveLength(5);
    expect(server.requests.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
    expect(metadata.requests).toEqual([]);
  });

  it("goes before STORAGE_EMULATOR_HOST", async () => {
    vi.stubEnv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:9");
    const server = await googleServer(services);
    await (await server.connection.storage()).bucket("models").getMetadata();
    expect(server.lines()).toEqual(["GET /storage/v1/b/models"]);
  });

  it("refuses a proxy that would get its objects, unless it is excepted", async () => {
    const server = await googleServer(services);
    vi.stubEnv("HTTP_PROXY", "http://127.0.0.1:9");
    vi.stubEnv("NO_PROXY", "example.com");
    await expect(server.connection.storage()).rejects.toThrow(/HTTP_PROXY.*NO_PROXY=127\.0\.0\.1/);
    vi.stubEnv("NO_PROXY", "example.com, 127.0.0.1");
    await callEveryService(server.connection);
    expect(server.requests).toHaveLength(5);
  });

  it("asks the path of an endpoint of its own at the emulator's host, not at the one it is told", async () => {
    const connection = new GoogleConnection({ emulatorHost: "localhost:9090" });
    expect(connection.dedicatedUrl("127.0.0.1:9090/dedicated/iris")).toBe("http://localhost:9090/dedicated/iris");
    expect(connection.dedicatedUrl("elsewhere.example.com")).toBe("http://localhost:9090");
    expect(connection.privateUrl("http://elsewhere.example.com/private/iris:predict")).toBe(
      "http://localhost:9090/private/iris:predict",
    );
  });

  it.each(["127.0.0.1:9090", "localhost:9090", "http://[::1]:9090", "http://127.8.0.1:1/"])(
    "takes %s, on this machine",
    (host) => {
      expect(new GoogleConnection({ emulatorHost: host }).emulator).not.toMatch(/\/$/);
    },
  );

  it.each(["10.0.0.5:9090", "http://emulator.example.com", "127.0.0.1.example.com:80", "0.0.0.0:9090"])(
    "takes %s, on another machine, only where that is allowed",
    (emulatorHost) => {
      expect(() => new GoogleConnection({ emulatorHost })).toThrow(/AIPLATFORM_EMULATOR_ALLOW_REMOTE/);
      expect(new GoogleConnection({ emulatorHost, allowRemoteEmulator: true }).emulator).toMatch(/^http/);
    },
  );

  it("is none where the variable is empty", () => {
    expect(new GoogleConnection({ emulatorHost: "" }).emulator).toBeNull();
  });

  it.each([" ", "http://user:secret@127.0.0.1:9090", "127.0.0.1:9090/path", "ftp://127.0.0.1", "not a host"])(
    "does not take %j for one",
    (emulatorHost) => {
      const refusal = { code: "INVALID_PARAMETER_VALUE", message: expect.not.stringContaining("secret") as string };
      expect(() => new GoogleConnection({ emulatorHost })).toThrow(expect.objectContaining(refusal));
    },
  );
});
