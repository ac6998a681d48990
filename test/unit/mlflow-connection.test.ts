import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "../../src/core/clock.js";
import { TrackingConnection } from "../../src/mlflow/connection.js";
import { answerFailure } from "../../src/mlflow/http-failure.js";
import { MlflowHttp } from "../../src/mlflow/http.js";
import { startFakeServer } from "./mlflow-fake-server.js";

describe("a connection to a tracking server", () => {
  let home: string;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), "mlflow-connection-"));
  });
  afterEach(() => rm(home, { recursive: true, force: true }));

  const authorization = async (trackingUri: string, env: Record<string, string> = {}): Promise<string | undefined> => {
    const connection = new TrackingConnection(trackingUri, undefined, { HOME: home, ...env });
    return (await connection.settingsFor(connection.uri)).headers["Authorization"];
  };
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;

  it("signs in with the user and password of its URI, decoded", async () => {
    expect(await authorization("http://me:100%25@host", { MLFLOW_TRACKING_TOKEN: "t" })).toBe(basic("me:100%"));
  });

  it("signs in with the environment's token when its URI has a user without a password", async () => {
    expect(await authorization("http://me@host", { MLFLOW_TRACKING_TOKEN: "t" })).toBe("Bearer t");
  });

  it.each(["http://me:100%25%@host", "http://100%:hunter2@host"])(
    "says how to write a password that cannot be decoded, as in %s",
    (uri) => {
      const connect = (): unknown => new TrackingConnection(uri, undefined, { HOME: home });
      expect(connect).toThrow(expect.objectContaining({ code: "INVALID_PARAMETER_VALUE" }));
      expect(connect).toThrow(/trackingUri .* is not percent-encoded. Write % as %25/);
      expect(connect).not.toThrow(/hunter2|100/);
    },
  );

  it("passes no proxy of the environment on the way to this machine", async () => {
    const [server, proxy] = [await startFakeServer(), await startFakeServer()];
    for (const name of ["HTTP_PROXY", "http_proxy"]) vi.stubEnv(name, proxy.uri);
    for (const name of ["NO_PROXY", "no_proxy"]) vi.stubEnv(name, "");
    try {
      server.routes["/x"] = proxy.routes["/x"] = {};
      const connection = new TrackingConnection(server.uri, { token: "t" }, {});
      const http = new MlflowHttp(connection, systemClock);
      await http.json({ url: connection.resolve("/api/2.0/x"), what: "x" }, {});
      expect(proxy.requests).toEqual([]);
      expect(server.requests).toHaveLength(1);
      expect((await connection.settingsFor("http://mlflow.example.org/")).proxy).toBeUndefined();
    } finally {
      vi.unstubAllEnvs();
      await Promise.all([server.close(), proxy.close()]);
    }
  });
});

describe("a connection to a registry of its own", () => {
  const env = { HOME: "/nowhere", MLFLOW_TRACKING_TOKEN: "t" };
  const authorization = async (registryUri: string, trackingUri: string | undefined): Promise<string | undefined> => {
    const connection = TrackingConnection.ofRegistry(registryUri, trackingUri, undefined, env);
    return (await connection.settingsFor(connection.uri)).headers["Authorization"];
  };

  it("carries the credentials that are for MLflow, as in MLflow", async () => {
    expect(await authorization("https://registry", "https://tracking")).toBe("Bearer t");
    expect(await authorization("http://registry", "http://tracking")).toBe("Bearer t");
    expect(await authorization("http://registry", undefined)).toBe("Bearer t");
  });

  it("carries none in the open where the tracking server has encryption, but its own, and those on this machine", async () => {
    expect(await authorization("http://registry", "https://tracking")).toBeUndefined();
    expect(await authorization("http://r:1@registry", "https://tracking")).toMatch(/^Basic /);
    expect(await authorization("http://127.0.0.1:5000", "https://tracking")).toBe("Bearer t");
  });

  it("says why it carries none, where the registry asks for some, and which servers get some", () => {
    const connection = TrackingConnection.ofRegistry("http://registry", "https://tracking", undefined, env);
    expect(connection.signInAdvice("http://registry/x")).toContain("not sent there without encryption");
    expect(connection.signInAdvice("http://other/x")).toBe("credentials are only sent to http://registry");
  });
});

describe("the words of a server in an error", () => {
  const said = (message: string): string =>
    answerFailure(
      {
        status: 400,
        location: undefined,
        body: JSON.stringify({ error_code: "BAD_REQUEST", message }),
        signed: false,
        signInAdvice: "",
      },
      "the run",
      { origin: "http://host", setting: "trackingUri" },
    ).message;

  it("are its first ones, and no part of a password that stands where they are cut", () => {
    for (let length = 440; length < 500; length++) {
      const message = said(`${"x".repeat(length)} https://me:hunter2-hunter2@storage.example.org/a ${"y".repeat(500)}`);
      expect(message).not.toMatch(/hunt|me:/);
      expect(message.endsWith("…")).toBe(true);
    }
  });

  it("are shown as they are when they are few", () => {
    expect(said("Run  r1\nnot found.")).toBe("Cannot read the run from http://host: Run r1 not found");
  });
});
