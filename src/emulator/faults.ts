import { Readable } from "node:stream";

import { GoogleError } from "./google-error.js";
import type { EmulatorRequest, EmulatorResponse } from "./http.js";

/** The HTTP status of each of `google.rpc.Code`. */
const httpStatuses = {
  CANCELLED: 499,
  UNKNOWN: 500,
  INVALID_ARGUMENT: 400,
  DEADLINE_EXCEEDED: 504,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  PERMISSION_DENIED: 403,
  RESOURCE_EXHAUSTED: 429,
  FAILED_PRECONDITION: 400,
  ABORTED: 409,
  OUT_OF_RANGE: 400,
  UNIMPLEMENTED: 501,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DATA_LOSS: 500,
  UNAUTHENTICATED: 401,
} as const;

/** Requests that are to fail, and how. */
export interface Fault {
  /**
   * Which requests: looked for in `METHOD /path`, such as `POST /v1/projects/acme/locations/europe-west1/endpoints`. The
   * path is as it was sent, percent-encoded and without its query.
   */
  method: RegExp;
  /** How many of them. Default 1. */
  times?: number;
  /** What they are answered, by its name in `google.rpc.Code`; the HTTP status is the one that Google maps it to. */
  status: keyof typeof httpStatuses;
  /** The error's message. Default: a sentence that says that the failure was asked for. */
  message?: string;
  /**
   * Whether the request does what it asks for before it is answered with the error, as when an answer is lost on its way.
   * One that fails by itself is answered with its own error, and does not count. Default false: it has no effect.
   */
  afterEffect?: boolean;
}

/** A fault that was asked for. */
export interface ArmedFault {
  /** How many requests were answered with it so far. */
  readonly fired: number;
  /** Takes back what did not fire yet. */
  cancel(): void;
}

/** The failures that tests of clients ask for. */
export class Faults {
  readonly #armed = new Set<Armed>();

  arm(fault: Fault): ArmedFault {
    const armed = new Armed(fault);
    this.#armed.add(armed);
    return {
      get fired() {
        return armed.fired;
      },
      cancel: () => void this.#armed.delete(armed),
    };
  }

  /** Handles a request, unless it is to fail. Of several faults that fit, the one that was asked for first. */
  async around(request: EmulatorRequest, handle: () => Promise<EmulatorResponse>): Promise<EmulatorResponse> {
    const armed = [...this.#armed].find((each) => each.takes(request));
    return armed ? armed.fire(handle) : handle();
  }
}

class Armed {
  readonly #fault: Fault;
  readonly #pattern: RegExp;
  /** How many requests may still be taken. */
  #left: number;
  fired = 0;

  constructor(fault: Fault) {
    this.#fault = fault;
    this.#left = fault.times ?? 1;
    // a global or sticky pattern would go on where it stopped at the request before
    this.#pattern = new RegExp(fault.method.source, fault.method.flags.replace(/[gy]/g, ""));
  }

  takes({ method, path }: EmulatorRequest): boolean {
    return this.#left > 0 && this.#pattern.test(`${method} ${path}`);
  }

  async fire(handle: () => Promise<EmulatorResponse>): Promise<never> {
    this.#left--;
    if (this.#fault.afterEffect) {
      try {
        const { body } = await handle();
        if (body instanceof Readable) body.destroy();
      } catch (error) {
        this.#left++;
        throw error;
      }
    }
    this.fired++;
    const { status, message = "The emulator was asked to fail this request." } = this.#fault;
    throw new GoogleError(httpStatuses[status], status, message);
  }
}
