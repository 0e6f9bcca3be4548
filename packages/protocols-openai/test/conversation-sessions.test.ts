import {
  InMemorySessionHistoryService,
  InMemoryStateService,
  type SessionHandle,
  text,
} from "@agentscope-runtime/core";
import type OpenAI from "openai";
import { expect, it } from "vitest";
import { historicalApp } from "./support/historical.ts";
import { clientOf, openaiApp } from "./support/serve.ts";

/** Two agents that keep histories of their own. */
async function twoAgents(): Promise<{ client: OpenAI; poems: InMemorySessionHistoryService }> {
  const poems = new InMemorySessionHistoryService();
  const poet = historicalApp({ name: "poet", protocols: [] }, poems);
  return { client: await clientOf(historicalApp().host("poet", poet)), poems };
}

const bob = { items: [{ role: "user" as const, content: "I am Bob." }] };
const gone = { status: 404 };

it("a conversation that was made is gone on with, whatever user a request names", async () => {
  const client = await clientOf(historicalApp());
  const { id } = await client.conversations.create(bob);
  const asked = { input: "Who?", conversation: id, user: "bob" };
  const { input_tokens } = await client.responses.inputTokens.count({ input: "Who?", conversation: id });
  expect((await client.responses.create(asked)).output_text).toBe("I am Bob.|Who?");
  expect((await client.conversations.items.list(id)).data).toHaveLength(3);
  const { output_text } = await client.responses.create({ ...asked, conversation: "of-bob" });
  expect(output_text).toBe("Who?");
  const fresh = await client.conversations.create(bob);
  const counted = await client.responses.inputTokens.count({
    input: "Who?",
    conversation: fresh.id,
    user: "bob",
  } as never);
  expect(counted.input_tokens).toBe(input_tokens);
});

it("a conversation with one agent is not gone on with by another", async () => {
  const { client } = await twoAgents();
  const { id } = await client.conversations.create(bob);
  const refusal = { status: 400, param: "conversation", code: "unsupported_value" };
  for (const user of [undefined, "bob"]) {
    const other = client.responses.create({
      model: "poet",
      input: "Who?",
      conversation: id,
      ...(user ? { user } : {}),
    });
    await expect(other).rejects.toMatchObject(refusal);
  }
  const counted = client.responses.inputTokens.count({ model: "poet", input: "Who?", conversation: id });
  await expect(counted).rejects.toMatchObject(refusal);
  const { output_text } = await client.responses.create({ model: "Friday", input: "Who?", conversation: id });
  expect(output_text).toBe("I am Bob.|Who?");
});

it("where several agents know its id, all of it is shown, and deleted", async () => {
  const { client, poems } = await twoAgents();
  const { id } = await client.conversations.create(bob);
  const session = { agent: "poet", userId: id, sessionId: id };
  const message = (text: string) => ({
    id: text,
    role: "user" as const,
    content: [{ type: "text" as const, text }],
  });
  await poems.appendMessages(session, [message("one"), message("two")]);
  const said = await Array.fromAsync(client.conversations.items.list(id, { order: "asc", limit: 2 }));
  const texts = said.map((item) => item.type === "message" && item.content[0]);
  expect(texts).toMatchObject([{ text: "I am Bob." }, { text: "one" }, { text: "two" }]);
  const one = (said[1] as { id: string }).id;
  const at = { conversation_id: id };
  expect(await client.conversations.items.retrieve(one, at)).toMatchObject({ id: one });
  await client.conversations.items.delete(one, at);
  expect((await poems.getMessages(session)).items).toHaveLength(1);

  const { id: runId } = await client.responses.create({ model: "poet", input: "three", conversation: id });
  await client.conversations.delete(id);
  expect(await poems.getSession(session)).toBeUndefined();
  await expect(client.responses.retrieve(runId)).rejects.toMatchObject(gone);
  await expect(client.conversations.retrieve(id)).rejects.toMatchObject(gone);
  await expect(client.conversations.delete(id)).rejects.toMatchObject(gone);
});

it("a deletion that fails at an agent without a history can be repeated", async () => {
  class MoodyStates extends InMemoryStateService {
    #asked = 0;

    override async deleteState(session: SessionHandle): Promise<void> {
      if (this.#asked++ === 0) throw new Error("The disk is away.");
      return super.deleteState(session);
    }
  }
  const state = new MoodyStates();
  await state.start();
  const poet = openaiApp({ name: "poet", protocols: [] })
    .init(() => ({ state }))
    .services((resources) => resources)
    .query(text(), () => "ok");
  const client = await clientOf(historicalApp().host("poet", poet));
  const { id } = await client.conversations.create(bob);
  const session = { agent: "poet", userId: id, sessionId: id };
  await state.saveState(session, { verse: 1 });
  await expect(client.conversations.delete(id)).rejects.toMatchObject({ status: 500 });
  expect((await client.conversations.delete(id)).deleted).toBe(true);
  expect(await state.exportState(session)).toBeUndefined();
  await expect(client.conversations.retrieve(id)).rejects.toMatchObject(gone);
});
