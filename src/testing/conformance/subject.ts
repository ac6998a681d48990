import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";

import type { BaseDeploymentClient } from "../../core/base-client.js";
import type { Capability } from "../../core/capabilities.js";
import type { CreateDeploymentOptions } from "../../core/options.js";
import type { PruneItem } from "../../core/prune.js";
import type { TargetUnderTest } from "./target-under-test.js";

/** The target, one client of it, and the names of one run. */
export class Subject<Config extends object> {
  readonly options: TargetUnderTest<Config>;
  /** Sorts after `second`. */
  readonly first: string;
  readonly second: string;
  /** Names for what is made beside those two. */
  readonly stranger: string;
  /** What could be pruned before this run has deployed anything: none of its business. See {@link pruneKey}. */
  readonly prunableBefore = new Set<string>();
  readonly #unique: string;
  #client: Promise<BaseDeploymentClient<Config>> | undefined;

  constructor(options: TargetUnderTest<Config>) {
    this.options = options;
    this.#unique = randomBytes(4).toString("hex");
    this.first = this.name("first");
    this.second = this.name("a-second");
    this.stranger = this.name("nobody");
  }

  /** A name that no other run has. */
  name(ending: string): string {
    return `${this.options.prefix ?? "conformance"}-${this.#unique}-${ending}`;
  }

  /** The one client of most tests. */
  client(): Promise<BaseDeploymentClient<Config>> {
    this.#client ??= Promise.resolve(this.options.createClient());
    return this.#client;
  }

  has(capability: Capability): boolean {
    return this.options.capabilities?.includes(capability) ?? false;
  }

  /** Whether the caller has given something that is optional. Does not read it: its getter may have nothing to give yet. */
  isGiven(option: keyof TargetUnderTest): boolean {
    return option in this.options;
  }

  get missingModel(): string {
    return this.options.missingModel ?? "models:/no-such-model/1";
  }

  get flavor(): string {
    return this.options.flavor ?? "python_function";
  }

  get missingFlavor(): string {
    return this.options.missingFlavor ?? "no_such_flavor";
  }

  /** What deploys `model`. */
  request(name: string, config?: Config): CreateDeploymentOptions<Config> & { name: string } {
    const { model } = this.options;
    return { name, modelUri: model, config: { ...this.options.config, ...config } as Config };
  }

  /** Deletes what is left of this run: after a failed test that may be anything. */
  async cleanUp(): Promise<void> {
    const client = await this.client();
    const isOwn = ({ name }: { name: string }) => name.startsWith(this.name(""));
    for (const { name } of (await client.listDeployments()).filter(isOwn)) await client.deleteDeployment({ name });
    if (!this.has("endpoints")) return;
    for (const { name } of (await client.listEndpoints()).filter(isOwn))
      await client.deleteEndpoint({ endpoint: name });
  }

  /** Runs `change`, and sends one prediction after another meanwhile: each has to be answered, by `model` or by `otherModel`. */
  async predictingMeanwhile<T>(deploymentName: string, change: () => Promise<T>): Promise<T> {
    const client = await this.client();
    const { inputs, expected, otherExpected } = this.options;
    const call = { isDone: false };
    const changed = change().finally(() => {
      call.isDone = true;
    });
    // whoever waits below is told of its failure
    changed.catch(() => {});
    do {
      const { predictions } = await client.predict({ deploymentName, inputs });
      try {
        assert.deepEqual(predictions, expected);
      } catch {
        assert.deepEqual(predictions, otherExpected);
      }
      // where predictions are answered at once, lets the change have its turn
      await turn();
    } while (!call.isDone);
    return changed;
  }
}

/** What tells an item to prune from all others. */
export function pruneKey({ kind, name }: PruneItem): string {
  return `${kind} ${name}`;
}
