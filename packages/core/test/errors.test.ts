import { request } from "node:http";
import type { AgentEvent } from "@agentscope-runtime/agent-api";
import {
  type AgentApp,
  type FrameworkAdapter,
  InMemoryRunStore,
  RuntimeError,
  text,
} from "@agentscope-runtime/core";
import type { FastifyInstance } from "fastify";
import { expect, test } from "vitest";
import { eventsIn, expectWholeLog, outputText, terminalOf } from "./support/agent-events.ts";
import { ask } from "./support/ask.ts";
import { quietApp } from "./support/quiet-app.ts";
import { serve, serverOf } from "./support/serve.ts";

const echo = () => quietApp().query(text(), () => "ok");
const json = { "content-type": "application/json" };

async function sendText(server: FastifyInstance, payload: string, headers: Record<string, string> = json) {
  const answer = await server.inject({ method: "POST", url: "/process", payload, headers });
  return { status: answer.statusCode, error: answer.json().error };
}

async function failWith(app: AgentApp): Promise<{ events: AgentEvent[]; body: string }> {
  const server = await serverOf(app);
  const { body } = await server.inject({
    method: "POST",
    url: "/process",
    payload: ask("Hi", { id: "run-1" }),
  });
  return { events: await eventsIn(body), body };
}

test.each([
  ["nothing", ""],
  ["half an object", '{"input":'],
  ["two objects", '{"input":[]}{}'],
  ["no JSON at all", "input=hello"],
  ["a number that JSON does not know", '{"input":[],"seed":NaN}'],
  ["__proto__", '{"input":[],"__proto__":{"admin":true}}'],
  ["__proto__ deep inside", '{"input":[{"role":"user","metadata":{"a":{"__proto__":{"admin":true}}}}]}'],
  ["constructor.prototype", '{"input":[],"constructor":{"prototype":{"admin":true}}}'],
  ["20,000 brackets", `${"[".repeat(20_000)}${"]".repeat(20_000)}`],
  [
    "20,000 brackets in a key that nobody knows",
    `{"input":[],"x":${"[".repeat(20_000)}${"]".repeat(20_000)}}`,
  ],
  ["20,000 braces", `{"input":[],"x":${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}}`],
])("a body that is %s answers 400", async (_, payload) => {
  const { status, error } = await sendText(await serverOf(echo()), payload);
  expect([status, error.code]).toEqual([400, "INVALID_PARAMETER"]);
  expect(error.message).toMatch(/^[A-Z\w].{5,200}\.?$/);
  expect(({} as Record<string, unknown>).admin).toBeUndefined();
});

test.each([
  ["null", "null", []],
  ["a list", "[]", []],
  ["a text", '"hello"', []],
  ["no input", "{}", ["input"]],
  ["input that is text", '{"input":"hello"}', ["input"]],
  ["a role nobody has", '{"input":[{"role":"boss"}]}', ["input", 0, "role"]],
  ["content that is text", '{"input":[{"content":"hello"}]}', ["input", 0, "content"]],
  ["a stream that is text", '{"input":[],"stream":"yes"}', ["stream"]],
  ["an id that is a number", '{"input":[],"id":7}', ["id"]],
  ["an id beyond all bounds", JSON.stringify({ input: [], id: "x".repeat(1025) }), ["id"]],
  ["a session id that is an object", '{"input":[],"session_id":{}}', ["session_id"]],
  ["a number too large", '{"input":[],"max_tokens":1e400}', ["max_tokens"]],
  ["a number that is no integer", '{"input":[],"seed":1.5}', ["seed"]],
])("a body with %s answers 400 and says where", async (_, payload, path) => {
  const { status, error } = await sendText(await serverOf(echo()), payload);
  expect([status, error.code]).toEqual([400, "INVALID_PARAMETER"]);
  expect(error.details[0].path).toEqual(path);
  expect(error.message).toContain(["body", ...path].join("."));
});

test("a body with a million mistakes is not answered with a million", async () => {
  const input = Array.from({ length: 20_000 }, () => ({ role: "boss" }));
  const { status, error } = await sendText(await serverOf(echo()), JSON.stringify({ input }));
  expect(status).toBe(400);
  expect(error.details.length).toBe(20);
});

test.each([
  ["text", { "content-type": "text/plain" }],
  ["a form", { "content-type": "application/x-www-form-urlencoded" }],
  ["a multipart form", { "content-type": "multipart/form-data; boundary=x" }],
  ["of no type", {}],
])("a body that says it is %s answers 415", async (_, headers) => {
  const { status, error } = await sendText(await serverOf(echo()), JSON.stringify(ask("Hi")), headers);
  expect([status, error.code]).toEqual([415, "UNSUPPORTED_MEDIA_TYPE"]);
});

