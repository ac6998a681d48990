// One call in a process of its own, for tests that kill it. Settings come from the arguments and the environment.
import { getDeployClient } from "../../src/index.js";

const [method, options, config] = process.argv.slice(2).map((argument) => JSON.parse(argument) as unknown);
const client = getDeployClient("aiplatform", { config: config as object });
const { changed } =
  method === "update"
    ? await client.updateDeployment(options as { name: string; modelUri: string })
    : await client.createDeployment(options as { name: string; modelUri: string });
process.stdout.write(JSON.stringify({ changed }));
