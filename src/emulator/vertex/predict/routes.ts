/** `PredictionService`: online predictions, on the shared host and on those of dedicated endpoints. */
import { Readable } from "node:stream";

import { failedPrecondition, GoogleError, unimplemented } from "../../google-error.js";
import type { EmulatorRequest, EmulatorResponse, Route } from "../../http.js";
import { type EndpointRecord, endpointResource, idOf } from "../endpoints/endpoint-record.js";
import type { EndpointStore } from "../endpoints/endpoint-store.js";
import type { ModelServers } from "../endpoints/model-servers.js";
import { predictRoute } from "../endpoints/service-environment.js";
import { pick } from "../endpoints/traffic.js";