test("20 MB answer 413 to a client that sends them all", async () => {
  const { url } = await serve(echo());
  for (const chunked of [false, true]) {
    const body = JSON.stringify(ask("x".repeat(20 * 2 ** 20)));
    const length = chunked ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
    const outgoing = request(
      `${url}/process`,
      { method: "POST", headers: { ...json, ...length } },
      (response) => {
        let answer = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          answer += chunk;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text: answer }));
      },
    );
    outgoing.on("error", reject);
    for (let at = 0; at < body.length; at += 2 ** 20) outgoing.write(body.slice(at, at + 2 ** 20));
    outgoing.end();
    const answer = await promise;
    expect([chunked, answer.status]).toEqual([chunked, 413]);
    expect(JSON.parse(answer.text).error.code).toBe("PAYLOAD_TOO_LARGE");
  }
});

test("a body of a few MB is taken", async () => {
  const payload = JSON.stringify(ask("x".repeat(5 * 2 ** 20), { stream: false }));
  const server = await serverOf(echo());
  const answer = await server.inject({ method: "POST", url: "/process", payload, headers: json });
  expect(answer.statusCode).toBe(200);
});

test("bodyLimit and maxNesting can be set", async () => {
  const app = quietApp({ bodyLimit: 200, maxNesting: 6 }).query(text(), () => "ok");
  const server = await serverOf(app);
  const inject = (payload: object) => server.inject({ method: "POST", url: "/process", payload });
  expect((await inject(ask("Hi"))).statusCode).toBe(200);
  expect((await inject(ask("x".repeat(200)))).statusCode).toBe(413);
  expect((await inject({ input: [], a: [[[[[[]]]]]] })).statusCode).toBe(400);
});

test("what is not there answers 404, with the path and without the query", async () => {
  const server = await serverOf(echo());
  for (const [method, url] of [
    ["GET", "/nothing?token=abc"],
    ["POST", "/nothing"],
    ["GET", "/process"],
    ["GET", "/runs/none"],
    ["DELETE", "/runs"],
  ] as const) {
    const answer = await server.inject({ method, url });
    expect([url, answer.statusCode, answer.json().error.code]).toEqual([url, 404, "RESOURCE_NOT_FOUND"]);
    expect(answer.body).not.toContain("abc");
  }
});

test("a path that can't be decoded answers 400", async () => {
  const answer = await (await serverOf(echo())).inject("/runs/%zz");
  expect([answer.statusCode, answer.json().error.code]).toEqual([400, "INVALID_PARAMETER"]);
});

test("input that the adapter can't convert answers 422 and starts nothing", async () => {
  const base = text();
  const picky: FrameworkAdapter<string, string> = {
    ...base,
    name: "picky",
    toInput: ([message]) => {
      if (message?.role === "system") throw new RuntimeError("INPUT_NOT_CONVERTIBLE", "No system messages.");
      if (message === undefined) throw new TypeError("secret internals");
      return "fine";
    },
  };
  const server = await serverOf(quietApp().query(picky, ({ msgs }) => msgs));
  const known = await sendText(server, JSON.stringify({ input: [{ role: "system" }] }));
  expect([known.status, known.error.code, known.error.message]).toEqual([
    422,
    "INPUT_NOT_CONVERTIBLE",
    "No system messages.",
  ]);
  const unknown = await sendText(server, JSON.stringify({ input: [] }));
  expect([unknown.status, unknown.error.code]).toEqual([422, "INPUT_NOT_CONVERTIBLE"]);
  expect(unknown.error.message).not.toContain("secret");
  expect((await server.inject("/runs")).json().data).toEqual([]);
});

test.each([
  ["throws an Error", new Error("postgres://admin:hunter2@db")],
  ["throws text", "hunter2"],
  ["throws nothing", undefined],
  ["throws null", null],
  ["throws an object that looks like ours", { code: "AUTH_FAILED", message: "hunter2" }],
])("a handler that %s fails the run and gives nothing away", async (_, thrown) => {
  const app = quietApp().query(text(), async function* () {
    yield "Half";
    throw thrown;
  });
  const { events, body } = await failWith(app);
  expectWholeLog(events);
  const end = terminalOf(events);
  expect(end.status).toBe("failed");
  expect(end.error?.code).toBe("AGENT_UNKNOWN_ERROR");
  expect(end.error?.message).toContain("run-1");
  expect(outputText(end)).toBe("Half");
  expect(body).not.toContain("hunter2");
});

test("a handler that throws before it yields fails the run as well, in whichever way it throws", async () => {
  const throwers = [
    () => {
      throw new Error("at once");
    },
    async () => {
      throw new Error("later");
    },
  ];
  for (const thrower of throwers) {
    const { events } = await failWith(quietApp().query(text(), thrower));
    expectWholeLog(events);
    expect(terminalOf(events)).toMatchObject({ status: "failed", error: { code: "AGENT_UNKNOWN_ERROR" } });
  }
});

