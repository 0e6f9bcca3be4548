import { FakeModelServer } from "@agentscope-runtime/testing";
import { expect, test } from "vitest";

async function post(
  server: FakeModelServer,
  body: Record<string, unknown>,
  signal?: AbortSignal,
): Promise<Response> {
  return await fetch(`${server.url}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "fake", messages: [], ...body }),
    signal: signal ?? null,
  });
}

async function chunksOf(response: Response): Promise<unknown[]> {
  const events = (await response.text()).split("\n\n").filter((event) => event !== "");
  return events.map((event) => {
    const data = event.replace(/^data: /, "");
    return data === "[DONE]" ? data : JSON.parse(data);
  });
}

test("a streamed answer has deltas, a reason to finish, usage when asked for, and an end", async () => {
  await using server = await FakeModelServer.start({
    replies: [{ reasoning: "Hm.", text: ["a", "b"], toolCalls: [{ name: "add", arguments: ["{", "}"] }] }],
  });
  const response = await post(server, { stream: true, stream_options: { include_usage: true } });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const chunks = await chunksOf(response);
  const call = (id: string, fields: object) => ({
    tool_calls: [{ index: 0, id, type: "function", function: fields }],
  });
  expect(chunks.map((chunk) => (chunk as { choices?: { delta: unknown }[] }).choices?.[0]?.delta)).toEqual([
    { role: "assistant", content: "" },
    { reasoning_content: "Hm.", content: null },
    { content: "a" },
    { content: "b" },
    call("call_0", { name: "add", arguments: "{" }),
    call("", { arguments: "}" }),
    {},
    undefined,
    undefined,
  ]);
  expect(chunks.at(-3)).toMatchObject({ choices: [{ finish_reason: "tool_calls" }] });
  expect(chunks.at(-2)).toMatchObject({ choices: [], usage: { total_tokens: 15 } });
  expect(chunks.at(-1)).toBe("[DONE]");
});

test("an answer that is not streamed is one body", async () => {
  await using server = await FakeModelServer.start({
    replies: [{ text: ["a", "b"], toolCalls: [{ id: "x", name: "add", arguments: { n: 1 } }] }],
  });
  expect(await (await post(server, {})).json()).toMatchObject({
    object: "chat.completion",
    choices: [
      {
        finish_reason: "tool_calls",
        message: {
          role: "assistant",
          content: "ab",
          tool_calls: [{ id: "x", type: "function", function: { name: "add", arguments: '{"n":1}' } }],
        },
      },
    ],
    usage: { prompt_tokens: 10 },
  });
});

test("answers can depend on the request, which is recorded", async () => {
  await using server = await FakeModelServer.start({
    replies: async ({ body }) => ({ text: `${body.messages.length} messages` }),
  });
  const next = server.nextRequest();
  const response = await post(server, { messages: [{ role: "user", content: "Hi" }], temperature: 0 });
  expect(await response.json()).toMatchObject({ choices: [{ message: { content: "1 messages" } }] });
  const request = await next;
  expect(request).toBe(server.requests[0]);
  expect(request).toMatchObject({ method: "POST", path: "/v1/chat/completions", body: { temperature: 0 } });
  expect(request.headers["content-type"]).toBe("application/json");
});

test("it fails in every way: with a status, in the stream, by a cut connection, without a reason to finish", async () => {
  await using server = await FakeModelServer.start();
  server.reply(
    { status: 429, body: { error: { message: "Slow down." } }, headers: { "retry-after": "1" } },
    { streamError: { message: "Oh." } },
    { text: "a", ending: "cut" },
    { finishReason: null, usage: null },
  );
  const failed = await post(server, {});
  expect([failed.status, failed.headers.get("retry-after")]).toEqual([429, "1"]);
  expect(await failed.json()).toEqual({ error: { message: "Slow down." } });
  expect((await chunksOf(await post(server, { stream: true }))).at(-1)).toEqual({
    error: { message: "Oh." },
  });
  await expect((await post(server, { stream: true })).text()).rejects.toThrow();
  expect(JSON.stringify(await chunksOf(await post(server, { stream: true })))).not.toContain('"stop"');
  expect((await post(server, {})).status).toBe(500);
});

test("a stalled answer stays open until the client leaves, which the request tells", async () => {
  await using server = await FakeModelServer.start({ replies: [{ text: "a", ending: "stall" }] });
  const controller = new AbortController();
  const response = await post(server, { stream: true }, controller.signal);
  const request = await server.nextRequest();
  await response.body?.getReader().read();
  controller.abort();
  await request.closed;
});

test("an answer can be held back until the test lets it go", async () => {
  const gate = Promise.withResolvers<void>();
  await using server = await FakeModelServer.start({ replies: [{ text: "a", hold: gate.promise }] });
  const response = await post(server, { stream: true });
  gate.resolve();
  expect((await chunksOf(response)).at(-1)).toBe("[DONE]");
});

test("other paths and bodies that are no JSON are refused", async () => {
  await using server = await FakeModelServer.start();
  expect((await fetch(`${server.url}/embeddings`, { method: "POST", body: "{}" })).status).toBe(404);
  expect((await fetch(`${server.url}/chat/completions`, { method: "POST", body: "{" })).status).toBe(400);
  expect(await (await fetch(`${server.url}/models`)).json()).toMatchObject({ object: "list" });
});

test("a message with an empty name is refused, as OpenAI does", async () => {
  await using server = await FakeModelServer.start({ replies: [{ text: "never" }] });
  const messages = [
    { role: "user", content: "Hi" },
    { role: "tool", tool_call_id: "a", name: "", content: "3" },
  ];
  const response = await post(server, { messages });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { message: expect.stringContaining("messages[1]") } });
});
