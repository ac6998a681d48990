import assert from "node:assert/strict";

import type { DeploymentRecord } from "../../src/core/record.js";
import {
  type AiPlatformClient,
  type AiPlatformConfig,
  DeploymentError,
  getDeployClient,
  OperationFailedError,
} from "../../src/index.js";
import { deployedModelId } from "../../src/targets/aiplatform/vertex/names.js";
import type { MockPlatform } from "../../src/testing/index.js";
import { type Fault, faults, faultyServices } from "./faulty-services.js";
import { copyOf, platformWithModels } from "./numbered-models.js";

const secret = "hunter2";
type Action = "create" | "update" | "delete" | "split";
interface FuzzCall {
  action: Action;
  name: string;
  modelUri?: string;
  config: Record<string, unknown>;
}
/** What is known of a deployment's fields: after a call that failed, either the old or the new. */
type Expected = Map<string, Set<unknown>>;

const callsOfOne = 5;

/**
 * Calls that go wrong at any request, on a platform in memory. Throws with the calls that show it where something does not
 * hold that must, whatever goes wrong.
 */
export class RolloutFuzz {
  readonly #random: () => number;
  readonly #platform: MockPlatform;
  readonly #log: string[] = [];
  /** Finished deployments that no delete has been called for. */
  readonly #serving = new Map<string, Expected>();
  /** Those that a call that failed may have finished. */
  readonly #maybe = new Map<string, Expected>();
  readonly #lastFailed = new Map<string, FuzzCall>();

  readonly #seed: number;
  readonly #config: AiPlatformConfig;

  /** @param tmpDir - An empty directory. */
  constructor(seed: number, tmpDir: string) {
    this.#seed = seed;
    this.#config = { projectId: "acme", productionBucket: "acme-models", drainSeconds: 1, tmpDir };
    this.#random = randomOf(seed);
    this.#platform = platformWithModels();
  }

  async run(): Promise<void> {
    try {
      await this.#client().createEndpoint({ name: "shop" });
      for (let count = 0; count < callsOfOne; count++) await this.#step();
      await this.#takeAllAway();
    } catch (error) {
      throw new Error(`${(error as Error).message}\n\nThe calls of FUZZ_SEED=${this.#seed}:\n${this.#log.join("\n")}`, {
        cause: error,
      });
    }
  }

  /** One call with a fault, and often the same again without. */
  async #step(): Promise<void> {
    const call = this.#anyCall();
    const before = this.#shares();
    const versions = new Set(this.#versionsNow());
    const written = this.#platform.store.records.get(call.name)?.generation;
    const failure = await this.#runFaulty(call);
    this.#checkSafety(call, before);
    if (OperationFailedError.is(failure) && !this.#lastFailed.has(call.name)) {
      const left = this.#versionsNow().filter((version) => !versions.has(version));
      assert.deepEqual(left, [], "a failure for good leaves no version");
    }
    const hasBegun = this.#platform.store.records.get(call.name)?.generation !== written;
    if (failure && hasBegun && !OperationFailedError.is(failure)) this.#lastFailed.set(call.name, call);
    if (failure && this.#random() < 0.3) return;
    await this.#converge(call);
  }

  async #runFaulty(call: FuzzCall): Promise<DeploymentError | null> {
    const fault = this.#pick<Fault>(faults);
    const at = 1 + Math.floor(this.#random() * (fault === "refused" || fault === "fails" ? 3 : 45));
    const { services, hit } = faultyServices(this.#platform.services, at, fault);
    this.#log.push(show(call));
    const failure = await this.#send(call, getDeployClient("aiplatform", { services, config: this.#config }));
    this.#log.push(`  ${hit() ? `${fault} ${hit()}` : "no fault"}: ${failure?.message ?? "done"}`);
    this.#learn(call, failure);
    return failure;
  }

  /** The same call without a fault: it comes to its end, or names the call that does. */
  async #converge(call: FuzzCall): Promise<void> {
    const before = this.#shares();
    const failure = await this.#send(call, this.#client());
    this.#log.push(`  again: ${failure?.message ?? "done"}`);
    this.#learn(call, failure);
    this.#checkSafety(call, before);
    if (!failure) {
      this.#lastFailed.delete(call.name);
      await this.#checkEnd(call);
      return;
    }
    assert.match(failure.code, /^(RESOURCE_|FAILED_PRECONDITION|INVALID_PARAMETER)/);
    const last = this.#lastFailed.get(call.name);
    const advised = adviceOf(failure.message, call, last);
    if (!advised) return;
    const advisedFailure = await this.#send(advised, this.#client());
    this.#log.push(`  as advised, ${show(advised)}: ${advisedFailure?.message ?? "done"}`);
    this.#learn(advised, advisedFailure);
    assert.equal(advisedFailure, null, "what an error says to call helps");
    this.#lastFailed.delete(call.name);
    await this.#checkEnd(advised);
  }

  async #send({ action, name, modelUri, config: given }: FuzzCall, client: AiPlatformClient) {
    try {
      if (action === "create") {
        await client.createDeployment({ name, modelUri, config: given, ...(name !== "own" && { endpoint: "shop" }) });
      }
      if (action === "update") await client.updateDeployment({ name, modelUri, config: given });
      if (action === "delete") await client.deleteDeployment({ name });
      if (action === "split") await client.updateEndpoint({ endpoint: "shop", config: given });
      return null;
    } catch (error) {
      if (DeploymentError.is(error)) return error;
      throw error;
    }
  }

