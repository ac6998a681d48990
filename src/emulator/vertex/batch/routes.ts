/** `projects.locations.batchPredictionJobs`. */
import type { EmulatorRequest, Route } from "../../http.js";
import { listPage } from "../list-page.js";
import type { Location, Locations } from "../locations.js";
import { jobResource } from "./job-record.js";
import type { BatchJobs } from "./jobs.js";

const one = "/batchPredictionJobs/(?<job>[^/:]+)";

const nameOf = (request: EmulatorRequest, location: Location) =>
  `${location.name}/batchPredictionJobs/${request.param("job")}`;

export function batchRoutes(locations: Locations, jobs: BatchJobs): Route[] {
  return [
    locations.route("POST", "/batchPredictionJobs", async (request, location) => ({
      json: jobResource(jobs.create(await request.json(), location)),
    })),
    locations.route("GET", "/batchPredictionJobs", ({ query }, location) => {
      const records = jobs.inLocation(location.name);
      const displayNames = new Map(records.map((each) => [each.name, each.modelDisplayName]));
      return {
        json: listPage(records.map(jobResource), query, {
          key: "batchPredictionJobs",
          idField: "batch_prediction_job",
          orderable: [],
          filter: {
            logic: true,
            fields: { display_name: "wildcard", model_display_name: "plain", state: "plain", create_time: "time" },
            values: ({ name, state, createTime }) => ({
              model_display_name: displayNames.get(name as string)!,
              state: state as string,
              create_time: createTime as string,
            }),
          },
        }),
      };
    }),
    locations.route("GET", one, (request, location) => ({ json: jobResource(jobs.get(nameOf(request, location))) })),
    locations.route("POST", `${one}:cancel`, (request, location) => {
      jobs.cancel(nameOf(request, location));
      return { json: {} };
    }),
    locations.route("DELETE", one, (request, location) => ({ json: jobs.delete(nameOf(request, location), location) })),
  ];
}
