import { AgentApp, RuntimeError, text } from "@agentscope-runtime/core";
import type { FastifyInstance, FastifyPluginAsync } from "fastify";
import { expect, test } from "vitest";
import { ask } from "./support/ask.ts";
import { quietApp } from "./support/quiet-app.ts";
import { serverOf } from "./support/serve.ts";

function byToken(prefix = "token-") {
  return ({ headers }: { headers: Readonly<Record<string, unknown>> }) => {
    const token = String(headers.authorization ?? "");
    return token.startsWith(prefix) ? { userId: token.slice(prefix.length) } : undefined;
  };
}

const pages: FastifyPluginAsync = async (fastify) => {
  fastify.get("/pages/help", async () => "help");
};

function guarded(): AgentApp {
  const hosted = quietApp({ name: "hosted" })
    .query(text(), () => "ok")
    .endpoint("/own", {}, () => "own")
    .register(pages);
  return quietApp({ authenticate: byToken() })
    .query(text(), () => "ok")
    .endpoint("/feedback", {}, ({ caller }) => ({ caller }))
    .endpoint("/numbers", { method: "GET" }, async function* () {
      yield 1;
    })
    .register(pages)
    .host("hosted", hosted) as AgentApp;
}

const alice = { authorization: "token-alice" };
const bob = { authorization: "token-bob" };

async function startRun(server: FastifyInstance, under: string, headers = alice): Promise<string> {
  const payload = ask("Hi", { stream: false });
  const answer = await server.inject({ method: "POST", url: `${under}/process`, payload, headers });
  expect(answer.statusCode).toBe(200);
  return answer.json().id;
}

const guardedRoutes = (id: string, under: string) =>
  [
    ["POST", `${under}/process`],
    ["GET", `${under}/runs`],
    ["GET", `${under}/runs/${id}`],
    ["GET", `${under}/runs/${id}/events`],
    ["POST", `${under}/runs/${id}/cancel`],
    ["GET", `${under}/`],
    ["GET", `${under}/openapi.json`],
    ["GET", `${under}/pages/help`],
    ...(under === ""
      ? ([
          ["POST", "/feedback"],
          ["GET", "/numbers"],
        ] as const)
      : [["POST", `${under}/own`] as const]),
  ] as const;

for (const under of ["", "/agents/hosted"]) {
  for (const [method, path] of guardedRoutes(":id", under)) {
    test(`${method} ${path} answers 401 without credentials and with wrong ones`, async () => {
      const server = await serverOf(guarded());
      const id = await startRun(server, under);
      for (const headers of [{}, { authorization: "wrong" }, { authorization: "token-" }]) {
        const payload = method === "POST" ? { payload: ask("Hi") } : {};
        const answer = await server.inject({ method, url: path.replace(":id", id), headers, ...payload });
        expect(answer.statusCode).toBe(401);
        expect(answer.json()).toEqual({
          error: { code: "AUTH_FAILED", message: "Credentials are missing or wrong." },
        });
      }
      const allowed = await server.inject({
        method,
        url: path.replace(":id", id),
        headers: alice,
        ...(method === "POST" && !path.endsWith("cancel") ? { payload: ask("Hi") } : {}),
      });
      expect(allowed.statusCode).toBe(200);
    });
  }

  for (const probe of ["/health", "/liveness", "/readiness"]) {
    test(`GET ${under}${probe} is open to all`, async () => {
      const server = await serverOf(guarded());
      expect((await server.inject(`${under}${probe}`)).statusCode).toBe(200);
    });
  }

  for (const [method, path] of [
    ["GET", "/runs/:id"],
    ["GET", "/runs/:id/events"],
    ["POST", "/runs/:id/cancel"],
  ] as const) {
    test(`${method} ${under}${path} answers 404 for somebody else's run, as for none`, async () => {
      const server = await serverOf(guarded());
      const id = await startRun(server, under);
      const url = `${under}${path}`;
      const foreign = await server.inject({ method, url: url.replace(":id", id), headers: bob });
      const missing = await server.inject({ method, url: url.replace(":id", "none"), headers: bob });
      expect([foreign.statusCode, missing.statusCode]).toEqual([404, 404]);
      expect(foreign.body.replaceAll(id, "none")).toBe(missing.body);
    });
  }

  test(`${under}/process answers 403 for somebody else's user_id, and fills an absent one`, async () => {
    const server = await serverOf(guarded());
    const start = (user_id: string | null) =>
      server.inject({
        method: "POST",
        url: `${under}/process`,
        payload: ask("Hi", { user_id, stream: false, id: `run-${user_id}` }),
        headers: alice,
      });
    const refused = await start("bob");
    expect([refused.statusCode, refused.json().error.code]).toEqual([403, "ACCESS_DENIED"]);
    expect((await start("alice")).statusCode).toBe(200);
    expect((await start(null)).statusCode).toBe(200);
    expect((await start("")).statusCode).toBe(200);
    for (const id of ["run-alice", "run-null", "run-"]) {
      const view = await server.inject({ url: `${under}/runs/${id}`, headers: alice });
      expect(view.json().user_id).toBe("alice");
    }
    const gone = await server.inject({ url: `${under}/runs/run-bob`, headers: bob });
    expect(gone.statusCode).toBe(404);
  });

  test(`${under}/runs lists the caller's own runs only`, async () => {
    const server = await serverOf(guarded());
    const own = await startRun(server, under, alice);
    await startRun(server, under, bob);
    const list = async (query: string) => {
      const { data } = (await server.inject({ url: `${under}/runs${query}`, headers: alice })).json();
      return data.map(({ id }: { id: string }) => id);
    };
    expect(await list("")).toEqual([own]);
    expect(await list("?user_id=alice")).toEqual([own]);
    const refused = await server.inject({ url: `${under}/runs?user_id=bob`, headers: alice });
    expect([refused.statusCode, refused.json().error.code]).toEqual([403, "ACCESS_DENIED"]);
  });
}

