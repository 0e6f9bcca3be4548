import { type AgentPart, InMemoryRunStore, InMemorySessionHistoryService } from "@agentscope-runtime/core";
import OpenAI from "openai";
import { expect, it } from "vitest";
import { historicalApp } from "./support/historical.ts";
import { clientOf, openaiApp, parts, scriptedApp, serve } from "./support/serve.ts";

const gone = { status: 404, type: "invalid_request_error" };

it("a conversation is made, changed, gone on with, and deleted with all that was said", async () => {
  const client = await clientOf(historicalApp());
  const made = await client.conversations.create({
    items: [{ type: "message", role: "user", content: "One" }],
    metadata: { topic: "numbers" },
  });
  expect(made).toMatchObject({ object: "conversation", metadata: { topic: "numbers" } });
  expect(made.id).toMatch(/^conv_/);
  expect(Math.abs(made.created_at - Date.now() / 1000)).toBeLessThan(60);
  const changed = await client.conversations.update(made.id, { metadata: { topic: "counting" } });
  expect(changed.metadata).toEqual({ topic: "counting" });
  expect(await client.conversations.retrieve(made.id)).toMatchObject({
    id: made.id,
    metadata: { topic: "counting" },
  });

  const two = await client.responses.create({ input: "Two", conversation: made.id });
  expect(two).toMatchObject({ output_text: "One|Two", conversation: { id: made.id } });
  const said = await Array.fromAsync(client.conversations.items.list(made.id, { order: "asc", limit: 2 }));
  expect(said).toMatchObject([
    { type: "message", role: "user", content: [{ type: "input_text", text: "One" }] },
    { type: "message", role: "user", content: [{ type: "input_text", text: "Two" }] },
    { type: "message", role: "assistant", content: [{ type: "output_text", text: "One|Two" }] },
  ]);

  expect(await client.conversations.delete(made.id)).toEqual({
    id: made.id,
    object: "conversation.deleted",
    deleted: true,
  });
  await expect(client.conversations.retrieve(made.id)).rejects.toMatchObject(gone);
  await expect(client.responses.retrieve(two.id)).rejects.toMatchObject(gone);
});

it("items are added, looked at and taken away, at any server", async () => {
  const history = new InMemorySessionHistoryService();
  const options = { runStore: new InMemoryRunStore() };
  const client = await clientOf(historicalApp(options, history));
  const other = await clientOf(historicalApp(options, history));
  const { id } = await client.conversations.create();
  const added = await client.conversations.items.create(id, {
    items: [
      { type: "message", role: "user", content: "One" },
      {
        type: "mcp_call",
        id: "m1",
        server_label: "agent",
        name: "weather",
        arguments: "{}",
        output: "Sunny",
      },
      { type: "message", role: "user", content: "One" },
    ],
  });
  expect(added.data.map(({ type }) => type)).toEqual(["message", "mcp_call", "message"]);
  const [first, call] = added.data as { id: string }[];
  const found = await other.conversations.items.retrieve(call?.id ?? "", { conversation_id: id });
  expect(found).toMatchObject({ type: "mcp_call", output: "Sunny" });
  await other.conversations.items.delete(call?.id ?? "", { conversation_id: id });
  await other.conversations.items.delete(first?.id ?? "", { conversation_id: id });
  const { data } = await client.conversations.items.list(id);
  expect(data).toMatchObject([{ id: added.last_id }]);
  const lost = client.conversations.items.retrieve(call?.id ?? "", { conversation_id: id });
  await expect(lost).rejects.toMatchObject(gone);
  expect((await client.responses.create({ input: "Two", conversation: id })).output_text).toBe("One|Two");
});

it("another user's conversation is not there", async () => {
  const authenticate = ({ headers }: { headers: Readonly<Record<string, unknown>> }) => ({
    userId: String(headers.authorization),
  });
  const alice = await clientOf(historicalApp({ authenticate }), { apiKey: "alice" });
  const bob = alice.withOptions({ apiKey: "bob" });
  const { id } = await alice.conversations.create({ items: [{ role: "user", content: "Secret" }] });
  const { data } = await alice.conversations.items.list(id);
  const item = (data[0] as { id: string }).id;
  const asked = [
    () => bob.conversations.retrieve(id),
    () => bob.conversations.update(id, { metadata: {} }),
    () => bob.conversations.delete(id),
    () => bob.conversations.items.list(id),
    () => bob.conversations.items.create(id, { items: [{ role: "user", content: "Hi" }] }),
    () => bob.conversations.items.retrieve(item, { conversation_id: id }),
    () => bob.conversations.items.delete(item, { conversation_id: id }),
  ];
  for (const ask of asked) await expect(ask()).rejects.toMatchObject(gone);
  expect((await bob.responses.create({ input: "Hi", conversation: id })).output_text).toBe("Hi");
  expect((await alice.conversations.items.list(id)).data).toHaveLength(1);
});

