import { z } from "zod";

/** What the documentation and the loader need to know of a setting beside its values. */
export interface SettingMeta {
  /** One or two sentences for a person. */
  description: string;
  /** Environment variables, the first that is set wins. */
  env?: string[];
  /** Other names in `config`, from tools that users come from. */
  aliases?: string[];
  /** What is used when nothing is said, for a person; where zod's own default does not say it. */
  defaultText?: string;
  /** True when what is served depends on it, so that another value makes another deployment. */
  spec?: boolean;
}

/** The {@link SettingMeta} of each setting. */
export const settingMeta = z.registry<SettingMeta>();

const text = () => z.string().trim().min(1, "must not be empty");

/** A whole number; text from an environment variable or a command line is read as one. */
const wholeNumber = (minimum: number) =>
  z.preprocess(
    (value) => (typeof value === "string" && /^\d+$/.test(value.trim()) ? Number(value) : value),
    z.int(`must be a whole number, ${minimum} or more`).min(minimum, `must be ${minimum} or more`),
  );

/** A boolean; only the texts `true` and `false` are read as one. */
const flag = () =>
  z.preprocess(
    (value) => (value === "true" ? true : value === "false" ? false : value),
    z.boolean("must be true or false"),
  );

/** A table of text; JSON text is read as one. */
const table = () => z.preprocess(parseJson, z.record(z.string(), z.string()));

function parseJson(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

const labelKey = /^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}0-9_-]{0,62}$/u;
const labelText = /^[\p{Ll}\p{Lo}0-9_-]{0,63}$/u;
const labels = () =>
  table().refine(
    (value) => Object.entries(value).every(([key, label]) => labelKey.test(key) && labelText.test(label)),
    "must have keys and values of at most 63 lower-case letters, digits, _ and -, the keys beginning with a letter",
  );

