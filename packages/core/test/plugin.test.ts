import { type ProtocolAdapter, text } from "@agentscope-runtime/core";
import fastify, { type FastifyInstance } from "fastify";
import { expect, onTestFinished, test } from "vitest";
import { deltaText, eventsIn, terminalOf } from "./support/agent-events.ts";
import { ask } from "./support/ask.ts";
import { EventReader } from "./support/event-reader.ts";
import { aborted } from "./support/gate.ts";
import { quietApp } from "./support/quiet-app.ts";

/** Somebody's own server: with a route, an error handler and a parser of theirs. */
function own(): FastifyInstance {
  const server = fastify();
  onTestFinished(() => server.close());
  server.setErrorHandler((error, _, reply) => reply.code(418).send({ mine: (error as Error).message }));
  server.get("/own", async () => "own");
  server.post("/own", async ({ body }) => ({ body }));
  server.get("/own/error", async () => {
    throw new Error("own");
  });
  return server;
}

async function listening(server: FastifyInstance): Promise<string> {
  return server.listen({ port: 0, host: "127.0.0.1" });
}

test("an app can be mounted under a prefix, with everything below it", async () => {
  const app = quietApp()
    .query(text(), () => "ok")
    .endpoint("/now", { method: "GET" }, () => "now")
    .host(
      "guest",
      quietApp({ name: "guest" }).query(text(), () => "guest"),
    );
  const server = own();
  await server.register(app.plugin(), { prefix: "/friday" });
  const run = await server.inject({
    method: "POST",
    url: "/friday/process",
    payload: ask("Hi", { id: "run-1" }),
  });
  expect(deltaText(await eventsIn(run.body))).toBe("ok");
  const guest = await server.inject({
    method: "POST",
    url: "/friday/agents/guest/process",
    payload: ask("Hi"),
  });
  expect(deltaText(await eventsIn(guest.body))).toBe("guest");
  for (const path of ["/", "/runs", "/runs/run-1", "/health", "/readiness", "/now", "/agents/guest/runs"]) {
    expect([path, (await server.inject(`/friday${path}`)).statusCode]).toEqual([path, 200]);
    if (path !== "/") expect([path, (await server.inject(path)).statusCode]).toEqual([path, 404]);
  }
  const { paths } = (await server.inject("/friday/openapi.json")).json();
  expect(Object.keys(paths)).toContain("/friday/process");
});

test("the routes, the errors and the parsers of the server stay its own", async () => {
  const server = own();
  await server.register(
    quietApp()
      .query(text(), () => "ok")
      .plugin(),
    { prefix: "/friday" },
  );
  expect((await server.inject("/own")).body).toBe("own");
  const error = await server.inject("/own/error");
  expect([error.statusCode, error.json()]).toEqual([418, { mine: "own" }]);
  const payload = "plain";
  const headers = { "content-type": "text/plain" };
  const plain = await server.inject({ method: "POST", url: "/own", payload, headers });
  expect(plain.json()).toEqual({ body: "plain" });
  const nested = JSON.parse(`${"[".repeat(200)}${"]".repeat(200)}`) as object;
  expect((await server.inject({ method: "POST", url: "/own", payload: nested })).statusCode).toBe(200);
  const refused = await server.inject({ method: "POST", url: "/friday/process", payload, headers });
  expect([refused.statusCode, refused.json().error.code]).toEqual([415, "UNSUPPORTED_MEDIA_TYPE"]);
  const broken = await server.inject({
    method: "POST",
    url: "/friday/process",
    payload: "{",
    headers: { "content-type": "application/json" },
  });
  expect([broken.statusCode, broken.json().error.code]).toEqual([400, "INVALID_PARAMETER"]);
});

test("hooks of the server reach the app's streams", async () => {
  const server = own();
  server.addHook("onRequest", async (_, reply) => void reply.header("x-mine", "1"));
  await server.register(
    quietApp()
      .query(text(), () => "ok")
      .plugin(),
    { prefix: "/friday" },
  );
  const run = await server.inject({ method: "POST", url: "/friday/process", payload: ask("Hi") });
  expect(run.headers["x-mine"]).toBe("1");
});

test("authenticate guards the app and nothing else", async () => {
  const server = own();
  const app = quietApp({ authenticate: () => undefined }).query(text(), () => "ok");
  await server.register(app.plugin(), { prefix: "/friday" });
  expect((await server.inject("/friday/runs")).statusCode).toBe(401);
  expect((await server.inject("/own")).statusCode).toBe(200);
});

