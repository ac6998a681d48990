import { batchCases } from "./batch-cases.js";
import {
  diagnoseCases,
  explainCases,
  firstPlanCases,
  logCases,
  planCases,
  runLocalCases,
  streamCases,
} from "./capability-cases.js";
import { createCases, refusalCases } from "./create-cases.js";
import { deleteCases } from "./delete-cases.js";
import { endpointCases } from "./endpoint-cases.js";
import { gapCases } from "./gap-cases.js";
import { predictCases } from "./predict-cases.js";
import { nodeTestRunner, type TestRunner } from "./runner.js";
import { Subject } from "./subject.js";
import type { TargetUnderTest } from "./target-under-test.js";
import { updateCases } from "./update-cases.js";

/** One test: a sentence about the target, and what shows it. */
export type Case = [sentence: string, run: () => Promise<void>];

/**
 * The suite that every target has to pass: what `BaseDeploymentClient` says of its methods, as tests of the target.
 *
 * ```ts
 * import * as vitest from "vitest";
 *
 * describeTarget(
 *   {
 *     name: "mytarget",
 *     createClient: () => getDeployClient("mytarget"),
 *     runLocal: (options) => runLocal("mytarget", options),
 *     capabilities: ["logs"],
 *     model: "models:/iris/1",
 *     otherModel: "models:/iris/2",
 *     inputs: [[5.1, 3.5, 1.4, 0.2], [6.3, 3.3, 6.0, 2.5]],
 *     expected: [0, 2],
 *     otherExpected: [0, 1],
 *   },
 *   vitest,
 * );
 * ```
 *
 * The tests tell the life of a few deployments, so each needs those before it: they run one after another, in their order.
 * At most two deployments are there at a time, and none is left. What a target does not have is a test as well: that its
 * method says so.
 *
 * @param runner - `describe`, `it` and `afterAll` of vitest or jest. Default: those of `node:test`.
 */
export function describeTarget<Config extends object>(
  options: TargetUnderTest<Config>,
  runner: TestRunner = nodeTestRunner(),
): void {
  const subject = new Subject(options);
  const timeout = (options.timeoutSeconds ?? 300) * 1000;
  const group = (name: string, cases: readonly Case[]) => {
    if (cases.length === 0) return;
    runner.describe(name, () => {
      for (const [sentence, run] of cases) runner.it(sentence, run, timeout);
    });
  };
  runner.describe(`the target ${options.name}`, () => {
    group("before anything is deployed", [
      ...refusalCases(subject),
      ...(subject.has("plan") ? firstPlanCases(subject) : []),
      ...(subject.has("diagnose") ? diagnoseCases(subject) : []),
    ]);
    group("createDeployment", createCases(subject));
    group("predict", predictCases(subject));
    if (subject.has("predictStream")) group("predictStream", streamCases(subject));
    if (subject.has("explain")) group("explain", explainCases(subject));
    if (subject.has("batch")) group("predictBatch", batchCases(subject));
    if (subject.has("logs")) group("getLogs", logCases(subject));
    if (subject.has("plan")) group("planDeployment", planCases(subject));
    group("updateDeployment", updateCases(subject));
    group("deleteDeployment", deleteCases(subject));
    if (subject.has("endpoints")) group("endpoints", endpointCases(subject));
    if (subject.has("runLocal")) group("runLocal", runLocalCases(subject));
    group("what it does not have", gapCases(subject));
    runner.afterAll?.(() => subject.cleanUp(), timeout);
  });
}
