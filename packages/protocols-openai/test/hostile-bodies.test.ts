import { deflateRawSync } from "node:zlib";
import { text } from "@agentscope-runtime/core";
import { arbitrarySpoilings, spoil } from "@agentscope-runtime/testing";
import fc from "fast-check";
import { expect, it } from "vitest";
import { openaiApp } from "./support/serve.ts";

const compacted = {
  messages: [{ role: "user", content: [{ type: "text", text: "Hi" }] }],
  stands_for: ["m"],
};
const packed = `asr1.${deflateRawSync(JSON.stringify(compacted)).toString("base64url")}`;

const sound = {
  input: [
    { role: "user", content: "Hi" },
    { type: "message", role: "user", content: [{ type: "input_image", image_url: "http://x/y.png" }] },
    { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "Hm." }] },
    { type: "function_call", id: "fc_1", call_id: "call_1", name: "add", arguments: "{}" },
    { type: "function_call_output", call_id: "call_1", output: [{ type: "input_text", text: "2" }] },
    { type: "mcp_call", id: "mcp_1", server_label: "agent", name: "now", arguments: "{}", output: "Noon" },
    { type: "image_generation_call", id: "ig_1", status: "completed", result: "QUJD", output_format: "png" },
    { type: "compaction", id: "cmp_1", encrypted_content: packed },
    { type: "mcp_approval_response", approval_request_id: "ask_1", approve: true },
  ],
  model: "Friday",
  tools: [{ type: "function", name: "add", parameters: { type: "object" }, strict: true }],
  tool_choice: { type: "function", name: "add" },
  text: { format: { type: "text" } },
  reasoning: { effort: "low" },
  metadata: { a: "b" },
  user: "bob",
  truncation: "auto",
  temperature: 0.5,
  max_output_tokens: 5,
};

const types = [
  "message",
  "reasoning",
  "function_call",
  "mcp_call",
  "input_file",
  "item_reference",
  "constructor",
];
const hostile = fc.oneof(
  fc.constantFrom<unknown>(...types, "", null, -1, true, []),
  fc.jsonValue({ maxDepth: 2 }),
);
const spoilings = arbitrarySpoilings(sound, hostile);

it("no body makes the server fail: it is answered, or refused in OpenAI's shape", async () => {
  const server = await openaiApp()
    .query(text(), () => "ok")
    .createServer();
  const seen = new Set<number>();
  await fc.assert(
    fc.asyncProperty(spoilings, async (places) => {
      const payload = JSON.stringify(spoil(sound, places));
      const headers = { "content-type": "application/json" };
      const answer = await server.inject({ method: "POST", url: "/v1/responses", headers, payload });
      seen.add(answer.statusCode);
      expect([200, 400]).toContain(answer.statusCode);
      if (answer.statusCode === 200) expect(answer.json()).toMatchObject({ status: "completed" });
      else expect(Object.keys(answer.json().error)).toEqual(["message", "type", "param", "code"]);
    }),
    { numRuns: 400 },
  );
  await server.close();
  expect([...seen].sort()).toEqual([200, 400]);
});
