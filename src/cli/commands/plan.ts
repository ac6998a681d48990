import { targetCommand } from "../target-command.js";
import {
  configOption,
  endpointOption,
  flavorOption,
  modelUriOption,
  nameOption,
  targetOption,
} from "../target-options.js";

interface PlanValues {
  name: string;
  modelUri?: string;
  flavor?: string;
  endpoint?: string;
}

export const planCommand = targetCommand({
  name: "plan",
  summary: "Show what create, or update of what is there, would do. Nothing is done.",
  details: "It exits with 1 when the call would be refused.",
  options: [nameOption, targetOption, modelUriOption, flavorOption, endpointOption, configOption],
  events: true,
  forms: true,
  run: async (call, values) => {
    const { name, modelUri, flavor, endpoint } = values as unknown as PlanValues;
    const plan = await call.long((options) =>
      call.client.planDeployment({ ...options, name, modelUri, flavor, endpoint }),
    );
    const { planLines, planTable } = await import("../output/plan-text.js");
    const { styleOf } = await import("../output/style.js");
    return {
      result: plan,
      text: planLines(plan, styleOf(call.io, "stdout")).join("\n"),
      table: planTable(plan),
      exitCode: plan.action === "refuse" ? 1 : 0,
    };
  },
});
