/** One call of a mocked service. */
export interface RecordedCall {
  /** The service's name in `options.services`, such as `uploader`. */
  service: string;
  method: string;
  /** The arguments, without the context that each ends with. */
  args: unknown[];
}

/** Records the calls of mocked services, and makes the next one of a kind fail. */
export class Recorder {
  /** All calls so far, in order. */
  readonly calls: RecordedCall[] = [];
  readonly #failures = new Map<string, unknown[]>();

  /** The next call of this method rejects with `error`. Called twice, the next two do. */
  failNext(service: string, method: string, error: unknown): void {
    const key = `${service}.${method}`;
    this.#failures.set(key, [...(this.#failures.get(key) ?? []), error]);
  }

  /** `service.method` of all calls so far, in order: what a test of the order of things compares. */
  get methods(): string[] {
    return this.calls.map(({ service, method }) => `${service}.${method}`);
  }

  /** The calls of one method. */
  callsOf(service: string, method: string): RecordedCall[] {
    return this.calls.filter((call) => call.service === service && call.method === method);
  }

  /** `implementation`, with its calls recorded under `service`. */
  record<T extends object>(service: string, implementation: T): T {
    return new Proxy(implementation, {
      get: (target, method, receiver) => {
        const member: unknown = Reflect.get(target, method, receiver);
        if (typeof member !== "function" || typeof method !== "string") return member;
        return (...args: unknown[]): unknown => {
          this.calls.push({ service, method, args: args.filter((argument) => !isContext(argument)) });
          const failure = this.#failures.get(`${service}.${method}`)?.shift();
          if (failure !== undefined) return Promise.reject(failure);
          return (member as (...all: unknown[]) => unknown).apply(target, args);
        };
      },
    });
  }
}

function isContext(argument: unknown): boolean {
  return typeof argument === "object" && argument !== null && ("report" in argument || "signal" in argument);
}
