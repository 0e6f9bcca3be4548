import { type AgentAppOptions, text } from "@agentscope-runtime/core";
import { mcpTool } from "@agentscope-runtime/protocols-mcp";
import fc from "fast-check";
import { expect, it } from "vitest";
import { z } from "zod";
import { call, framesOf, introduce, post, resume } from "./support/messages.ts";
import { connect, mcpApp, serve } from "./support/serve.ts";

const app = (options: Partial<AgentAppOptions> = {}) => mcpApp(options).query(text(), () => "ok");

it.each<[string, unknown, Record<string, string>, number]>([
  ["no JSON", "{", {}, 400],
  ["nothing", "", {}, 400],
  ["text", "hi", { "content-type": "text/plain" }, 415],
  ["a number", 5, {}, 400],
  ["null", null, {}, 400],
  ["an empty list", [], {}, 400],
  ["no message", {}, {}, 400],
  ["too many at once", Array.from({ length: 1000 }, (_, id) => call(id)), {}, 400],
  ["a call without an id", { jsonrpc: "2.0", method: "tools/call", params: { name: "Friday" } }, {}, 202],
  ["a client that reads no streams", call(1), { accept: "application/json" }, 406],
  ["a revision that there is not", call(1), { "mcp-protocol-version": "2099-01-01" }, 400],
  ["a revision without what it needs", call(1), { "mcp-protocol-version": "2026-07-28" }, 400],
])("answers %s with what fits", async (_, body, headers, status) => {
  const url = await serve(app());
  const answer = await post(url, body, headers);
  expect(answer.status).toBe(status);
  if (status >= 400)
    expect(await answer.json()).toMatchObject({ jsonrpc: "2.0", error: { code: expect.any(Number) } });
});

it("bounds what it takes", async () => {
  const url = await serve(app({ bodyLimit: 1000, maxNesting: 20 }));
  expect((await post(url, call(1, { message: "x".repeat(2000) }))).status).toBe(413);
  expect((await post(url, `${"[".repeat(50)}${"]".repeat(50)}`)).status).toBe(400);
  expect((await post(url, call(1))).status).toBe(200);
});

it("has no other methods", async () => {
  const url = await serve(app());
  for (const method of ["GET", "DELETE"]) {
    const answer = await fetch(`${url}/mcp`, { method, headers: { accept: "text/event-stream" } });
    expect([method, answer.status, answer.headers.get("allow")]).toEqual([method, 405, "POST"]);
  }
  expect((await fetch(`${url}/mcp`, { method: "PUT" })).status).toBe(404);
});

it("stands whatever it is sent, and answers in JSON-RPC", async () => {
  const url = await serve(app());
  const headers = await introduce(url, { elicitation: {} });
  const id = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.double(),
    fc.constant(null),
    fc.constant('["question","Friday","x"]'),
  );
  const method = fc.constantFrom(
    "tools/call",
    "tools/list",
    "resources/read",
    "resources/list",
    "prompts/get",
    "initialize",
    "ping",
    "server/discover",
    "notifications/cancelled",
    "__proto__",
  );
  const params = fc.oneof(
    fc.record({
      name: fc.constantFrom("Friday", "toString", "__proto__", ""),
      arguments: fc.oneof(fc.jsonValue(), fc.constant({ message: "Hi" })),
      requestId: id,
      _meta: fc.oneof(
        fc.jsonValue(),
        fc.constant({ progressToken: 1 }),
        fc.constant({ "io.modelcontextprotocol/protocolVersion": "2026-07-28" }),
      ),
      uri: fc.constantFrom("session://Friday/a/b", "session://%/%/%", "x"),
      cursor: fc.oneof(fc.string(), fc.jsonValue()),
    }),
    fc.jsonValue(),
  );
  const rpc = fc.record({ jsonrpc: fc.constant("2.0"), id, method, params }, { requiredKeys: ["jsonrpc"] });
  const body = fc.oneof(rpc, fc.array(rpc, { maxLength: 3 }), fc.jsonValue());
  await fc.assert(
    fc.asyncProperty(body, fc.boolean(), async (message, known) => {
      const answer = await post(url, message, known ? headers : {});
      const said = await answer.text();
      expect([JSON.stringify(message), answer.status]).not.toEqual([JSON.stringify(message), 500]);
      expect(answer.status).toBeLessThan(501);
      if (answer.headers.get("content-type")?.includes("json")) expect(JSON.parse(said)).toBeTypeOf("object");
    }),
    { numRuns: 200 },
  );
  expect((await post(url, call(1))).status).toBe(200);
});

it("refuses calls beyond the streams that may be open, before it starts anything", async () => {
  const gate = Promise.withResolvers<void>();
  let started = 0;
  const slow = mcpApp({ streams: { maxOpenStreams: 1 } }).query(text(), async function* () {
    started++;
    yield "a";
    await gate.promise;
  });
  const url = await serve(slow);
  const headers = await introduce(url);
  const first = await post(url, call(1), headers);
  const refused = await post(url, call(2), headers);
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(await refused.json()).toMatchObject({
    error: { code: -32000, data: { code: "SERVICE_UNAVAILABLE" } },
  });
  expect((await resume(url, (await framesOf(first).next()).value?.id ?? "", headers)).status).toBe(503);
  gate.resolve();
  expect(started).toBe(1);
});

it("says in a few words what is wrong with many arguments", async () => {
  const add = mcpTool({ name: "add", input: z.object({ all: z.array(z.number()) }), call: () => "" });
  const server = mcpApp({}, { tools: [add] }).query(text(), () => "ok");
  const client = await connect(await serve(server), "2025-11-25");
  const all = Array.from({ length: 10_000 }, () => "x");
  const result = await client.callTool({ name: "add", arguments: { all } });
  expect(result).toMatchObject({
    isError: true,
    content: [{ text: expect.stringMatching(/^INVALID_PARAMETER: arguments\.all\.0: .{1,200}$/) }],
  });
});