test("several apps can be mounted in one server", async () => {
  const server = own();
  for (const name of ["friday", "saturday"]) {
    const app = quietApp({ name }).query(text(), () => name);
    await server.register(app.plugin(), { prefix: `/${name}` });
  }
  for (const name of ["friday", "saturday"]) {
    const run = await server.inject({ method: "POST", url: `/${name}/process`, payload: ask("Hi") });
    expect(deltaText(await eventsIn(run.body))).toBe(name);
  }
});

test("a failing init rejects ready()", async () => {
  const server = own();
  const app = quietApp()
    .init(() => {
      throw new Error("no database");
    })
    .query(text(), () => "ok");
  server.register(app.plugin(), { prefix: "/friday" });
  await expect(server.ready()).rejects.toMatchObject({
    code: "CONFIGURATION_ERROR",
    message: "The init of Friday failed: no database",
  });
});

test("closing the server drains the app, ends its streams with their end, and shuts it down", async () => {
  const log: string[] = [];
  const app = quietApp()
    .init(() => void log.push("init"))
    .shutdown(() => void log.push("shutdown"))
    .query(text(), async function* ({ signal }) {
      yield "started";
      await aborted(signal);
    });
  const server = own();
  await server.register(app.plugin(), { prefix: "/friday" });
  const url = await listening(server);
  const reader = await EventReader.open(`${url}/friday/process`, { body: ask("Hi") });
  await reader.until(({ object }) => object === "content");
  await server.close();
  expect(terminalOf(await reader.rest()).status).toBe("canceled");
  expect(log).toEqual(["init", "shutdown"]);
});

test("closing the server does not wait for an endpoint that streams for ever", async () => {
  const app = quietApp().endpoint("/ticks", { method: "GET" }, async function* () {
    yield 1;
    await new Promise(() => undefined);
  });
  const server = own();
  await server.register(app.plugin());
  const reader = await EventReader.open(`${await listening(server)}/ticks`);
  await reader.next();
  await server.close();
  expect(await reader.next()).toBeUndefined();
});

test("a mounted app obeys its own bounds of bodies, as do those it hosts, its endpoints and its protocols", async () => {
  const protocol: ProtocolAdapter = {
    name: "own",
    register: (scope) => {
      scope.post("/protocol", async ({ body }) => ({ body }));
    },
  };
  const app = quietApp({ bodyLimit: 2 * 2 ** 20, protocols: [protocol] })
    .query(text(), () => "ok")
    .endpoint("/endpoint", {}, () => "ok")
    .host(
      "guest",
      quietApp({ name: "guest" }).query(text(), () => "guest"),
    );
  const server = fastify({ bodyLimit: 1000 });
  onTestFinished(() => server.close());
  server.post("/own", async () => "own");
  await server.register(app.plugin(), { prefix: "/friday" });
  const post = async (url: string, payload: object) =>
    (await server.inject({ method: "POST", url, payload })).statusCode;
  for (const path of ["/process", "/agents/guest/process", "/endpoint", "/protocol"]) {
    const url = `/friday${path}`;
    expect([path, await post(url, ask("x".repeat(2 ** 20)))]).toEqual([path, 200]);
    expect([path, await post(url, ask("x".repeat(2 * 2 ** 20)))]).toEqual([path, 413]);
    expect([path, await post(url, { input: Array.from({ length: 200_000 }, () => 1) })]).toEqual([path, 400]);
  }
  expect(await post("/own", ask("x".repeat(1000)))).toBe(413);
});

test("a plugin of an app may have a parser of its own, hosted or not", async () => {
  const withHook = (name: string) =>
    quietApp({ name })
      .query(text(), () => name)
      .register(async (scope: FastifyInstance) => {
        const parser = (_: unknown, body: Buffer, done: (error: null, body: Buffer) => void) =>
          done(null, body);
        scope.addContentTypeParser("application/json", { parseAs: "buffer" }, parser);
        scope.post("/hook", async ({ body }) => String(Buffer.isBuffer(body)));
      });
  const server = own();
  await server.register(withHook("host").host("guest", withHook("guest")).plugin());
  for (const under of ["", "/agents/guest"]) {
    const hook = await server.inject({ method: "POST", url: `${under}/hook`, payload: { a: 1 } });
    expect(hook.body).toBe("true");
    const run = await server.inject({ method: "POST", url: `${under}/process`, payload: ask("Hi") });
    expect(run.statusCode).toBe(200);
  }
});
