// One call of the local target in a process of its own: what it makes must go on when that process has ended.
import { getDeployClient } from "../../src/index.js";

const [method = "", options = "{}"] = process.argv.slice(2);
const client = getDeployClient("local") as unknown as Record<string, (options: object) => Promise<unknown>>;
const result = await client[method]?.(JSON.parse(options) as object);
process.stdout.write(JSON.stringify(result ?? null));
