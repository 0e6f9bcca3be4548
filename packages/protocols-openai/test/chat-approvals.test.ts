import type { AgentPart } from "@agentscope-runtime/core";
import OpenAI from "openai";
import type { ChatCompletionMessageParam } from "openai/resources/chat/completions";
import { describe, expect, it } from "vitest";
import { clientOf, openaiApp, parts, serve } from "./support/serve.ts";

const user = { role: "user" as const, content: "Tidy up." };

/** An agent that asks before it deletes, and says what it was told. */
function asking(seen: { tools: unknown; continues: unknown; types: string[] }[] = []) {
  return openaiApp().query(parts(), function* ({ msgs, request }): Generator<AgentPart> {
    const types = msgs.map(({ type }) => type);
    seen.push({ tools: request.tools, continues: request.continues, types });
    const slot = msgs.findLast(({ type }) => type === "mcp_approval_response")?.content?.[0];
    if (slot?.type === "data") {
      const { approval_request_id, approve, reason } = slot.data ?? {};
      yield { kind: "text-delta", messageId: "M1", text: `${approval_request_id} ${approve} ${reason}` };
      return;
    }
    yield { kind: "text-delta", messageId: "M1", text: "May I?" };
    yield { kind: "approval-request", requestId: "req:1", name: "delete", arguments: '{"path":"/tmp/x"}' };
    yield { kind: "finish", reason: "input_required" };
  });
}

/** The tool that asks the person in front of the client. */
const approve = (answer: unknown, asked: unknown[] = []) => ({
  type: "function" as const,
  function: {
    name: "approve_tool_call",
    description: "Asks the user.",
    parameters: { type: "object", properties: {} },
    parse: JSON.parse,
    function: (call: unknown) => {
      asked.push(call);
      return answer as object;
    },
  },
});

async function ask(client: OpenAI, metadata: Record<string, string> = {}) {
  const params = { model: "x", messages: [user], metadata };
  const { id, choices } = await client.chat.completions.create(params);
  return { id, message: choices[0]?.message as ChatCompletionMessageParam, choice: choices[0] };
}

function callOf(message: ChatCompletionMessageParam): string {
  if (message.role !== "assistant") throw new Error("There is no call.");
  return message.tool_calls?.[0]?.id ?? "";
}

it.each([false, true])(
  "a request for approval is a call, which runTools answers (stream: %s)",
  async (stream) => {
    const seen: Parameters<typeof asking>[0] = [];
    const client = await clientOf(asking(seen));
    const asked: unknown[] = [];
    const params = { model: "x", messages: [user], tools: [approve({ approve: true }, asked)] };
    const runner = stream
      ? client.chat.completions.runTools({ ...params, stream: true })
      : client.chat.completions.runTools(params);
    expect(await runner.finalContent()).toBe("req:1 true null");
    expect(asked).toEqual([{ name: "delete", arguments: { path: "/tmp/x" }, server_label: "agent" }]);
    // The tool is the client's affair, and the agent gets its answer in the run that goes on.
    expect(seen).toEqual([
      { tools: null, continues: undefined, types: ["message"] },
      { tools: null, continues: expect.stringMatching(/^response_/), types: ["mcp_approval_response"] },
    ]);
  },
);

it("the turn ends with the call, its text kept", async () => {
  const { choice } = await ask(await clientOf(asking()));
  expect(choice).toMatchObject({
    finish_reason: "tool_calls",
    message: {
      content: "May I?",
      tool_calls: [
        {
          id: expect.stringMatching(/^approval:response_[^:]+:req:1$/),
          type: "function",
          function: { name: "approve_tool_call" },
        },
      ],
    },
  });
});

it.each<[string, string]>([
  ['{"approve": false}', "req:1 false null"],
  ['{"approve": false, "reason": "No!"}', "req:1 false No!"],
  ["true", "req:1 true null"],
])("the answer %s reaches the agent", async (content, said) => {
  const client = await clientOf(asking());
  for (const metadata of [{}, { session_id: "s1" }]) {
    const { message } = await ask(client, metadata);
    const answer = { role: "tool" as const, tool_call_id: callOf(message), content };
    const messages = [user, message, answer];
    const { choices } = await client.chat.completions.create({ model: "x", messages, metadata });
    expect(choices[0]).toMatchObject({ finish_reason: "stop", message: { content: said } });
  }
});

