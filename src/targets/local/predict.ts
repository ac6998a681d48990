import type { PredictionsResponse } from "../../core/predictions-response.js";
import { type PredictionServer, requestPredictions, requestPredictionStream } from "../../runtime/predictions.js";
import type { Call } from "./call.js";
import { noDeployment, notRunning } from "./live-state.js";
import { SupervisorConnection } from "./supervisor/connection.js";

/** How long a deployment's port is known: a supervisor that has ended may have lost it to another program. */
const knownForMs = 1000;

/** The ports that predictions went to, by the deployment's directory. */
const known = new Map<string, { port: number; until: number }>();

/** Sends rows to a deployment. */
export async function predict(
  name: string,
  inputs: readonly unknown[],
  params: Record<string, unknown> | undefined,
  call: Call,
): Promise<PredictionsResponse> {
  return requestPredictions(await serverOf(name, call), { instances: inputs, parameters: params }, call.context.signal);
}

/** Sends rows to a deployment, and gives the parts of the answer as they come. */
export async function predictStream(
  name: string,
  inputs: readonly unknown[],
  params: Record<string, unknown> | undefined,
  call: Call,
): Promise<AsyncIterable<unknown>> {
  const rows = { instances: inputs, parameters: params };
  return requestPredictionStream(await serverOf(name, call), rows, call.context.signal);
}

async function serverOf(name: string, { data }: Call): Promise<PredictionServer> {
  const what = `The deployment "${name}"`;
  const directory = data.deployment(name);
  const found = known.get(directory.path);
  if (found && found.until > Date.now()) return { port: found.port, what };
  known.delete(directory.path);
  const supervisor = await SupervisorConnection.find(directory);
  if (!supervisor) throw directory.exists() ? notRunning(name) : noDeployment(name);
  const { port } = supervisor.state;
  known.set(directory.path, { port, until: Date.now() + knownForMs });
  return { port, what };
}
