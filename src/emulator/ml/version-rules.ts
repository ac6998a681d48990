/** What `versions.create` refuses at once, from the field descriptions of the discovery document `ml.v1`. */
import { parseGsUri } from "../cloud-storage/gs-uri.js";
import { unimplemented } from "../google-error.js";
import { labelProblems } from "../labels.js";
import type { JsonObject } from "../proto/parse.js";
import { type FieldProblem, nameProblems, throwProblems } from "./field-error.js";
import type { VersionSettings } from "./records.js";

/** Of the endpoint that is for all regions, where custom prediction routines run. */
const defaultMachineType = "mls1-c1-m2";

/**
 * The settings of a version that may be created, defaults filled in.
 *
 * @param version A parsed `Version`.
 * @throws GoogleError INVALID_ARGUMENT for a field that is missing or malformed, FAILED_PRECONDITION for fields that do not go
 *   together, UNIMPLEMENTED for a version that is no custom prediction routine.
 */
export function versionSettings(version: JsonObject): VersionSettings {
  const { name, etag: _etag, ...asked } = version;
  const settings = { machineType: defaultMachineType, packageUris: [], ...asked } as Partial<VersionSettings>;
  throwProblems("INVALID_ARGUMENT", [
    ...nameProblems("version.name", name as string | undefined),
    ...formatProblems(settings),
    ...labelProblems((settings["labels"] ?? {}) as Record<string, string>).map((description) => ({
      field: "version.labels",
      description,
    })),
  ]);
  if (settings.predictionClass === undefined) {
    throw unimplemented(
      "The emulator serves custom prediction routines only: set predictionClass and packageUris, see docs/emulator.md.",
    );
  }
  throwProblems("FAILED_PRECONDITION", combinationProblems(settings));
  return settings as VersionSettings;
}

function formatProblems(settings: JsonObject): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const add = (field: string, description: string) => problems.push({ field: `version.${field}`, description });
  const { deploymentUri, runtimeVersion, pythonVersion, predictionClass } = settings as Record<string, string>;
  if (deploymentUri === undefined || !parseGsUri(deploymentUri)) {
    add("deployment_uri", "A Cloud Storage directory is required: gs://BUCKET/DIRECTORY.");
  }
  if (runtimeVersion === undefined || !/^\d+\.\d+$/.test(runtimeVersion)) {
    add("runtime_version", "A runtime version is required, such as 2.11.");
  }
  if (pythonVersion === undefined || !/^\d+\.\d+$/.test(pythonVersion)) {
    add("python_version", "A Python version is required, such as 3.7.");
  }
  if (predictionClass !== undefined && !/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$/.test(predictionClass)) {
    add("prediction_class", "The fully qualified name of a class is required: MODULE.CLASS.");
  }
  for (const uri of settings["packageUris"] as string[]) {
    const object = parseGsUri(uri)?.object ?? "";
    if (object === "" || object.endsWith("/")) add("package_uris", `"${uri}" is not the Cloud Storage path of a file.`);
  }
  if (settings["autoScaling"] !== undefined && settings["manualScaling"] !== undefined) {
    add("manual_scaling", "Only one of auto_scaling and manual_scaling may be set.");
  }
  return problems;
}

/** "you must set runtimeVersion to 1.4 or greater and you must set machineType to a legacy (MLS1) machine type" */
function combinationProblems(settings: Partial<VersionSettings>): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const framework = settings["framework"];
  if (framework !== undefined && framework !== "FRAMEWORK_UNSPECIFIED") {
    const description =
      'Exactly one of "prediction_class" and "framework" may be provided. ' +
      'In order to use a custom prediction class, "framework" should be left unspecified.';
    problems.push({ field: "prediction_class", description });
  }
  if (settings.packageUris?.length === 0) {
    const description = "One of the packages must contain the prediction class, and there is none.";
    problems.push({ field: "version.package_uris", description });
  }
  if (!settings.machineType?.startsWith("mls1-")) {
    const description = `A custom prediction class needs a legacy (MLS1) machine type, such as ${defaultMachineType}, not ${settings.machineType}.`;
    problems.push({ field: "version.machine_type", description });
  }
  return [...problems, ...pythonProblems(String(settings["runtimeVersion"]), String(settings["pythonVersion"]))];
}

/** The runtime versions that each version of Python is in: `[first, last]`, both included. */
const pythonVersions: Readonly<Record<string, readonly [first: string, last: string]>> = {
  "2.7": ["1.4", "1.15"],
  "3.5": ["1.4", "1.14"],
  "3.7": ["1.15", "2.99"],
};

function pythonProblems(runtimeVersion: string, pythonVersion: string): FieldProblem[] {
  const [first, last] = pythonVersions[pythonVersion] ?? [];
  if (first !== undefined && order(first, runtimeVersion) <= 0 && order(runtimeVersion, last!) <= 0) return [];
  const description = `Python ${pythonVersion} is not available in the runtime version ${runtimeVersion}. There are Python 3.7 since 1.15, 3.5 from 1.4 to 1.14, and 2.7 from 1.4 to 1.15.`;
  return [{ field: "version.python_version", description }];
}

function order(a: string, b: string): number {
  const [major = 0, minor = 0] = a.split(".").map(Number);
  const [otherMajor = 0, otherMinor = 0] = b.split(".").map(Number);
  return major - otherMajor || minor - otherMinor;
}
