import { request } from "node:http";
import { text } from "@agentscope-runtime/core";
import type { FastifyInstance } from "fastify";
import { expect, test } from "vitest";
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
