import type { aiplatform_v1 } from "googleapis/build/src/apis/aiplatform/v1.js";

import { type Clock, systemClock } from "../../../core/clock.js";
import type { Operation, PollSchedule } from "../../../core/operation.js";
import { type CallSettings, type GoogleCall, GoogleCaller } from "../google/call.js";
import type { GoogleConnection } from "../google/connection.js";
import { type GoogleOperation, isAnyOf, longRunningOperation } from "../google/operations.js";
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
export type Send<T> = (api: Locations, settings: CallSettings) => Promise<{ data: T }>;

/** Vertex AI in one project and location: calls, operations, pages. */
export class VertexApi {
  readonly names: ResourceNames;
  readonly #caller: GoogleCaller;
  readonly #options: VertexOptions;
  readonly #clock: Clock;

  constructor(options: VertexOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#caller = new GoogleCaller(options.connection, "aiplatform", this.#clock);
    this.names = resourceNames(options.project, options.location);
  }

  /** Sends one call. */
  call<T>(call: GoogleCall, send: Send<T>): Promise<T> {
    return this.#caller.run(call, async (settings) => send(await this.#api(), settings));
  }

  /** Sends one call; null when the resource does not exist. */
  async find<T>(call: GoogleCall, send: Send<T>): Promise<T | null> {
    try {
      return await this.call(call, send);
    } catch (error) {
      if (isAnyOf(error, "RESOURCE_DOES_NOT_EXIST")) return null;
      throw error;
    }
  }

  /** The operation of a name. */
  operation<T>(
    name: string | null | undefined,
    doing: string,
    convert: (response: Record<string, unknown>, signal: AbortSignal | undefined) => T | Promise<T>,
  ): Operation<T> {
    return longRunningOperation({
      name: name ?? "",
      doing,
      caller: this.#caller,
      api: {
        get: async (operation, settings) => (await this.#api()).operations.get({ name: operation }, settings),
        cancel: async (operation) => (await this.#api()).operations.cancel({ name: operation }),
      },
      convert,
      clock: this.#clock,
      schedule: this.#options.pollSchedule,
    });
  }

  /** The items of all pages. */
  async pages<Page extends { nextPageToken?: string | null }, Item>(
    read: (pageToken: string | undefined) => Promise<Page>,
    items: (page: Page) => Item[] | null | undefined,
  ): Promise<Item[]> {
    const all: Item[] = [];
    let pageToken: string | undefined;
    do {
      const page = await read(pageToken);
      all.push(...(items(page) ?? []));
      pageToken = page.nextPageToken || undefined;
    } while (pageToken);
    return all;
  }

  /** The unfinished operations of a list; null where the platform does not list them. */
  async unfinished(
    read: (
      pageToken: string | undefined,
    ) => Promise<{ operations?: GoogleOperation[] | null; nextPageToken?: string | null }>,
  ): Promise<GoogleOperation[] | null> {
    try {
      const operations = await this.pages(read, (page) => page.operations);
      return operations.filter((operation) => !operation.done);
    } catch (error) {
      if (isAnyOf(error, "RESOURCE_DOES_NOT_EXIST")) return [];
      if (isAnyOf(error, "NOT_IMPLEMENTED")) return null;
      throw error;
    }
  }

  async #api(): Promise<Locations> {
    const { connection, location } = this.#options;
    return (await connection.aiplatform(location)).projects.locations;
  }
}