  #anyCall(): FuzzCall {
    const name = this.#pick(["own", "x", "y"]);
    const modelUri = `models:/iris/${this.#pick([1, 2])}`;
    if (!this.#isDeployed(name) && this.#random() < 0.8) {
      return { action: "create", name, modelUri, config: this.#anySettings(name) };
    }
    const action = this.#pick<Action>(["update", "update", "update", "update", "delete", "create", "split"]);
    if (action === "split") return this.#anySplit() ?? this.#anyCall();
    const withModel = action === "create" || this.#random() < 0.6;
    const settings = action === "delete" ? {} : this.#anySettings(name);
    return { action, name, ...(withModel && action !== "delete" && { modelUri }), config: settings };
  }

  #anySettings(name: string): Record<string, unknown> {
    const sometimes = <T>(key: string, values: T[]) => (this.#random() < 0.25 ? { [key]: this.#pick(values) } : {});
    return {
      ...sometimes("machineType", ["n1-standard-2", "n1-standard-4"]),
      ...sometimes("minReplicaCount", [1, 2]),
      ...sometimes("labels", [{ team: "a" }, { team: "b" }]),
      ...sometimes("env", [{ PASSWORD: `${secret}-a` }, { PASSWORD: `${secret}-b` }]),
      ...(name === "own" ? {} : sometimes("trafficPercent", [0, 33, 100])),
    };
  }

