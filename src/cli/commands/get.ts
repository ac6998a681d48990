import { targetCommand } from "../target-command.js";
import { configOption, endpointOption, nameOption, targetOption } from "../target-options.js";

export const getCommand = targetCommand({
  name: "get",
  summary: "Show a deployment in detail.",
  options: [nameOption, targetOption, endpointOption, configOption],
  forms: true,
  run: async (call, values) => {
    const { name, endpoint } = values as unknown as { name: string; endpoint?: string };
    const deployment = await call.client.getDeployment({ ...call.options, name, endpoint });
    const { itemTable, itemText } = await import("../output/item-text.js");
    return { result: deployment, text: itemText(deployment), table: itemTable(deployment) };
  },
});
