import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import { DeploymentError } from "../core/errors.js";
import { type ServerRole, serverSettings } from "./tracking-uri.js";

/** How to sign in to MLflow's servers. User name and password win over a token, as in MLflow. */
export interface MlflowCredentials {
  /** Default `MLFLOW_TRACKING_USERNAME`, then `mlflow_tracking_username` of `~/.mlflow/credentials`. */
  username?: string | undefined;
  /** Default `MLFLOW_TRACKING_PASSWORD`, then `mlflow_tracking_password` of `~/.mlflow/credentials`. */
  password?: string | undefined;
  /**
   * A bearer token, default `MLFLOW_TRACKING_TOKEN`. A function is asked before every request: it is for tokens that expire, such
   * as those of Identity-Aware Proxy, and may keep one for as long as it is good.
   */
  token?: string | (() => string | Promise<string>) | undefined;
}

/** How MLflow's servers are reached, as far as no setting's text can say it. */
export interface MlflowOptions {
  /**
   * How to sign in. Default: the user and password in the server's URI, then `MLFLOW_TRACKING_USERNAME`, `…_PASSWORD` and
   * `…_TOKEN`, then `~/.mlflow/credentials`. What is given here is all that counts: `{}` signs in nowhere.
   *
   * They go to the tracking server and, as in MLflow, to a registry of its own; never to another server that one of them names, and
   * never to a registry without encryption where the tracking server has it.
   */
  credentials?: MlflowCredentials | undefined;
}

/**
 * The credentials to use: those given in code, else those in the server's URI, else the environment's, else the file's.
 *
 * @param given From code.
 * @param serverUri Its user and password count, as in `https://user:password@host`; a user alone does not.
 * @param env Where `MLFLOW_TRACKING_*` and `HOME` are read.
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` when those in the URI cannot be decoded.
 */
export function findCredentials(
  given: MlflowCredentials | undefined,
  serverUri: URL,
  env: NodeJS.ProcessEnv,
): MlflowCredentials {
  return given ?? credentialsOfUri(serverUri, "tracking") ?? credentialsOfEnvironment(env);
}

/**
 * The credentials for a registry of its own: those in its URI, else those that are for no server in particular. These go there too
 * because MLflow knows one user for both (`mlflow.tracking._model_registry.utils`), and because the user has named both.
 *
 * @returns Null where there may be some, which are not sent: the way there is open, and that to the tracking server is not.
 */
export function findRegistryCredentials(
  given: MlflowCredentials | undefined,
  registryUri: URL,
  isOpener: boolean,
  env: NodeJS.ProcessEnv,
): MlflowCredentials | null {
  const own = credentialsOfUri(registryUri, "registry");
  if (own !== undefined) return own;
  return isOpener ? null : (given ?? credentialsOfEnvironment(env));
}

function credentialsOfUri(uri: URL, role: ServerRole): MlflowCredentials | undefined {
  if (uri.username === "" || uri.password === "") return undefined;
  return { username: decoded(uri.username, role), password: decoded(uri.password, role) };
}

function credentialsOfEnvironment(env: NodeJS.ProcessEnv): MlflowCredentials {
  const file = readCredentialsFile(join(env.HOME ?? homedir(), ".mlflow", "credentials"));
  return {
    username: env.MLFLOW_TRACKING_USERNAME || file.get("mlflow_tracking_username"),
    password: env.MLFLOW_TRACKING_PASSWORD || file.get("mlflow_tracking_password"),
    token: env.MLFLOW_TRACKING_TOKEN,
  };
}

function decoded(part: string, role: ServerRole): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new DeploymentError(
      "INVALID_PARAMETER_VALUE",
      `The user or password in ${serverSettings[role]} is not percent-encoded. Write % as %25, as encodeURIComponent does, or ` +
        "set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, which are taken as they are.",
    );
  }
}

/**
 * The value of an `Authorization` header; undefined for an anonymous request.
 *
 * @throws DeploymentError `UNAUTHENTICATED` when the token's function fails or gives none. What it threw is not shown, as it may
 * hold the token.
 */
export async function authorization(credentials: MlflowCredentials): Promise<string | undefined> {
  const { username, password, token } = credentials;
  if (username && password) return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  const bearer = typeof token === "function" ? await askForToken(token) : token?.trim();
  if (!bearer) return undefined;
  if (/^[\x21-\x7e]+$/.test(bearer)) return `Bearer ${bearer}`;
  throw new DeploymentError(
    "UNAUTHENTICATED",
    "The token for MLflow has a space or another character that no token has. Set MLFLOW_TRACKING_TOKEN to the token alone.",
  );
}

async function askForToken(token: () => string | Promise<string>): Promise<string> {
  let given: unknown;
  try {
    given = await token();
  } catch (error) {
    const kind = error instanceof Error && /^\w+$/.test(error.name) ? ` (${error.name})` : "";
    throw noToken(`failed${kind}`);
  }
  if (typeof given !== "string" || given.trim() === "") throw noToken("gave none");
  return given.trim();
}

function noToken(problem: string): DeploymentError {
  return new DeploymentError(
    "UNAUTHENTICATED",
    `There is no token for MLflow: the function mlflow.credentials.token ${problem}. It must return the token, or a promise of it.`,
  );
}

/** The keys of the `[mlflow]` section; none when there is no such file. */
function readCredentialsFile(path: string): Map<string, string> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return new Map();
  }
  const values = new Map<string, string>();
  let section = "";
  for (const line of text.split(/\r?\n/)) {
    const header = /^\[(.+)\]\s*$/.exec(line);
    if (header) section = header[1] ?? "";
    const entry = /^\s*([^\s=:#;]+)\s*[=:]\s*(.*?)\s*$/.exec(line);
    // Python's configparser, which MLflow reads it with, takes %% for %
    if (entry?.[1] && entry[2] && section === "mlflow") {
      values.set(entry[1].toLowerCase(), entry[2].replaceAll("%%", "%"));
    }
  }
  return values;
}
