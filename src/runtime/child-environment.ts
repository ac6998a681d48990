import { existsSync, mkdirSync } from "node:fs";
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

/** What pip needs besides to reach a package index. A proxy or an index (`PIP_INDEX_URL`) may be named with its password. */
const installVariables = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"];

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
 * The environment of a child process: an allow-list of the parent's variables and `extra`, which wins.
 *
 * `HOME` is not the user's, because libraries look for credentials there (gcloud's application default credentials,
 * `~/.mlflow/credentials`), and without `HOME` Python asks the user database for it. Name one in `extra` for code of a model or of
 * a package, which may write there what the next program would take up (`.netrc`, `.local/lib/python3.11/site-packages`);
 * the default is a directory of this package, for programs that are its own.
 */
export function childEnvironment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  const home = extra["HOME"] ?? ownHome();
  return { ...systemEnvironment(), HOME: home, USERPROFILE: home, ...extra };
}

/**
 * The environment of pip, which runs code of the packages that it builds: {@link childEnvironment} with proxies, pip's own
 * variables (`PIP_*`), configuration file and cache, so that it installs from where the user's own pip does. A `.netrc` is not seen.
 *
 * @param home A directory for this installation alone.
 */
export function installEnvironment(home: string): Record<string, string> {
  const settings = select((name) => installVariables.includes(name) || name.startsWith("PIP_"));
  const configuration = pipConfigurationFiles().find((file) => existsSync(file));
  return childEnvironment({
    HOME: home,
    ...(configuration === undefined ? {} : { PIP_CONFIG_FILE: configuration }),
    PIP_CACHE_DIR: join(userCacheDirectory(), "pip"),
    ...settings,
  });
}

/**
 * Where this package keeps what can be made again: `MLFLOW_DEPLOYMENTS_CACHE`, else `mlflow-deployments` in the operating
 * system's cache directory of the user.
 */
export function cacheDirectory(): string {
  return process.env["MLFLOW_DEPLOYMENTS_CACHE"] || join(userCacheDirectory(), "mlflow-deployments");
}

function userCacheDirectory(): string {
  if (process.platform === "darwin") return join(homedir(), "Library", "Caches");
  const base = process.platform === "win32" ? process.env["LOCALAPPDATA"] : process.env["XDG_CACHE_HOME"];
  return base || join(homedir(), ".cache");
}

/** Where pip looks for the user's configuration: https://pip.pypa.io/en/stable/topics/configuration/ */
function pipConfigurationFiles(): string[] {
  const config = process.env["XDG_CONFIG_HOME"] || join(homedir(), ".config");
  return [
    join(homedir(), "Library", "Application Support", "pip", "pip.conf"),
    join(process.env["APPDATA"] ?? config, "pip", process.platform === "win32" ? "pip.ini" : "pip.conf"),
    join(homedir(), ".pip", "pip.conf"),
  ];
}

function ownHome(): string {
  const home = join(cacheDirectory(), "home");
  mkdirSync(home, { recursive: true, mode: 0o700 });
  return home;
}
