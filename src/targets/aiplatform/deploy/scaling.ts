import type { Scaling } from "../../../core/services.js";
import type { AiPlatformSettings } from "../config/setting-rules.js";

/** Vertex AI's names of what autoscaling looks at (`AutoscalingMetricSpec.metric_name`). */
const metrics = {
  autoscalingTargetCpuUtilization: "aiplatform.googleapis.com/prediction/online/cpu/utilization",
  autoscalingTargetAcceleratorDutyCycle: "aiplatform.googleapis.com/prediction/online/accelerator/duty_cycle",
  autoscalingTargetRequestCountPerMinute: "aiplatform.googleapis.com/prediction/online/request_count",
} as const;

/** How a deployed model is scaled. */
export function scalingOf(settings: AiPlatformSettings): Scaling {
  const { minReplicaCount, maxReplicaCount = minReplicaCount } = settings;
  return { minReplicaCount, maxReplicaCount, autoscalingTargets: autoscalingTargets(settings) };
}

/** The targets that autoscaling keeps, by the platform's names of the metrics. */
function autoscalingTargets(settings: AiPlatformSettings): Record<string, number> {
  const targets: Record<string, number> = {};
  for (const name of Object.keys(metrics) as (keyof typeof metrics)[]) {
    const target = settings[name];
    if (target !== undefined) targets[metrics[name]] = target;
  }
  return targets;
}
