import assert from "node:assert/strict";

import type { BaseDeploymentClient } from "../../core/base-client.js";
import type { Deployment } from "../../core/deployment.js";
import { DeploymentError, type ErrorCode } from "../../core/errors.js";

type Client = Pick<BaseDeploymentClient<never>, "getDeployment" | "listDeployments" | "predict">;

/** That a call rejects, with a `DeploymentError` of one of `codes` that has something to say. */
export async function refusal(
  what: string,
  call: () => Promise<unknown>,
  ...codes: ErrorCode[]
): Promise<DeploymentError> {
  let promise: Promise<unknown>;
  try {
    promise = call();
  } catch (error) {
    assert.fail(`${what} threw instead of rejecting: ${String(error)}`);
  }
  const error = await promise.then(
    (value) => assert.fail(`${what} should have been refused, and gave ${JSON.stringify(value)?.slice(0, 300)}`),
    (reason: unknown) => reason,
  );
  assert.ok(
    DeploymentError.is(error),
    `${what} rejected with something other than a DeploymentError: ${String(error)}`,
  );
  const { code, message } = error;
  assert.ok(codes.includes(code), `${what} rejected with ${code} and not ${codes.join(" or ")}: ${message}`);
  assert.ok(message.trim().length > 0, `${what} rejected without a message`);
  return error;
}

/** That `value` is a deployment of that name with all the parts of one, which serves. */
export function assertServes(value: Deployment, name: string): void {
  assert.equal(value.name, name);
  assert.equal(value.state, "ready");
  assert.ok(value.flavor === null || typeof value.flavor === "string", "flavor must be a string or null");
  assert.ok(Array.isArray(value.deployedModels), "deployedModels must be a list");
  assert.ok(Array.isArray(value.history), "history must be a list");
  assert.equal(typeof value.trafficPercent, "number");
  assert.equal(typeof value.settings, "object");
  assert.equal(typeof value.hashes, "object");
}

/** That there is no deployment of that name, by any way of asking. */
export async function assertGone(client: Client, name: string, inputs: readonly unknown[]): Promise<void> {
  await refusal("getDeployment", () => client.getDeployment({ name }), "RESOURCE_DOES_NOT_EXIST");
  await refusal("predict", () => client.predict({ deploymentName: name, inputs }), "RESOURCE_DOES_NOT_EXIST");
  const listed = await client.listDeployments();
  assert.ok(!listed.some((deployment) => deployment.name === name), `${name} is still listed`);
}

/** That a deployment answers `inputs` with `expected`. */
export async function assertAnswers(
  client: Client,
  deploymentName: string,
  inputs: readonly unknown[],
  expected: readonly unknown[],
): Promise<void> {
  const { predictions } = await client.predict({ deploymentName, inputs });
  assert.deepEqual(predictions, expected);
}

/** A deployment without what each attempt, also a refused one, may add to it. */
export function withoutHistory(deployment: Deployment): Deployment {
  return { ...deployment, history: [] };
}

/** That names are in the order of their code units. */
export function assertSorted(names: readonly string[]): void {
  assert.deepEqual(names, names.toSorted());
}

/** The first part of a stream, which is ended then. */
export async function firstPart(parts: AsyncIterable<unknown>): Promise<unknown> {
  for await (const part of parts) return part;
  return undefined;
}
