import { text } from "@agentscope-runtime/core";
import OpenAI from "openai";
import { expect, it } from "vitest";
import { clientOf, openaiApp, serve } from "./support/serve.ts";

const params = { model: "x", messages: [{ role: "user" as const, content: "Hi" }] };
const app = (options = {}) => openaiApp(options).query(text(), () => "Ho");
const missing = { status: 404, param: "completion_id", code: "completion_not_found" };

it("a completion that is to be stored can be retrieved, then deleted with its run", async () => {
  const client = await clientOf(app());
  const completion = await client.chat.completions.create({ ...params, store: true, metadata: { a: "b" } });
  const { id } = completion;
  const found = await client.chat.completions.retrieve(id);
  expect(found).toEqual({ ...completion, metadata: { a: "b" } });
  const deleted = await client.chat.completions.delete(id);
  expect(deleted).toEqual({ id, object: "chat.completion.deleted", deleted: true });
  await expect(client.chat.completions.retrieve(id)).rejects.toMatchObject(missing);
  await expect(client.chat.completions.delete(id)).rejects.toMatchObject(missing);
});

it("one that is not to be stored is not found, nor is one of a run that has failed or goes on", async () => {
  const gate = Promise.withResolvers<void>();
  const moody = openaiApp().query(text(), async function* ({ request }) {
    yield "part";
    if (request.seed === 1) throw new Error("no");
    if (request.seed === 2) await gate.promise;
  });
  const client = await clientOf(moody);
  const { id } = await client.chat.completions.create(params);
  const failed = client.chat.completions.create({ ...params, store: true, seed: 1 }).asResponse();
  const failedId = await failed.catch(({ headers }) => headers.get("x-run-id"));
  const going = await client.chat.completions.create({ ...params, store: true, seed: 2, stream: true });
  const [goingId] = await Array.fromAsync({
    async *[Symbol.asyncIterator]() {
      for await (const chunk of going) return yield chunk.id;
    },
  });
  for (const other of [id, failedId, goingId, "none", "x".repeat(2000)]) {
    await expect(client.chat.completions.retrieve(other as string)).rejects.toMatchObject(missing);
  }
  gate.resolve();
});

it("a response is no completion, though it is stored", async () => {
  const client = await clientOf(app());
  const { id } = await client.responses.create({ input: "Hi", store: true });
  await expect(client.chat.completions.retrieve(id)).rejects.toMatchObject(missing);
  await expect(client.chat.completions.messages.list(id)).rejects.toMatchObject(missing);
  await expect(client.chat.completions.delete(id)).rejects.toMatchObject(missing);
  expect((await client.responses.retrieve(id)).id).toBe(id);
});

it("one of a session can't be deleted alone", async () => {
  const client = await clientOf(app());
  const named = { ...params, store: true, metadata: { session_id: "s1" } };
  const { id } = await client.chat.completions.create(named);
  const refusal = { status: 400, param: "completion_id", code: "unsupported_value" };
  await expect(client.chat.completions.delete(id)).rejects.toMatchObject(refusal);
  expect((await client.chat.completions.retrieve(id)).id).toBe(id);
});

it("somebody else's is not found", async () => {
  const authenticate = ({ headers }: { headers: Readonly<Record<string, unknown>> }) => ({
    userId: String(headers.authorization),
  });
  const baseURL = `${await serve(app({ authenticate }))}/v1`;
  const client = (apiKey: string) => new OpenAI({ apiKey, baseURL, maxRetries: 0 }).chat.completions;
  const { id } = await client("alice").create({ ...params, store: true });
  await expect(client("bob").retrieve(id)).rejects.toMatchObject(missing);
  await expect(client("bob").delete(id)).rejects.toMatchObject(missing);
  expect((await client("alice").retrieve(id)).id).toBe(id);
});
