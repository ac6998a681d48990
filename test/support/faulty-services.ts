import { DeploymentError } from "../../src/core/errors.js";
import { type Operation, OperationFailedError } from "../../src/core/operation.js";
import type { MockServices } from "../../src/testing/index.js";

/** What goes wrong at one request of a process. */
export type Fault =
  /** The process is killed before the request is sent, or after its effect. */
  | "killed before"
  | "killed after"
  /** The request does not arrive, or its answer does not. The process lives. */
  | "lost before"
  | "lost after"
  /** The platform refuses what starts something, or what was started fails for good. */
  | "refused"
  | "fails";

export const faults: readonly Fault[] = [
  "killed before",
  "killed after",
  "lost before",
  "lost after",
  "refused",
  "fails",
];

/** The services as one process has them, with one fault. */
export interface FaultyServices {
  services: MockServices;
  /** The requests so far, as `service.method`; the waits for operations are among them. */
  requests: string[];
  /** The request that went wrong; null when the call did not come so far. */
  hit: () => string | null;
}

/** What starts something that may be refused, or fail later. */
const starts = /^(versionManager\.create|endpointManager\.(create|deploy|scale))$/;

/** @param at - The number of the request that goes wrong, from 1; of those that start something where that is what fails. */
export function faultyServices(services: MockServices, at: number, fault: Fault): FaultyServices {
  const requests: string[] = [];
  let isDead = false;
  let left = at;
  let hit: string | null = null;
  const onlyStarts = fault === "refused" || fault === "fails";

  const request = async (name: string, send: () => unknown): Promise<unknown> => {
    if (isDead) throw broken("The process is dead.");
    requests.push(name);
    const isIt = (!onlyStarts || starts.test(name)) && --left === 0;
    if (isIt) hit = `${name} (${requests.length})`;
    if (isIt && fault === "killed before") isDead = true;
    if (isIt && (fault === "killed before" || fault === "lost before")) throw broken(`${name} was not sent.`);
    if (isIt && fault === "refused") {
      throw new DeploymentError("RESOURCE_EXHAUSTED", `${name} was refused.`);
    }
    if (isIt && fault === "fails") return watched(doomed(name), name);
    const answer = await send();
    if (isIt && fault === "killed after") isDead = true;
    if (isIt && (fault === "killed after" || fault === "lost after")) throw broken(`${name} was not answered.`);
    return isOperation(answer) ? watched(answer, name) : answer;
  };

  const watched = (operation: Operation<unknown>, name: string): Operation<unknown> => ({
    ...operation,
    wait: (options) => request(`wait for ${name}`, () => operation.wait(options)),
  });

  const wrapped = (service: string, implementation: object): object =>
    new Proxy(implementation, {
      get: (target, method, receiver) => {
        const member: unknown = Reflect.get(target, method, receiver);
        if (typeof member !== "function" || typeof method !== "string") return member;
        const send = (...args: unknown[]): unknown => (member as (...all: unknown[]) => unknown).apply(target, args);
        if (method === "attach")
          return (...args: unknown[]) => watched(send(...args) as Operation<unknown>, "attached");
        return (...args: unknown[]) => request(`${service}.${method}`, () => send(...args));
      },
    });

  const all = Object.entries(services).map(([name, service]) => [
    name,
    name === "clock" ? service : wrapped(name, service as object),
  ]);
  return { services: Object.fromEntries(all) as MockServices, requests, hit: () => hit };
}

function doomed(name: string): Operation<unknown> {
  return {
    name: "operations/doomed",
    wait: () => Promise.reject(new OperationFailedError("FAILED_PRECONDITION", `${name} failed for good.`)),
    cancel: async () => {},
  };
}

function isOperation(answer: unknown): answer is Operation<unknown> {
  return typeof answer === "object" && answer !== null && "wait" in answer && "cancel" in answer;
}

function broken(message: string): DeploymentError {
  return new DeploymentError("TEMPORARILY_UNAVAILABLE", message);
}