test("an error of the runtime keeps its code and its words", async () => {
  const app = quietApp().query(text(), () => {
    throw new RuntimeError("MODEL_UNAUTHORIZED_ACCESS", "The model refused the key.", {
      cause: new Error("sk-hunter2"),
    });
  });
  const { events, body } = await failWith(app);
  expect(terminalOf(events).error).toEqual({
    code: "MODEL_UNAUTHORIZED_ACCESS",
    message: "The model refused the key.",
  });
  expect(body).not.toContain("hunter2");
});

test("an adapter may put its framework's errors into the runtime's words", async () => {
  const adapter: FrameworkAdapter<unknown, string> = {
    ...text(),
    toRuntimeError: (error) =>
      error instanceof RangeError ? new RuntimeError("MODEL_TIMEOUT", "The model took too long.") : undefined,
  };
  const { events } = await failWith(
    quietApp().query(adapter, () => {
      throw new RangeError("x");
    }),
  );
  expect(terminalOf(events).error?.code).toBe("MODEL_TIMEOUT");
});

test("an adapter that fails in doing so does not keep the run from its end", async () => {
  const adapter: FrameworkAdapter<unknown, string> = {
    ...text(),
    toRuntimeError: () => {
      throw new Error("oops");
    },
  };
  const { events } = await failWith(
    quietApp().query(adapter, () => {
      throw new Error("x");
    }),
  );
  expectWholeLog(events);
  expect(terminalOf(events).error?.code).toBe("AGENT_UNKNOWN_ERROR");
});

test("a handler that yields or returns what its adapter does not take fails the run", async () => {
  const wrong: readonly (() => unknown)[] = [
    async function* () {
      yield 7;
    },
    () => 7,
    () => undefined,
    () => null,
  ];
  for (const handler of wrong) {
    const { events } = await failWith(quietApp().query(text(), handler as () => string));
    expectWholeLog(events);
    expect(terminalOf(events)).toMatchObject({ status: "failed", error: { code: "AGENT_ERROR" } });
  }
});

test("a run whose events are no longer kept answers 410", async () => {
  const app = quietApp({ runStore: new InMemoryRunStore({ maxFinishedRuns: 1 }) }).query(text(), () => "ok");
  const server = await serverOf(app);
  for (const id of ["run-1", "run-2", "run-3"]) {
    await server.inject({ method: "POST", url: "/process", payload: ask("Hi", { id, stream: false }) });
  }
  for (const [method, url] of [
    ["GET", "/runs/run-1"],
    ["GET", "/runs/run-1/events"],
    ["POST", "/runs/run-1/cancel"],
  ] as const) {
    const answer = await server.inject({ method, url });
    expect([url, answer.statusCode, answer.json().error.code]).toEqual([url, 410, "RUN_EXPIRED"]);
  }
});

const HOSTILE_IDS = [
  "__proto__",
  "constructor",
  "toString",
  "../../etc/passwd",
  "..%2f..%2f",
  "a/b?c#d",
  "*",
  "a\u0000b",
  "a\r\nset-cookie: x=1",
  "'; DROP TABLE runs; --",
  "$" + "{7*7}",
  "\u202e\ufeff👩‍👩‍👧",
  "\ud800",
  "x".repeat(1024),
];

test("ids are opaque: whatever they hold, the run is found by them", async () => {
  const server = await serverOf(echo());
  for (const id of HOSTILE_IDS) {
    const payload = ask("Hi", { id, session_id: id, user_id: id, stream: false });
    const answer = await server.inject({ method: "POST", url: "/process", payload });
    expect([id, answer.statusCode]).toEqual([id, 200]);
    expect(answer.json()).toMatchObject({ id, session_id: id, status: "completed" });
    expect(answer.headers["set-cookie"]).toBeUndefined();
    // A lone surrogate has no place in a URL.
    if (!id.isWellFormed()) continue;
    const name = encodeURIComponent(id);
    const view = await server.inject(`/runs/${name}`);
    expect([id, view.statusCode, view.json().user_id]).toEqual([id, 200, id]);
    const list = await server.inject(`/runs?session_id=${name}&user_id=${name}`);
    expect(list.json().data.map((run: { id: string }) => run.id)).toEqual([id]);
    expect((await server.inject(`/runs/${name}/events`)).body).toContain("id: 6\n");
  }
});

test("on loopback a request for another host is refused", async () => {
  const { url } = await serve(echo());
  const { port } = new URL(url);
  const status = (host: string) => {
    const { promise, resolve } = Promise.withResolvers<number>();
    request(`${url}/health`, { headers: { host }, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    }).end();
    return promise;
  };
  for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, "LOCALHOST", "[::1]", "127.1.2.3"]) {
    expect([host, await status(host)]).toEqual([host, 200]);
  }
  for (const host of [
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "0.0.0.0",
    "10.0.0.1",
  ]) {
    expect([host, await status(host)]).toEqual([host, 403]);
  }
});
