import { describe, expect, it } from "vitest";

import type { GoogleError } from "../../src/emulator/google-error.js";
import { deployModelRequest, endpointMessage, predictRequest } from "../../src/emulator/vertex/messages/endpoint.js";
import { modelMessage, uploadModelRequest } from "../../src/emulator/vertex/messages/model.js";
import { parseMessage } from "../../src/emulator/proto/parse.js";

const refusal = (...of: Parameters<typeof parseMessage>) => {
  try {
    parseMessage(...of);
  } catch (error) {
    return error as GoogleError;
  }
  return undefined;
};

describe("a request", () => {
  it("may name its fields in camelCase and in snake_case, and is kept in camelCase", () => {
    const parsed = parseMessage(
      uploadModelRequest,
      { model_id: "m", model: { display_name: "a", containerSpec: { image_uri: "b" } } },
      "",
    );
    expect(parsed).toEqual({ modelId: "m", model: { displayName: "a", containerSpec: { imageUri: "b" } } });
  });

  it("may give enums by number, int64 and int32 as strings, and null for nothing", () => {
    const machineSpec = { machineType: "n1-standard-2", acceleratorType: 11, acceleratorCount: "1" };
    const deployedModel = { dedicatedResources: { machineSpec, minReplicaCount: 1 }, displayName: null };
    const parsed = parseMessage(deployModelRequest, { deployedModel }, "");
    expect(parsed["deployedModel"]).toEqual({
      dedicatedResources: {
        machineSpec: { machineType: "n1-standard-2", acceleratorType: "NVIDIA_L4", acceleratorCount: 1 },
        minReplicaCount: 1,
      },
    });
    expect(parseMessage(modelMessage, { containerSpec: { sharedMemorySizeMb: 64 } }, "model")).toEqual({
      containerSpec: { sharedMemorySizeMb: "64" },
    });
  });

  it("loses what only the service sets, and fields that hold their default", () => {
    expect(
      parseMessage(
        endpointMessage,
        { deployedModels: [{ id: "1" }], createTime: 5, description: "", dedicatedEndpointEnabled: false },
        "endpoint",
      ),
    ).toEqual({});
  });

  it("keeps a Value as it is, null and zero too", () => {
    expect(parseMessage(predictRequest, { instances: [null, 0, ""], parameters: null }, "")).toEqual({
      instances: [null, 0, ""],
      parameters: null,
    });
  });

  it.each([
    [{ foo: 1 }, `Invalid JSON payload received. Unknown name "foo" at 'model': Cannot find field.`],
    [{ displayName: 5 }, "Invalid value at 'model.display_name' (TYPE_STRING), 5"],
    [
      { displayName: ["x"] },
      `Invalid JSON payload received. Unknown name "display_name" at 'model': Proto field is not repeating, cannot start list.`,
    ],
    [{ labels: { a: 5 } }, "Invalid value at 'model.labels[0].value' (TYPE_STRING), 5"],
    [
      { containerSpec: "x" },
      `Invalid value at 'model.container_spec' (type.googleapis.com/google.cloud.aiplatform.v1.ModelContainerSpec), "x"`,
    ],
    [{ containerSpec: { args: "x" } }, `Invalid value at 'model.container_spec.args' (TYPE_STRING), "x"`],
    [
      { containerSpec: { env: [{ nam: "x" }] } },
      `Invalid JSON payload received. Unknown name "nam" at 'model.container_spec.env[0]': Cannot find field.`,
    ],
    [
      { containerSpec: { deploymentTimeout: "5m" } },
      `Invalid value at 'model.container_spec.deployment_timeout' (type.googleapis.com/google.protobuf.Duration), "5m"`,
    ],
    [
      { containerSpec: { ports: [{ containerPort: 2 ** 31 }] } },
      "Invalid value at 'model.container_spec.ports[0].container_port' (TYPE_INT32), 2147483648",
    ],
  ])("that says %j is refused in Google's words", (model, message) => {
    const error = refusal(modelMessage, model, "model");
    expect(error).toMatchObject({ httpStatus: 400, status: "INVALID_ARGUMENT", message });
    expect(error?.details).toEqual([
      {
        "@type": "type.googleapis.com/google.rpc.BadRequest",
        fieldViolations: [expect.objectContaining({ description: message })],
      },
    ]);
  });

  it("is refused with all that is wrong at once, and an unknown enum or a wrong root too", () => {
    expect(refusal(uploadModelRequest, { a: 1, b: 2 }, "")?.message.split("\n")).toHaveLength(2);
    expect(refusal(uploadModelRequest, [], "")?.status).toBe("INVALID_ARGUMENT");
    const machineSpec = { acceleratorType: "NVIDIA_ABACUS" };
    expect(
      refusal(deployModelRequest, { deployedModel: { dedicatedResources: { machineSpec } } }, "")?.message,
    ).toContain('v1.AcceleratorType), "NVIDIA_ABACUS"');
  });

  it("that sets a field which the emulator can't honour is UNIMPLEMENTED, named", () => {
    const error = refusal(deployModelRequest, { deployedModel: { sharedResources: "projects/p/pool" } }, "");
    expect(error).toMatchObject({
      httpStatus: 501,
      status: "UNIMPLEMENTED",
      message: expect.stringContaining("deployed_model.shared_resources"),
    });
  });
});
