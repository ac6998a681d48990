import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** What a program needs to run at all. Nothing in it is a credential. */
const systemVariables = [
  "PATH",
  "LANG",
  "LANGUAGE",
  "TZ",
  "TMPDIR",
  "TMP",
  "TEMP",
  "LD_LIBRARY_PATH",
  "DYLD_LIBRARY_PATH",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "REQUESTS_CA_BUNDLE",
  "CURL_CA_BUNDLE",
  "SYSTEMROOT",
  "COMSPEC",
  "PATHEXT",
  "WINDIR",
];

/** What pip needs besides to reach the index that this machine's owner chose. Index URLs and proxies may hold a password. */
const installVariables = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"];

function select(wanted: (name: string) => boolean): Record<string, string> {
  const selected: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && wanted(name.toUpperCase())) selected[name] = value;
  }
  return selected;
}

/** The parent's variables that any program may see: no home directory, no credentials. */
export function systemEnvironment(): Record<string, string> {
  return select((name) => systemVariables.includes(name) || name.startsWith("LC_"));
}

/**
 * The environment of a child process that runs code from a model: an allow-list of the parent's variables and `extra`, which wins.
 *
 * `HOME` is an empty directory of this package unless `extra` names another, because libraries look for credentials there
 * (gcloud's application default credentials, `~/.mlflow/credentials`), and without `HOME` Python asks the user database for it.
 */
export function childEnvironment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  const home = extra["HOME"] ?? emptyHome();
  return { ...systemEnvironment(), HOME: home, USERPROFILE: home, ...extra };
}

/** The environment of pip: {@link systemEnvironment} with the user's home and pip's own settings (`PIP_*`, proxies). */
export function installEnvironment(): Record<string, string> {
  const settings = select((name) => installVariables.includes(name) || name.startsWith("PIP_"));
  const home = homedir();
  return { ...systemEnvironment(), HOME: home, USERPROFILE: home, ...settings };
}

/**
 * Where this package keeps what can be made again: `MLFLOW_DEPLOYMENTS_CACHE`, else `mlflow-deployments` in the operating
 * system's cache directory of the user.
 */
export function cacheDirectory(): string {
  const chosen = process.env["MLFLOW_DEPLOYMENTS_CACHE"];
  if (chosen) return chosen;
  if (process.platform === "darwin") return join(homedir(), "Library", "Caches", "mlflow-deployments");
  const base = process.platform === "win32" ? process.env["LOCALAPPDATA"] : process.env["XDG_CACHE_HOME"];
  return join(base || join(homedir(), ".cache"), "mlflow-deployments");
}

function emptyHome(): string {
  const home = join(cacheDirectory(), "home");
  mkdirSync(home, { recursive: true, mode: 0o700 });
  return home;
}
