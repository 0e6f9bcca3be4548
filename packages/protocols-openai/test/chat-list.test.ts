import { text } from "@agentscope-runtime/core";
import OpenAI from "openai";
import { expect, it } from "vitest";
import { clientOf, openaiApp, serve } from "./support/serve.ts";

const app = (options = {}) => openaiApp(options).query(text(), () => "Ho");
const hi = { role: "user" as const, content: "Hi" };

async function stored(client: OpenAI, params: { model?: string; metadata?: Record<string, string> } = {}) {
  return client.chat.completions.create({ model: "x", messages: [hi], store: true, ...params });
}

async function idsOf(list: AsyncIterable<{ readonly id: string }>): Promise<string[]> {
  return (await Array.fromAsync(list)).map(({ id }) => id);
}

it("stored completions are listed, page by page, the oldest first or the newest", async () => {
  const client = await clientOf(app());
  const ids: string[] = [];
  for (let call = 0; call < 5; call++) ids.push((await stored(client)).id);
  const { chat } = client;
  expect(await idsOf(chat.completions.list())).toEqual(ids);
  expect(await idsOf(chat.completions.list({ limit: 2 }))).toEqual(ids);
  expect(await idsOf(chat.completions.list({ limit: 2, order: "desc" }))).toEqual(ids.toReversed());
  const page = await chat.completions.list({ limit: 2, after: ids[1] as string });
  expect(page.data.map(({ id }) => id)).toEqual(ids.slice(2, 4));
  expect(page.has_more).toBe(true);
  expect(page.data[0]).toEqual(await chat.completions.retrieve(ids[2] as string));
});

it("by model and by metadata", async () => {
  const client = await clientOf(app());
  const one = await stored(client, { metadata: { team: "a", "k[1]": "x" } });
  const two = await stored(client, { metadata: { team: "b" }, model: "y" });
  const { completions } = client.chat;
  expect(await idsOf(completions.list({ model: "y" }))).toEqual([two.id]);
  expect(await idsOf(completions.list({ metadata: { team: "a" } }))).toEqual([one.id]);
  expect(await idsOf(completions.list({ metadata: { team: "a", "k[1]": "x" } }))).toEqual([one.id]);
  expect(await idsOf(completions.list({ metadata: { team: "c" } }))).toEqual([]);
});

it("not those that were not to be stored, nor responses, nor what others have", async () => {
  const authenticate = ({ headers }: { headers: Readonly<Record<string, unknown>> }) => ({
    userId: String(headers.authorization),
  });
  const baseURL = `${await serve(app({ authenticate }))}/v1`;
  const client = (apiKey: string) => new OpenAI({ apiKey, baseURL, maxRetries: 0 });
  const alice = client("alice");
  const { id } = await stored(alice);
  await alice.chat.completions.create({ model: "x", messages: [hi] });
  await alice.responses.create({ model: "x", input: "Hi", store: true });
  expect(await idsOf(alice.chat.completions.list())).toEqual([id]);
  expect(await idsOf(client("bob").chat.completions.list())).toEqual([]);
  await expect(client("bob").chat.completions.messages.list(id)).rejects.toMatchObject({ status: 404 });
});

it("a query that can't be understood is a 400", async () => {
  const { completions } = (await clientOf(app())).chat;
  await expect(completions.list({ after: "none" })).rejects.toMatchObject({ status: 400, param: "after" });
  await expect(completions.list({ limit: 0 })).rejects.toMatchObject({ status: 400, param: "limit" });
});

it("the messages of a completion are what the agent was asked with", async () => {
  const client = await clientOf(app());
  const image = { type: "image_url" as const, image_url: { url: "http://x/y.png" } };
  const called = { name: "add", arguments: "{}" };
  const call = { id: "call_1", type: "function" as const, function: called };
  const { id } = await client.chat.completions.create({
    model: "x",
    store: true,
    messages: [
      { role: "system", content: "Be kind." },
      { role: "user", content: [{ type: "text", text: "See:" }, image] },
      { role: "assistant", content: null, tool_calls: [call] },
      { role: "tool", tool_call_id: "call_1", content: "2" },
    ],
  });
  const { messages } = client.chat.completions;
  const all = await Array.fromAsync(messages.list(id));
  expect(all).toMatchObject([
    { role: "system", content: "Be kind.", content_parts: null },
    { role: "user", content_parts: [{ type: "text", text: "See:" }, image] },
    { role: "assistant", content: null, tool_calls: [call] },
    { role: "tool", content: "2", tool_call_id: "call_1" },
  ]);
  const ids = all.map((message) => message.id);
  expect(await idsOf(messages.list(id, { limit: 1 }))).toEqual(ids);
  expect(await idsOf(messages.list(id, { limit: 3, order: "desc" }))).toEqual(ids.toReversed());
});

it("an update is refused, and changes nothing", async () => {
  const client = await clientOf(app());
  const { id } = await stored(client, { metadata: { a: "b" } });
  const { completions } = client.chat;
  await expect(completions.update(id, { metadata: { a: "c" } })).rejects.toMatchObject({ status: 501 });
  await expect(completions.update("none", { metadata: {} })).rejects.toMatchObject({ status: 404 });
  expect(await completions.retrieve(id)).toMatchObject({ metadata: { a: "b" } });
});
