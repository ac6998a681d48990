import { targetCommand } from "../target-command.js";
import {
  configOption,
  endpointOption,
  flavorOption,
  messageOption,
  modelUriOption,
  nameOption,
  targetOption,
  yesOption,
} from "../target-options.js";

interface UpdateValues {
  name: string;
  modelUri?: string;
  flavor?: string;
  endpoint?: string;
  message?: string;
}

export const updateCommand = targetCommand({
  name: "update",
  summary: "Change a deployment: its model, its settings, or both.",
  details: `On a terminal it shows what is there and what will be, and asks; not with
--yes or --json, nor where standard input or output is no terminal.`,
  options: [
    nameOption,
    targetOption,
    modelUriOption,
    flavorOption,
    endpointOption,
    configOption,
    messageOption,
    yesOption,
  ],
  events: true,
  run: async (call, values) => {
    const { name, modelUri, flavor, endpoint, message } = values as unknown as UpdateValues;
    const request = { name, modelUri, flavor, endpoint, message };
    if (call.canAsk) {
      const { confirmUpdate } = await import("../confirm-change.js");
      await confirmUpdate(call, request);
    }
    // MLflow lets a target's update return nothing
    const updated: { flavor?: string | null } | undefined = await call.long((options) =>
      call.client.updateDeployment({ ...options, ...request }),
    );
    const newFlavor = updated ? updated.flavor : flavor;
    return { result: updated, text: `Deployment ${name} is updated (with flavor ${newFlavor ?? "None"})` };
  },
});
