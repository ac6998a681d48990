import { predictionsOf } from "../equal-answers.js";
import { load, startServers } from "../load.js";
import type { Contenders, Measurement, Surroundings } from "../measurement.js";
import { type Batching, mlserverServer, modelServers, type ServedModel } from "../servers.js";
import { flowers, type SmallModel, trainSmallModel } from "../small-model.js";

const connections = 64;
/** As many rows as there can be at a time. */
const batching: Batching = { rows: 128, delay: 2 };
/** What was best of 1 to 20 ms, and of batches of 16 to 64 requests. */
const mlserverBatching = { max_batch_size: 64, max_batch_time: 0.01 };

/** Requests a second of 64 connections, by servers that may answer several with one call of the model. */
export const requestBatching: Measurement = { name: "batching", setUp };

async function setUp(surroundings: Surroundings): Promise<Contenders> {
  const model = await trainSmallModel(surroundings);
  const { MLServer: _unbatched, ...starts } = await modelServers(model, surroundings, batching);
  // it batches what comes by its own protocol only
  const asked = { ...model, body: inferenceRequest(model) };
  const mlserver = mlserverServer(asked, surroundings, mlserverBatching, "/v2/models/model/infer");
  const servers = await startServers({ ...starts, MLServer: mlserver }, predicted, surroundings);
  const entries = Object.entries(servers);
  return Object.fromEntries(entries.map(([name, server]) => [name, () => load(server, { connections }, surroundings)]));
}

/** The same rows in the Open Inference Protocol, column by column. */
function inferenceRequest({ columns }: SmallModel): ServedModel["body"] {
  const inputs = columns.map((name, column) => {
    const data = flowers.map((row) => row[column]);
    return { name, shape: [data.length, 1], datatype: "FP64", data };
  });
  return JSON.stringify({ parameters: { content_type: "pd" }, inputs });
}

function predicted(answer: unknown, name: string): unknown {
  return name === "MLServer" ? (answer as { outputs: { data: unknown }[] }).outputs[0]?.data : predictionsOf(answer);
}
