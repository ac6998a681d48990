import { targetCommand } from "../target-command.js";
import { configOption, endpointOption, messageOption, nameOption, targetOption, yesOption } from "../target-options.js";

interface DeleteValues {
  name: string;
  endpoint?: string;
  message?: string;
}

export const deleteCommand = targetCommand({
  name: "delete",
  summary: "Delete a deployment. Deleting one that does not exist does nothing.",
  details: `On a terminal it shows what is there, and asks; not with
--yes or --json, nor where standard input or output is no terminal.`,
  options: [nameOption, targetOption, endpointOption, configOption, messageOption, yesOption],
  events: true,
  run: async (call, values) => {
    const { name, endpoint, message } = values as unknown as DeleteValues;
    if (call.canAsk) {
      const { confirmDelete } = await import("../confirm-change.js");
      await confirmDelete(call, { name, endpoint });
    }
    await call.long((options) => call.client.deleteDeployment({ ...options, name, endpoint, message }));
    return { result: { name }, text: `Deployment ${name} is deleted` };
  },
});
