import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { ServerOptions } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from "vitest";
import { getDeployClient, type MlflowCredentials } from "../../src/index.js";
import type { ModelSource } from "../../src/core/model.js";
import type { MlflowModelResolverOptions } from "../../src/mlflow/model-resolver.js";
import { type Certificates, makeCertificates } from "../support/certificates.js";
import { type MlflowProxy, type MlflowProxyOptions, startMlflowProxy } from "../support/mlflow-proxy.js";
import { resolveModel } from "../support/resolve.js";

let home: string;
let certificates: Certificates;
let proxies: MlflowProxy[];
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "mlflow-connection-"));
  certificates = await makeCertificates(home);
});
afterAll(() => rm(home, { recursive: true, force: true }));
beforeEach(() => {
  proxies = [];
});
afterEach(async () => {
  await Promise.all(proxies.map((proxy) => proxy.close()));
});

/** In front of the MLflow server that the tests share, which has the iris model. */
async function startProxy(options: Partial<MlflowProxyOptions>): Promise<MlflowProxy> {
  const proxy = await startMlflowProxy({ target: inject("trackingUri"), ...options });
  proxies.push(proxy);
  return proxy;
}

const iris = "models:/iris@champion";
const resolve = async (trackingUri: string, options: MlflowModelResolverOptions = {}): Promise<ModelSource> =>
  (await resolveModel(iris, { trackingUri, ...options })).source;
const isIris = expect.objectContaining({ registeredModel: { name: "iris", version: inject("modelVersion") } });

describe("an MLflow server behind a path", () => {
  it("is reached below it for everything, with and without a slash at the end", async () => {
    const { uri } = await startProxy({ prefix: "/team/mlflow" });
    for (const trackingUri of [uri, `${uri}/`]) expect(await resolve(trackingUri)).toEqual(isIris);
    const { source } = await resolveModel(`runs:/${inject("runId")}/model`, { trackingUri: uri });
    expect(source.modelId).toBe(inject("modelId"));
  });

  it("is not found where the path is left out or wrong, and the error asks for it", async () => {
    const { uri } = await startProxy({ prefix: "/team/mlflow" });
    for (const trackingUri of [new URL(uri).origin, `${uri}/x`]) {
      await expect(resolve(trackingUri)).rejects.toThrow(
        /HTTP 404, and a page of HTML. Is this an MLflow server\? Check trackingUri .*, with its path if it has one/,
      );
    }
  });
});

