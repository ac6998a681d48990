import type { PlanDeploymentOptions } from "../../core/options.js";
import type { DeploymentPlan, PlannedStep } from "../../core/plan.js";
import type { PruneItem } from "../../core/prune.js";
import type { Memory } from "./deploy.js";
import type { InMemoryConfig } from "./options.js";
import { type MemoryState, type MemoryVersion, modelName } from "./state.js";
import { checkedName, differences, wantedByCreate, wantedByUpdate } from "./wanted.js";

/** What a call with these options would do. */
export function planDeployment(
  options: PlanDeploymentOptions<InMemoryConfig>,
  { state, options: { flavors } }: Memory,
): DeploymentPlan {
  const name = checkedName(options.name);
  const current = state.deployments.get(name);
  if (!current || current.state === "incomplete") {
    const { modelUri, endpoint } = wantedByCreate(options, state, flavors);
    const steps: PlannedStep[] = [
      { step: "version", action: "create", message: `A version of ${modelUri}` },
      { step: "endpoint", action: endpoint === null ? "create" : "skip", message: endpoint ?? "One of its own" },
      { step: "deploy", action: "create", message: `${modelUri} as ${name}` },
    ];
    return { name, action: "create", reason: null, differences: [], steps };
  }
  const wanted = wantedByUpdate(options, current, flavors);
  const lines = differences(current, state.endpoint(current.endpoint).shared, wanted);
  const replaces = wanted.modelUri !== current.version.modelUri;
  const steps: PlannedStep[] = [
    { step: "version", action: replaces ? "create" : "skip", message: `A version of ${wanted.modelUri}` },
    {
      step: "deploy",
      action: replaces ? "create" : lines.length > 0 ? "change" : "skip",
      message: `${wanted.modelUri} as ${name}`,
    },
  ];
  return { name, action: lines.length > 0 ? "update" : "none", reason: null, differences: lines, steps };
}

/** The versions that no deployment has, but for the newest `keepVersions` of each model. */
export function planPrune(keepVersions: number, state: MemoryState): PruneItem[] {
  const models = [...new Set(state.versions.map(({ model }) => model))];
  return models.flatMap((model) =>
    state.versions
      .filter((version) => version.model === model && !isNeeded(version, state))
      .toReversed()
      .slice(keepVersions)
      .map((version) => ({
        kind: "version" as const,
        name: versionName(version),
        reason: "No deployment has it.",
        size: null,
        createTime: version.createTime,
      })),
  );
}

/** Deletes those of `items` that are still needed by nobody. */
export function prune(items: readonly PruneItem[], state: MemoryState): PruneItem[] {
  return items.filter(({ name }) => {
    const index = state.versions.findIndex((version) => versionName(version) === name);
    const version = state.versions[index];
    if (!version || isNeeded(version, state)) return false;
    state.versions.splice(index, 1);
    return true;
  });
}

function isNeeded(version: MemoryVersion, state: MemoryState): boolean {
  return [...state.deployments.values()].some((deployment) => deployment.version === version);
}

function versionName({ model, versionId }: MemoryVersion): string {
  return `${modelName(model)}@${versionId}`;
}
