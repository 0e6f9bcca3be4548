import { text } from "@agentscope-runtime/core";
import { arbitrarySpoilings, spoil } from "@agentscope-runtime/testing";
import fc from "fast-check";
import { expect, it } from "vitest";
import { agUiApp } from "./support/serve.ts";

const sound = {
  threadId: "thread_1",
  protocolVersion: "1.0",
  state: { a: 1 },
  messages: [
    { id: "1", role: "system", content: "Be kind." },
    {
      id: "2",
      role: "user",
      content: [
        { type: "text", text: "Hi" },
        { type: "image", source: { type: "data", value: "QUJD", mimeType: "image/png" } },
        { type: "audio", source: { type: "url", value: "http://x/y.wav" } },
        { type: "document", source: { type: "file", value: "file_1" }, metadata: { filename: "a" } },
      ],
    },
    {
      id: "3",
      role: "assistant",
      content: "Ho",
      toolCalls: [{ id: "call_1", type: "function", function: { name: "add", arguments: "{}" } }],
    },
    { id: "4", role: "tool", toolCallId: "call_1", content: [{ type: "text", text: "2" }], error: "x" },
    { id: "5", role: "reasoning", content: "Hm." },
    { id: "6", role: "activity", activityType: "image", content: {} },
  ],
  tools: [{ name: "add", description: "Adds", parameters: { type: "object" } }],
  context: [{ description: "page", value: "/" }],
  forwardedProps: { a: null },
  resume: [{ interruptId: "i", status: "resolved", payload: { approved: true }, metadata: {} }],
};

const words = ["user", "tool", "activity", "text", "image", "file", "url", "constructor", "\ud800"];
const hostile = fc.oneof(
  fc.constantFrom<unknown>(...words, "", null, -1, true, []),
  fc.jsonValue({ maxDepth: 2 }),
);
const spoilings = arbitrarySpoilings(sound, hostile);

it("no body makes the server fail: it is answered with a whole stream, or refused", async () => {
  const server = await agUiApp()
    .query(text(), () => "ok")
    .createServer();
  const seen = new Set<number>();
  await fc.assert(
    fc.asyncProperty(spoilings, fc.boolean(), async (places, connects) => {
      const body = { ...sound, runId: crypto.randomUUID() };
      const payload = JSON.stringify(spoil(body, places));
      const headers = { "content-type": "application/json" };
      const url = connects ? "/ag-ui/connect" : "/ag-ui";
      const answer = await server.inject({ method: "POST", url, headers, payload });
      seen.add(answer.statusCode);
      expect([200, 400, 404]).toContain(answer.statusCode);
      if (answer.statusCode === 200) expect(answer.body).toContain('"type":"RUN_FINISHED"');
      else expect(answer.json()).toMatchObject({ error: { code: expect.any(String) } });
    }),
    { numRuns: 400 },
  );
  await server.close();
  expect([...seen].sort()).toEqual(expect.arrayContaining([200, 400]));
});

it("a body of a ten thousand wrong messages is refused in a few words", async () => {
  const server = await agUiApp()
    .query(text(), () => "ok")
    .createServer();
  const wrong = Array.from({ length: 10_000 }, () => ({}));
  const payload = { ...sound, runId: "run_1", messages: wrong };
  const answer = await server.inject({ method: "POST", url: "/ag-ui", payload });
  expect(answer.statusCode).toBe(400);
  expect(answer.json().error.message).toMatch(/^messages\.0\.role: /);
  expect(answer.body.length).toBeLessThan(1000);
});
