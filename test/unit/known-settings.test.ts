import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseTargetUri } from "../../src/core/target-uri.js";
import { KnownSettings } from "../../src/targets/aiplatform/known-settings.js";

const target = parseTargetUri("aiplatform");
let env: Record<string, string>;
let known: KnownSettings;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: 0 });
  env = { project_id: "acme" };
  known = new KnownSettings();
});
afterEach(() => {
  vi.useRealTimers();
});

const load = (callConfig?: object, clientConfig?: object) => known.load({ target, env, callConfig, clientConfig });

describe("the settings of calls in a loop", () => {
  it("are those of the call before while the configs say the same", () => {
    const first = load({ location: "europe-west1" }, { labels: { a: "b" } });
    expect(load({ location: "europe-west1" }, { labels: { a: "b" } })).toBe(first);
  });

  it("follow a config at once, also one that is changed in its place", () => {
    const config = { location: "europe-west1", labels: { team: "a" } };
    expect(load(config).settings.labels).toEqual({ team: "a" });
    config.labels.team = "b";
    expect(load(config).settings.labels).toEqual({ team: "b" });
    expect(load({ location: "us-east1" }).settings.location).toBe("us-east1");
    expect(load(undefined, { location: "us-west1" }).settings.location).toBe("us-west1");
  });

  it("follow the environment within a second, also where the clock was put back", () => {
    expect(load().settings.projectId).toBe("acme");
    env["project_id"] = "other";
    expect(load().settings.projectId).toBe("acme");
    vi.setSystemTime(1001);
    expect(load().settings.projectId).toBe("other");
    env["project_id"] = "third";
    vi.setSystemTime(-60_000);
    expect(load().settings.projectId).toBe("third");
  });

  it("are refused each time while they are wrong", () => {
    for (const attempt of [1, 2]) expect(() => load({ location: attempt })).toThrow(/location/);
    expect(load({ location: "us-east1" }).settings.location).toBe("us-east1");
  });

  it("follow the emulator's variable at once", () => {
    expect(load().settings.emulatorHost).toBeUndefined();
    env["AIPLATFORM_EMULATOR_HOST"] = "127.0.0.1:9090";
    expect(load().settings.emulatorHost).toBe("127.0.0.1:9090");
  });

  it("are not taken for others that JSON cannot tell from them", () => {
    load({ minReplicaCount: null });
    expect(() => load({ minReplicaCount: Number.NaN })).toThrow(/minReplicaCount/);
    load({});
    expect(() => load({ bogus: () => 1 })).toThrow(/bogus/);
    expect(() => load({ minReplicaCount: 1n })).toThrow(/minReplicaCount/);
  });
});
