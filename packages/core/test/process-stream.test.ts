import { type AgentApp, text } from "@agentscope-runtime/core";
import type { FastifyPluginAsync } from "fastify";
import { expect, test } from "vitest";
import { deltaText, eventsIn, expectWholeLog, outputText, terminalOf } from "./support/agent-events.ts";
import { ask } from "./support/ask.ts";
import { EventReader } from "./support/event-reader.ts";
import { Gate } from "./support/gate.ts";
import { quietApp } from "./support/quiet-app.ts";
import { serve, serverOf } from "./support/serve.ts";

function speaker(pieces: readonly string[], app: AgentApp = quietApp()): AgentApp {
  return app.query(text(), async function* () {
    yield* pieces;
  });
}

test("an answer streams as the documented sequence of events", async () => {
  const server = await serverOf(speaker(["Hello", ", ", "Alice"]));
  const { body } = await server.inject({ method: "POST", url: "/process", body: ask("Hi") });
  const events = await eventsIn(body);
  expect(events.map(({ object, status }) => `${object} ${status}`)).toEqual([
    "response created",
    "response in_progress",
    "message in_progress",
    "content in_progress",
    "content in_progress",
    "content in_progress",
    "content completed",
    "message completed",
    "response completed",
  ]);
  expectWholeLog(events);
  expect(deltaText(events)).toBe("Hello, Alice");
  expect(outputText(terminalOf(events))).toBe("Hello, Alice");
});

test("each event has its sequence number as its id, and the stream says when to reconnect", async () => {
  const { url } = await serve(speaker(["a", "b"], quietApp({ streams: { retry: 1234 } })));
  const reader = await EventReader.open(`${url}/process`, { body: ask("Hi") });
  for (let seq = 0; ; seq++) {
    const received = await reader.next();
    if (received === undefined) break;
    expect(received.id).toBe(String(seq));
    expect(received.event.sequence_number).toBe(seq);
  }
  expect(reader.retry).toBe(1234);
});

test("the headers keep proxies from holding the stream back", async () => {
  const { url } = await serve(speaker(["a"]));
  const { status, headers } = await EventReader.open(`${url}/process`, {
    body: ask("Hi", { id: "run/1 ä" }),
  });
  expect(status).toBe(200);
  expect(headers["content-type"]).toBe("text/event-stream; charset=utf-8");
  expect(headers["cache-control"]).toBe("no-cache, no-transform");
  expect(headers["x-accel-buffering"]).toBe("no");
  expect(headers["x-run-id"]).toBe(encodeURIComponent("run/1 ä"));
  expect(headers).not.toHaveProperty("access-control-allow-origin");
});

test("headers that hooks and plugins set reach the client of a stream", async () => {
  const cors: FastifyPluginAsync = async (fastify) => {
    fastify.addHook("onRequest", async (_, reply) => {
      reply.header("access-control-allow-origin", "https://shop.example").header("vary", "Origin");
    });
  };
  const everywhere = Object.assign(cors, { [Symbol.for("skip-override")]: true });
  const { url } = await serve(speaker(["a"], quietApp().register(everywhere)));
  const { headers } = await EventReader.open(`${url}/process`, { body: ask("Hi") });
  expect(headers["access-control-allow-origin"]).toBe("https://shop.example");
  expect(headers.vary).toBe("Origin");
  expect(headers["content-type"]).toContain("text/event-stream");
});

test("the stream opens before the handler has said anything", async () => {
  const gate = new Gate();
  const app = quietApp().query(text(), async function* () {
    await gate.passed;
    yield "late";
  });
  const { url } = await serve(app);
  const reader = await EventReader.open(`${url}/process`, { body: ask("Hi") });
  const early = await reader.until(({ status }) => status === "in_progress");
  expect(early.map(({ status }) => status)).toEqual(["created", "in_progress"]);
  gate.open();
  expect(deltaText(await reader.rest())).toBe("late");
});

test("a piece reaches the client while the handler is still at work on the next", async () => {
  const gate = new Gate();
  const app = quietApp().query(text(), async function* () {
    yield "first";
    await gate.passed;
    yield " second";
  });
  const { url } = await serve(app);
  const reader = await EventReader.open(`${url}/process`, { body: ask("Hi") });
  const sofar = await reader.until(({ object }) => object === "content");
  expect(deltaText(sofar)).toBe("first");
  gate.open();
  expect(deltaText(await reader.rest())).toBe(" second");
});

test("the times are those of the run", async () => {
  const before = Math.floor(Date.now() / 1000);
  const server = await serverOf(speaker(["a"]));
  const { body } = await server.inject({ method: "POST", url: "/process", body: ask("Hi") });
  const events = await eventsIn(body);
  const after = Math.floor(Date.now() / 1000);
  const end = terminalOf(events);
  expect(end.created_at).toBeGreaterThanOrEqual(before);
  expect(end.completed_at).toBeGreaterThanOrEqual(end.created_at);
  expect(end.completed_at).toBeLessThanOrEqual(after);
  const [created] = events;
  expect(created).toMatchObject({ created_at: end.created_at, completed_at: null, output: null });
});

test("text of any script and every line break arrives as it was yielded", async () => {
  const pieces = [
    "äß",
    "你好",
    "👩‍👩‍👧",
    "e\u0301",
    "a\nb\r\nc\rd",
    "data: x\n\nid: 7",
    "\u2028\u2029\0",
    "\ufeff",
    '"\\',
  ];
  const { url } = await serve(speaker(pieces));
  const reader = await EventReader.open(`${url}/process`, { body: ask("Hi") });
  const events = await reader.rest();
  expectWholeLog(events);
  expect(deltaText(events)).toBe(pieces.join(""));
  expect(outputText(terminalOf(events))).toBe(pieces.join(""));
});

test("a handler may return a string, a list, a generator or a promise of any of them", async () => {
  const results: readonly (() =>
    | string
    | Iterable<string>
    | AsyncIterable<string>
    | Promise<string | string[]>)[] = [
    () => "ab",
    () => ["a", "b"],
    async () => "ab",
    async () => ["a", "b"],
    function* () {
      yield* "ab";
    },
  ];
  for (const result of results) {
    const server = await serverOf(quietApp().query(text(), () => result()));
    const { body } = await server.inject({ method: "POST", url: "/process", body: ask("Hi") });
    expect(deltaText(await eventsIn(body))).toBe("ab");
  }
});

test("the handler is handed the request with its ids settled, and what else the caller sent", async () => {
  const seen = Promise.withResolvers<Record<string, unknown>>();
  const app = quietApp().query(text(), ({ request, session, msgs }) => {
    seen.resolve({ ...request, session, words: msgs[0]?.content });
    return "ok";
  });
  const server = await serverOf(app);
  await server.inject({ method: "POST", url: "/process", body: { ...ask("Hi"), flavour: "vanilla" } });
  const { id, session_id, user_id, flavour, session, words } = await seen.promise;
  expect(id).toMatch(/^response_/);
  expect(session_id).toBeTypeOf("string");
  expect(user_id).toBe(session_id);
  expect(flavour).toBe("vanilla");
  expect(session).toEqual({
    agent: "Friday",
    userId: user_id,
    sessionId: session_id,
    fence: expect.any(Number),
  });
  expect(words).toMatchObject([{ type: "text", text: "Hi" }]);
});
