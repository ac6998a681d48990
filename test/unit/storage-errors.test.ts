import { describe, expect, it } from "vitest";

import { type Attempt, storageError } from "../../src/storage/errors.js";

const attempt: Attempt = { doing: "Uploading gs://b/x", bucket: "b", role: "roles/storage.objectAdmin" };
const connection = { client: () => Promise.reject(new Error("not used")), caller: async () => "ci@acme.iam" };
const describeError = (error: unknown) => storageError(connection, attempt, error);

describe("an error of Cloud Storage", () => {
  it.each([
    [400, "INVALID_PARAMETER_VALUE", false],
    [401, "UNAUTHENTICATED", false],
    [403, "PERMISSION_DENIED", false],
    [404, "RESOURCE_DOES_NOT_EXIST", false],
    [412, "RESOURCE_CONFLICT", false],
    [429, "RESOURCE_EXHAUSTED", true],
    [503, "TEMPORARILY_UNAVAILABLE", true],
    [418, "INTERNAL_ERROR", false],
  ])("with status %i becomes %s", async (status, code, retryable) => {
    const error = await describeError(Object.assign(new Error("Google's words"), { code: status }));
    expect(error).toMatchObject({ code, retryable });
    expect(error.message).toContain("Uploading gs://b/x failed: Google's words.");
  });

  it("names the caller and the role when something is forbidden", async () => {
    const error = await describeError(Object.assign(new Error("no"), { code: 403 }));
    expect(error.message).toMatch(/Grant ci@acme\.iam the role roles\/storage\.objectAdmin on the bucket "b"/);
  });

  it("is the same when the caller is not known, or cannot be found out", async () => {
    const unknown = { ...connection, caller: () => Promise.reject(new Error("no metadata server")) };
    const error = await storageError(unknown, attempt, Object.assign(new Error("no"), { code: 403 }));
    expect(error.message).toContain("Grant the caller the role");
  });

  it("gives Google's message once, from the body of the answer", async () => {
    const data = { error: { code: 403, message: "ci does not have storage.objects.create access." } };
    const error = await describeError(Object.assign(new Error("Request failed"), { response: { status: 403, data } }));
    expect(error.message).toContain("failed: ci does not have storage.objects.create access. Grant");
  });

  it("takes Google's error object as it is, which a resumable upload throws", async () => {
    const error = await describeError({ code: 412, message: "At least one of the pre-conditions did not hold." });
    expect(error.code).toBe("RESOURCE_CONFLICT");
    expect(error.message).toContain("At least one of the pre-conditions did not hold.");
  });

  it("is read out of the text of an upload that gave up retrying", async () => {
    const error = await describeError(new Error("Retry limit exceeded - status: 429 - Too many"));
    expect(error.code).toBe("RESOURCE_EXHAUSTED");
  });

  it("never shows the name of an upload session", async () => {
    const text =
      "request to https://storage.googleapis.com/upload?uploadType=resumable&upload_id=SECRET failed, reason: read ECONNRESET";
    const error = await describeError(Object.assign(new Error(text), { code: "ECONNRESET" }));
    expect(error.code).toBe("TEMPORARILY_UNAVAILABLE");
    expect(error.message).not.toContain("SECRET");
  });

  it("says how to sign in when there are no credentials", async () => {
    const missing = await describeError(new Error("Could not load the default credentials. Browse to …"));
    const expired = await describeError(
      Object.assign(new Error("invalid_grant"), {
        code: "400",
        response: { status: 400, data: { error: "invalid_grant" } },
      }),
    );
    expect([missing.code, expired.code]).toEqual(["UNAUTHENTICATED", "UNAUTHENTICATED"]);
    expect(missing.message).toContain("gcloud auth application-default login");
  });
});
