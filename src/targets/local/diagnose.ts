import { statfs } from "node:fs/promises";

import type { Diagnosis } from "../../core/diagnosis.js";
import { DeploymentError } from "../../core/errors.js";
import { withoutCredentials } from "../../mlflow/printable-uri.js";
import { run } from "../../runtime/process.js";
import { findPython, inspectPython, type PythonInterpreter } from "../../runtime/python.js";
import type { Call } from "./call.js";
import { listDeployments } from "./read-deployments.js";

/** Free bytes below which a model's environment may not fit. */
const littleSpace = 2 * 1024 ** 3;
/** How long the tracking server may take to answer. Milliseconds. */
const trackingLimitMs = 5000;

/** Looks at all that a deployment on this machine needs. */
export async function diagnose(call: Call): Promise<Diagnosis[]> {
  const python = await checkPython(call);
  const pip = await checkPip(python.interpreter);
  return [python.diagnosis, pip, await checkDisk(call), await checkTracking(call), await checkDeployments(call)];
}

async function checkPython({
  settings,
}: Call): Promise<{ diagnosis: Diagnosis; interpreter: PythonInterpreter | null }> {
  try {
    const interpreter = await (settings.python === undefined ? findPython() : inspectPython(settings.python));
    return { interpreter, diagnosis: ok("python", `Python ${interpreter.version} (${interpreter.path})`) };
  } catch (error) {
    const advice =
      settings.python === undefined
        ? "Install Python 3.10 or newer, or set python (MLFLOW_DEPLOYMENTS_PYTHON) to its path."
        : "Set python (MLFLOW_DEPLOYMENTS_PYTHON) to the path of a Python 3.";
    return { interpreter: null, diagnosis: { check: "python", status: "failed", message: messageOf(error), advice } };
  }
}

async function checkPip(python: PythonInterpreter | null): Promise<Diagnosis> {
  const check = "pip";
  if (!python) return { check, status: "skipped", message: "There is no Python.", advice: null };
  const { code, lines } = await run({
    command: python.path,
    args: ["-I", "-c", "import venv, pip; print(pip.__version__)"],
  });
  if (code === 0) return ok(check, `pip ${lines.at(-1)}, and the module venv`);
  return {
    check,
    status: "failed",
    message: `${python.path} lacks pip or the module venv: ${lines.at(-1) ?? ""}`,
    advice: "On Debian and Ubuntu: apt install python3-pip python3-venv.",
  };
}

async function checkDisk({ data }: Call): Promise<Diagnosis> {
  const check = "data directory";
  try {
    await data.make();
    const { bavail, bsize } = await statfs(data.path);
    const free = bavail * bsize;
    const message = `${data.path}, ${(free / 1024 ** 3).toFixed(1)} GB free`;
    if (free >= littleSpace) return ok(check, message);
    return { check, status: "warning", message, advice: "Make room, or set dataDir to a directory with more." };
  } catch (error) {
    return { check, status: "failed", message: messageOf(error), advice: "Set dataDir to a directory of your own." };
  }
}

async function checkTracking({ settings, context }: Call): Promise<Diagnosis> {
  const check = "tracking server";
  const { trackingUri } = settings;
  if (trackingUri === undefined) {
    const advice = "Set trackingUri (MLFLOW_TRACKING_URI) to deploy models:/ and runs:/.";
    return { check, status: "skipped", message: "No tracking server is named.", advice };
  }
  const shown = withoutCredentials(trackingUri);
  try {
    const url = new URL(`${trackingUri.replace(/\/+$/, "")}/health`);
    [url.username, url.password] = ["", ""]; // nothing there needs them
    const limit = AbortSignal.timeout(trackingLimitMs);
    const signal = context.signal ? AbortSignal.any([context.signal, limit]) : limit;
    const response = await fetch(url, { signal, redirect: "manual" });
    await response.body?.cancel();
    if (response.status < 500) return ok(check, `${shown} answers`);
    const message = `${shown} answers with status ${response.status}`;
    return { check, status: "warning", message, advice: "Look at the server's log." };
  } catch {
    const advice = "Check trackingUri (MLFLOW_TRACKING_URI), and that the server runs: mlflow server.";
    return { check, status: "failed", message: `${shown} does not answer.`, advice };
  }
}

async function checkDeployments(call: Call): Promise<Diagnosis> {
  const check = "deployments";
  const all = await listDeployments(call);
  const ended = all.filter(({ state }) => state === "incomplete").map(({ name }) => name);
  if (ended.length === 0) return ok(check, `${all.length}, all of which run`);
  return {
    check,
    status: "warning",
    message: `${ended.length} of ${all.length} do not run: ${ended.join(", ")}`,
    advice: "Run their createDeployment again to start them, or delete them.",
  };
}

function ok(check: string, message: string): Diagnosis {
  return { check, status: "ok", message, advice: null };
}

function messageOf(error: unknown): string {
  return DeploymentError.from(error, "The check").message;
}
