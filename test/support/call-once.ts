// One call in a process of its own, for tests that kill it. Settings come from the arguments and the environment.
import { type AiPlatformConfig, getDeployClient, type PredictBatchOptions } from "../../src/index.js";

const [method, options, config] = process.argv.slice(2).map((argument) => JSON.parse(argument) as unknown);
const client = getDeployClient("aiplatform", { config: config as object });
process.stdout.write(JSON.stringify(await call()));

async function call(): Promise<object> {
  switch (method) {
    case "update":
      return client.updateDeployment(options as { name: string; modelUri: string });
    case "predictBatch":
      return client.predictBatch(options as PredictBatchOptions<AiPlatformConfig>);
    default:
      return client.createDeployment(options as { name: string; modelUri: string });
  }
}
