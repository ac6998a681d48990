import { existsSync, statSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join, posix } from "node:path";

import type { Repositories } from "../artifacts/repositories.js";
import { GoogleError } from "../google-error.js";
import type { ImageFiles } from "../image-files.js";
import { type BuiltImage, type ImageRegistry, parseImageUri } from "../images.js";
import type { ObjectStore } from "../cloud-storage/object-store.js";
import { BuildFailure, stepFailure } from "./build-failure.js";
import { type Build, type BuildStep, durationSeconds, type TimeSpan } from "./build-message.js";
import { parseDockerBuild } from "./docker-step.js";
import { finishImage } from "./finish-image.js";
import { buildImage } from "./image-builder.js";
import { ArchiveError, extractTarGz } from "./tar.js";

/** What builds work with. */
export interface BuildEnvironment {
  objects: ObjectStore;
  images: ImageRegistry;
  repositories: Repositories;
  /** Where images are kept. */
  files: ImageFiles;
  /** Where sources are unpacked. */
  dataDir: string;
  /** Where Python environments are kept; default: the user's cache directory. */
  cacheDir: string | undefined;
  /** The interpreter that the emulator was given, if any. */
  python: string | undefined;
}

/** How a build tells what it does. */
export interface BuildReporter {
  log(line: string): void;
  change(patch: Partial<Build>): void;
}

/** The images that the steps of a build made, as they are at the builder. */
type LocalImages = Map<string, BuiltImage & { sizeBytes: number }>;

/**
 * Does what a build asks for: fetches its source, follows its steps, pushes its images.
 *
 * @throws BuildFailure saying which of them failed and why.
 */
export async function runBuild(
  build: Build,
  environment: BuildEnvironment,
  report: BuildReporter,
  signal: AbortSignal,
): Promise<void> {
  const directory = join(environment.dataDir, "builds", build.id);
  const timing: Record<string, TimeSpan> = {};
  const phase = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const startTime = new Date().toISOString();
    try {
      return await work();
    } finally {
      timing[name] = { startTime, endTime: new Date().toISOString() };
      report.change({ timing: { ...timing } });
    }
  };
  try {
    await mkdir(join(directory, "workspace"), { recursive: true });
    if (build.source?.storageSource) {
      report.log("FETCHSOURCE");
      await phase("FETCHSOURCE", () => fetchSource(build, directory, environment.objects, report, signal));
    }
    await environment.files.during(async (hold) => {
      report.log("BUILD");
      const local = await phase("BUILD", () => runSteps(build, directory, { environment, hold }, report, signal));
      report.log("PUSH");
      const images = await phase("PUSH", async () => pushImages(build.images ?? [], local, environment, report));
      report.change({ results: { images, buildStepImages: build.steps.map(() => "") } });
    });
    report.log("DONE");
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function fetchSource(
  build: Build,
  directory: string,
  objects: ObjectStore,
  report: BuildReporter,
  signal: AbortSignal,
): Promise<void> {
  const { bucket = "", object = "", generation } = build.source?.storageSource ?? {};
  const shown = `gs://${bucket}/${object}${generation ? `#${generation}` : ""}`;
  report.log(`Fetching storage object: ${shown}`);
  try {
    const found = await objects.stat(bucket, object, generation === "0" ? undefined : generation);
    if (!found) throw new ArchiveError(`googleapi: Error 404: No such object: ${bucket}/${object}, notFound`);
    const resolvedStorageSource = { bucket, object, generation: found.generation };
    report.change({ sourceProvenance: { resolvedStorageSource } });
    await extractTarGz(await objects.open(bucket, object), join(directory, "workspace"), signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ArchiveError || error instanceof GoogleError)) throw error;
    throw new BuildFailure("FETCH_SOURCE_FAILED", `failed to fetch source ${shown}: ${error.message}`);
  }
}

interface Builder {
  environment: BuildEnvironment;
  /** Keeps an image's directory until the build is over. */
  hold: (root: string) => void;
}

