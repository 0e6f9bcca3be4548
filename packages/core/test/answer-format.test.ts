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
  ["another type", { schema: city }, '{"name":1}', /name must be string/],
  ["a key too many", { schema: city }, '{"name":"Paris","x":1}', /additional/],
  ["a key too few", { schema: city }, "{}", /'name'/],
  [
    "a key too few that has a default",
    { schema: { required: ["a"], properties: { a: { default: 1 } } } },
    "{}",
    /'a'/,
  ],
  ["no object", { type: "json_object" }, "[]", /object/],
  ["nothing", { type: "json_object" }, "", /JSON/],
] as const)("an answer that is %s fails its run, and keeps what was said", async ([, format, said, why]) => {
  const response = await end(saying(said), format);
  expect(response).toMatchObject({ status: "failed", error: { code: "RESPONSE_ERROR" } });
  expect(response.error.message).toMatch(why);
  if (said !== "")
    expect(response.output).toMatchObject([{ status: "completed", content: [{ text: said }] }]);
});

test.for<[string, object, string]>([
  ["definitions", { definitions: { x: { type: "string" } }, $ref: "#/definitions/x" }, '"a"'],
  ["references to properties", { properties: { a: {}, b: { $ref: "#/properties/a" } } }, '{"b":1}'],
  ["objects to choose from", { enum: [{ x: 1 }] }, '{"x":1}'],
  ["negations", { not: { type: "string" } }, "1"],
  ["classes of characters", { pattern: "^\\p{L}+$" }, '"é"'],
  ["large integers", { type: "integer" }, "36028797018963968"],
  ["ids of types", { id: "City", type: "object" }, "{}"],
  [
    "draft 7's tuples",
    { $schema: "http://json-schema.org/draft-07/schema#", items: [{ type: "string" }] },
    '["a"]',
  ],
])("a schema with %s is understood", async ([, schema, said]) => {
  expect(await end(saying(said), { schema })).toMatchObject({ status: "completed" });
});

test.for([
  ["left out", {}],
  ["that is none", { schema: "city" }],
  ["of an unknown type", { schema: { type: "town" } }],
  ["with a pattern that is none", { schema: { type: "string", pattern: "(" } }],
  ["with references to elsewhere", { schema: { $ref: "https://example.com/city" } }],
  [
    "that refers to itself and nothing else",
    { schema: { $defs: { a: { $ref: "#/$defs/a" } }, $ref: "#/$defs/a" } },
  ],
] as const)("a schema %s is refused before a run is started", async ([, format]) => {
  expect(await end(saying("never"), format)).toMatchObject({ error: { code: "INVALID_PARAMETER" } });
});

test("a schema that takes for ever to check fails its run soon, and holds up nobody else", async () => {
  const server = await serverOf(saying(JSON.stringify(`${"a".repeat(60)}b`)));
  const format = { type: "json_schema", name: "x", schema: { type: "string", pattern: "^(a+)+$" } };
  const payload = { input: [], stream: false, text: { format } };
  const hard = server.inject({ method: "POST", url: "/process", payload });
  let longest = 0;
  const watch = setInterval(
    (last: { at: number }) => {
      longest = Math.max(longest, performance.now() - last.at);
      last.at = performance.now();
    },
    10,
    { at: performance.now() },
  );
  const { error } = (await hard).json();
  clearInterval(watch);
  expect(error).toMatchObject({ code: "RESPONSE_ERROR", message: expect.stringMatching(/too long/) });
  // A check on this thread would have blocked it for as long as the check may take.
  expect(longest).toBeLessThan(1500);
});
