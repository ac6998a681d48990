import { type Clock, systemClock } from "../../../core/clock.js";
import type { Operation, PollSchedule } from "../../../core/operation.js";
import { type CallSettings, type GoogleCall, GoogleCaller } from "./call.js";
import type { GoogleConnection } from "./connection.js";
import type { GoogleService } from "./failure.js";
import { type GoogleOperation, isAnyOf, longRunningOperation } from "./operations.js";

/** One API of Google's, and its methods as googleapis has them. */
interface ApiOptions<Methods> {
  connection: GoogleConnection;
  service: GoogleService;
  /** Loads the library at the first call. */
  methods(): Promise<Methods>;
  /** The API's methods on its operations. */
  operation: {
    get(api: Methods, name: string, settings: CallSettings): Promise<{ data: GoogleOperation }>;
    cancel(api: Methods, name: string): Promise<{ data: unknown }>;
  };
  clock?: Clock | undefined;
  /** The waits between two polls of an operation. */
  pollSchedule?: Partial<PollSchedule> | undefined;
}

/** Sends a request by one of an API's methods. */
export type Send<Methods, T> = (api: Methods, settings: CallSettings) => Promise<{ data: T }>;

/** One API of Google's: calls, operations, pages. */
export class GoogleApi<Methods> {
  readonly #caller: GoogleCaller;
  readonly #options: ApiOptions<Methods>;
  readonly #clock: Clock;

  constructor(options: ApiOptions<Methods>) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#caller = new GoogleCaller(options.connection, options.service, this.#clock);
  }

  /** Sends one call. */
  call<T>(call: GoogleCall, send: Send<Methods, T>): Promise<T> {
    return this.#caller.run(call, async (settings) => send(await this.#options.methods(), settings));
  }

  /** Sends one call; null when the resource does not exist. */
  async find<T>(call: GoogleCall, send: Send<Methods, T>): Promise<T | null> {
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
    const options = this.#options;
    return longRunningOperation({
      name: name ?? "",
      doing,
      caller: this.#caller,
      api: {
        get: async (operationName, settings) => options.operation.get(await options.methods(), operationName, settings),
        cancel: async (operationName) => options.operation.cancel(await options.methods(), operationName),
      },
      convert,
      clock: this.#clock,
      schedule: options.pollSchedule,
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
}
