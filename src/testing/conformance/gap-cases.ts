import assert from "node:assert/strict";

import { allCapabilities, type Capability } from "../../core/capabilities.js";
import { parseTargetUri } from "../../core/target-uri.js";
import type { Case } from "./describe-target.js";
import { firstPart, refusal } from "./expectations.js";
import type { Subject } from "./subject.js";

/** What the target does not have. */
export function gapCases<Config extends object>(subject: Subject<Config>): Case[] {
  const declared = allCapabilities
    .filter((capability) => !subject.has(capability))
    .map((capability): Case => [
      `declares that it has no ${capability}, and says so`,
      async () => {
        const client = await subject.client();
        const { target } = parseTargetUri(client.targetUri);
        for (const [method, call] of Object.entries(await callsOf(capability, subject))) {
          const { message } = await refusal(method, call, "NOT_IMPLEMENTED");
          assert.ok(message.toLowerCase().includes(target), `${method} must name the target ${target}: ${message}`);
        }
      },
    ]);
  return subject.has("endpoints") ? declared : [...declared, noEndpointCase(subject)];
}

/** An endpoint must not be passed over in silence. */
function noEndpointCase<Config extends object>(subject: Subject<Config>): Case {
  const { options, stranger } = subject;
  const codes = ["NOT_IMPLEMENTED", "RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"] as const;
  return [
    "refuses an endpoint, of which it has none",
    async () => {
      const client = await subject.client();
      const request = { ...subject.request(stranger), endpoint: stranger };
      await refusal("createDeployment", () => client.createDeployment(request), ...codes);
      await refusal("predict", () => client.predict({ endpoint: stranger, inputs: options.inputs }), ...codes);
    },
  ];
}

type Calls = Record<string, () => Promise<unknown>>;

async function callsOf<Config extends object>(capability: Capability, subject: Subject<Config>): Promise<Calls> {
  const client = await subject.client();
  const { options, stranger: name } = subject;
  const { inputs, model: modelUri } = options;
  const rows = { deploymentName: name, inputs };
  const calls: Record<Capability, Calls> = {
    endpoints: {
      createEndpoint: () => client.createEndpoint({ name }),
      updateEndpoint: () => client.updateEndpoint({ endpoint: name }),
      deleteEndpoint: () => client.deleteEndpoint({ endpoint: name }),
      listEndpoints: () => client.listEndpoints(),
      getEndpoint: () => client.getEndpoint({ endpoint: name }),
    },
    predictStream: { predictStream: () => firstPart(client.predictStream(rows)) },
    explain: { explain: () => client.explain(rows) },
    batch: {
      predictBatch: () =>
        client.predictBatch({ deploymentName: name, input: "gs://rows/a.jsonl", output: "gs://rows" }),
    },
    logs: { getLogs: () => client.getLogs({ name }) },
    plan: { planDeployment: () => client.planDeployment({ name, modelUri }) },
    prune: { planPrune: () => client.planPrune(), prune: () => client.prune([]) },
    diagnose: { diagnose: () => client.diagnose() },
    background: {
      "operation().wait": () => client.operation("nothing").wait(),
      "operation().cancel": () => client.operation("nothing").cancel(),
    },
    runLocal: { runLocal: () => options.runLocal({ name, modelUri, config: options.config }) },
  };
  return calls[capability];
}