describe("an MLflow server behind a proxy that wants a token", () => {
  /** As Identity-Aware Proxy does: what does not come with the token of the moment gets a page of HTML. */
  const wants =
    (valid: () => string, status = 401) =>
    ({ headers }: IncomingMessage, response: ServerResponse): boolean => {
      if (headers.authorization === `Bearer ${valid()}`) return true;
      response.writeHead(status, { "content-type": "text/html" }).end("<html>Sign in</html>");
      return false;
    };

  it("gets that of MLFLOW_TRACKING_TOKEN", async () => {
    const { uri, authorizations } = await startProxy({ admits: wants(() => "t0ken") });
    expect(await resolve(uri, { env: { HOME: home, MLFLOW_TRACKING_TOKEN: "t0ken" } })).toEqual(isIris);
    expect(new Set(authorizations)).toEqual(new Set(["Bearer t0ken"]));
  });

  it("gets a new one for each request when a function gives it, since each is good for one only", async () => {
    let made = 0;
    let passed = 0;
    const admits = (request: IncomingMessage, response: ServerResponse): boolean => {
      // requests may overtake one another, but none uses a token twice
      const isFresh = request.headers.authorization === `Bearer token-${passed + 1}`;
      if (!isFresh) return wants(() => "none")(request, response);
      passed++;
      return true;
    };
    const { uri, authorizations } = await startProxy({ admits });
    const describeIris = async (credentials: MlflowCredentials): Promise<ModelSource> =>
      (await resolveModel(`models:/iris/${inject("modelVersion")}/nothing-there`, { trackingUri: uri, credentials }))
        .source;
    const token = async (): Promise<string> => `token-${++made}`;
    await expect(describeIris({ token })).rejects.toMatchObject({ code: "RESOURCE_DOES_NOT_EXIST" });
    expect(authorizations.length).toBeGreaterThanOrEqual(3);
    expect(new Set(authorizations).size).toBe(authorizations.length);
  });

  it("gets one that a client of a target was given, and no file of MLflow's has it", async () => {
    let now = 0;
    const { uri, authorizations } = await startProxy({ admits: wants(() => `token-${now}`) });
    const client = getDeployClient("local", {
      config: { trackingUri: uri, dataDir: join(home, "local") },
      mlflow: { credentials: { token: () => `token-${now}` } },
    });
    const plan = () => client.planDeployment({ name: "iris", modelUri: iris });
    expect((await plan()).steps.length).toBeGreaterThan(0);
    now++;
    await plan();
    expect(new Set(authorizations)).toEqual(new Set(["Bearer token-0", "Bearer token-1"]));
  });

  it.each([
    [401, "UNAUTHENTICATED", "the user name, password or token is wrong or has expired"],
    [403, "PERMISSION_DENIED", "the server does not let this user read it"],
    [200, "INVALID_PARAMETER_VALUE", "If a proxy shows its sign-in page, set MLFLOW_TRACKING_TOKEN"],
  ])(
    "answers an expired one with status %i, and the error says so without the token",
    async (status, code, message) => {
      const { uri } = await startProxy({ admits: wants(() => "new", status) });
      const refused = resolve(uri, { credentials: { token: "0ld-one" } });
      await expect(refused).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
      await expect(refused).rejects.not.toThrow("0ld-one");
    },
  );

  it("sends who has none to its sign-in page, where the token does not go", async () => {
    const signIn = await startProxy({});
    const { uri } = await startProxy({
      admits: (_request, response) => {
        response.writeHead(302, { location: `${signIn.uri}/login?next=x` }).end();
        return false;
      },
    });
    const redirected = `redirects to ${signIn.uri}/login, and credentials are not sent there.`;
    const refused = resolve(uri, { credentials: { token: "expired" } });
    await expect(refused).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    await expect(refused).rejects.toThrow(redirected);
    await expect(refused).rejects.toThrow("if it is a sign-in page, the token or password is wrong or has expired");
    await expect(resolve(uri)).rejects.toThrow("if it is a sign-in page, set MLFLOW_TRACKING_USERNAME");
    expect(signIn.authorizations).toEqual([]);
  });
});

