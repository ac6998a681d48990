import type { aiplatform_v1 } from "googleapis/build/src/apis/aiplatform/v1.js";

import type { Clock } from "../../../core/clock.js";
import type { PollSchedule } from "../../../core/operation.js";
import { GoogleApi, type Send as SendTo } from "../google/api.js";
import type { GoogleConnection } from "../google/connection.js";
import { resourceNames, type ResourceNames } from "./resource-names.js";

/** What every service of this folder is made with. */
export interface VertexOptions {
  connection: GoogleConnection;
  /** The project's id. */
  project: string;
  /** The region, such as `europe-west1`. */
  location: string;
  clock?: Clock | undefined;
  /** The waits between two polls of an operation. */
  pollSchedule?: Partial<PollSchedule> | undefined;
}

type Locations = aiplatform_v1.Resource$Projects$Locations;

/** Sends a request by one of the API's methods. */
export type Send<T> = SendTo<Locations, T>;

/** Vertex AI in one project and location. */
export class VertexApi extends GoogleApi<Locations> {
  readonly names: ResourceNames;

  constructor({ connection, project, location, clock, pollSchedule }: VertexOptions) {
    super({
      connection,
      service: "aiplatform",
      methods: async () => (await connection.aiplatform(location)).projects.locations,
      operation: {
        get: (api, name, settings) => api.operations.get({ name }, settings),
        cancel: (api, name) => api.operations.cancel({ name }),
      },
      clock,
      pollSchedule,
    });
    this.names = resourceNames(project, location);
  }
}
