import { type EventEmitter, once } from "node:events";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
} from "node:http2";
import { type AgentEvent, decodeSse } from "@agentscope-runtime/agent-api";
import { type AgentApp, text } from "@agentscope-runtime/core";
import fastify from "fastify";
import { expect, onTestFinished, test } from "vitest";
import { deltaText, expectWholeLog, terminalOf } from "./support/agent-events.ts";
import { ask } from "./support/ask.ts";
import { aborted, Gate } from "./support/gate.ts";
import { quietApp } from "./support/quiet-app.ts";

/** The app in a server that speaks HTTP/2 in the clear, and a client of it. */
async function serve2(app: AgentApp, onResponse?: (response: object) => void): Promise<ClientHttp2Session> {
  const server = fastify({ http2: true });
  server.addHook("onRequest", async (_, reply) => onResponse?.(reply.raw));
  await server.register(app.plugin(), { prefix: "/friday" });
  const url = await server.listen({ port: 0, host: "127.0.0.1" });
  const session = connect(url);
  onTestFinished(async () => {
    session.destroy();
    await server.close();
  });
  return session;
}

async function open(session: ClientHttp2Session, path: string, body?: unknown, headers: object = {}) {
  const method = body === undefined ? "GET" : "POST";
  const type = body === undefined ? {} : { "content-type": "application/json" };
  const stream = session.request({ ":method": method, ":path": path, ...type, ...headers });
  stream.end(body === undefined ? undefined : JSON.stringify(body));
  const [head] = (await once(stream, "response")) as [IncomingHttpHeaders & { ":status": number }];
  return { stream, head };
}

async function rest(stream: ClientHttp2Stream): Promise<AgentEvent[]> {
  const events: AgentEvent[] = [];
  for await (const { data } of decodeSse(stream)) events.push(JSON.parse(data));
  return events;
}

test("a run streams over HTTP/2", async () => {
  const session = await serve2(quietApp().query(text(), () => ["Hello", " Alice"]));
  const { stream, head } = await open(session, "/friday/process", ask("Hi", { id: "run-1" }));
  expect(head[":status"]).toBe(200);
  expect(head["content-type"]).toBe("text/event-stream; charset=utf-8");
  expect(head["x-run-id"]).toBe("run-1");
  const events = await rest(stream);
  expectWholeLog(events);
  expect(deltaText(events)).toBe("Hello Alice");
});

test("two streams share one connection, and one that is cut resumes there", async () => {
  const gate = new Gate();
  const app = quietApp().query(text(), async function* () {
    yield "a";
    await gate.passed;
    yield "b";
  });
  const session = await serve2(app);
  const first = await open(session, "/friday/process", ask("Hi", { id: "run-1" }));
  await once(first.stream, "data");
  const second = await open(session, "/friday/runs/run-1/events");
  first.stream.close();
  const third = await open(session, "/friday/runs/run-1/events", undefined, { "last-event-id": "2" });
  gate.open();
  const [whole, part] = await Promise.all([rest(second.stream), rest(third.stream)]);
  expectWholeLog(whole);
  expect(part).toEqual(whole.slice(3));
});

test("a client that is gone is noticed over HTTP/2 as well", async () => {
  const app = quietApp({ streams: { disconnectGrace: 10 } }).query(text(), async function* ({ signal }) {
    yield "a";
    await aborted(signal);
  });
  const session = await serve2(app);
  const body = ask("Hi", { id: "run-1", on_disconnect: "cancel" });
  const first = await open(session, "/friday/process", body);
  await once(first.stream, "data");
  first.stream.close();
  const second = await open(session, "/friday/runs/run-1/events");
  expect(terminalOf(await rest(second.stream))).toMatchObject({
    status: "canceled",
    error: { message: "The client has gone." },
  });
});

test("a client that does not read over HTTP/2 is cut off and can resume", async () => {
  const app = quietApp({ streams: { stallTimeout: 100 } }).query(text(), async function* () {
    for (let piece = 0; piece < 64; piece++) yield "x".repeat(16_384);
  });
  const cutOff = Promise.withResolvers<void>();
  const session = await serve2(app, (response) => (response as EventEmitter).once("close", cutOff.resolve));
  const { stream } = await open(session, "/friday/process", ask("Hi", { id: "run-1" }));
  stream.pause();
  stream.on("error", () => undefined);
  await cutOff.promise;
  const again = await open(session, "/friday/runs/run-1/events");
  const events = await rest(again.stream);
  expectWholeLog(events);
  expect(deltaText(events).length).toBe(64 * 16_384);
});

test("JSON answers and errors work over HTTP/2", async () => {
  const session = await serve2(quietApp().query(text(), () => "ok"));
  const { stream, head } = await open(session, "/friday/process", { input: "wrong" });
  let body = "";
  for await (const chunk of stream.setEncoding("utf8")) body += chunk;
  expect([head[":status"], JSON.parse(body).error.code]).toEqual([400, "INVALID_PARAMETER"]);
});
