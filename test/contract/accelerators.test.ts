import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { expect, it } from "vitest";

import { acceleratorTypes } from "../../src/targets/aiplatform/config/accelerators.js";
import { contractPython } from "../support/python.js";

const script = `
import json
from googleapiclient.discovery_cache import get_static_doc
machine = json.loads(get_static_doc("aiplatform", "v1"))["schemas"]["GoogleCloudAiplatformV1MachineSpec"]
print(json.dumps(machine["properties"]["acceleratorType"]["enum"]))
`;

it("the accelerators that are taken are those of Google's discovery document", async () => {
  const { stdout } = await promisify(execFile)(contractPython(), ["-c", script]);
  const types = (JSON.parse(stdout) as string[]).filter((type) => type !== "ACCELERATOR_TYPE_UNSPECIFIED");
  expect([...acceleratorTypes].toSorted()).toEqual(types.toSorted());
});
