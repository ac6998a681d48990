import { targetCommand } from "../target-command.js";
import {
  configOption,
  endpointOption,
  flavorOption,
  messageOption,
  modelUriOption,
  nameOption,
  targetOption,
} from "../target-options.js";

interface CreateValues {
  name: string;
  modelUri: string;
  flavor?: string;
  endpoint?: string;
  message?: string;
}

export const createCommand = targetCommand({
  name: "create",
  summary: "Deploy a model, and wait until it answers predictions.",
  details: `Run again it changes nothing, or goes on where it was stopped. With
-C sync=false the name of the operation is printed, and the command ends when
that is done.`,
  options: [
    nameOption,
    targetOption,
    { ...modelUriOption, required: true },
    flavorOption,
    endpointOption,
    configOption,
    messageOption,
  ],
  events: true,
  run: async (call, values) => {
    const { name, modelUri, flavor, endpoint, message } = values as unknown as CreateValues;
    const deployment = await call.long((options) =>
      call.client.createDeployment({ ...options, name, modelUri, flavor, endpoint, message }),
    );
    return {
      result: deployment,
      text: `\n${deployment.flavor ?? "None"} deployment ${deployment.name} is created`,
    };
  },
});
