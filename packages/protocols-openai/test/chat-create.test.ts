import type { Message, ResolvedAgentRequest } from "@agentscope-runtime/agent-api";
import { type AgentPart, InMemorySessionHistoryService, text } from "@agentscope-runtime/core";
import type { ChatCompletionCreateParamsNonStreaming } from "openai/resources/chat/completions";
import { describe, expect, it } from "vitest";
import { clientOf, openaiApp, parts, scriptedApp } from "./support/serve.ts";

const echo = openaiApp().query(text(), async function* ({ msgs }) {
  yield "Hello, ";
  yield* msgs.flatMap(({ content }) =>
    (content ?? []).map((slot) => (slot.type === "text" ? (slot.text ?? "") : "")),
  );
});
const hi = { model: "any_name", messages: [{ role: "user" as const, content: "Hi" }] };

/** What the agent gets of a request. */
async function agentRequest(
  params: Omit<ChatCompletionCreateParamsNonStreaming, "model">,
): Promise<ResolvedAgentRequest> {
  const seen: ResolvedAgentRequest[] = [];
  const app = openaiApp().query(text(), ({ request }) => {
    seen.push(request);
    return "{}";
  });
  await (await clientOf(app)).chat.completions.create({ model: "any_name", ...params });
  return seen[0] as ResolvedAgentRequest;
}

function shown({ type, role, content }: Message): unknown[] {
  const slots = (content ?? []).map((slot) =>
    Object.fromEntries(
      Object.entries(slot).filter(([key, value]) => value !== null && key !== "object" && key !== "delta"),
    ),
  );
  return [type, role, ...slots];
}

async function agentInput(messages: unknown): Promise<unknown[]> {
  return (await agentRequest({ messages: messages as never })).input.map(shown);
}

it.each(["/v1", "/compatible-mode/v1"])("answers a chat under %s", async (prefix) => {
  const client = await clientOf(echo, { prefix });
  const completion = await client.chat.completions.create({
    model: "any_name",
    messages: [{ role: "user", content: "Friday" }],
  });
  expect(completion).toMatchObject({
    id: expect.stringMatching(/^response_/),
    object: "chat.completion",
    created: expect.any(Number),
    model: "any_name",
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: "Hello, Friday", refusal: null },
        logprobs: null,
        finish_reason: "stop",
      },
    ],
  });
  expect(completion._request_id).toBeTruthy();
  const run = await fetch(`${client.baseURL.slice(0, -prefix.length)}/runs/${completion.id}`);
  expect(await run.json()).toMatchObject({ id: completion.id, status: "completed" });
});

describe("the agent gets", () => {
  it("texts of all roles", async () => {
    const input = await agentInput([
      { role: "system", content: "Be kind." },
      { role: "developer", content: [{ type: "text", text: "Be brief." }] },
      { role: "user", content: "Hi", name: "bob" },
      { role: "assistant", content: "Ho", reasoning_content: "Hm." },
      { role: "assistant", content: [{ type: "refusal", refusal: "No." }] },
      { role: "user", content: "And?" },
    ]);
    expect(input).toEqual([
      ["message", "system", { type: "text", text: "Be kind." }],
      ["message", "system", { type: "text", text: "Be brief." }],
      ["message", "user", { type: "text", text: "Hi" }],
      ["reasoning", "assistant", { type: "text", text: "Hm." }],
      ["message", "assistant", { type: "text", text: "Ho" }],
      ["message", "assistant", { type: "refusal", refusal: "No." }],
      ["message", "user", { type: "text", text: "And?" }],
    ]);
  });

  it("images, audio and files", async () => {
    const content = [
      { type: "text", text: "See:" },
      { type: "image_url", image_url: { url: "http://x/y.png", detail: "low" } },
      { type: "input_audio", input_audio: { data: "UklGRg==", format: "wav" } },
      { type: "file", file: { file_data: "data:text/plain;base64,SGk=", filename: "hi.txt" } },
    ];
    expect(await agentInput([{ role: "user", content }])).toEqual([
      [
        "message",
        "user",
        { type: "text", text: "See:" },
        { type: "image", image_url: "http://x/y.png" },
        { type: "audio", data: "UklGRg==", format: "wav" },
        { type: "file", file_data: "data:text/plain;base64,SGk=", filename: "hi.txt" },
      ],
    ]);
  });

  it("calls and their outputs", async () => {
    const call = { id: "call_1", type: "function", function: { name: "add", arguments: '{"a":1}' } };
    const input = await agentInput([
      { role: "user", content: "Add." },
      { role: "assistant", content: "", tool_calls: [call] },
      { role: "tool", tool_call_id: "call_1", content: "2" },
    ]);
    expect(input.slice(1)).toEqual([
      [
        "function_call",
        "assistant",
        { type: "data", data: { call_id: "call_1", name: "add", arguments: '{"a":1}' } },
      ],
      ["function_call_output", "tool", { type: "data", data: { call_id: "call_1", output: '"2"' } }],
    ]);
  });

  it("the parameters, in the words of Responses where they have some", async () => {
    const schema = { type: "object", properties: {}, additionalProperties: false };
    const response_format = {
      type: "json_schema",
      json_schema: { name: "x", schema, strict: true },
    } as const;
    const tool = { type: "function", function: { name: "add", parameters: schema } } as const;
    const request = await agentRequest({
      ...hi,
      temperature: 0.5,
      max_completion_tokens: 7,
      stop: ["END"],
      seed: 3,
      tools: [tool],
      tool_choice: "required",
      response_format,
      reasoning_effort: "low",
      verbosity: "high",
      metadata: { a: "b" },
      n: 1,
    });
    expect(request).toMatchObject({
      model: "any_name",
      temperature: 0.5,
      max_tokens: 7,
      stop: ["END"],
      seed: 3,
      tools: [tool],
      tool_choice: "required",
      response_format,
      text: { format: { type: "json_schema", name: "x", schema, strict: true }, verbosity: "high" },
      reasoning: { effort: "low" },
      metadata: { a: "b" },
    });
  });

  it("which tool it has to call, and whether one at a time", async () => {
    const tool = { type: "function", function: { name: "add" } } as const;
    const tool_choice = { type: "function", function: { name: "add" } } as const;
    const params = { ...hi, tools: [tool], tool_choice, parallel_tool_calls: false };
    expect(await agentRequest(params)).toMatchObject({ tool_choice, parallel_tool_calls: false });
  });

  it("no field of the Agent API that the client names", async () => {
    const own = { id: "mine", session_id: "s", user_id: "u", continues: "x", on_disconnect: "cancel" };
    const request = await agentRequest({ ...hi, ...own });
    for (const [key, value] of Object.entries(own)) expect(request).not.toHaveProperty(key, value);
  });
});

