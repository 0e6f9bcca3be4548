import { request } from "node:http";
import { text } from "@agentscope-runtime/core";
import type { FastifyInstance } from "fastify";
import { expect, test } from "vitest";
import { outputText } from "./support/agent-events.ts";
import { ask } from "./support/ask.ts";
import { quietApp } from "./support/quiet-app.ts";
import { serve, serverOf } from "./support/serve.ts";

const echo = () => quietApp().query(text(), () => "ok");
const json = { "content-type": "application/json" };

async function sendText(server: FastifyInstance, payload: string, headers: Record<string, string> = json) {
  const answer = await server.inject({ method: "POST", url: "/process", payload, headers });
  return { status: answer.statusCode, error: answer.json().error };
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

test.each([
  ["__proto__", '{"input":[],"__proto__":{"admin":true}}'],
  ["__proto__ in other letters", '{"input":[],"\\u005f_proto__":{"admin":true}}'],
  ["constructor.prototype", '{"input":[],"constructor":{"prototype":{"admin":true}}}'],
])("a body with a key %s is told what is wrong with it", async (_, payload) => {
  const { error } = await sendText(await serverOf(echo()), payload);
  expect(error.message).toContain("a key that is not taken: __proto__");
});

test("a body with some mistakes is told them all, one with a thousand only the first", async () => {
  const server = await serverOf(echo());
  const few = await sendText(server, '{"input":[{"role":"boss"}],"stream":"yes","id":7}');
  expect(few.error.details.map(({ path }: { path: unknown[] }) => path)).toEqual([
    ["input", 0, "role"],
    ["stream"],
    ["id"],
  ]);
  const input = Array.from({ length: 2000 }, () => ({ role: "boss" }));
  const many = await sendText(server, JSON.stringify({ input }));
  expect([many.status, many.error.details.length]).toEqual([400, 1]);
  const dense = Array.from({ length: 1000 }, () => 7);
  expect((await sendText(server, JSON.stringify({ input: dense }))).error.details.length).toBe(20);
});

const FULL = 10 * 2 ** 20 - 100;

test.each([
  ["numbers", "1,"],
  ["objects", "{},"],
  ["lists", "[],"],
  ["texts", '"",'],
  ["keys", '{"a":1},'],
  ["brackets", "["],
  ["objects in objects", '{"a":'],
])("10 MB of %s are refused at once", async (_, unit) => {
  const server = await serverOf(echo());
  // What the parser looks for in vain, for which it goes over all there is.
  const head = '{"constructor":1,"input":[';
  const payload = `${head}${unit.repeat(Math.floor(FULL / unit.length))}`;
  const started = performance.now();
  const { status, error } = await sendText(server, payload);
  expect(performance.now() - started).toBeLessThan(500);
  expect([status, error.code]).toEqual([400, "INVALID_PARAMETER"]);
  expect(error.message).toMatch(/more than 200000 values|deeper than 100/);
});

test.each([
  ["items", "input", 7],
  ["messages", "input", { role: "boss" }],
  ["stops", "stop", 7],
])("a body with nothing but wrong %s, as many as may be, is refused at once", async (_, key, item) => {
  const server = await serverOf(echo());
  const items = Array.from({ length: 99_000 }, () => item);
  const payload = JSON.stringify({ input: [], [key]: items });
  const started = performance.now();
  const { status, error } = await sendText(server, payload);
  expect(performance.now() - started).toBeLessThan(500);
  expect([status, error.code]).toEqual([400, "INVALID_PARAMETER"]);
});

test("brackets, commas and quotes within a text are neither nesting nor values", async () => {
  const app = quietApp({ maxNesting: 6, maxValues: 20 }).query(text(), ({ msgs }) =>
    msgs
      .flatMap(({ content }) => content ?? [])
      .map((slot) => (slot.type === "text" ? (slot.text ?? "") : "")),
  );
  const server = await serverOf(app);
  const words = '[[[{{{,,,"\\",,,,,,,,,,,,,,,,,,,,[[[[[[[["\\\\';
  const payload = ask(words, { stream: false });
  const answer = await server.inject({ method: "POST", url: "/process", payload });
  expect(outputText(answer.json())).toBe(words);
  const values = { ...payload, metadata: Array.from({ length: 20 }, () => 1) };
  const refused = await server.inject({ method: "POST", url: "/process", payload: values });
  expect([refused.statusCode, refused.json().error.message]).toEqual([
    400,
    "The body holds more than 20 values.",
  ]);
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
