import { canonicalJson } from "../../../core/hash.js";
import type { DeploymentSpec } from "../../../core/record.js";
import type { ModelVersion, VersionRequest } from "../../../core/services.js";
import type { RecordSession } from "../../../rollout/record-session.js";
import { completeStep, type StepLimits, type StepOutcome } from "../../../rollout/resumable-step.js";
import type { Call } from "../call.js";
import type { AiPlatformSettings } from "../config/setting-rules.js";
import { batchingVariables } from "../../settings/request-batching.js";
import { customInputsLabel, hasCustomInputs } from "../custom-inputs.js";
import { deploymentLabels } from "../spec.js";

interface VersionWork {
  name: string;
  spec: DeploymentSpec;
  artifactUri: string;
  imageUri: string;
}

/** What the version of a spec is made from. */
export function versionRequest(
  { name, spec, artifactUri, imageUri }: VersionWork,
  { services, settings }: Call,
): VersionRequest {
  const { names } = services;
  return {
    alias: settings.versionName === undefined ? null : names.versionAlias(settings.versionName),
    spec,
    imageUri,
    artifactUri,
    labels: {
      ...deploymentLabels(name, settings, names, spec),
      ...(hasCustomInputs(settings) && { [customInputsLabel]: "true" }),
    },
    env: { ...settings.env, ...batchingVariables(settings) },
    encryptionKey: settings.encryptionSpecKeyName ?? null,
    explanationSpec: explanationSpec(settings),
    deploymentTimeout: settings.deployTimeout,
  };
}

/** `Model.explanationSpec`; null where predictions are not to be explained. */
function explanationSpec({ explanationMetadata, explanationParameters }: AiPlatformSettings) {
  if (explanationParameters === undefined) return null;
  return { parameters: explanationParameters, ...(explanationMetadata && { metadata: explanationMetadata }) };
}

/** The registry version of a spec, below its model: found, or made. */
export async function ensureVersion(
  work: VersionWork,
  session: RecordSession,
  call: Call,
  limits: StepLimits,
): Promise<StepOutcome<ModelVersion>> {
  const { services, settings, context } = call;
  const { versionManager, modelManager, names } = services;
  const parent = await modelManager.ensure(settings.modelName ?? work.name, context, {
    deploymentName: work.name,
    labels: deploymentLabels(work.name, settings, names),
    description: settings.endpointDescription ?? null,
  });
  const wasThere = parent.exists && !parent.made;
  const whence = wasThere ? " is there" : parent.made ? "" : " begins with this version";
  context.report({
    type: "step",
    step: "model",
    status: wasThere ? "skipped" : "done",
    message: `${parent.displayName} (${parent.id})${whence}`,
  });
  const request = versionRequest(work, call);
  const wasPending = session.record.pending?.step === "version";
  const outcome = await completeStep<ModelVersion>(
    {
      step: "version",
      what: `a version of the model ${parent.displayName}`,
      isAbsent: !wasThere,
      find: () => versionManager.find(parent, request, context),
      running: () => versionManager.running(parent, context),
      attach: (operation) => versionManager.attach(operation),
      start: () => versionManager.create(parent, request, context),
    },
    session,
    context,
    limits,
  );
  const isNew = outcome.changed && !wasPending;
  return isNew ? outcome : { ...outcome, value: await labelled(outcome.value, request, call) };
}

/** A version that was there may have labels of another time: they are no part of what it is made from. */
async function labelled(version: ModelVersion, { labels }: VersionRequest, call: Call): Promise<ModelVersion> {
  const isSame = canonicalJson(version.labels) === canonicalJson(labels);
  return isSame ? version : call.services.versionManager.setLabels(version, labels, call.context);
}