test("a run of one agent is not seen through another", async () => {
  const server = await serverOf(guarded());
  const id = await startRun(server, "");
  expect((await server.inject({ url: `/agents/hosted/runs/${id}`, headers: alice })).statusCode).toBe(404);
});

test("the id of somebody else's run can't be taken, and its key gives nothing away", async () => {
  const server = await serverOf(guarded());
  const key = { "idempotency-key": "k" };
  const start = (headers: Record<string, string>, id: string) =>
    server.inject({ method: "POST", url: "/process", payload: ask("Hi", { id, stream: false }), headers });
  await start({ ...alice, ...key }, "run-1");
  expect((await start({ ...bob, ...key }, "run-1")).statusCode).toBe(409);
  expect((await start({ ...bob, ...key }, "run-2")).headers["idempotent-replayed"]).toBeUndefined();
});

test("a run of somebody else can't be continued", async () => {
  const server = await serverOf(guarded());
  const id = await startRun(server, "");
  const payload = ask("Hi", { continues: id });
  const answer = await server.inject({ method: "POST", url: "/process", payload, headers: bob });
  expect(answer.statusCode).toBe(404);
});

test("an authenticate that throws refuses, and what it threw stays inside", async () => {
  const app = quietApp({
    authenticate: () => {
      throw new Error("ldap://secret is down");
    },
  }).query(text(), () => "ok");
  const answer = await (await serverOf(app)).inject("/runs");
  expect(answer.statusCode).toBe(401);
  expect(answer.body).not.toContain("ldap");
});

test("an authenticate may refuse with an error of the runtime", async () => {
  const app = quietApp({
    authenticate: async () => {
      throw new RuntimeError("TOKEN_EXPIRED", "The token has expired.");
    },
  }).query(text(), () => "ok");
  const answer = await (await serverOf(app)).inject("/runs");
  expect([answer.statusCode, answer.json().error.code]).toEqual([401, "TOKEN_EXPIRED"]);
});

test("authenticate is asked once per request, before the body is read", async () => {
  const asked: string[] = [];
  const app = quietApp({
    authenticate: ({ url, method }) => {
      asked.push(`${method} ${url}`);
      return undefined;
    },
  }).query(text(), () => "ok");
  const server = await serverOf(app);
  const headers = { "content-type": "application/json" };
  const answer = await server.inject({ method: "POST", url: "/process", payload: "{broken", headers });
  expect(answer.statusCode).toBe(401);
  expect(asked).toEqual(["POST /process"]);
});

test("a hosted app's own authenticate counts for it, and not its host's", async () => {
  const hosted = quietApp({ authenticate: byToken("hosted-") })
    .query(text(), () => "ok")
    .register(pages);
  const host = quietApp({ authenticate: byToken("host-") }).query(text(), () => "ok");
  const server = await serverOf(host.host("hosted", hosted).register(pages));
  const status = async (url: string, authorization: string) =>
    (await server.inject({ url, headers: { authorization } })).statusCode;
  for (const path of ["/runs", "/pages/help"]) {
    expect(await status(path, "host-alice")).toBe(200);
    expect(await status(path, "hosted-alice")).toBe(401);
    expect(await status(`/agents/hosted${path}`, "hosted-alice")).toBe(200);
    expect(await status(`/agents/hosted${path}`, "host-alice")).toBe(401);
  }
});

test("a hosted app's authenticate leaves an open host open", async () => {
  const hosted = quietApp({ authenticate: byToken() }).query(text(), () => "ok");
  const server = await serverOf(
    quietApp()
      .query(text(), () => "ok")
      .host("hosted", hosted),
  );
  expect((await server.inject("/runs")).statusCode).toBe(200);
  expect((await server.inject("/agents/hosted/runs")).statusCode).toBe(401);
});

test("an endpoint is told who asks", async () => {
  const server = await serverOf(guarded());
  const answer = await server.inject({ method: "POST", url: "/feedback", headers: alice });
  expect(answer.json()).toEqual({ caller: { userId: "alice" } });
});

test("an app has no route that shuts it down", async () => {
  const server = await serverOf(
    new AgentApp({ name: "Friday", log: { level: "silent" } }).query(text(), () => "ok"),
  );
  for (const url of ["/shutdown", "/admin/shutdown", "/admin/status"]) {
    for (const method of ["GET", "POST"] as const) {
      expect((await server.inject({ method, url })).statusCode).toBe(404);
    }
  }
});