/** Cloud Storage's rule: "Bucket name requirements". */
const bucket = () =>
  z.preprocess(
    (value) => (typeof value === "string" ? value.replace(/^gs:\/\//, "").replace(/\/$/, "") : value),
    z.string().regex(/^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/, "must be a bucket's name, such as acme-models"),
  );

const route = () =>
  z
    .string()
    .transform((value) => value.replace(/^\/+|\/+$/g, ""))
    .refine((value) => !/[\p{Cc}#?*[\]]|(^|\/)\.{0,2}(\/|$)/u.test(value) || value === "", {
      message:
        "must be a path in the bucket, such as models/production, without control characters, ., .., or any of # ? * [ ]",
    });

/**
 * Every setting of the `aiplatform` target: the types, the checks, the target's help and the documentation all come
 * from here. In `config` each may be written in camelCase or snake_case.
 */
export const settingsShape = {
  projectId: text()
    .optional()
    .register(settingMeta, {
      description: "The Google Cloud project, by its id.",
      env: ["project_id", "GOOGLE_CLOUD_PROJECT"],
      aliases: ["project"],
      defaultText: "the project of the Application Default Credentials",
    }),
  location: z
    .string()
    .regex(/^[a-z]+(-[a-z]+)+\d+$/, "must be a region, such as europe-west1")
    .default("us-central1")
    .register(settingMeta, {
      description: "The region of endpoint, model, image repository and, unless it is a multi-region, bucket.",
      env: ["GOOGLE_CLOUD_LOCATION", "GOOGLE_CLOUD_REGION"],
      aliases: ["region"],
    }),
  platform: z.enum(["vertex"]).default("vertex").register(settingMeta, {
    description: "The serving platform: Vertex AI.",
  }),
  productionBucket: bucket()
    .optional()
    .register(settingMeta, {
      description: "The bucket that bundle, model artifacts and deployment records go to. Needed to deploy.",
      env: ["production_bucket"],
      aliases: ["stagingBucket"],
    }),
  productionRoute: route()
    .default("mlflow-deployments")
    .register(settingMeta, {
      description: "The path in the bucket below which everything is kept.",
      env: ["production_route"],
    }),
  trackingUri: text()
    .optional()
    .register(settingMeta, {
      description: "The MLflow tracking server, such as http://localhost:5000.",
      env: ["tracking_uri", "MLFLOW_TRACKING_URI"],
    }),
  runId: text()
    .optional()
    .register(settingMeta, {
      description: "The MLflow run whose model is deployed, where no model URI is given.",
      env: ["run_id", "MLFLOW_RUN_ID"],
    }),
  modelName: text()
    .max(128, "must have at most 128 characters")
    .optional()
    .register(settingMeta, {
      description: "The registry model that the deployment's versions belong to, by its display name.",
      env: ["model_name"],
      defaultText: "the deployment's name",
      spec: true,
    }),
  versionName: text()
    .max(128, "must have at most 128 characters")
    .optional()
    .register(settingMeta, {
      description:
        "The version's name. Becomes a legal alias of the registry version (v_1 becomes v-1) and the version of the sdist.",
      env: ["version_name"],
      spec: true,
    }),
  predictionScript: text()
    .optional()
    .register(settingMeta, {
      description:
        "A Python file to use as predictor.py: class Predictor with __init__(model, preprocessor), predict(instances, **kwargs) and from_path(model_dir). A file that ends in .mustache is rendered first.",
      env: ["prediction_script"],
    }),
  setupFile: text()
    .optional()
    .register(settingMeta, {
      description:
        'A Python file to use as setup.py. "MODEL_VERSION" in it becomes the sdist\'s version; a file that ends in .mustache is rendered first.',
      env: ["setup_file"],
    }),
  tmpDir: text()
    .optional()
    .register(settingMeta, {
      description: "The directory in which the bundle is made and a remote model is kept while it is deployed.",
      env: ["tmp_dir"],
      defaultText: "the system's temporary directory",
    }),
  serving: z.enum(["build", "image"]).default("build").register(settingMeta, {
    description: "Where the serving image comes from: build it with Cloud Build, or take imageUri.",
    spec: true,
  }),
  imageUri: text().optional().register(settingMeta, {
    description: "An image of your own in Artifact Registry, in the endpoint's region; with serving: image.",
    spec: true,
  }),
  imageRepository: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,61}[a-z0-9]$/, "must be 2 to 63 lower-case letters, digits and -")
    .default("mlflow-deployments")
    .register(settingMeta, {
      description: "The Artifact Registry repository of built images; made if absent.",
    }),
  baseImage: text().optional().register(settingMeta, {
    description: "The image that the built one starts from.",
    defaultText: "python:X.Y-slim of the model's own Python",
    spec: true,
  }),
  buildLocation: text().default("global").register(settingMeta, {
    description: "The region that Cloud Build runs in; some projects may build only in a few.",
  }),
  buildServiceAccount: text().optional().register(settingMeta, {
    description:
      "The account that builds, with roles/storage.objectViewer, roles/artifactregistry.writer and roles/logging.logWriter.",
    defaultText: "the project's default account for builds",
  }),
  buildTimeout: wholeNumber(1).default(1800).register(settingMeta, {
    description: "Seconds that a build may take.",
  }),
  machineType: text().default("n1-standard-2").register(settingMeta, {
    description: "The machine type of each replica.",
    spec: true,
  }),
  minReplicaCount: wholeNumber(1).default(1).register(settingMeta, {
    description: "Replicas that always run.",
    spec: true,
  }),
  maxReplicaCount: wholeNumber(1).optional().register(settingMeta, {
    description: "Replicas that autoscaling may go up to.",
    defaultText: "minReplicaCount",
    spec: true,
  }),
  acceleratorType: text().optional().register(settingMeta, {
    description: "The accelerator of each replica, such as NVIDIA_TESLA_T4.",
    spec: true,
  }),
  acceleratorCount: wholeNumber(1).optional().register(settingMeta, {
    description: "Accelerators of each replica.",
    defaultText: "1 where acceleratorType is set",
    spec: true,
  }),
  serviceAccount: text().optional().register(settingMeta, {
    description: "The account that the container runs as; you need iam.serviceAccounts.actAs on it.",
    defaultText: "an account of Google's that can read nothing but the model",
    spec: true,
  }),
  endpointType: z.enum(["shared", "dedicated"]).default("shared").register(settingMeta, {
    description:
      "shared: requests up to 1.5 MB and 60 s through Google's shared host. dedicated: a host of its own, 10 MB and up to an hour.",
    spec: true,
  }),
  encryptionSpecKeyName: text().optional().register(settingMeta, {
    description: "The customer-managed key that encrypts endpoint and model.",
    spec: true,
  }),
  labels: labels().default({}).register(settingMeta, {
    description: "Labels of endpoint and model version.",
    spec: true,
  }),
  env: table()
    .refine(
      (value) => Object.keys(value).every((name) => /^(?!AIP_)[A-Za-z_][A-Za-z0-9_]*$/.test(name)),
      "must have names of letters, digits and _, that do not start with a digit or with AIP_",
    )
    .default({})
    .register(settingMeta, {
      description: "Environment variables of the serving container; names that start with AIP_ are the platform's.",
      spec: true,
    }),
  deployTimeout: wholeNumber(1)
    .default(1800)
    .register(settingMeta, {
      description: "Seconds that each operation of the platform may take: endpoint, version, deploy, undeploy.",
      aliases: ["endpointDeployTimeout"],
    }),
  ifExists: z.enum(["return", "error"]).default("return").register(settingMeta, {
    description: "What createDeployment does when the very same deployment is there already; error is MLflow's way.",
  }),
  deleteModel: flag().default(false).register(settingMeta, {
    description: "Whether deleteDeployment deletes the model's versions of this deployment as well.",
  }),
  keyFilename: text().optional().register(settingMeta, {
    description: "A file of Google credentials.",
    defaultText: "Application Default Credentials",
  }),
  emulatorHost: text()
    .optional()
    .register(settingMeta, {
      description:
        "HOST:PORT of an emulator to use in place of Google Cloud, for every service. No credentials are sent to it.",
      env: ["AIPLATFORM_EMULATOR_HOST"],
    }),
  allowRemoteEmulator: flag()
    .default(false)
    .register(settingMeta, {
      description: "Whether the emulator may be on another machine.",
      env: ["AIPLATFORM_EMULATOR_ALLOW_REMOTE"],
    }),
} as const;

/** The checks that look at more than one setting. */
export const settingsSchema = z.strictObject(settingsShape).superRefine((settings, context) => {
  const refuse = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
  const { serving, imageUri, minReplicaCount, maxReplicaCount, acceleratorType, acceleratorCount } = settings;
  if (serving === "image" && imageUri === undefined) refuse("imageUri", "is needed with serving: image");
  if (serving !== "image" && imageUri !== undefined) refuse("imageUri", "needs serving: image");
  if (maxReplicaCount !== undefined && maxReplicaCount < minReplicaCount) {
    refuse("maxReplicaCount", `must be at least minReplicaCount (${minReplicaCount})`);
  }
  if (acceleratorCount !== undefined && acceleratorType === undefined)
    refuse("acceleratorType", "is needed with acceleratorCount");
});

/** The settings of one call, checked and complete. */
export type AiPlatformSettings = z.output<typeof settingsSchema>;

/** The name of a setting. */
export type SettingName = keyof typeof settingsShape;
