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
