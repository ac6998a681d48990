import { z } from "zod";

import { settingMeta } from "./setting-meta.js";
import {
  bucket,
  flag,
  json,
  labels,
  parseJson,
  percent,
  route,
  split,
  table,
  text,
  wholeNumber,
} from "./setting-values.js";

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
  platform: z
    .enum(["vertex", "legacy"])
    .default("vertex")
    .register(settingMeta, {
      description:
        "The serving platform: Vertex AI, or legacy AI Platform Prediction (ml v1), which Google ended in January 2025.",
      env: ["MLFLOW_DEPLOYMENTS_PLATFORM"],
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
      changes: "version",
    }),
  versionName: text()
    .max(128, "must have at most 128 characters")
    .optional()
    .register(settingMeta, {
      description:
        "The version's name. Becomes a legal alias of the registry version (v_1 becomes v-1) and the version of the sdist.",
      env: ["version_name"],
      changes: "version",
    }),
  predictionScript: text()
    .optional()
    .register(settingMeta, {
      description:
        "A Python file to use as predictor.py: class Predictor with __init__(model, preprocessor), predict(instances, **kwargs) and from_path(model_dir). A file that ends in .mustache is rendered first.",
      env: ["prediction_script"],
      changes: "environment",
    }),
  setupFile: text()
    .optional()
    .register(settingMeta, {
      description:
        'A Python file to use as setup.py. "MODEL_VERSION" in it becomes the sdist\'s version; a file that ends in .mustache is rendered first.',
      env: ["setup_file"],
      changes: "environment",
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
    changes: "version",
  }),
  imageUri: text().optional().register(settingMeta, {
    description: "An image of your own in Artifact Registry, in the endpoint's region; with serving: image.",
    changes: "version",
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
    changes: "version",
  }),
  destinationImageUri: z
    .string()
    .regex(
      /^[a-z0-9-]+-docker\.pkg\.dev\/[a-z0-9.:-]+(\/[a-z0-9.-]+)?\/[a-z0-9-]+\/[a-z0-9._/-]+(:[\w.-]+)?$/,
      "must be an image in Artifact Registry, such as europe-west1-docker.pkg.dev/acme/images/serving",
    )
    .optional()
    .register(settingMeta, {
      description:
        "The image that a build pushes, in the endpoint's region; a tag of it is set beside the package's own. Takes the place of imageRepository.",
      changes: "version",
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
    changes: "deployedModel",
  }),
  minReplicaCount: wholeNumber(1).default(1).register(settingMeta, {
    description: "Replicas that always run.",
    changes: "inPlace",
  }),
  maxReplicaCount: wholeNumber(1).optional().register(settingMeta, {
    description: "Replicas that autoscaling may go up to.",
    defaultText: "minReplicaCount",
    changes: "inPlace",
  }),
  acceleratorType: text().optional().register(settingMeta, {
    description: "The accelerator of each replica, such as NVIDIA_TESLA_T4.",
    changes: "deployedModel",
  }),
  acceleratorCount: wholeNumber(1).optional().register(settingMeta, {
    description: "Accelerators of each replica.",
    defaultText: "1 where acceleratorType is set",
    changes: "deployedModel",
  }),
  autoscalingTargetCpuUtilization: percent().optional().register(settingMeta, {
    description: "The percentage of CPU use that autoscaling keeps.",
    defaultText: "Vertex AI's own, 60",
    changes: "inPlace",
  }),
  autoscalingTargetAcceleratorDutyCycle: percent().optional().register(settingMeta, {
    description: "The percentage of accelerator use that autoscaling keeps.",
    defaultText: "Vertex AI's own, 60",
    changes: "inPlace",
  }),
  autoscalingTargetRequestCountPerMinute: wholeNumber(1).optional().register(settingMeta, {
    description: "The requests a minute and replica that autoscaling keeps.",
    defaultText: "not looked at",
    changes: "inPlace",
  }),
  serviceAccount: text().optional().register(settingMeta, {
    description: "The account that the container runs as; you need iam.serviceAccounts.actAs on it.",
    defaultText: "an account of Google's that can read nothing but the model",
    changes: "deployedModel",
  }),
  endpointType: z.enum(["shared", "dedicated"]).default("shared").register(settingMeta, {
    description:
      "shared: requests up to 1.5 MB and 60 s through Google's shared host. dedicated: a host of its own, 10 MB and up to an hour.",
    changes: "endpoint",
  }),
  network: z
    .string()
    .regex(
      /^projects\/\d+\/global\/networks\/[a-z0-9-]+$/,
      "must be a network by its full name, projects/NUMBER/global/networks/NAME, with the project's number",
    )
    .optional()
    .register(settingMeta, {
      description: "The network that the endpoint is reached through, and nothing else; peered with Vertex AI's.",
      changes: "endpoint",
    }),
  endpointDescription: text().optional().register(settingMeta, {
    description: "The endpoint's description.",
    changes: "inPlace",
  }),
  inferenceTimeout: wholeNumber(1).pipe(z.int().max(3600, "must be at most 3600")).optional().register(settingMeta, {
    description: "Seconds that one prediction may take on a dedicated endpoint, up to 3600.",
    defaultText: "Vertex AI's own, 600",
    changes: "inPlace",
  }),
  encryptionSpecKeyName: text().optional().register(settingMeta, {
    description: "The customer-managed key that encrypts endpoint and model.",
    changes: "endpoint",
  }),
  explanationMetadata: json().optional().register(settingMeta, {
    description:
      "How inputs and outputs are explained (ExplanationMetadata). Needs explanationParameters. Google ends it on 2027-03-16.",
    changes: "version",
  }),
  explanationParameters: json().optional().register(settingMeta, {
    description: "By which method predictions are explained (ExplanationParameters). Google ends it on 2027-03-16.",
    changes: "version",
  }),
  labels: labels().default({}).register(settingMeta, {
    description: "Labels of endpoint and model version.",
    changes: "inPlace",
  }),
  env: table()
    .refine(
      (value) => Object.keys(value).every((name) => /^(?!AIP_)[A-Za-z_][A-Za-z0-9_]*$/.test(name)),
      "must have names of letters, digits and _, that do not start with a digit or with AIP_",
    )
    .default({})
    .register(settingMeta, {
      description: "Environment variables of the serving container; names that start with AIP_ are the platform's.",
      changes: "version",
    }),
  trafficPercent: percent().optional().register(settingMeta, {
    description:
      "The deployment's share of the traffic of the endpoint that it shares; the others keep their proportions in the rest.",
    defaultText: "100 on an endpoint without traffic, else as it is, or 0 for a new deployment",
  }),
  trafficSplit: split().optional().register(settingMeta, {
    description: "For updateEndpoint: the share of each deployment of the endpoint, by its name.",
  }),
  drainSeconds: wholeNumber(0).default(10).register(settingMeta, {
    description:
      "Seconds between moving the traffic to a new deployed model and undeploying the old, for the platform's routers to follow.",
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
  sync: flag().default(true).register(settingMeta, {
    description:
      "Whether the call waits for its end. With false it returns at once with an operation, and goes on in this process.",
  }),
  regions: z
    .preprocess(parseJson, z.array(text()).length(1, "must have one region, as ml v1 takes no more"))
    .optional()
    .register(settingMeta, {
      description: "On the legacy platform: the model's region.",
      platform: "legacy",
      defaultText: "location",
    }),
  onlinePredictionLogging: flag().default(true).register(settingMeta, {
    description: "On the legacy platform: whether predictions are logged.",
    platform: "legacy",
  }),
  runtimeVersion: text()
    .default("2.11")
    .register(settingMeta, {
      description: "On the legacy platform: the AI Platform runtime.",
      platform: "legacy",
      env: ["runtime_version"],
      changes: "version",
    }),
  pythonVersion: text()
    .default("3.7")
    .register(settingMeta, {
      description: "On the legacy platform: the Python of the runtime.",
      platform: "legacy",
      env: ["python_version"],
      changes: "version",
    }),
  predictionClass: text().default("predictor.Predictor").register(settingMeta, {
    description: "On the legacy platform: the class of the bundle that predicts.",
    platform: "legacy",
    changes: "version",
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

/** The name of a setting. */
export type SettingName = keyof typeof settingsShape;
