import { text } from "@agentscope-runtime/core";
import type { FastifyInstance } from "fastify";
import { expect, test } from "vitest";
import { z } from "zod";
import { quietApp } from "./support/quiet-app.ts";
import { serverOf } from "./support/serve.ts";

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters?: { name: string; in: string; required: boolean; schema: Record<string, unknown> }[];
  readonly requestBody?: { required: boolean; content: Record<string, { schema: Record<string, unknown> }> };
  readonly responses: Record<
    string,
    { content?: Record<string, unknown>; headers?: Record<string, unknown> }
  >;
  readonly security?: unknown[];
}
interface Document {
  readonly openapi: string;
  readonly info: Record<string, string>;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { schemas: Record<string, unknown>; securitySchemes?: Record<string, unknown> };
}

async function documentOf(server: FastifyInstance, url = "/openapi.json"): Promise<Document> {
  return (await server.inject(url)).json();
}

const described = () =>
  quietApp({ description: "A helpful assistant" })
    .query(text(), () => "ok")
    .endpoint(
      "/users/:user/notes",
      {
        summary: "Take a note",
        body: z.object({ note: z.string().min(1), stars: z.int().default(3) }),
        query: z.object({ dry: z.enum(["true", "false"]).optional(), lang: z.string() }),
      },
      () => "ok",
    )
    .endpoint("/now", { method: "GET" }, () => "now");

test("the document names every route and only those", async () => {
  const server = await serverOf(described());
  const { openapi, info, paths } = await documentOf(server);
  expect(openapi).toBe("3.1.0");
  expect(info).toEqual({ title: "Friday", version: "1.0.0", description: "A helpful assistant" });
  const named = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(named.sort()).toEqual([
    "DELETE /sessions/{id}",
    "GET /",
    "GET /health",
    "GET /liveness",
    "GET /now",
    "GET /openapi.json",
    "GET /process/task/{id}",
    "GET /readiness",
    "GET /runs",
    "GET /runs/{id}",
    "GET /runs/{id}/events",
    "GET /sessions",
    "GET /sessions/{id}",
    "GET /sessions/{id}/messages",
    "PATCH /sessions/{id}",
    "POST /process",
    "POST /process/task",
    "POST /runs/{id}/cancel",
    "POST /sessions",
    "POST /users/{user}/notes",
  ]);
  for (const [path, operations] of Object.entries(paths)) {
    for (const method of Object.keys(operations)) {
      const url = path.replace(/\{(\w+)\}/g, ":$1");
      expect([path, server.hasRoute({ method: method.toUpperCase() as "GET", url })]).toEqual([path, true]);
    }
  }
});

test("every parameter of a path is described, and every operation has a summary and answers", async () => {
  const { paths } = await documentOf(await serverOf(described()));
  for (const [path, operations] of Object.entries(paths)) {
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    for (const { parameters = [], summary, responses } of Object.values(operations)) {
      expect(parameters.filter((parameter) => parameter.in === "path").map(({ name }) => name)).toEqual(
        names,
      );
      expect(summary.length).toBeGreaterThan(5);
      expect(Object.keys(responses)).toEqual(
        expect.arrayContaining([expect.stringMatching(/^20[014]$/), "default"]),
      );
    }
  }
});

test("a custom endpoint is described by its schemas, as a caller writes them", async () => {
  const { paths } = await documentOf(await serverOf(described()));
  const operation = paths["/users/{user}/notes"]?.post;
  expect(operation?.summary).toBe("Take a note");
  expect(operation?.requestBody?.content["application/json"]?.schema).toMatchObject({
    type: "object",
    properties: { note: { type: "string", minLength: 1 }, stars: { type: "integer", default: 3 } },
    required: ["note"],
  });
  expect(operation?.parameters?.map(({ name, in: where, required }) => [name, where, required])).toEqual([
    ["user", "path", true],
    ["dry", "query", false],
    ["lang", "query", true],
  ]);
});

