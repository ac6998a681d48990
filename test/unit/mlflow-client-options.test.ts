import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { getDeployClient } from "../../src/index.js";
import { mockPlatform } from "../../src/testing/index.js";
import { type FakeServer, startFakeServer } from "./mlflow-fake-server.js";

let directory: string;
let tracking: FakeServer;
let registry: FakeServer;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "mlflow-client-"));
  [tracking, registry] = [await startFakeServer(), await startFakeServer()];
});
afterEach(async () => {
  await Promise.all([tracking.close(), registry.close()]);
  await rm(directory, { recursive: true, force: true });
});

describe("a client's own credentials for MLflow", () => {
  const mlflow = { credentials: { token: async () => "t" } };
  const plans = {
    aiplatform: (modelUri: string) => {
      const { modelResolver: _mock, ...services } = mockPlatform().services;
      const google = { projectId: "acme", productionBucket: "acme-models", emulatorHost: "127.0.0.1:1" };
      const config = { ...google, trackingUri: tracking.uri, registryUri: registry.uri };
      return getDeployClient("aiplatform", { services, config, mlflow }).planDeployment({ name: "iris", modelUri });
    },
    local: (modelUri: string) => {
      const config = { dataDir: directory, trackingUri: tracking.uri, registryUri: registry.uri };
      return getDeployClient("local", { config, mlflow }).planDeployment({ name: "iris", modelUri });
    },
  };

  it.each(["aiplatform", "local"] as const)("go to both servers of the target %s", async (target) => {
    for (const [modelUri, server] of [
      ["runs:/r1/model", tracking],
      ["models:/iris/1", registry],
    ] as const) {
      const failure = await plans[target](modelUri).then(
        ({ reason }) => reason,
        (error: Error) => error.message,
      );
      expect(failure).toContain("Is this an MLflow server?");
      expect(server.requests[0]?.authorization).toBe("Bearer t");
    }
    expect(tracking.requests).toHaveLength(1);
  });

  it("are used by a diagnosis as well", async () => {
    // nothing of Google's is looked for with an emulator, and none answers there
    const servers = { trackingUri: tracking.uri, registryUri: registry.uri };
    const config = { projectId: "acme", emulatorHost: "127.0.0.1:1", ...servers };
    const diagnoses = await getDeployClient("aiplatform", { config, mlflow }).diagnose();
    expect(diagnoses.find(({ check }) => check === "mlflow")?.message).toContain("a page of HTML");
    const sent = [...tracking.requests, ...registry.requests].map(({ authorization }) => authorization);
    expect(new Set(sent)).toEqual(new Set(["Bearer t"]));
    expect(registry.requests.map(({ url }) => url)).toEqual(["/api/2.0/mlflow/registered-models/search?max_results=1"]);
  });
});