describe("of a run, the completion holds", () => {
  const script: AgentPart[] = [
    { kind: "reasoning-delta", messageId: "M1", text: "The weather…" },
    { kind: "text-delta", messageId: "M1", text: "Let me see." },
    { kind: "tool-call", callId: "call_1", name: "weather", arguments: "{}" },
    { kind: "tool-result", callId: "call_1", output: "Sunny" },
    { kind: "text-delta", messageId: "M2", text: "It is " },
    { kind: "text-delta", messageId: "M2", text: "sunny." },
    { kind: "usage", usage: { input_tokens: 9, output_tokens: 6, cached_tokens: 3, reasoning_tokens: 4 } },
  ];

  it("the agent's texts as one, its reasoning, and no calls of its own", async () => {
    const { choices } = await (await clientOf(scriptedApp(script))).chat.completions.create(hi);
    expect(choices).toEqual([
      {
        index: 0,
        message: {
          role: "assistant",
          content: "Let me see.\n\nIt is sunny.",
          refusal: null,
          reasoning_content: "The weather…",
        },
        logprobs: null,
        finish_reason: "stop",
      },
    ]);
  });

  it("the usage", async () => {
    const { usage } = await (await clientOf(scriptedApp(script))).chat.completions.create(hi);
    expect(usage).toEqual({
      prompt_tokens: 9,
      completion_tokens: 6,
      total_tokens: 15,
      prompt_tokens_details: { cached_tokens: 3 },
      completion_tokens_details: { reasoning_tokens: 4 },
    });
  });

  it("calls of the client's functions and refusals", async () => {
    const call = { kind: "tool-call", name: "pay", toolType: "function", arguments: "{}" } as const;
    const app = scriptedApp([
      { kind: "refusal-delta", messageId: "M1", text: "I won't." },
      { ...call, callId: "call_1" },
      { ...call, callId: "call_2" },
    ]);
    const { choices } = await (await clientOf(app)).chat.completions.create(hi);
    const called = { type: "function", function: { name: "pay", arguments: "{}" } };
    expect(choices[0]).toMatchObject({
      finish_reason: "tool_calls",
      message: {
        content: null,
        refusal: "I won't.",
        tool_calls: [
          { id: "call_1", ...called },
          { id: "call_2", ...called },
        ],
      },
    });
  });

  it.each([
    ["max_output_tokens", "length"],
    ["max_iterations", "length"],
    ["content_filter", "content_filter"],
    ["input_required", "stop"],
  ] as const)("an end by %s as %s", async (reason, finish_reason) => {
    const app = scriptedApp([
      { kind: "text-delta", messageId: "M1", text: "Once upon" },
      { kind: "finish", reason },
    ]);
    const { choices } = await (await clientOf(app)).chat.completions.create(hi);
    expect(choices[0]).toMatchObject({ finish_reason, message: { content: "Once upon" } });
  });
});

