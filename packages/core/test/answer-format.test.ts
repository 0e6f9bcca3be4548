import type { AgentRequestInput } from "@agentscope-runtime/agent-api";
import { type AgentApp, text } from "@agentscope-runtime/core";
import { expect, test } from "vitest";
import { eventsIn, terminalOf } from "./support/agent-events.ts";
import { quietApp } from "./support/quiet-app.ts";
import { serverOf } from "./support/serve.ts";

const city = {
  type: "object",
  properties: { name: { type: "string" }, people: { type: "integer" } },
  required: ["name"],
  additionalProperties: false,
};

async function end(app: AgentApp, format: object) {
  const server = await serverOf(app);
  const request: AgentRequestInput = {
    input: [{ role: "user", content: [{ type: "text", text: "Hi" }] }],
    text: { format: { type: "json_schema", name: "city", ...format } },
  };
  const answer = await server.inject({ method: "POST", url: "/process", payload: request });
  if (answer.statusCode !== 200) return answer.json();
  return terminalOf(await eventsIn(answer.body));
}

function saying(...words: readonly string[]): AgentApp {
  return quietApp().query(text(), async function* () {
    yield* words;
  });
}

test("an answer of the format that was asked for completes its run", async () => {
  expect(await end(saying('{"name":"Pa', 'ris","people":2}'), { schema: city })).toMatchObject({
    status: "completed",
  });
  expect(await end(saying("{}"), { type: "json_object" })).toMatchObject({ status: "completed" });
  expect(await end(saying("Paris"), { type: "text" })).toMatchObject({ status: "completed" });
  expect(await end(saying('{"other":1}'), { schema: city, strict: false })).toMatchObject({
    status: "completed",
  });
});

test.for([
  ["no JSON", { schema: city }, "Paris", /JSON/],
  ["no JSON, where no schema is strict", { schema: city, strict: false }, "Paris", /JSON/],
  ["another type", { schema: city }, '{"name":1}', /name: .*string/],
  ["a key too many", { schema: city }, '{"name":"Paris","x":1}', /"x"/],
  ["a key too few", { schema: city }, "{}", /name/],
  ["no object", { type: "json_object" }, "[]", /record|object/],
  ["nothing", { type: "json_object" }, "", /JSON/],
] as const)("an answer that is %s fails its run, and keeps what was said", async ([, format, said, why]) => {
  const response = await end(saying(said), format);
  expect(response).toMatchObject({ status: "failed", error: { code: "RESPONSE_ERROR" } });
  expect(response.error.message).toMatch(why);
  if (said !== "")
    expect(response.output).toMatchObject([{ status: "completed", content: [{ text: said }] }]);
});

test.for([
  ["left out", {}],
  ["that is none", { schema: "city" }],
  ["of an unknown type", { schema: { type: "town" } }],
  ["with a pattern that is none", { schema: { type: "string", pattern: "(" } }],
  ["with references to elsewhere", { schema: { $ref: "https://example.com/city" } }],
] as const)("a schema %s is refused before a run is started", async ([, format]) => {
  expect(await end(saying("never"), format)).toMatchObject({ error: { code: "INVALID_PARAMETER" } });
});

test("a schema that takes for ever to check fails its run soon", async () => {
  const started = performance.now();
  const hard = { type: "string", pattern: "^(a+)+$" };
  const response = await end(saying(JSON.stringify(`${"a".repeat(60)}b`)), { schema: hard });
  expect(response).toMatchObject({ status: "failed", error: { code: "RESPONSE_ERROR" } });
  const twice = (n: number) => ({ anyOf: [{ $ref: `#/$defs/d${n}` }, { $ref: `#/$defs/d${n}` }] });
  const $defs = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`d${n}`, twice(n + 1)]));
  const wide = { $defs: { ...$defs, d60: { type: "string" } }, $ref: "#/$defs/d0" };
  expect(await end(saying("1"), { schema: wide })).toMatchObject({ status: "failed" });
  const endless = { $defs: { a: { $ref: "#/$defs/a" } }, $ref: "#/$defs/a" };
  expect(await end(saying("1"), { schema: endless })).toMatchObject({ status: "failed" });
  expect(performance.now() - started).toBeLessThan(10_000);
});
