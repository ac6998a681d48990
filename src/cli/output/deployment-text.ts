import type { Deployment } from "../../core/deployment.js";
import { oneLine } from "./printable.js";
import type { Table } from "./table.js";

/**
 * A deployment in a few lines for a person. Of a target that is not ours it may have no more than a name, as MLflow's contract
 * asks for.
 */
export function deploymentLines(deployment: Deployment): string[] {
  const { name, state, endpoint, model, trafficPercent, deployedModels } = deployment as Partial<Deployment>;
  const facts: [string, string | undefined][] = [
    ["state", state],
    ["model", modelText(model)],
    ["version", model?.versionId],
    ["endpoint", endpoint ? `${endpoint.name}${endpoint.shared ? ", shared" : ""}` : undefined],
    ["traffic", trafficPercent === undefined ? undefined : `${trafficPercent}%`],
    ["machines", deployedModels?.map(machines).filter(Boolean).join("; ")],
  ];
  return [
    `Deployment ${oneLine(String(name))}`,
    ...facts.flatMap(([label, fact]) => (fact ? [`  ${`${label}:`.padEnd(10)} ${oneLine(fact)}`] : [])),
  ];
}

/** Deployments as a table. */
export function deploymentTable(deployments: readonly Deployment[]): Table {
  return {
    headings: ["NAME", "STATE", "MODEL", "VERSION", "TRAFFIC", "ENDPOINT"],
    rows: (deployments as readonly Partial<Deployment>[]).map((deployment) => {
      const { name, state, model, trafficPercent, endpoint } = deployment;
      // a list says of a deployment what is deployed, and not from where it came
      const serving = deployment.deployedModels?.toSorted((a, b) => b.trafficPercent - a.trafficPercent)[0];
      return [
        name ?? "",
        state ?? "",
        modelText(model) ?? serving?.model.split("/").at(-1) ?? "",
        model?.versionId ?? serving?.modelVersionId ?? "",
        trafficPercent === undefined ? "" : `${trafficPercent}%`,
        endpoint?.id ?? "",
      ];
    }),
  };
}

function modelText(model: Deployment["model"] | undefined): string | undefined {
  return model?.source ?? model?.name;
}

function machines({ machineType, minReplicaCount, maxReplicaCount }: Deployment["deployedModels"][number]): string {
  if (machineType === null) return "";
  if (minReplicaCount === null) return machineType;
  const most = maxReplicaCount === null || maxReplicaCount === minReplicaCount ? "" : ` to ${maxReplicaCount}`;
  return `${minReplicaCount}${most} × ${machineType}`;
}
