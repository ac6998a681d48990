import { inspect } from "node:util";

import axios from "axios";
import { describe, expect, it } from "vitest";

import { DeploymentError } from "../../src/core/errors.js";
import { GoogleConnection } from "../../src/targets/aiplatform/google/connection.js";
import { googleError, operationError } from "../../src/targets/aiplatform/google/errors.js";
import type { FailedCall } from "../../src/targets/aiplatform/google/failure.js";
import { googleServer } from "../support/google-server.js";

const call: FailedCall = {
  doing: "Reading the endpoint projects/acme/locations/europe-west1/endpoints/iris",
  service: "aiplatform",
  emulator: null,
  caller: "ann@acme.example",
};

/** What gaxios throws when an API answered with an error. */
function answered(httpStatus: number, error: Record<string, unknown>): Error {
  return Object.assign(new Error("Request failed"), {
    response: { status: httpStatus, data: { error }, headers: new Headers() },
  });
}

describe("an error of Google's", () => {
  it.each([
    ["ALREADY_EXISTS", 409, "RESOURCE_ALREADY_EXISTS"],
    ["NOT_FOUND", 404, "RESOURCE_DOES_NOT_EXIST"],
    ["ABORTED", 409, "RESOURCE_CONFLICT"],
    ["INVALID_ARGUMENT", 400, "INVALID_PARAMETER_VALUE"],
    ["FAILED_PRECONDITION", 400, "FAILED_PRECONDITION"],
    ["PERMISSION_DENIED", 403, "PERMISSION_DENIED"],
    ["UNAUTHENTICATED", 401, "UNAUTHENTICATED"],
    ["RESOURCE_EXHAUSTED", 429, "RESOURCE_EXHAUSTED"],
    ["UNAVAILABLE", 503, "TEMPORARILY_UNAVAILABLE"],
    ["DEADLINE_EXCEEDED", 504, "DEADLINE_EXCEEDED"],
    ["CANCELLED", 499, "CANCELLED"],
    ["UNIMPLEMENTED", 501, "NOT_IMPLEMENTED"],
    ["INTERNAL", 500, "INTERNAL_ERROR"],
  ])("%s (%i) is %s, with Google's words and the resource's name", (status, httpStatus, code) => {
    const error = googleError(answered(httpStatus, { status, message: "The words of Google" }), call);
    expect(error.code).toBe(code);
    expect(error.message).toContain("The words of Google.");
    expect(error.message).toContain("endpoints/iris");
  });

  it("has a code by its HTTP status when a proxy answered", () => {
    const html = Object.assign(new Error("<!doctype html><p>Bad Gateway"), {
      response: { status: 502, data: "<!doctype html>" },
    });
    const error = googleError(html, call);
    expect(error).toMatchObject({ code: "TEMPORARILY_UNAVAILABLE", retryable: true });
    expect(error.message).toContain("failed: HTTP 502.");
  });

  it("names the caller and the role to grant when permission is denied", () => {
    const denied = answered(403, {
      status: "PERMISSION_DENIED",
      message: "Permission 'artifactregistry.repositories.create' denied",
    });
    expect(googleError(denied, call).message).toMatch(
      /Grant ann@acme\.example roles\/artifactregistry\.admin in the project\.$/,
    );
    const other = answered(403, { status: "PERMISSION_DENIED", message: "No." });
    expect(googleError(other, { ...call, caller: null }).message).toMatch(
      /Grant the account of your credentials roles\/aiplatform\.user/,
    );
  });

  it("asks for serviceAccountUser when the caller may not act as an account", () => {
    const denied = answered(403, {
      status: "PERMISSION_DENIED",
      message: "iam.serviceAccounts.actAs denied on robot@acme",
    });
    expect(googleError(denied, call).message).toContain("roles/iam.serviceAccountUser");
  });

  it("names the API to enable, and the command, and lets nothing else into the command", () => {
    const details = (consumer: string) => [
      { reason: "SERVICE_DISABLED", metadata: { service: "aiplatform.googleapis.com", consumer } },
    ];
    const disabled = (consumer: string) =>
      googleError(
        answered(403, { status: "PERMISSION_DENIED", message: "Disabled.", details: details(consumer) }),
        call,
      );
    expect(disabled("projects/acme").code).toBe("FAILED_PRECONDITION");
    expect(disabled("projects/acme").message).toContain(
      "`gcloud services enable aiplatform.googleapis.com --project acme`",
    );
    expect(disabled("projects/acme; rm x").message).not.toContain("rm x");
  });

  it("tells each field that is wrong", () => {
    const details = [
      {
        "@type": "type.googleapis.com/google.rpc.BadRequest",
        fieldViolations: [{ field: "model.name", description: "Too long" }],
      },
    ];
    const invalid = answered(400, { status: "INVALID_ARGUMENT", message: "Wrong.", details });
    expect(googleError(invalid, call).message).toContain("model.name: Too long.");
  });

  it("ends with a link as Google wrote it", () => {
    const message = "Logs are at https://console.cloud.google.com/logs?x=1";
    expect(googleError(answered(400, { status: "FAILED_PRECONDITION", message }), call).message).toMatch(/x=1$/);
  });

  it.each([
    ["Could not load the default credentials. Browse to https://cloud.google.com/docs", undefined],
    [
      "failed",
      { status: 400, data: { error: "invalid_grant", error_description: "Token has been expired or revoked." } },
    ],
  ])("says how to log in after %j", (message, response) => {
    const error = googleError(Object.assign(new Error(message), { response }), call);
    expect(error.code).toBe("UNAUTHENTICATED");
    expect(error.message).toContain("gcloud auth application-default login");
  });

  it("is temporary when there was no answer, and says how to start an emulator that is not there", () => {
    const refused = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:9"), { code: "ECONNREFUSED" });
    expect(googleError(refused, call)).toMatchObject({ code: "TEMPORARILY_UNAVAILABLE", retryable: true });
    expect(googleError(refused, { ...call, emulator: "http://127.0.0.1:9" }).message).toContain(
      "mlflow-deployments emulator",
    );
  });

  it("is CANCELLED when the caller stopped the call", () => {
    expect(googleError(new Error("The operation was aborted."), { ...call, cancelled: true }).code).toBe("CANCELLED");
  });

  it("that is a DeploymentError already stays what it is", () => {
    const own = new DeploymentError("RESOURCE_CONFLICT", "Mine.");
    expect(googleError(own, call)).toBe(own);
  });

  it.each<[string, (url: string) => Promise<unknown>]>([
    ["googleapis", googleapisRequest],
    ["axios", (url) => axios.get(url, { headers: { authorization: "Bearer top-secret" } })],
  ])("holds nothing of the request of %s, however deep it is printed", async (_library, request) => {
    const { url } = await googleServer({ "GET /v1/secret": "broken" });
    const thrown: unknown = await request(`${url}/v1/secret`).catch((error: unknown) => error);
    expect(inspect(thrown, { depth: null, showHidden: true })).toContain("GET");
    expect(inspect(googleError(thrown, call), { depth: null, showHidden: true })).not.toMatch(/top-secret|headers/);
  });
});

async function googleapisRequest(url: string): Promise<unknown> {
  const api = await new GoogleConnection({ emulatorHost: new URL(url).host }).aiplatform("europe-west1");
  return api.projects.locations.endpoints.get({ name: "secret" }, { headers: { authorization: "Bearer top-secret" } });
}

describe("the error of an operation", () => {
  it("has the code of its number and Google's words", () => {
    const error = operationError(
      { code: 9, message: "Model server never became ready." },
      { ...call, doing: "Deploying" },
    );
    expect(error.code).toBe("FAILED_PRECONDITION");
    expect(error.message).toBe("Deploying failed: Model server never became ready.");
  });

  it("is an INTERNAL_ERROR for a number that Google does not have", () => {
    expect(operationError({ code: 99, message: "?" }, call).code).toBe("INTERNAL_ERROR");
  });
});
