import { DeploymentError } from "../../core/errors.js";
import type { PredictOptions } from "../../core/options.js";
import { PredictionsResponse } from "../../core/predictions-response.js";
import { type PredictionServer, requestPredictions, requestPredictionStream } from "../../runtime/predictions.js";
import { prepareRequest } from "../../signature/prepare-request.js";
import { readPredictions } from "../../signature/read-predictions.js";
import { rowReader } from "../../signature/row-reader.js";
import type { Call } from "./call.js";
import { noDeployment, notRunning } from "./live-state.js";
import { servedSignature } from "./served-signature.js";
import { SupervisorConnection } from "./supervisor/connection.js";

/** How long a deployment's port is known: a supervisor that has ended may have lost it to another program. */
const knownForMs = 1000;

/** The ports that predictions went to, by the deployment's directory. */
const known = new Map<string, { port: number; until: number }>();

/** What is asked: `inputs` and `params` of the methods. */
export type Question = Pick<PredictOptions, "inputs" | "params">;

/** Sends rows to a deployment, once they are known to be those that its model takes. */
export async function predict(name: string, question: Question, call: Call): Promise<PredictionsResponse> {
  const { rows, signature } = await prepare(name, question, call);
  try {
    const { predictions, deployedModelId } = await requestPredictions(
      await serverOf(name, call),
      rows,
      call.context.signal,
    );
    return new PredictionsResponse({ predictions: readPredictions(predictions, signature), deployedModelId });
  } catch (error) {
    await explainSilence(error, name, call);
    throw error;
  }
}

/** Sends rows as {@link predict}, and gives the parts of the answer as they come. */
export async function predictStream(name: string, question: Question, call: Call): Promise<AsyncIterable<unknown>> {
  const { rows } = await prepare(name, question, call);
  const parts = requestPredictionStream(await serverOf(name, call), rows, call.context.signal);
  return explained(parts, name, call);
}

async function prepare(name: string, { inputs, params }: Question, call: Call) {
  const rows = rowReader(inputs);
  const signature = await servedSignature(name, call);
  const { instances, parameters } = prepareRequest(rows(signature), params, signature);
  return { rows: { instances, parameters }, signature };
}

async function* explained(
  parts: AsyncIterable<unknown>,
  name: string,
  call: Call,
): AsyncGenerator<unknown, void, undefined> {
  try {
    yield* parts;
  } catch (error) {
    await explainSilence(error, name, call);
    throw error;
  }
}

/** Where nobody answers: throws what has become of the deployment, if it is not there or does not run. */
async function explainSilence(error: unknown, name: string, call: Call): Promise<void> {
  if (!DeploymentError.is(error) || error.code !== "TEMPORARILY_UNAVAILABLE") return;
  known.delete(call.data.deployment(name).path);
  await serverOf(name, call);
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
