// One createDeployment in a process of its own, for tests that kill it. Settings come from the environment.
import { getDeployClient } from "../../src/index.js";

const [name, modelUri, config] = process.argv.slice(2);
const client = getDeployClient("aiplatform", { config: JSON.parse(config ?? "{}") as object });
const { changed } = await client.createDeployment({ name, modelUri });
process.stdout.write(JSON.stringify({ changed }));
