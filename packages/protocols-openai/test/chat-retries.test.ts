import { type AgentPart, InMemorySessionHistoryService, text } from "@agentscope-runtime/core";
import { expect, it } from "vitest";
import { clientOf, openaiApp, parts } from "./support/serve.ts";

const messages = [
  { role: "system" as const, content: "Be kind." },
  { role: "user" as const, content: "One" },
  { role: "assistant" as const, content: "1" },
  { role: "user" as const, content: "Two" },
];
const params = { model: "x", messages, metadata: { session_id: "s1" } };

it("a session whose runs have all failed or were canceled gets all messages once more", async () => {
  const seen: number[] = [];
  const app = openaiApp().query(text(), async function* ({ msgs, signal }) {
    seen.push(msgs.length);
    if (seen.length === 1) throw new Error("The model is down.");
    yield "ok";
    if (seen.length === 2) await new Promise((resolve) => signal.addEventListener("abort", resolve));
  });
  const client = await clientOf(app);
  await expect(client.chat.completions.create(params)).rejects.toMatchObject({ status: 422 });
  const canceled = await client.chat.completions.create({ ...params, stream: true });
  await expect(
    (async () => {
      for await (const { id } of canceled) await client.post(`/responses/${id}/cancel`);
    })(),
  ).rejects.toThrow();
  await client.chat.completions.create(params);
  await client.chat.completions.create(params);
  expect(seen).toEqual([4, 4, 4, 1]);
});

it("unless a history knows them", async () => {
  const history = new InMemorySessionHistoryService();
  await history.start();
  const seen: string[][] = [];
  const app = openaiApp()
    .init(() => ({ history }))
    .services((resources) => resources)
    .query(text(), async function* ({ session }) {
      const { items } = await history.getMessages(session, { limit: 100 });
      seen.push(items.map(({ content }) => (content?.[0]?.type === "text" ? content[0].text : "") ?? ""));
      if (seen.length === 1) throw new Error("The model is down.");
      yield "ok";
    });
  const client = await clientOf(app);
  await expect(client.chat.completions.create(params)).rejects.toMatchObject({ status: 422 });
  await client.chat.completions.create(params);
  expect(seen[1]).toEqual(["Be kind.", "One", "1", "Two", "Two"]);
});

it.each([{}, { session_id: "s1" }])(
  "an approval whose run has failed can be given again (%j)",
  async (metadata) => {
    const continued: unknown[] = [];
    const app = openaiApp().query(parts(), function* ({ request }): Generator<AgentPart> {
      continued.push(request.continues);
      if (continued.length === 2) throw new Error("The disk is full.");
      if (continued.length === 3) return;
      yield { kind: "approval-request", requestId: "ask_1", name: "delete", arguments: "{}" };
      yield { kind: "finish", reason: "input_required" };
    });
    const client = await clientOf(app);
    const asked = [{ role: "user" as const, content: "Tidy up." }];
    const { id, choices } = await client.chat.completions.create({ model: "x", messages: asked, metadata });
    const message = choices[0]?.message;
    if (message === undefined) throw new Error("There is no answer.");
    const tool_call_id = message.tool_calls?.[0]?.id ?? "";
    const decision = { role: "tool" as const, tool_call_id, content: '{"approve":true}' };
    const answer = { model: "x", messages: [...asked, message, decision], metadata };
    await expect(client.chat.completions.create(answer)).rejects.toMatchObject({ status: 422 });
    await client.chat.completions.create(answer);
    await expect(client.chat.completions.create(answer)).rejects.toMatchObject({ status: 400 });
    expect(continued).toEqual([undefined, id, id]);
  },
);
