import type { ServingEndpoint } from "../../core/serving-endpoint.js";
import type { Command } from "../command.js";
import type { Table } from "../output/table.js";
import { targetCommand } from "../target-command.js";
import { configOption, requiredEndpointOption, targetOption } from "../target-options.js";

const options = [requiredEndpointOption, targetOption, configOption];

const createEndpoint = targetCommand({
  name: "create-endpoint",
  summary: "Make an endpoint on which several deployments can share the traffic.",
  options,
  events: true,
  run: async (call, values) => {
    const { endpoint: name } = values as unknown as { endpoint: string };
    const endpoint = await call.long((long) => call.client.createEndpoint({ ...long, name }));
    return { result: endpoint, text: `\nEndpoint ${endpoint.name} is created` };
  },
});

const updateEndpoint = targetCommand({
  name: "update-endpoint",
  summary: "Change an endpoint: its traffic split, or what else the target's help lists.",
  options,
  events: true,
  run: async (call, values) => {
    const { endpoint } = values as unknown as { endpoint: string };
    const updated = await call.long((long) => call.client.updateEndpoint({ ...long, endpoint }));
    return { result: updated, text: `\nEndpoint ${endpoint} is updated` };
  },
});

const deleteEndpoint = targetCommand({
  name: "delete-endpoint",
  summary: "Delete an endpoint. Deleting one that does not exist does nothing.",
  options,
  events: true,
  run: async (call, values) => {
    const { endpoint } = values as unknown as { endpoint: string };
    await call.long((long) => call.client.deleteEndpoint({ ...long, endpoint }));
    return { result: { name: endpoint }, text: `\nEndpoint ${endpoint} is deleted` };
  },
});

const listEndpoints = targetCommand({
  name: "list-endpoints",
  summary: "List all endpoints of a target.",
  options: [targetOption, configOption],
  forms: true,
  run: async (call) => {
    const endpoints = await call.client.listEndpoints(call.options);
    const { pythonRepr } = await import("../output/python-text.js");
    return {
      result: endpoints,
      text: `List of all endpoints:\n${pythonRepr(endpoints)}`,
      table: endpointTable(endpoints),
    };
  },
});

const getEndpoint = targetCommand({
  name: "get-endpoint",
  summary: "Show an endpoint in detail.",
  options,
  forms: true,
  run: async (call, values) => {
    const { endpoint: wanted } = values as unknown as { endpoint: string };
    const endpoint = await call.client.getEndpoint({ ...call.options, endpoint: wanted });
    const { itemTable, itemText } = await import("../output/item-text.js");
    return { result: endpoint, text: itemText(endpoint), table: itemTable(endpoint) };
  },
});

export const endpointCommands: readonly Command[] = [
  createEndpoint,
  updateEndpoint,
  deleteEndpoint,
  listEndpoints,
  getEndpoint,
];

function endpointTable(endpoints: readonly Partial<ServingEndpoint>[]): Table {
  return {
    headings: ["NAME", "ID", "TRAFFIC", "DESCRIPTION"],
    rows: endpoints.map(({ name, id, traffic, description }) => [
      name ?? "",
      id ?? "",
      Object.entries(traffic ?? {})
        .map(([deployment, percent]) => `${deployment} ${percent}%`)
        .join(", "),
      description ?? "",
    ]),
  };
}