  #anySplit(): FuzzCall | null {
    const names = [...new Set(this.#models("shop").map((model) => model.displayName))];
    const [first, second] = names;
    if (!first || !second) return null;
    const share = this.#pick([0, 50, 71, 100]);
    return { action: "split", name: "shop", config: { trafficSplit: { [first]: share, [second]: 100 - share } } };
  }

  #learn({ action, name, modelUri, config: given }: FuzzCall, failure: DeploymentError | null): void {
    if (action === "split") return;
    if (action === "delete") {
      const expected = this.#serving.get(name);
      if (failure && expected) this.#maybe.set(name, expected);
      else if (!failure) this.#maybe.delete(name);
      this.#serving.delete(name);
      return;
    }
    const wanted = new Map<string, unknown>(Object.entries({ ...given, ...(modelUri && { modelUri }) }));
    wanted.delete("trafficPercent");
    const expected = this.#serving.get(name);
    if (failure) {
      if (OperationFailedError.is(failure)) return;
      // it may have come to its end all the same
      const maybe = expected ?? (action === "create" ? (this.#maybe.get(name) ?? knownDefaults()) : undefined);
      for (const [key, value] of wanted) maybe?.get(key)?.add(value);
      if (maybe && !expected) this.#maybe.set(name, maybe);
      return;
    }
    const known = expected ?? (action === "update" ? this.#maybe.get(name) : undefined) ?? knownDefaults();
    this.#maybe.delete(name);
    for (const [key, value] of wanted) known.set(key, new Set([value]));
    this.#serving.set(name, known);
  }

  /** What holds after every call, whether it failed or not. */
  #checkSafety(call: FuzzCall, before: Map<string, number>): void {
    for (const { deployedModels, trafficSplit } of this.#platform.endpoints.endpoints.values()) {
      const ids = deployedModels.map(({ id }) => id);
      assert.ok(
        Object.keys(trafficSplit).every((id) => ids.includes(id)),
        "traffic goes to what is deployed",
      );
      assert.ok([0, 100].includes(sum(Object.values(trafficSplit))), "a split adds up");
    }
    for (const name of this.#serving.keys()) {
      assert.ok(this.#isDeployed(name), `${name} is deployed`);
      if (name === "own") assert.equal(this.#shares().get("own"), 100, "own has all the traffic of its endpoint");
    }
    if (call.action !== "split") this.#checkOthers(call.name, before);
    assert.doesNotMatch(JSON.stringify([...this.#platform.store.records.values()]), new RegExp(secret));
  }

  /** The other deployments of the shared endpoint keep their proportions. */
  #checkOthers(name: string, before: Map<string, number>): void {
    const after = this.#shares();
    const others = [...before.keys()].filter((other) => other !== name && other !== "own");
    const total = sum(others.map((other) => before.get(other)!));
    const rest = sum(others.map((other) => after.get(other) ?? 0));
    if (total === 0) return;
    for (const other of others) {
      const expected = (before.get(other)! * rest) / total;
      assert.ok(Math.abs((after.get(other) ?? 0) - expected) < 1, `the proportion of ${other} stays`);
    }
  }

  /** What holds at the end of a call that went well. */
  async #checkEnd(call: FuzzCall): Promise<void> {
    const { action, name } = call;
    if (action === "split") return;
    const record = this.#platform.store.records.get(name)?.record;
    if (action === "delete") {
      assert.equal(this.#isDeployed(name), false, "nothing is deployed of what was deleted");
      if (record) assertIdle(record);
      return;
    }
    const model = this.#models(name === "own" ? "own" : "shop").filter(({ displayName }) => displayName === name);
    assert.equal(model.length, 1, "one deployed model is left");
    const [{ id, modelVersionId, machineType, minReplicaCount, model: parent }] = model as [(typeof model)[number]];
    assertIdle(record!);
    const ids = Array.from({ length: 32 }, (_attempt, attempt) =>
      deployedModelId(name, record!.spec!.specHash, attempt),
    );
    assert.ok(ids.includes(id), "what is recorded serves");
    const version = this.#platform.registry.versions.find(
      (each) => each.model === parent && each.versionId === modelVersionId,
    );
    const { modelUri } = record!.spec!;
    const team = version!.labels["team"];
    const actual = {
      modelUri,
      machineType,
      minReplicaCount,
      env: version!.env,
      labels: team === undefined ? {} : { team },
    };
    const expected = this.#serving.get(name)!;
    for (const [key, value] of Object.entries(actual)) {
      const known = [...expected.get(key)!];
      const message = `${key} of ${name}: ${JSON.stringify(value)}, and not of ${JSON.stringify(known)}`;
      assert.ok(known.map((each) => JSON.stringify(each)).includes(JSON.stringify(value)), message);
      expected.set(key, new Set([value]));
    }
    assert.ok(version!.artifactUri!.endsWith(copyOf(Number(modelUri.at(-1)))), "the files are the model's");
    if (call.config["trafficPercent"] !== undefined && action === "update") {
      assert.equal(this.#shares().get(name), call.config["trafficPercent"]);
    }
    this.#platform.recorder.calls.length = 0;
    assert.equal(await this.#send(call, this.#client()), null);
    const changing = /\.(create|deploy|undeploy|setTraffic|delete|scale|update|setLabels|write)$/;
    const changes = this.#platform.recorder.methods.filter((method) => changing.test(method));
    assert.deepEqual(changes, [], "the same again changes nothing");
  }

  async #takeAllAway(): Promise<void> {
    for (const name of ["own", "x", "y"]) {
      this.#log.push(`delete ${name}`);
      await this.#client().deleteDeployment({ name });
    }
    await this.#client().deleteEndpoint({ endpoint: "shop" });
    assert.deepEqual([...this.#platform.endpoints.endpoints.keys()], []);
  }

  #client(): AiPlatformClient {
    return getDeployClient("aiplatform", { services: this.#platform.services, config: this.#config });
  }

  #models(endpoint: string) {
    const found = [...this.#platform.endpoints.endpoints.values()].find(({ displayName }) => displayName === endpoint);
    return found?.deployedModels ?? [];
  }

  #isDeployed(name: string): boolean {
    return this.#models(name === "own" ? "own" : "shop").some((model) => model.displayName === name);
  }

  #shares(): Map<string, number> {
    const shares = new Map<string, number>();
    for (const { displayName, trafficPercent } of [...this.#models("own"), ...this.#models("shop")])
      shares.set(displayName, (shares.get(displayName) ?? 0) + trafficPercent);
    return shares;
  }

  #versionsNow(): string[] {
    return this.#platform.registry.versions.map(({ model, versionId }) => `${model}@${versionId}`);
  }

  #pick<T>(values: readonly T[]): T {
    return values[Math.floor(this.#random() * values.length)]!;
  }
}

/** The call that an error's message says to make. */
function adviceOf(message: string, call: FuzzCall, last: FuzzCall | undefined): FuzzCall | null {
  if (/deleteDeployment of .* was cut off/.test(message)) return { action: "delete", name: call.name, config: {} };
  if (/updateDeployment of .* was cut off/.test(message)) {
    assert.equal(last?.action, "update");
    return last;
  }
  if (/createDeployment of .* was cut off|Run its createDeployment again/.test(message)) {
    assert.equal(last?.action, "create");
    return last;
  }
  return null;
}

function assertIdle({ lock, pending, update }: DeploymentRecord): void {
  assert.deepEqual({ lock, pending, update }, { lock: null, pending: null, update: null }, "its record is at rest");
}

function knownDefaults(): Expected {
  const defaults = { machineType: "n1-standard-2", minReplicaCount: 1, labels: {}, env: {}, modelUri: null };
  return new Map(Object.entries(defaults).map(([key, value]) => [key, new Set<unknown>([value])]));
}

function show({ action, name, modelUri, config: given }: FuzzCall): string {
  return `${action} ${name} ${modelUri ?? ""} ${JSON.stringify(given)}`;
}

function sum(values: number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
