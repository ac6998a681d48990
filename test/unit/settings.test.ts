import { describe, expect, it } from "vitest";

import { parseTargetUri } from "../../src/core/target-uri.js";

import { targetHelp } from "../../src/targets/aiplatform/config/help.js";
import { loadSettings, required } from "../../src/targets/aiplatform/config/load-settings.js";
import { settingsPage } from "../support/settings-page.js";

const load = (config: object, env: NodeJS.ProcessEnv = {}, uri = "aiplatform", clientConfig: object = {}) =>
  loadSettings({ target: parseTargetUri(uri), env, clientConfig, callConfig: config }).settings;

describe("the settings of the aiplatform target", () => {
  it("come from the environment by the article's names", () => {
    const env = {
      project_id: "acme",
      production_bucket: "models",
      production_route: "/a/b/",
      run_id: "r1",
      tracking_uri: "http://localhost:5000",
      model_name: "iris",
      version_name: "v_1",
      prediction_script: "p.py",
      tmp_dir: "/tmp/x",
      setup_file: "s.py",
    };
    expect(load({}, env)).toMatchObject({
      projectId: "acme",
      productionBucket: "models",
      productionRoute: "a/b",
      runId: "r1",
      trackingUri: "http://localhost:5000",
      modelName: "iris",
      versionName: "v_1",
      predictionScript: "p.py",
      tmpDir: "/tmp/x",
      setupFile: "s.py",
    });
  });

  it("prefer the article's names to Google's and MLflow's", () => {
    const env = {
      project_id: "a",
      GOOGLE_CLOUD_PROJECT: "b",
      tracking_uri: "http://a",
      MLFLOW_TRACKING_URI: "http://b",
    };
    expect(load({}, env)).toMatchObject({ projectId: "a", trackingUri: "http://a" });
  });

  it("are taken from the call, then the client, then the target URI, then the environment", () => {
    const env = { project_id: "environment" };
    expect(load({}, env).projectId).toBe("environment");
    expect(load({}, env, "aiplatform:/uri/europe-west1")).toMatchObject({ projectId: "uri", location: "europe-west1" });
    expect(load({}, env, "aiplatform:/uri", { projectId: "client" }).projectId).toBe("client");
    expect(load({ project_id: "call" }, env, "aiplatform:/uri", { projectId: "client" }).projectId).toBe("call");
  });

  it("may be written in camelCase, in snake_case, and by the names of other tools", () => {
    expect(load({ min_replica_count: 2, project: "acme", endpointDeployTimeout: "60" })).toMatchObject({
      minReplicaCount: 2,
      projectId: "acme",
      deployTimeout: 60,
    });
  });

  it.each([
    [{ productoin_bucket: "x" }, /"productoin_bucket" in config .* Did you mean production_bucket\?/],
    [{ zebra: 1 }, /"zebra" .* The target's help lists all settings/],
    [{ projectId: "a", project_id: "b" }, /projectId is given twice in config/],
    [{ serving: "instal" }, /serving \(serving in config\) must be one of build, image/],
    [{ location: "Europe" }, /location .* must be a region, such as europe-west1/],
    [{ minReplicaCount: 0 }, /minReplicaCount .* must be 1 or more/],
    [{ minReplicaCount: 1.5 }, /minReplicaCount .* whole number/],
    [{ minReplicaCount: 3, maxReplicaCount: 2 }, /maxReplicaCount .* at least minReplicaCount \(3\)/],
    [{ deleteModel: "yes" }, /deleteModel .* must be true or false/],
    [{ labels: { Team: "x" } }, /labels .* lower-case/],
    [{ labels: "[1]" }, /labels/],
    [{ labels: { "1x": "y" } }, /labels .* beginning with a letter/],
    [{ env: { "A B": "1" } }, /env .* names of letters, digits and _/],
    [{ env: { AIP_HTTP_PORT: "1" } }, /env .* AIP_/],
    [{ imageUri: "x" }, /imageUri .* needs serving: image/],
    [{ serving: "image" }, /imageUri is needed with serving: image/],
    [{ acceleratorCount: 2 }, /acceleratorType is needed/],
    [{ productionRoute: "a/../b" }, /productionRoute .* path in the bucket/],
    [{ machineType: 3 }, /machineType .* must be of type string/],
  ])("refuse %j and say what is allowed", (config, message) => {
    expect(() => load(config)).toThrow(message);
  });

  it("name the variable that a wrong value came from", () => {
    expect(() => load({}, { production_bucket: "A" })).toThrow(/the environment variable production_bucket/);
  });

  it("refuse a target URI with more than project and location", () => {
    expect(() => load({}, {}, "aiplatform:/a/europe-west1/c")).toThrow(/too many parts/);
  });

  it("name parameter and variables of what is missing", () => {
    expect(() => required(load({}), "productionBucket")).toThrow(
      /productionBucket is missing. Pass it as config.productionBucket, or set the environment variable production_bucket/,
    );
  });

  it("are all in the target's help", () => {
    const help = targetHelp();
    for (const name of Object.keys(load({ projectId: "a" }))) expect(help).toContain(name);
  });

  it("are documented in docs/settings.md, which is made from the schema", async () => {
    await expect(settingsPage()).toMatchFileSnapshot("../../docs/settings.md");
  });
});
