import { join } from "node:path";

import type { Deployment, DeploymentState } from "../../core/deployment.js";
import { DeploymentError } from "../../core/errors.js";
import { isProcessAlive } from "../../core/process-alive.js";
import type { DeploymentSpec } from "../../core/record.js";
import type { Call } from "./call.js";
import { modelName } from "./spec.js";
import type { DeploymentDirectory } from "./state/deployment-directory.js";
import type { LocalRecord } from "./state/record.js";
import type { SupervisorStatus } from "./state/supervisor-state.js";
import { SupervisorConnection } from "./supervisor/connection.js";

/** A deployment as it was found. */
export interface Observed {
  directory: DeploymentDirectory;
  record: LocalRecord;
  /** Null when it has ended. */
  supervisor: SupervisorConnection | null;
  status: SupervisorStatus | null;
}

/** Looks at a deployment; null when there is none of that name. */
export async function observe(name: string, { data }: Call): Promise<Observed | null> {
  const directory = data.deployment(name);
  const record = await directory.readRecord();
  if (!record) return null;
  const supervisor = await SupervisorConnection.find(directory);
  const status = (await supervisor?.status()) ?? null;
  return { directory, record, supervisor: status ? supervisor : null, status };
}

/** The deployment of that name. @throws DeploymentError `RESOURCE_DOES_NOT_EXIST`. */
export async function existing(name: string, call: Call): Promise<Observed> {
  return (await observe(name, call)) ?? Promise.reject(noDeployment(name));
}

/** The error for a name without a deployment. */
export function noDeployment(name: string): DeploymentError {
  return new DeploymentError(
    "RESOURCE_DOES_NOT_EXIST",
    `There is no deployment "${name}". listDeployments shows those that there are.`,
  );
}

/** The error for a deployment whose supervisor has ended, as when the machine was started again. */
export function notRunning(name: string): DeploymentError {
  return new DeploymentError(
    "FAILED_PRECONDITION",
    `The deployment "${name}" does not run: its supervisor has ended, or nothing was served yet. Run its createDeployment again to start it.`,
  );
}

/** Whether a spec serves now. */
export function serves(status: SupervisorStatus | null, spec: DeploymentSpec): boolean {
  return status?.serving?.specHash === spec.specHash;
}

/** What serves: an update that was cut off may have got so far. */
export function servingSpec({ record, status }: Observed): DeploymentSpec {
  return record.pending && serves(status, record.pending.spec) ? record.pending.spec : record.spec;
}

/** A deployment as people see it. */
export function describeDeployment(observed: Observed): Deployment {
  const { record, status, supervisor, directory } = observed;
  const spec = servingSpec(observed);
  const serving = status?.serving ?? null;
  const model = join(directory.models, modelName(spec));
  return {
    name: record.name,
    flavor: spec.flavor,
    state: stateOf(observed),
    endpoint: supervisor && {
      id: String(supervisor.state.port),
      name: `http://127.0.0.1:${supervisor.state.port}`,
      shared: false,
      createTime: record.createTime,
    },
    deployedModels: serving
      ? [
          {
            id: serving.specHash.slice(0, 10),
            displayName: record.name,
            model,
            modelVersionId: null,
            trafficPercent: 100,
            machineType: null,
            accelerator: null,
            serviceAccount: null,
            predictUrl: null,
            minReplicaCount: 1,
            maxReplicaCount: 1,
            createTime: serving.since,
          },
        ]
      : [],
    trafficPercent: serving ? 100 : 0,
    model: { name: model, versionId: spec.modelHash.slice(0, 12), aliases: [], source: spec.modelUri },
    hashes: { spec: spec.specHash, environment: spec.environmentHash },
    settings: spec.settings,
    history: record.history,
  };
}

function stateOf({ record, status }: Observed): DeploymentState {
  const { pending } = record;
  if (pending && isProcessAlive(pending.pid)) return pending.action === "create" ? "creating" : "updating";
  return status?.serving ? "ready" : "incomplete";
}