describe("a session", () => {
  const seen: { user: string; session: string; input: unknown[]; continues: unknown }[] = [];
  const app = openaiApp().query(parts(), function* ({ request, session, msgs }): Generator<AgentPart> {
    const input = msgs.map(shown);
    seen.push({ user: session.userId, session: session.sessionId, input, continues: request.continues });
    if (session.sessionId !== "asks" || request.continues !== undefined) return;
    yield { kind: "tool-call", callId: "call_1", name: "ask", toolType: "function", arguments: "{}" };
    yield { kind: "finish", reason: "input_required" };
  });
  const messages = [
    { role: "user" as const, content: "Hi" },
    { role: "assistant" as const, content: "Ho" },
    { role: "user" as const, content: "And?" },
  ];
  const userText = (said: string) => ["message", "user", { type: "text", text: said }];

  it("is one of its own for each call that names none, which gets all messages", async () => {
    const client = await clientOf(app);
    seen.length = 0;
    for (const _ of [1, 2]) await client.chat.completions.create({ ...hi, messages, user: "bob" });
    expect(seen.map(({ user }) => user)).toEqual(["bob", "bob"]);
    expect(seen.map(({ input }) => input.length)).toEqual([3, 3]);
    expect(seen[0]?.session).not.toBe(seen[1]?.session);
  });

  it("that metadata names gets all messages at first, then those behind the assistant's last one", async () => {
    const client = await clientOf(app);
    seen.length = 0;
    const params = { ...hi, user: "bob", metadata: { session_id: "s1" } };
    await client.chat.completions.create({ ...params, messages });
    const more = [
      ...messages,
      { role: "assistant" as const, content: "So." },
      { role: "user" as const, content: "Bye" },
    ];
    await client.chat.completions.create({ ...params, messages: more });
    expect(seen.map(({ session, user }) => [user, session])).toEqual([
      ["bob", "s1"],
      ["bob", "s1"],
    ]);
    expect(seen[0]?.input).toHaveLength(3);
    expect(seen[1]?.input).toEqual([userText("Bye")]);
    const nothing = client.chat.completions.create({ ...params, messages: more.slice(0, 4) });
    await expect(nothing).rejects.toMatchObject({ status: 400, param: "messages" });
  });

  it("whose runs are gone is known by the agent's history", async () => {
    const history = new InMemorySessionHistoryService();
    await history.start();
    const remembering = () =>
      openaiApp()
        .init(() => ({ history }))
        .services((resources) => resources)
        .query(text(), async function* ({ session, resources }) {
          const { items } = await resources.history.getMessages(session, { limit: 100 });
          yield items.map(({ content }) => (content?.[0]?.type === "text" ? content[0].text : "")).join("|");
        });
    const answer = async (asked: readonly (typeof messages)[number][]) => {
      const client = await clientOf(remembering());
      const params = { ...hi, user: "bob", metadata: { session_id: "s1" }, messages: [...asked] };
      return (await client.chat.completions.create(params)).choices[0]?.message.content;
    };
    expect(await answer(messages)).toBe("Hi|Ho|And?");
    const said = { role: "assistant" as const, content: "Hi|Ho|And?" };
    const more = [...messages, said, { role: "user" as const, content: "Bye" }];
    expect(await answer(more)).toBe("Hi|Ho|And?|Hi|Ho|And?|Bye");
  });

  it("that was deleted is new again", async () => {
    const client = await clientOf(app);
    seen.length = 0;
    const params = { ...hi, user: "bob", metadata: { session_id: "s1" }, messages };
    await client.chat.completions.create(params);
    const server = client.baseURL.slice(0, -"/v1".length);
    const deleted = await fetch(`${server}/sessions/s1?user_id=bob`, { method: "DELETE" });
    expect(deleted.ok).toBe(true);
    await client.chat.completions.create(params);
    expect(seen.map(({ input }) => input.length)).toEqual([3, 3]);
  });

  it("goes on with the run that waits for this input", async () => {
    const client = await clientOf(app);
    seen.length = 0;
    const params = { ...hi, metadata: { session_id: "asks" } };
    const { id, choices } = await client.chat.completions.create(params);
    const [choice] = choices;
    expect(choice?.finish_reason).toBe("tool_calls");
    await client.chat.completions.create({
      ...params,
      messages: [
        ...hi.messages,
        choice?.message as never,
        { role: "tool", tool_call_id: "call_1", content: "42" },
      ],
    });
    expect(seen[1]).toMatchObject({
      continues: id,
      input: [["function_call_output", "tool", { data: { call_id: "call_1", output: '"42"' } }]],
    });
  });
});