describe("an MLflow server with TLS", () => {
  const start = async (tls: ServerOptions = certificates.server): Promise<string> => (await startProxy({ tls })).uri;
  const env = (variables: Record<string, string>) => ({ env: { HOME: home, ...variables } });
  const trusting = (): Record<string, string> => ({ MLFLOW_TRACKING_SERVER_CERT_PATH: certificates.authority });

  it("is trusted by the certificate of its authority", async () => {
    const uri = await start();
    expect(await resolve(uri, env(trusting()))).toEqual(isIris);
    await expect(resolve(uri)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("Set MLFLOW_TRACKING_SERVER_CERT_PATH to the authority's certificate."),
    });
  });

  it("is not checked with MLFLOW_TRACKING_INSECURE_TLS", async () => {
    const uri = await start(certificates.expiredServer);
    expect(await resolve(uri, env({ MLFLOW_TRACKING_INSECURE_TLS: "true" }))).toEqual(isIris);
    const both = env({ MLFLOW_TRACKING_INSECURE_TLS: "true", ...trusting() });
    await expect(resolve(uri, both)).rejects.toThrow("are both set; unset one of them");
  });

  it("is refused with a certificate that has expired, or is for another name", async () => {
    const expired = await start(certificates.expiredServer);
    await expect(resolve(expired, env(trusting()))).rejects.toThrow("the server's certificate has expired");
    const other = await start(certificates.otherServer);
    await expect(resolve(other, env(trusting()))).rejects.toThrow("the server's certificate is for other names");
  });

  it("knows its clients by their certificates", async () => {
    const ca = await readFile(certificates.authority);
    const uri = await start({ ...certificates.server, ca, requestCert: true, rejectUnauthorized: true });
    const withClient = { ...trusting(), MLFLOW_TRACKING_CLIENT_CERT_PATH: certificates.client };
    expect(await resolve(uri, env(withClient))).toEqual(isIris);
    await expect(resolve(uri, env(trusting()))).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining(
        "Set MLFLOW_TRACKING_CLIENT_CERT_PATH to a file with certificate and private key",
      ),
    });
  });

  it.each(["MLFLOW_TRACKING_SERVER_CERT_PATH", "MLFLOW_TRACKING_CLIENT_CERT_PATH"])(
    "is not asked when %s names no certificate",
    async (variable) => {
      const uri = await start();
      const path = join(home, "not-a-certificate.pem");
      await writeFile(path, "hello");
      await expect(resolve(uri, env({ [variable]: path }))).rejects.toThrow(
        `${variable} names "${path}", which is not a`,
      );
      await expect(resolve(uri, env({ [variable]: `${path}.gone` }))).rejects.toThrow("which cannot be read");
    },
  );

  it("is asked for by https only, and a server without by http only, and the error says so", async () => {
    const uri = await start();
    await expect(resolve(uri.replace("https:", "http:"))).rejects.toThrow(
      "If the server expects TLS, write https:// in",
    );
    const plain = inject("trackingUri").replace("http:", "https:");
    await expect(resolve(plain)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringMatching(/the server does not speak TLS there .*Write http:\/\/ in trackingUri/),
    });
  });
});

describe("credentials for MLflow", () => {
  it("go to the tracking server and to its registry, in the words of ~/.mlflow/credentials", async () => {
    const [tracking, registry] = [await startProxy({}), await startProxy({})];
    await mkdir(join(home, ".mlflow"), { recursive: true });
    const file = "[mlflow]\nmlflow_tracking_username = me\nmlflow_tracking_password = 100%%\n";
    await writeFile(join(home, ".mlflow", "credentials"), file);
    const env = { HOME: home, MLFLOW_REGISTRY_URI: registry.uri };
    try {
      expect(await resolve(tracking.uri, { env })).toEqual(isIris);
    } finally {
      await rm(join(home, ".mlflow"), { recursive: true });
    }
    const basic = `Basic ${Buffer.from("me:100%").toString("base64")}`;
    for (const { authorizations } of [tracking, registry]) expect(new Set(authorizations)).toEqual(new Set([basic]));
  });

  it("in one server's URI are for that server alone", async () => {
    const [tracking, registry] = [await startProxy({}), await startProxy({})];
    const withUser = (uri: string, user: string): string => uri.replace("//", `//${user}@`);
    await resolve(withUser(tracking.uri, "t:1"), { registryUri: registry.uri });
    expect(new Set(registry.authorizations)).toEqual(new Set([undefined]));
    expect(new Set(tracking.authorizations)).toEqual(new Set([`Basic ${Buffer.from("t:1").toString("base64")}`]));

    tracking.authorizations.length = 0;
    registry.authorizations.length = 0;
    const options = { registryUri: withUser(registry.uri, "r:1"), credentials: { token: "t" } };
    await resolve(tracking.uri, options);
    expect(new Set(registry.authorizations)).toEqual(new Set([`Basic ${Buffer.from("r:1").toString("base64")}`]));
    expect(new Set(tracking.authorizations)).toEqual(new Set(["Bearer t"]));
  });
});
