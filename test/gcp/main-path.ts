// npm run test:gcp: the main job on a real Google Cloud project, for whoever has one. See plan.ts for what it asks for.
import { deepStrictEqual, strictEqual } from "node:assert";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";

import { flowers } from "../../examples/flowers.js";
import { trainIris } from "../../scripts/demo/iris-model.js";
import { startMlflowServer } from "../../scripts/demo/mlflow-server.js";
import { type AiPlatformClient, getDeployClient, type ProgressEvent } from "../../src/index.js";
import { describePlan, type Plan, planOf } from "./plan.js";
import { recordTranscript } from "./transcript.js";

const say = (text: string) => process.stdout.write(`${text}\n`);

async function agreed(plan: Plan): Promise<boolean> {
  say(`${describePlan(plan)}\n`);
  if (plan.confirmed) return true;
  if (!process.stdin.isTTY) {
    say("There is no terminal to ask. Set MLFLOW_DEPLOYMENTS_GCP_TEST_YES=1 to agree.");
    return false;
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await terminal.question("Type yes to go on: ");
  terminal.close();
  return answer.trim() === "yes";
}

/** Calls `work` with a model's URI and the server that it is on: the one given, or one that is trained for this. */
async function withModel(given: string | null, work: (modelUri: string, trackingUri?: string) => Promise<void>) {
  if (given) return work(given);
  const python = process.env["MLFLOW_DEPLOYMENTS_TEST_PYTHON"];
  if (!python)
    throw new Error("Set MODEL_URI, or start this by npm run test:gcp, which makes a Python environment to train one.");
  const dataDir = await mkdtemp(join(tmpdir(), "test-gcp-"));
  const server = await startMlflowServer({ python, dataDir });
  try {
    const { model_uri: modelUri } = await trainIris({ python, trackingUri: server.trackingUri });
    await work(modelUri, server.trackingUri);
  } finally {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

function sayProgress(event: ProgressEvent): void {
  if (event.type === "step" && event.status !== "started") say(`  ${event.step.padEnd(9)} ${event.message}`);
  if (event.type === "warning") say(`  ! ${event.message}`);
}

async function mainPath(client: AiPlatformClient, name: string, modelUri: string, signal: AbortSignal): Promise<void> {
  const request = { name, modelUri, onProgress: sayProgress, signal };
  const created = await client.createDeployment(request);
  strictEqual(created.state, "ready");
  const { predictions } = await client.predict({ deploymentName: name, inputs: flowers, signal });
  strictEqual(predictions.length, flowers.length);
  say(`  predict   ${JSON.stringify(predictions)}`);
  deepStrictEqual({ ...(await client.getDeployment({ name, signal })), changed: true }, created);
  strictEqual((await client.listDeployments({ signal })).filter((deployment) => deployment.name === name).length, 1);
  strictEqual((await client.createDeployment(request)).changed, false);
  say("  again     the same deployment, unchanged");
  await updatePath(client, name, signal);
}

/** Another machine type is deployed beside the first, while predictions go on; labels change in place. */
async function updatePath(client: AiPlatformClient, name: string, signal: AbortSignal): Promise<void> {
  const call = { isDone: false, answered: 0 };
  const update = client
    .updateDeployment({ name, config: { machineType: "n1-standard-4" }, onProgress: sayProgress, signal })
    .finally(() => {
      call.isDone = true;
    });
  update.catch(() => {}); // told below
  do {
    await client.predict({ deploymentName: name, inputs: flowers, signal });
    call.answered++;
  } while (!call.isDone);
  const { deployedModels } = await update;
  deepStrictEqual(
    deployedModels.map(({ machineType, trafficPercent }) => [machineType, trafficPercent]),
    [["n1-standard-4", 100]],
  );
  say(`  update    ${call.answered} predictions meanwhile, all answered`);
  const labels = { purpose: "test" };
  strictEqual((await client.updateDeployment({ name, config: { labels }, signal })).changed, true);
  strictEqual((await client.updateDeployment({ name, config: { labels }, signal })).changed, false);
  say("  in place  labels, and nothing the second time");
}

async function main(): Promise<number> {
  const plan = planOf(process.env, new Date());
  if (typeof plan === "string") {
    say(plan);
    return 2;
  }
  if (!(await agreed(plan))) return 2;

  const interruption = new AbortController();
  // Not once: Ctrl-C arrives from the terminal and from npm's script, and a second one must not end the cleaning up.
  for (const event of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(event, () => interruption.abort());
  const transcript = join(".test-output", "gcp", `${plan.name}.jsonl`);
  const stopRecording = recordTranscript(transcript);
  let failure: unknown;
  await withModel(plan.modelUri, async (modelUri, trackingUri) => {
    const { project: projectId, location, bucket: productionBucket, name } = plan;
    const config = { projectId, location, productionBucket, productionRoute: "mlflow-deployments-test-gcp" };
    const client = getDeployClient("aiplatform", { config: { ...config, ...(trackingUri && { trackingUri }) } });
    try {
      await mainPath(client, name, modelUri, interruption.signal);
    } catch (error) {
      failure = error;
    }
    try {
      await client.deleteDeployment({ name, config: { deleteModel: true }, onProgress: sayProgress });
    } catch (error) {
      failure ??= error;
      say(`\nWhat was made is NOT all deleted: ${(error as Error).message}`);
      say(`Look for endpoint and model "${name}" in project ${projectId}, region ${location}: they cost money.`);
    }
  });
  await stopRecording();
  say(`\nRequests and answers, without secrets: ${transcript}`);
  say(failure === undefined ? "passed" : `FAILED: ${(failure as Error).message}`);
  return failure === undefined ? 0 : 1;
}

process.exitCode = await main();
