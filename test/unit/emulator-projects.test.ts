import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type Emulator, startEmulator } from "../../src/emulator/index.js";

let emulator: Emulator;

beforeAll(async () => {
  emulator = await startEmulator();
});
afterAll(() => emulator.stop());

async function ask(path: string, body?: object): Promise<{ status: number; json: Record<string, unknown> }> {
  const response = await fetch(`${emulator.url}${path}`, {
    ...(body && { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}
const number = async () => (await ask("/v1/projects/acme")).json["projectNumber"] as string;

describe("Service Usage", () => {
  const aiplatform = "services/aiplatform.googleapis.com";

  it("says that an API is enabled, of a project by id or number", async () => {
    const parent = `projects/${await number()}`;
    const service = {
      name: `${parent}/${aiplatform}`,
      parent,
      config: { name: "aiplatform.googleapis.com" },
      state: "ENABLED",
    };
    expect((await ask(`/v1/projects/acme/${aiplatform}`)).json).toEqual(service);
    expect((await ask(`/v1/${parent}/${aiplatform}`)).json).toEqual(service);
  });

  it("does not know a service that is none of Google's", async () => {
    expect((await ask("/v1/projects/acme/services/aiplatform")).json).toMatchObject({ error: { code: 404 } });
  });

  it("answers about several at once, of one project", async () => {
    const names = ["aiplatform", "cloudbuild"].map((each) => `projects/acme/services/${each}.googleapis.com`);
    const batch = (all: string[]) =>
      ask(`/v1/projects/acme/services:batchGet?${all.map((name) => `names=${encodeURIComponent(name)}`).join("&")}`);
    const { services } = (await batch(names)).json as { services: { config: { name: string }; state: string }[] };
    expect(services.map(({ config, state }) => [config.name, state])).toEqual([
      ["aiplatform.googleapis.com", "ENABLED"],
      ["cloudbuild.googleapis.com", "ENABLED"],
    ]);
    for (const wrong of [
      [],
      ["projects/other/services/a.googleapis.com"],
      ["aiplatform"],
      Array<string>(31).fill(names[0]!),
    ]) {
      expect((await batch(wrong)).json).toMatchObject({ error: { code: 400, status: "INVALID_ARGUMENT" } });
    }
  });
});

describe("Cloud Resource Manager", () => {
  it("knows a project by its id and, once it was seen, by its number", async () => {
    const projectNumber = await number();
    expect(projectNumber).toMatch(/^\d{12}$/);
    for (const project of ["acme", projectNumber]) {
      expect((await ask(`/v1/projects/${project}`)).json).toMatchObject({ projectId: "acme", projectNumber });
      expect((await ask(`/v3/projects/${project}`)).json).toMatchObject({
        name: `projects/${projectNumber}`,
        projectId: "acme",
        state: "ACTIVE",
      });
    }
  });

  it.each(["/v1", "/v3"])("grants every permission that is asked about, by name, in %s", async (version) => {
    const path = `${version}/projects/acme:testIamPermissions`;
    const permissions = ["aiplatform.endpoints.predict", "cloudbuild.builds.create"];
    expect((await ask(path, { permissions })).json).toEqual({ permissions });
    expect((await ask(path, { permissions: [] })).json).toEqual({});
    for (const wrong of [{ permissions: ["storage.*"] }, { permissions: ["*"] }, { permission: [] }]) {
      expect((await ask(path, wrong)).json).toMatchObject({ error: { code: 400, status: "INVALID_ARGUMENT" } });
    }
  });
});
