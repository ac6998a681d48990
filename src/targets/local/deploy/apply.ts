import { join } from "node:path";

import { DeploymentError } from "../../../core/errors.js";
import type { HistoryEntry } from "../../../core/record.js";
import type { Call } from "../call.js";
import type { Observed } from "../live-state.js";
import { batchingVariables } from "../../settings/request-batching.js";
import { batchingOf, bundleName, modelName, type SpecSettings } from "../spec.js";
import type { DeploymentDirectory } from "../state/deployment-directory.js";
import type { LocalRecord } from "../state/record.js";
import { SupervisorConnection } from "../supervisor/connection.js";
import { startSupervisor } from "../supervisor/start.js";
import { ensureBundle, installModel } from "./install.js";
import type { Wanted } from "./wanted.js";

/** A change of a deployment, which is made under its lock. */
export interface Change {
  action: "create" | "update";
  name: string;
  wanted: Wanted;
  message: string | null;
  /** Where this call's files are. */
  workDirectory: string;
}

/**
 * Has what is wanted served, and writes it down. After a failure what served before goes on; a deployment that never served
 * leaves nothing.
 */
export async function applyChange(change: Change, observed: Observed | null, call: Call): Promise<void> {
  const directory = call.data.deployment(change.name);
  const { spec } = change.wanted;
  const before: LocalRecord = observed?.record.completedAt
    ? observed.record
    : newRecord(change, observed?.record.createTime ?? now());
  await directory.make();
  await directory.writeRecord({ ...before, pending: { action: change.action, pid: process.pid, spec } });
  const entry: HistoryEntry = {
    at: now(),
    action: change.action,
    outcome: "succeeded",
    specHash: spec.specHash,
    modelUri: spec.modelUri,
    modelVersionId: null,
    ...(change.message === null ? {} : { message: change.message }),
  };
  try {
    await serve(change, directory, call);
  } catch (error) {
    const failure = DeploymentError.from(error, `The deployment "${change.name}"`);
    if (before.completedAt === null) await removeAll(directory);
    else await directory.writeRecord(failed(before, { ...entry, at: now() }, failure));
    throw failure;
  }
  const replaced = before.completedAt !== null && before.spec.specHash !== spec.specHash;
  const after: LocalRecord = {
    ...before,
    spec,
    previous: replaced ? before.spec : before.previous,
    completedAt: before.completedAt ?? now(),
    pending: null,
    history: [...before.history, { ...entry, at: now() }],
  };
  await directory.writeRecord(after);
  const needed = [after.spec, ...(after.previous ? [after.previous] : [])];
  await directory.keepOnly({ models: needed.map(modelName), bundles: needed.map(bundleName) });
}

/** Ends a deployment's processes, and removes all that it has on disk. */
export async function removeAll(directory: DeploymentDirectory): Promise<void> {
  await (await SupervisorConnection.find(directory))?.stop();
  await directory.remove();
}

async function serve({ wanted, workDirectory }: Change, directory: DeploymentDirectory, call: Call): Promise<void> {
  const { context, settings } = call;
  const { signal, report } = context;
  const { spec } = wanted;
  report({ type: "step", step: "deploy", status: "started", message: "a process of this machine" });
  if (wanted.model) await installModel(wanted.model, modelName(spec), directory, workDirectory, context);
  const python = spec.settings["python"] as string | null;
  const bundle = await ensureBundle(bundleName(spec), wanted.bundle, python, directory, context);
  const supervisor =
    (await SupervisorConnection.find(directory)) ?? (await startSupervisor(directory, await port(), signal));
  await supervisor.serve(
    {
      specHash: spec.specHash,
      python: bundle.python,
      modules: bundle.modules,
      model: join(directory.models, modelName(spec)),
      env: wanted.env,
      runtimeEnv: batchingVariables(batchingOf(spec.settings as unknown as SpecSettings)),
      startTimeout: settings.startTimeout,
    },
    signal,
  );
  report({ type: "step", step: "deploy", status: "done", message: `http://127.0.0.1:${supervisor.state.port}` });

  /** The one that the settings name, or else the one that it had when it ran last. */
  async function port() {
    const named = spec.settings["port"] as number;
    if (named !== 0) return { wanted: named, fixed: true };
    return { wanted: (await directory.readSupervisor())?.port ?? 0, fixed: false };
  }
}

function now(): string {
  return new Date().toISOString();
}

function newRecord({ name, wanted }: Change, createTime: string): LocalRecord {
  return {
    schemaVersion: 1,
    name,
    spec: wanted.spec,
    previous: null,
    createTime,
    completedAt: null,
    pending: null,
    history: [],
  };
}

function failed(before: LocalRecord, entry: HistoryEntry, failure: DeploymentError): LocalRecord {
  const failedEntry: HistoryEntry = { ...entry, outcome: "failed", error: failure.message };
  return { ...before, pending: null, history: [...before.history, failedEntry] };
}
