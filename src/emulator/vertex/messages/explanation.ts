/** Vertex AI's ExplanationSpec and ExplainRequest, from Google's discovery document `aiplatform.v1`. */
import { double, int32, list, map, nested, notEmulated, protoPackage, string, value } from "../../proto/field-types.js";

const { enumeration, message } = protoPackage("google.cloud.aiplatform.v1");

const encoding = enumeration("ExplanationMetadata.InputMetadata.Encoding", {
  ENCODING_UNSPECIFIED: 0,
  IDENTITY: 1,
  BAG_OF_FEATURES: 2,
  BAG_OF_FEATURES_SPARSE: 3,
  INDICATOR: 4,
  COMBINED_EMBEDDING: 5,
  CONCAT_EMBEDDING: 6,
});

const featureValueDomain = message("ExplanationMetadata.InputMetadata.FeatureValueDomain", {
  minValue: double,
  maxValue: double,
  originalMean: double,
  originalStddev: double,
});

const inputMetadata = message("ExplanationMetadata.InputMetadata", {
  inputBaselines: list(value),
  groupName: string,
  indexFeatureMapping: list(string),
  encoding,
  modality: string,
  featureValueDomain: nested(featureValueDomain),
  // of Google's own TensorFlow images alone
  inputTensorName: string,
  encodedTensorName: string,
  indicesTensorName: string,
  denseShapeTensorName: string,
  encodedBaselines: notEmulated,
  visualization: notEmulated,
});

const outputMetadata = message("ExplanationMetadata.OutputMetadata", {
  indexDisplayNameMapping: value,
  displayNameMappingKey: string,
  outputTensorName: string,
});

const explanationMetadata = message(
  "ExplanationMetadata",
  {
    inputs: map(nested(inputMetadata)),
    outputs: map(nested(outputMetadata)),
    featureAttributionsSchemaUri: string,
    latentSpaceSource: notEmulated,
  },
  ["inputs", "outputs"],
);

const explanationParameters = message("ExplanationParameters", {
  sampledShapleyAttribution: nested(message("SampledShapleyAttribution", { pathCount: int32 }, ["pathCount"])),
  topK: int32,
  outputIndices: list(value),
  integratedGradientsAttribution: notEmulated,
  xraiAttribution: notEmulated,
  examples: notEmulated,
});

export const explanationSpecMessage = message("ExplanationSpec", {
  parameters: nested(explanationParameters),
  metadata: nested(explanationMetadata),
});

const explanationSpecOverride = message("ExplanationSpecOverride", {
  parameters: nested(explanationParameters),
  metadata: nested(
    message(
      "ExplanationMetadataOverride",
      {
        inputs: map(
          nested(message("ExplanationMetadataOverride.InputMetadataOverride", { inputBaselines: list(value) })),
        ),
      },
      ["inputs"],
    ),
  ),
  examplesOverride: notEmulated,
});

export const explainRequest = message(
  "ExplainRequest",
  {
    endpoint: string,
    instances: list(value),
    parameters: value,
    deployedModelId: string,
    explanationSpecOverride: nested(explanationSpecOverride),
  },
  ["instances"],
);