it("an agent without a history has no conversations, and says so for good", async () => {
  const client = await clientOf(scriptedApp([]));
  const error = await client.conversations.create().catch((reason: unknown) => reason);
  expect(error).toMatchObject({ status: 501 });
  expect(error instanceof OpenAI.APIError && error.headers?.get("x-should-retry")).toBe("false");
  await expect(client.conversations.retrieve("conv_1")).rejects.toMatchObject({ status: 501 });
});

it.each([
  ["POST", "", { metadata: { a: 5 } }, 400],
  ["POST", "", [], 400],
  ["POST", "", { items: [{ type: "hologram" }] }, 400],
  ["POST", "", { items: Array.from({ length: 21 }, () => ({ role: "user", content: "Hi" })) }, 400],
  ["POST", "/conv_1/items", {}, 400],
  ["POST", "/conv_1/items", { items: [{ role: "user", content: "Hi" }] }, 404],
  ["POST", "/conv_1", { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [n, ""])) }, 400],
  ["GET", "/conv_1", undefined, 404],
  ["GET", `/${"x".repeat(1500)}`, undefined, 404],
  ["GET", "/__proto__/items", undefined, 404],
  ["GET", "/conv_1/items?limit=1e9", undefined, 400],
  ["DELETE", "/conv_1/items/msg_1", undefined, 404],
])("%s /conversations%s with %j is refused in OpenAI's shape", async (method, path, body, status) => {
  const url = `${await serve(historicalApp())}/v1/conversations${path}`;
  const headers = { "content-type": "application/json" };
  const init = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) };
  const answer = await fetch(url, init);
  expect(answer.status).toBe(status);
  expect(await answer.json()).toMatchObject({ error: { type: "invalid_request_error" } });
});

it("a client's function ends the turn, and its output goes on with it", async () => {
  const seen: unknown[] = [];
  const app = openaiApp().query(parts(), function* ({ msgs, request }): Generator<AgentPart> {
    const data = msgs.flatMap(({ content }) => content ?? []).find(({ type }) => type === "data");
    if (data?.type === "data") {
      seen.push(data.data, request.continues);
      yield { kind: "text-delta", messageId: "M1", text: "Paid." };
      return;
    }
    const name = request.tools?.[0]?.function?.name ?? "";
    yield { kind: "tool-call", callId: "call_1", name, toolType: "function", arguments: '{"sum":5}' };
  });
  const client = await clientOf(app);
  const tools = [{ type: "function" as const, name: "pay", parameters: {}, strict: true }];
  const first = await client.responses.create({ input: "Pay.", tools });
  expect(first).toMatchObject({ status: "completed", tools: [{ name: "pay" }] });
  expect(first.output).toMatchObject([{ type: "function_call", call_id: "call_1", name: "pay" }]);
  const second = await client.responses.create({
    previous_response_id: first.id,
    input: [{ type: "function_call_output", call_id: "call_1", output: "done" }],
    tools,
  });
  expect(second.output_text).toBe("Paid.");
  expect(seen[0]).toMatchObject({ call_id: "call_1", output: '"done"' });
});

it("text.format and max_output_tokens are the handler's to heed", async () => {
  const format = { type: "json_schema" as const, name: "answer", schema: { type: "object" }, strict: true };
  const seen: unknown[] = [];
  const app = openaiApp().query(parts(), function* ({ request }): Generator<AgentPart> {
    seen.push(request.text, request.max_tokens);
    yield { kind: "text-delta", messageId: "M1", text: "{" };
    yield { kind: "finish", reason: "max_output_tokens" };
  });
  const client = await clientOf(app);
  const response = await client.responses.create({ input: "Hi", text: { format }, max_output_tokens: 16 });
  expect(seen).toEqual([{ format }, 16]);
  expect(response).toMatchObject({
    status: "incomplete",
    incomplete_details: { reason: "max_output_tokens" },
    text: { format },
    max_output_tokens: 16,
  });
});