test("the run routes are described: what they take, and that they stream", async () => {
  const { paths, components } = await documentOf(await serverOf(described()));
  const process = paths["/process"]?.post;
  expect(process?.requestBody?.content["application/json"]?.schema).toMatchObject({ required: ["input"] });
  expect(Object.keys(process?.responses["200"]?.content ?? {})).toEqual([
    "application/json",
    "text/event-stream",
  ]);
  const events = paths["/runs/{id}/events"]?.get;
  expect(Object.keys(events?.responses["200"]?.content ?? {})).toEqual(["text/event-stream"]);
  expect(events?.parameters?.find(({ name }) => name === "after")?.schema).toMatchObject({ type: "integer" });
  const list = paths["/runs"]?.get;
  expect(list?.parameters?.map(({ name }) => name)).toEqual([
    "session_id",
    "user_id",
    "status",
    "limit",
    "cursor",
  ]);
  expect(events?.responses["204"]).not.toHaveProperty("content");
  const cancel = paths["/runs/{id}/cancel"]?.post;
  expect(cancel?.responses["202"]?.content).toEqual(cancel?.responses["200"]?.content);
  expect(cancel?.requestBody?.required).toBe(false);
  const headersOf = (operation: Operation | undefined) =>
    operation?.parameters?.filter((parameter) => parameter.in === "header").map(({ name }) => name);
  expect(headersOf(process)).toEqual(["Idempotency-Key"]);
  expect(headersOf(events)).toEqual(["Last-Event-ID"]);
  expect(components.schemas.Error).toMatchObject({ properties: { error: { type: "object" } } });
});

test("an operation says by what name, within which bounds, and how it may be refused", async () => {
  const app = described().task("/reports", {}, () => "done");
  const { paths } = await documentOf(await serverOf(app));
  const operations = Object.values(paths).flatMap((path) => Object.values(path));
  const names = operations.map(({ operationId }) => operationId);
  expect(new Set(names).size).toBe(names.length);
  expect(paths["/runs/{id}/events"]?.get?.operationId).toBe("get_runs_id_events");

  for (const path of ["/runs/{id}", "/sessions/{id}", "/process/task/{id}", "/reports/{id}"]) {
    const id = paths[path]?.get?.parameters?.find(({ name }) => name === "id");
    expect([path, id?.schema]).toEqual([path, { type: "string", minLength: 1, maxLength: 1024 }]);
  }
  const queryOf = (operation: Operation | undefined) =>
    Object.fromEntries(operation?.parameters?.map(({ name, schema }) => [name, schema.default]) ?? []);
  expect(queryOf(paths["/runs"]?.get)).toMatchObject({ limit: 100 });
  expect(queryOf(paths["/sessions/{id}/messages"]?.get)).toMatchObject({ limit: 100, order: "asc" });
  expect(queryOf(paths["/reports"]?.post)).toMatchObject({ delay: 0 });
  expect(queryOf(paths["/reports/{id}"]?.get)).toMatchObject({ wait: "false" });

  const headersOf = (operation: Operation | undefined, status: number) =>
    Object.keys(operation?.responses[status]?.headers ?? {});
  expect(headersOf(paths["/process"]?.post, 200)).toEqual(["x-run-id", "Idempotent-Replayed"]);
  expect(headersOf(paths["/reports"]?.post, 202)).toEqual(["Location", "Idempotent-Replayed"]);
  const statusesOf = (operation: Operation | undefined) => Object.keys(operation?.responses ?? {});
  expect(statusesOf(paths["/process"]?.post)).toEqual(
    expect.arrayContaining(["200", "400", "409", "413", "415", "422", "429", "503", "default"]),
  );
  expect(statusesOf(paths["/sessions/{id}"]?.patch)).toEqual(expect.arrayContaining(["400", "404"]));
  expect(statusesOf(paths["/health"]?.get)).toEqual(["200", "default"]);
});

test("the document holds no reference that leads nowhere", async () => {
  const document = await documentOf(await serverOf(described()));
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(
    ([, to]) => to as string,
  );
  for (const reference of references) {
    const place = reference.split("/").slice(1);
    const target = place.reduce<unknown>((node, key) => (node as Record<string, unknown>)?.[key], document);
    expect([reference, typeof target]).toEqual([reference, "object"]);
  }
});

test("with authenticate the document says which routes want credentials", async () => {
  const app = quietApp({ authenticate: () => ({ userId: "alice" }) }).query(text(), () => "ok");
  const { paths, components } = await documentOf(await serverOf(app));
  expect(components.securitySchemes?.credentials).toMatchObject({ type: "apiKey", in: "header" });
  expect(paths["/process"]?.post?.security).toEqual([{ credentials: [] }]);
  expect(paths["/health"]?.get).not.toHaveProperty("security");
});

test("under a prefix, and for a hosted agent, the paths are whole", async () => {
  const app = described().host(
    "other",
    quietApp({ name: "other" }).query(text(), () => "ok"),
  );
  const server = await serverOf(app);
  const hosted = await documentOf(server, "/agents/other/openapi.json");
  expect(Object.keys(hosted.paths)).toContain("/agents/other/process");
  expect(hosted.info.title).toBe("other");
});