async function runSteps(
  build: Build,
  directory: string,
  builder: Builder,
  report: BuildReporter,
  signal: AbortSignal,
): Promise<LocalImages> {
  const local: LocalImages = new Map();
  const steps = build.steps.map((step): BuildStep => ({ ...step, status: "QUEUED" }));
  for (const [index, step] of steps.entries()) {
    const startTime = new Date().toISOString();
    const end = (status: "SUCCESS" | "FAILURE") => {
      steps[index] = { ...step, status, timing: { startTime, endTime: new Date().toISOString() } };
      report.change({ steps: [...steps] });
    };
    steps[index] = { ...step, status: "WORKING", timing: { startTime } };
    report.change({ steps: [...steps] });
    const label = step.id ? `Step #${index} - "${step.id}"` : `Step #${index}`;
    report.log(`Starting ${label}`);
    try {
      const limit = step.timeout === undefined ? [] : [AbortSignal.timeout(durationSeconds(step.timeout) * 1000)];
      const home = join(directory, "home");
      await mkdir(home, { recursive: true, mode: 0o700 });
      await runStep(step, join(directory, "workspace"), join(directory, `image-${index}`), local, {
        ...builder,
        home,
        log: (line) => report.log(`${label}: ${line}`),
        signal: AbortSignal.any([signal, ...limit]),
      });
    } catch (error) {
      end("FAILURE");
      if (error instanceof BuildFailure) {
        report.log(`${label}: ${error.message}`);
        throw stepFailure(`build step ${index} "${step.name}" failed: ${error.message}`);
      }
      signal.throwIfAborted();
      throw error;
    }
    end("SUCCESS");
    report.log(`Finished ${label}`);
  }
  return local;
}

interface StepContext extends Builder {
  home: string;
  log: (line: string) => void;
  signal: AbortSignal;
}

async function runStep(
  step: BuildStep,
  workspace: string,
  root: string,
  local: LocalImages,
  { environment, hold, home, log, signal }: StepContext,
): Promise<void> {
  if (!/^gcr\.io\/cloud-builders\/docker(?:[:@].+)?$/.test(step.name) || step.entrypoint) {
    throw stepFailure(
      `the emulator has one builder, gcr.io/cloud-builders/docker with its own entry point, and not ${step.name}`,
    );
  }
  const docker = parseDockerBuild(step);
  const inWorkspace = (...path: string[]) => join(workspace, posix.resolve("/", step.dir ?? "", ...path));
  const directory = inWorkspace(docker.context);
  if (!existsSync(directory) || !statSync(directory).isDirectory()) {
    throw stepFailure(`unable to prepare context: path "${docker.context}" not found`);
  }
  const dockerfile = docker.dockerfile === undefined ? join(directory, "Dockerfile") : inWorkspace(docker.dockerfile);
  if (!existsSync(dockerfile)) {
    throw stepFailure(
      `unable to evaluate symlinks in Dockerfile path: lstat ${docker.dockerfile ?? "Dockerfile"}: no such file or directory`,
    );
  }
  const draft = await buildImage(await readFile(dockerfile, "utf8"), root, {
    directory,
    buildArgs: docker.buildArgs,
    givenPython: environment.python,
    home,
    cacheDir: environment.cacheDir,
    onLine: log,
    signal,
  });
  const image = await finishImage(draft, environment.files.directory, hold);
  log(`Successfully built ${image.digest.slice(7, 19)}`);
  for (const tag of docker.tags) {
    local.set(withTag(tag), image);
    log(`Successfully tagged ${withTag(tag)}`);
  }
}

function pushImages(
  uris: string[],
  local: LocalImages,
  environment: BuildEnvironment,
  report: BuildReporter,
): { name: string; digest: string; pushTiming: TimeSpan }[] {
  return uris.map((name) => {
    const startTime = new Date().toISOString();
    report.log(`Pushing ${name}`);
    const image = local.get(withTag(name));
    if (!image) {
      throw new BuildFailure(
        "PUSH_IMAGE_NOT_FOUND",
        `failed to find one or more images after execution of build steps: ["${name}"]`,
      );
    }
    push(name, image, environment);
    report.log(`${withTag(name)}: digest: ${image.digest}`);
    return { name, digest: image.digest, pushTiming: { startTime, endTime: new Date().toISOString() } };
  });
}

function push(name: string, image: BuiltImage & { sizeBytes: number }, environment: BuildEnvironment): void {
  const uri = parseImageUri(withTag(name))!;
  const repository = environment.repositories.of(uri);
  if (!repository) {
    throw new BuildFailure(
      "PUSH_FAILED",
      `error pushing image "${name}": name unknown: Repository "${uri.repository}" not found`,
    );
  }
  const tagged = environment.images.find(withTag(name));
  if (repository.dockerConfig?.immutableTags && tagged && tagged.digest !== image.digest) {
    throw new BuildFailure(
      "PUSH_FAILED",
      `error pushing image "${name}": denied: cannot update tag ${uri.tag}. The repository has enabled tag immutability`,
    );
  }
  environment.images.push(`${repository.registryUri}/${uri.image}`, uri.tag!, image);
}

function withTag(uri: string): string {
  return /:[^/]*$/.test(uri) ? uri : `${uri}:latest`;
}
