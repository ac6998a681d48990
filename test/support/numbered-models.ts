import { type MockPlatform, mockModel, mockPlatform } from "../../src/testing/index.js";
import { modelHash } from "../../src/core/model-files.js";

const numbers = [1, 2, 3];

/** A platform on which `models:/iris/1` to `3` have files of their own, and their copies in the bucket the same. */
export function platformWithModels(): MockPlatform {
  return mockPlatform({
    model: (uri) =>
      numbered(
        numbers.find((each) => uri.endsWith(`/${each}`) || uri.endsWith(copyOf(each)))!,
        uri,
      ),
  });
}

/** How the name of a model's copy in the bucket ends. */
export function copyOf(number: number): string {
  return modelHash(numbered(number, "")).slice(0, 16);
}

function numbered(number: number, uri: string) {
  const model = mockModel(uri);
  Object.assign(model.files[0]!, { sha256: String(number).repeat(64), crc32c: `crc${number}` });
  return model;
}
