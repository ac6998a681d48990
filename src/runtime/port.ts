import { createServer } from "node:net";

import { DeploymentError } from "../core/errors.js";

/**
 * Checks that a server can listen on a port of 127.0.0.1, before something long is done for it. 0 always can.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` for what is no port; `FAILED_PRECONDITION` for one that is taken.
 */
export async function checkPort(port: number): Promise<void> {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new DeploymentError("INVALID_PARAMETER_VALUE", `port is ${port}; it must be a whole number from 0 to 65535.`);
  }
  if (port === 0) return;
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once("error", (error: NodeJS.ErrnoException) => reject(portError(port, error.code)));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve()));
  });
}

/** The error for a port that cannot be listened on, by the operating system's code. */
export function portError(port: number, code: string | undefined): DeploymentError {
  const why = code === "EADDRINUSE" ? "is in use" : `cannot be had (${code})`;
  return new DeploymentError(
    "FAILED_PRECONDITION",
    `Port ${port} of 127.0.0.1 ${why}. Choose another one, or 0 for any that is free.`,
  );
}
