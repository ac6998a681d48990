import { once } from "node:events";

import { DeploymentError } from "../core/errors.js";
import type { RunLocalOptions } from "../core/local-server.js";
import { runLocal } from "../deploy-client.js";
import { printable } from "./output/printable.js";
import type { TargetCall } from "./target-command.js";

/**
 * Serves a model on this machine, and says where, until the command is asked to end.
 *
 * @param json - Whether to say it as a line of JSON.
 * @throws DeploymentError `FAILED_PRECONDITION` with what the server said last, when it ends by itself
 */
export async function serveLocally(call: TargetCall, request: RunLocalOptions, json: boolean): Promise<void> {
  const { io, target, allConfig: config } = call;
  const { signal } = io;
  const server = await call.long((options) => runLocal(target, { ...options, ...request, config }));
  try {
    const { name, url, port } = server;
    if (json) io.out(JSON.stringify({ type: "result", result: { name, url, port } }));
    else io.out(`\n${request.flavor ?? "None"} deployment ${name} is served at ${url}`);
    io.err("It is served until Ctrl-C.");
    const end = signal.aborted ? null : await Promise.race([once(signal, "abort").then(() => null), server.exited]);
    if (end && !end.stopped) {
      const said = end.lastLines.length === 0 ? "" : ` It said last:\n${printable(end.lastLines.join("\n"))}`;
      throw new DeploymentError("FAILED_PRECONDITION", `The server of "${name}" has ended by itself.${said}`);
    }
  } finally {
    await server.stop();
  }
}
