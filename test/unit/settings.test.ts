import { describe, expect, it } from "vitest";

import { parseTargetUri } from "../../src/core/target-uri.js";

import { targetHelp } from "../../src/targets/aiplatform/config/help.js";
import { loadSettings, required } from "../../src/targets/aiplatform/config/load-settings.js";
import { settingsShape } from "../../src/targets/aiplatform/config/settings.js";
import { settingsPage } from "../support/settings-page.js";

const load = (config: object, env: NodeJS.ProcessEnv = {}, uri = "aiplatform", clientConfig: object = {}) =>
  loadSettings({ target: parseTargetUri(uri), env, clientConfig, callConfig: config }).settings;

const range = (length: number) => Array.from({ length }, (_, index) => index);
const key = (location: string) => `projects/acme/locations/${location}/keyRings/ring/cryptoKeys/key`;
const network = "projects/123/global/networks/vpc";
const destination = "us-central1-docker.pkg.dev/acme/images/iris:v1";
const image = { serving: "image", imageUri: "us-central1-docker.pkg.dev/acme/images/iris" };
const explained = { inputs: { a: {} }, outputs: { b: {} } };

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

  it("batch requests by a size, and a delay only beside it", () => {
    expect(load({ max_batch_size: "64", maxBatchDelay: 5 })).toMatchObject({ maxBatchSize: 64, maxBatchDelay: 5 });
    expect(() => load({ maxBatchDelay: 5 })).toThrow(/maxBatchDelay \(maxBatchDelay in config\) needs maxBatchSize/);
    expect(() => load({ maxBatchSize: 1 })).toThrow(/maxBatchSize .* must be from 2 to 100000/);
    expect(() => load({ env: { SERVING_MAX_BATCH_SIZE: "8" } })).toThrow(/which the setting maxBatchSize sets/);
    expect(() => load({ maxBatchSize: 8, platform: "legacy" })).toThrow(/maxBatchSize .* is for platform: vertex only/);
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
    [{ sync: "0" }, /sync .* must be true or false/],
    [{ min_replica_count: "" }, /minReplicaCount \(min_replica_count in config\) is empty: give a whole number/],
    [{ minReplicaCount: "None" }, /minReplicaCount .* must be a whole number, 1 or more/],
    [{ minReplicaCount: 2 ** 40 }, /minReplicaCount .* must be at most 2147483647/],
    [{ deployTimeout: 7201 }, /deployTimeout .* must be at most 7200/],
    [{ service_account: "" }, /serviceAccount .* must not be empty/],
    [{ serviceAccount: "robot" }, /serviceAccount .* an account's email/],
    [{ labels: { a: 1 } }, /labels\.a \(labels in config\) must be text/],
    [{ labels: Object.fromEntries(range(61).map((n) => [`l${n}`, ""])) }, /labels .* at most 60 labels/],
    [{ env: "A=1" }, /env .* must be a table of text, or its JSON text/],
    [{ env: Object.fromEntries(range(201).map((n) => [`V${n}`, ""])) }, /env .* at most 200 variables/],
    [{ env: { BIG: "x".repeat(128 * 1024) } }, /env .* below 128 KiB, which "BIG" is not/],
    [{ env: Object.fromEntries(range(5).map((n) => [`V${n}`, "x".repeat(120_000)])) }, /env .* at most 512 KiB/],
    [{ acceleratorType: "nvidia-tesla-t4" }, /"nvidia-tesla-t4" is not\. Did you mean NVIDIA_TESLA_T4\?$/],
    [{ acceleratorType: "abacus" }, /They are NVIDIA_TESLA_K80, .*TPU_V5_LITEPOD\.$/],
    [{ acceleratorType: "NVIDIA_L4", acceleratorCount: 0 }, /acceleratorCount .* must be 1 or more with/],
    [{ autoscalingTargetCpuUtilization: 0 }, /autoscalingTargetCpuUtilization .* from 1 to 100/],
    [{ autoscalingTargetAcceleratorDutyCycle: 50 }, /autoscalingTargetAcceleratorDutyCycle .* needs acceleratorType/],
    [{ destinationImageUri: "gcr.io/acme/mlflow/iris" }, /destinationImageUri .* an image in Artifact Registry/],
    [{ destinationImageUri: "europe-west1-docker.pkg.dev/a/b/c" }, /destinationImageUri .* us-central1-docker/],
    [{ ...image, destinationImageUri: "us-central1-docker.pkg.dev/a/b/c" }, /destinationImageUri .* serving: build/],
    [{ ...image, baseImage: "python:3.12" }, /baseImage .* needs serving: build/],
    [{ encryptionSpecKeyName: "my-key" }, /encryptionSpecKeyName .* a key by its full name/],
    [{ encryptionSpecKeyName: key("europe-west1") }, /encryptionSpecKeyName .* in the endpoint's region, us-central1/],
    [{ network: "my-vpc" }, /network .* projects\/NUMBER\/global\/networks\/NAME/],
    [{ network, endpointType: "dedicated" }, /network .* endpointType: dedicated/],
    [{ network, trafficPercent: 100 }, /trafficPercent .* cannot be had with network/],
    [{ network, trafficSplit: { a: 100 } }, /trafficSplit .* cannot be had with network/],
    [{ trafficSplit: { a: 50, b: 40 } }, /trafficSplit .* add up to 100/],
    [{ trafficPercent: 101 }, /trafficPercent .* at most 100/],
    [{ inferenceTimeout: 60 }, /inferenceTimeout .* needs endpointType: dedicated/],
    [{ inferenceTimeout: 3601, endpointType: "dedicated" }, /inferenceTimeout .* at most 3600/],
    [{ explanationMetadata: "{" }, /explanationMetadata .* an object, or its JSON text/],
    [{ explanationMetadata: explained }, /explanationParameters is needed with explanationMetadata/],
    [{ explanationMetadata: { inputs: {} }, explanationParameters: {} }, /explanationMetadata .* inputs and outputs/],
    [{ explanationParameters: {}, endpointType: "dedicated" }, /explanationParameters .* endpointType: dedicated/],
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
    [{ platform: "legacy", endpointType: "shared" }, /endpointType .* is for platform: vertex only/],
    [{ platform: "legacy", explanationParameters: {} }, /explanationParameters .* is for platform: vertex only/],
    [{ platform: "legacy", destinationImageUri: destination }, /destinationImageUri .* for platform: vertex only/],
    [{ runtime_version: "2.11" }, /runtimeVersion \(runtime_version in config\) is for platform: legacy only/],
    [{ regions: ["europe-west1"] }, /regions .* is for platform: legacy only/],
  ])("refuse %j and say what is allowed", (config, message) => {
    expect(() => load(config)).toThrow(message);
  });

  it("take what a command line can write: digits, True and False, and JSON", () => {
    const written = {
      min_replica_count: "2",
      max_replica_count: " 3 ",
      accelerator_count: "0",
      sync: "False",
      delete_model: "TRUE",
      endpoint_deploy_timeout: "900",
      labels: '{"team": "iris"}',
      env: '{"LEVEL": "debug"}',
      explanation_metadata: JSON.stringify(explained),
      explanation_parameters: '{"sampledShapleyAttribution": {"pathCount": 10}}',
    };
    expect(load(written)).toMatchObject({
      minReplicaCount: 2,
      maxReplicaCount: 3,
      acceleratorCount: 0,
      sync: false,
      deleteModel: true,
      deployTimeout: 900,
      labels: { team: "iris" },
      env: { LEVEL: "debug" },
      explanationMetadata: explained,
      explanationParameters: { sampledShapleyAttribution: { pathCount: 10 } },
    });
  });

  it("take every option of google-cloud-mlflow by its name", () => {
    const options = {
      machine_type: "n1-standard-4",
      min_replica_count: 1,
      max_replica_count: 2,
      accelerator_type: "NVIDIA_TESLA_T4",
      accelerator_count: 1,
      service_account: "robot@acme.iam.gserviceaccount.com",
      explanation_metadata: JSON.stringify(explained),
      explanation_parameters: "{}",
      destination_image_uri: destination,
      endpoint_description: "Irises",
      endpoint_deploy_timeout: 600,
      project: "acme",
      location: "us-central1",
      encryption_spec_key_name: key("us-central1"),
      staging_bucket: "gs://models/",
      sync: "true",
    };
    expect(load(options)).toMatchObject({ projectId: "acme", productionBucket: "models", deployTimeout: 600 });
  });

  it("of the other platform may be in the environment, for another program", () => {
    expect(load({}, { runtime_version: "2.10", python_version: "3.7" })).toMatchObject({ platform: "vertex" });
    expect(load({ platform: "legacy", runtimeVersion: "2.10" })).toMatchObject({ runtimeVersion: "2.10" });
  });

  it("show no value of an environment variable, also where it stands in place of a name", () => {
    const refusal = () => load({ env: { "PASSWORD=hunter2": "", "9": "hunter3" } });
    expect(refusal).toThrow(/"PASSWORD…" is not/);
    expect(refusal).not.toThrow(/hunter/);
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
    for (const name of Object.keys(settingsShape)) expect(help).toContain(`  ${name}\n`);
  });

  it("are in groups in the target's help, and say which platform alone has them", () => {
    const help = targetHelp();
    expect(help).toMatch(/\nWhat is deployed\n.* trackingUri\n.*\nWhere\n.* projectId\n.*\nThe connection\n/s);
    expect(help).toMatch(/ {2}network\n[^\n]*\n *\(text; platform: vertex only\)/);
  });

  it("are documented in docs/settings.md, which is made from the schema", async () => {
    await expect(settingsPage()).toMatchFileSnapshot("../../docs/settings.md");
  });
});
