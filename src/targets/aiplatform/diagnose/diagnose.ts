import { type Clock, systemClock } from "../../../core/clock.js";
import type { Diagnosis } from "../../../core/diagnosis.js";
import { throwIfCancelled } from "../../../core/errors.js";
import type { MlflowOptions } from "../../../mlflow/credentials.js";
import { findPython, type PythonInterpreter } from "../../../runtime/python.js";
import { type LoadedSettings, loadSettings, type SettingSources } from "../config/load-settings.js";
import { type ConnectionOptions, GoogleConnection } from "../google/connection.js";
import { apis } from "./apis.js";
import { bucket } from "./bucket.js";
import { Checks, type Finding } from "./check.js";
import { clockSkew } from "./clock-skew.js";
import { credentials } from "./credentials.js";
import { emulator } from "./emulator.js";
import { location } from "./location.js";
import { node, python } from "./machine.js";
import { mlflow } from "./mlflow.js";
import { permissions } from "./permissions.js";
import type { Place } from "./place.js";
import { project } from "./project.js";
import { serviceAccounts } from "./service-accounts.js";
import { settingsFinding } from "./settings.js";

/** What the checks look through. */
export interface Instruments {
  connect: (options: ConnectionOptions) => GoogleConnection;
  findPython: () => Promise<PythonInterpreter>;
  clock: Clock;
  /** This Node's version, such as `20.19.0`. */
  nodeVersion: string;
  /** How long one check may take, in milliseconds. */
  timeoutMs: number;
}

const instruments: Instruments = {
  connect: (options) => new GoogleConnection(options),
  findPython: () => findPython(),
  clock: systemClock,
  nodeVersion: process.versions.node,
  timeoutMs: 10_000,
};

/**
 * Looks at all that a deployment needs, and changes nothing. What is wrong is a finding, wrong settings too; what cannot
 * be looked at because of it is skipped.
 *
 * @throws DeploymentError `CANCELLED`, and nothing else.
 */
export async function diagnose(
  sources: SettingSources,
  mlflowOptions: MlflowOptions,
  signal: AbortSignal | undefined,
  through: Instruments = instruments,
): Promise<Diagnosis[]> {
  const checks = new Checks(signal, through.timeoutMs);
  let loaded: LoadedSettings | undefined;
  const settings = checks.run("settings", () => settingsFinding((loaded = loadSettings(sources))));
  const place = once<Place>(() => {
    const { settings: values } = loaded!;
    const { emulatorHost, allowRemoteEmulator, keyFilename, projectId } = values;
    const connection = through.connect({ emulatorHost, allowRemoteEmulator, keyFilename, projectId });
    const found = once(async () => projectId ?? (await connection.defaultProject()));
    const { clock, timeoutMs } = through;
    return { settings: values, connection, clock, timeoutMs, env: sources.env, project: found };
  });
  const run = (
    check: string,
    look: (at: Place, stop: AbortSignal) => Finding | Promise<Finding>,
    ...after: Promise<Diagnosis>[]
  ) => checks.run(check, (stop) => look(place(), stop), [settings, ...after]);

  const emulated = run("emulator", emulator);
  const signedIn = run("credentials", credentials, emulated);
  const placed = run("project", (at) => project(at, sources), emulated);
  const all = [
    settings,
    emulated,
    signedIn,
    placed,
    run("location", location, signedIn, placed),
    run("apis", apis, signedIn, placed),
    run("bucket", bucket, signedIn),
    run("permissions", permissions, signedIn, placed),
    run("serviceAccounts", serviceAccounts, signedIn, placed),
    checks.run(
      "mlflow",
      (stop) => {
        const { trackingUri, registryUri } = loaded!.settings;
        return mlflow({ ...mlflowOptions, trackingUri, registryUri, env: sources.env }, stop);
      },
      [settings],
    ),
    checks.run("python", () => python(through.findPython)),
    checks.run("node", () => node(through.nodeVersion)),
    run("clock", clockSkew, emulated),
  ];
  const diagnoses = await Promise.all(all);
  throwIfCancelled(signal, "The diagnosis");
  return diagnoses;
}

/** Makes a value when it is first asked for. */
function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
