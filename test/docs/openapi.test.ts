// The description of the JSON surface, against the service that it describes.
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import openApi from "../../gen/openapi.json" with { type: "json" };
import { SERVICES } from "../protocol/transports.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";

describe("/openapi.json", () => {
  let server: ServerProcess;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.stop());

  async function call(path: string, body: object) {
    const response = await fetch(server.url + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return { status: response.status, answer: await response.json() };
  }

  it("is served as it was generated, and is valid OpenAPI", async () => {
    const served = (await (await fetch(`${server.url}/openapi.json`)).json()) as typeof openApi;
    expect(served).toEqual(openApi);
    expect(await new Validator().validate(served)).toMatchObject({ valid: true });
  });

  it("describes every unary method and no other", () => {
    const unary = SERVICES.flatMap(({ typeName, methods }) =>
      methods.filter(({ methodKind }) => methodKind === "unary").map(({ name }) => `/${typeName}/${name}`),
    );
    expect(Object.keys(openApi.paths).sort()).toEqual(unary.sort());
  });

  it("describes what is answered", async () => {
    const ajv = addFormats.default(new Ajv2020({ strict: false, formats: { int32: true, int64: true } }));
    ajv.addSchema(openApi, "openapi");
    const matches = (type: string, answer: unknown) =>
      ajv.validate({ $ref: `openapi#/components/schemas/${type}` }, answer) || ajv.errors;

    const tasks = "/dbconn.v1.TaskService";
    const made = await call(`${tasks}/CreateTask`, {
      kind: "k",
      task_id: "1",
      data: { a: [1] },
      progress: 0.5,
    });
    expect(matches("dbconn.v1.CreateTaskResponse", made.answer)).toBe(true);
    expect(made.answer).toHaveProperty("task.revision", "1");
    const listed = await call(`${tasks}/ListTasks`, { kind: "k" });
    expect(matches("dbconn.v1.ListTasksResponse", listed.answer)).toBe(true);
    const release = { name: "s", document: { type: "object" } };
    const published = await call("/dbconn.v1.SchemaService/PublishRelease", release);
    expect(matches("dbconn.v1.PublishReleaseResponse", published.answer)).toBe(true);
    const refused = await call(`${tasks}/GetTask`, { kind: "k", task_id: "none" });
    expect(refused.status).toBe(404);
    expect(matches("connect.error", refused.answer)).toBe(true);
    // Of what the answers hold, the description would refuse another form.
    expect(matches("dbconn.v1.CreateTaskResponse", { task: { revision: 1.5 } })).not.toBe(true);
  });
});
