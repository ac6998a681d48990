import { targetCommand } from "../target-command.js";
import { configOption, endpointOption, targetOption } from "../target-options.js";

export const listCommand = targetCommand({
  name: "list",
  summary: "List all deployments of a target, or those of an endpoint.",
  options: [targetOption, endpointOption, configOption],
  forms: true,
  run: async (call, values) => {
    const { endpoint } = values as { endpoint?: string };
    const deployments = await call.client.listDeployments({ ...call.options, endpoint });
    const { pythonRepr } = await import("../output/python-text.js");
    const { deploymentTable } = await import("../output/deployment-text.js");
    return {
      result: deployments,
      text: `List of all deployments:\n${pythonRepr(deployments)}`,
      table: deploymentTable(deployments),
    };
  },
});
