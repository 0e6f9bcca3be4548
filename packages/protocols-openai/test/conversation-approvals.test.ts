import type { AgentAppOptions, AgentPart } from "@agentscope-runtime/core";
import type OpenAI from "openai";
import { expect, it } from "vitest";
import { clientOf, openaiApp, parts } from "./support/serve.ts";

type Decided = [approve: unknown, continues: string | undefined];

/** An app that asks before it deletes, and takes note of what it was told. */
function asking(decided: Decided[], options: Partial<AgentAppOptions> = {}) {
  return openaiApp(options).query(parts(), function* ({ msgs, request }): Generator<AgentPart> {
    const slot = msgs.at(-1)?.content?.[0];
    const data = slot?.type === "data" ? slot.data : undefined;
    if (msgs.at(-1)?.type === "mcp_approval_response") {
      decided.push([data?.approve, request.continues]);
      if (data?.reason === "fail") throw new Error("no");
      yield { kind: "text-delta", messageId: "M1", text: "Well." };
    } else if (slot?.type === "text" && slot.text === "Tidy up.") {
      yield { kind: "approval-request", requestId: "ask_1", name: "delete", arguments: "{}" };
      yield { kind: "finish", reason: "input_required" };
    } else {
      yield { kind: "text-delta", messageId: "M1", text: `goes on with ${request.continues}` };
    }
  });
}

const answer = (approve: boolean, others: { id?: string; reason?: string } = {}) => [
  {
    type: "mcp_approval_response" as const,
    approval_request_id: others.id ?? "ask_1",
    approve,
    reason: others.reason ?? null,
  },
];
const ask = (client: OpenAI, conversation = "c1") =>
  client.responses.create({ input: "Tidy up.", conversation });
const refusal = { status: 400, param: "conversation", code: "unsupported_value" };

it("an approval in a conversation goes on with the run that asks, once", async () => {
  const decided: Decided[] = [];
  const client = await clientOf(asking(decided));
  const { id } = await ask(client);
  await client.responses.create({ conversation: "c1", input: answer(false) });
  const again = client.responses.create({ conversation: "c1", input: answer(true) });
  await expect(again).rejects.toMatchObject(refusal);
  expect(decided).toEqual([[false, id]]);
});

it("of two at once one is heard", async () => {
  const decided: Decided[] = [];
  const client = await clientOf(asking(decided));
  await ask(client);
  const both = [true, false].map((approve) =>
    client.responses.create({ conversation: "c1", input: answer(approve) }),
  );
  const ends = await Promise.allSettled(both);
  expect(ends.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  expect(decided).toHaveLength(1);
});

it("what nobody asked is not approved in a conversation that has begun", async () => {
  const decided: Decided[] = [];
  const client = await clientOf(asking(decided));
  await ask(client);
  const other = client.responses.create({ conversation: "c1", input: answer(true, { id: "ask_2" }) });
  await expect(other).rejects.toMatchObject({ status: 400 });
  await client.responses.create({ conversation: "c2", input: "Hi" });
  const early = client.responses.create({ conversation: "c2", input: answer(true) });
  await expect(early).rejects.toMatchObject(refusal);
  expect(decided).toEqual([]);
});

it("nor behind a response that has the answer already", async () => {
  const decided: Decided[] = [];
  const client = await clientOf(asking(decided));
  const { id } = await client.responses.create({ input: "Tidy up." });
  const declined = await client.responses.create({ previous_response_id: id, input: answer(false) });
  for (const previous_response_id of [declined.id, id]) {
    const approved = client.responses.create({ previous_response_id, input: answer(true) });
    await expect(approved).rejects.toMatchObject({ ...refusal, param: "previous_response_id" });
  }
  expect(decided).toEqual([[false, id]]);
});

it("other words are an answer, too", async () => {
  const client = await clientOf(asking([]));
  const { id } = await ask(client);
  const { output_text } = await client.responses.create({ conversation: "c1", input: "Never mind." });
  expect(output_text).toBe(`goes on with ${id}`);
  const late = client.responses.create({ conversation: "c1", input: answer(true) });
  await expect(late).rejects.toMatchObject(refusal);
});

it("an answer whose run has failed can be given again, and one that is sent again meets its run", async () => {
  const decided: Decided[] = [];
  const client = await clientOf(asking(decided));
  const { id } = await ask(client);
  const failed = { conversation: "c1", input: answer(true, { reason: "fail" }) };
  expect((await client.responses.create(failed)).status).toBe("failed");
  expect((await client.responses.create(failed)).status).toBe("failed");
  const key = { headers: { "idempotency-key": "k1" } };
  const params = { conversation: "c1", input: answer(true) };
  const heard = await client.responses.create(params, key);
  expect((await client.responses.create(params, key)).id).toBe(heard.id);
  expect(decided).toEqual(Array.from({ length: 3 }, () => [true, id]));
});
