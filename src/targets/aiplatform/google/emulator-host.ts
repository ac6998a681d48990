import { DeploymentError } from "../../../core/errors.js";

/**
 * The URL of the emulator that `AIPLATFORM_EMULATOR_HOST` names: `HOST:PORT`, or a URL without a path.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` for anything else, and for another machine unless `allowRemote`: an
 * emulator runs models without asking who sent them, and a wrong variable must not send a model across the network.
 */
export function emulatorUrl(host: string, allowRemote: boolean): string {
  const url = parse(host.trim());
  if (
    !url ||
    url.username !== "" ||
    url.password !== "" ||
    url.pathname !== "/" ||
    url.search !== "" ||
    url.hash !== ""
  ) {
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      "AIPLATFORM_EMULATOR_HOST (emulatorHost) must be HOST:PORT, such as 127.0.0.1:9090, without user, path or query.",
    );
  }
  if (!allowRemote && !isLoopback(url.hostname)) {
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `The emulator ${url.host} is not on this machine. Set AIPLATFORM_EMULATOR_ALLOW_REMOTE=true (allowRemoteEmulator) if models may be sent to it, or unset AIPLATFORM_EMULATOR_HOST.`,
    );
  }
  return url.origin;
}

function parse(host: string): URL | null {
  const text = /^https?:\/\//i.test(host) ? host : `http://${host}`;
  return URL.canParse(text) ? new URL(text) : null;
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/**
 * Refuses an environment whose proxy would get what is meant for the emulator: \@google-cloud/storage sends all its
 * requests to a proxy that the environment names, and has no option against it.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` that names both variables.
 */
export function checkNotProxied(emulator: string, env: NodeJS.ProcessEnv): void {
  const proxy = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"].find((name) => env[name]);
  if (!proxy) return;
  const { hostname, origin } = new URL(emulator);
  const excepted = (env["NO_PROXY"] || env["no_proxy"] || "").split(",").map((host) => host.trim());
  if (excepted.includes(hostname) || excepted.includes(origin)) return;
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `${proxy} is set, and the proxy would get the objects that are meant for the emulator. Set NO_PROXY=${hostname}.`,
  );
}