describe("refused is", () => {
  const refusal = { status: 400, type: "invalid_request_error", param: "messages" };
  const answer = (client: OpenAI, tool_call_id: string, content: string, metadata = {}) => {
    const tool = { role: "tool" as const, tool_call_id, content };
    return client.chat.completions.create({ model: "x", messages: [user, tool], metadata });
  };

  it.each(["yes", "{}", '{"approve": "yes"}', ""])(
    "an answer that does not say which: %s",
    async (content) => {
      const client = await clientOf(asking());
      const { message } = await ask(client);
      await expect(answer(client, callOf(message), content)).rejects.toMatchObject(refusal);
      await answer(client, callOf(message), "true");
    },
  );

  it("a second answer, in any session; the same one sent again by its key meets its run", async () => {
    const client = await clientOf(asking());
    const { message } = await ask(client);
    const key = { headers: { "idempotency-key": "k1" } };
    const tool = { role: "tool" as const, tool_call_id: callOf(message), content: "true" };
    const params = { model: "x", messages: [user, message, tool] };
    const first = await client.chat.completions.create(params, key);
    expect(await client.chat.completions.create(params, key)).toEqual(first);
    const second = answer(client, callOf(message), "false");
    await expect(second).rejects.toMatchObject({ ...refusal, message: expect.stringContaining("already") });
  });

  it("an answer to what nobody has asked, or in another session", async () => {
    const client = await clientOf(asking());
    const { message } = await ask(client);
    await expect(answer(client, "approval:none:1", "true")).rejects.toMatchObject(refusal);
    const elsewhere = answer(client, callOf(message), "true", { session_id: "s2" });
    await expect(elsewhere).rejects.toMatchObject(refusal);
  });

  it("an answer to several runs at once", async () => {
    const client = await clientOf(asking());
    const calls = [await ask(client), await ask(client)].map(({ message }) => callOf(message));
    const tools = calls.map((tool_call_id) => ({ role: "tool" as const, tool_call_id, content: "true" }));
    const both = client.chat.completions.create({ model: "x", messages: [user, ...tools] });
    await expect(both).rejects.toMatchObject(refusal);
  });

  it("somebody else's answer", async () => {
    const authenticate = ({ headers }: { headers: Readonly<Record<string, unknown>> }) => ({
      userId: String(headers.authorization),
    });
    const app = openaiApp({ authenticate }).query(parts(), function* (): Generator<AgentPart> {
      yield { kind: "approval-request", requestId: "r", name: "delete", arguments: "{}" };
      yield { kind: "finish", reason: "input_required" };
    });
    const baseURL = `${await serve(app)}/v1`;
    const [alice, bob] = ["alice", "bob"].map((apiKey) => new OpenAI({ apiKey, baseURL, maxRetries: 0 }));
    const { message } = await ask(alice as OpenAI);
    await expect(answer(bob as OpenAI, callOf(message), "true")).rejects.toMatchObject(refusal);
    await answer(alice as OpenAI, callOf(message), "true");
  });
});

it("what another protocol was asked can be answered in the session, by the request's own id", async () => {
  const client = await clientOf(asking());
  const response = await client.responses.create({
    model: "x",
    input: "Tidy up.",
    conversation: "s1",
    user: "bob",
  });
  const request = response.output.find(({ type }) => type === "mcp_approval_request");
  const tool = { role: "tool" as const, tool_call_id: request?.id ?? "", content: '{"approve": true}' };
  const params = { model: "x", user: "bob", metadata: { session_id: "s1" } };
  const { choices } = await client.chat.completions.create({ ...params, messages: [tool] });
  expect(choices[0]?.message.content).toBe("req:1 true null");
});

it("what Chat was asked can be answered over Responses", async () => {
  const client = await clientOf(asking());
  const { id } = await ask(client);
  const answer = { type: "mcp_approval_response" as const, approval_request_id: "req:1", approve: true };
  const response = await client.responses.create({ model: "x", input: [answer], previous_response_id: id });
  expect(response.output_text).toBe("req:1 true null");
});

it("in a chat that goes on, requests and answers are part of what was said", async () => {
  const seen: Parameters<typeof asking>[0] = [];
  const client = await clientOf(asking(seen));
  const { message } = await ask(client);
  const tool = { role: "tool" as const, tool_call_id: callOf(message), content: "false" };
  const messages = [user, message, tool, { role: "assistant" as const, content: "Well." }, user];
  await client.chat.completions.create({ model: "x", messages });
  expect(seen?.at(-1)).toMatchObject({
    continues: undefined,
    types: ["message", "message", "mcp_approval_request", "mcp_approval_response", "message", "message"],
  });
});
