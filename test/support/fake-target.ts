import { BaseDeploymentClient } from "../../src/core/base-client.js";
import type { DeploymentTargetPlugin } from "../../src/core/plugin.js";
import { registerTarget } from "../../src/index.js";

type Answers = Partial<Omit<BaseDeploymentClient, "targetUri" | "operation">>;
type Method = keyof Answers;

/** A call that a fake target got. */
export interface FakeCall {
  method: string;
  // the options of any method
  options: Record<string, unknown>;
}

/** What a fake target says. A method without an answer is one that the target does not have. */
export interface FakeTarget extends Answers {
  targetHelp?: string;
  runLocal?: DeploymentTargetPlugin["runLocal"];
}

/**
 * Registers a target that answers as it is told.
 *
 * @returns its calls, in their order, and the client's own config as the options of `createClient`
 */
export function registerFakeTarget(name: string, target: FakeTarget): FakeCall[] {
  const calls: FakeCall[] = [];
  const { targetHelp = `help of ${name}`, runLocal, ...answers } = target;
  registerTarget({
    name,
    createClient: ({ uri }, options) => {
      calls.push({ method: "createClient", options: { ...options } });
      return answering(uri, answers, calls);
    },
    targetHelp: () => targetHelp,
    runLocal: runLocal ?? (() => Promise.reject(new Error("No answer was prepared for runLocal."))),
  });
  return calls;
}

function answering(uri: string, answers: Answers, calls: FakeCall[]): BaseDeploymentClient {
  const client = new BareClient(uri);
  for (const [method, answer] of Object.entries(answers) as [Method, (options: never) => unknown][]) {
    Object.assign(client, {
      [method]: (options: Record<string, unknown> = {}) => {
        calls.push({ method, options });
        return answer(options as never);
      },
    });
  }
  return client;
}

class BareClient extends BaseDeploymentClient {
  createDeployment = unprepared;
  updateDeployment = unprepared;
  deleteDeployment = unprepared;
  listDeployments = unprepared;
  getDeployment = unprepared;
  predict = unprepared;
}

function unprepared(): Promise<never> {
  return Promise.reject(new Error("No answer was prepared for this method."));
}
