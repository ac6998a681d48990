/** An emulator with one deployed model, which says the pid of its server and waits to be killed. */
import { startVertex } from "./emulator-vertex-fixture.js";

const vertex = await startVertex();
const endpoint = await vertex.createEndpoint();
await vertex.deploy(endpoint, await vertex.upload());
const { json } = await vertex.predict(endpoint, { instances: [1], parameters: { reply: "pid" } });
process.stdout.write(`${JSON.stringify({ pid: json["predictions"][0], dataDir: vertex.dataDir })}\n`);
