import {
  type ChatResponse,
  DashScopeChatModel,
  ModelError,
  Msg,
  OpenAIChatModel,
} from "@agentscope-runtime/agentscope";
import { FakeModelServer } from "@agentscope-runtime/testing";
import OpenAI from "openai";
import { expect, test } from "vitest";
import { collect, modelAt, type Reply, user } from "./conversation.ts";

const KEY = "sk-secret-0123456789";
const tools = [
  { type: "function", function: { name: "add", description: "Adds.", parameters: { type: "object" } } },
] as const;

async function answerOf(reply: Reply): Promise<ChatResponse[]> {
  await using server = await FakeModelServer.start({ replies: [reply] });
  return await collect(modelAt(server).stream([user("Hi")]));
}

async function errorOf(replies: Reply[], options = {}): Promise<ModelError> {
  await using server = await FakeModelServer.start({ replies });
  const error = await collect(modelAt(server, options).stream([user("Hi")])).then(
    () => new Error("There was an answer."),
    (thrown: unknown) => thrown,
  );
  if (!ModelError.is(error)) throw error;
  return error;
}

test("an answer grows: every response holds all of it so far and says what is new", async () => {
  const usage = {
    prompt_tokens: 20,
    completion_tokens: 8,
    prompt_tokens_details: { cached_tokens: 4 },
    completion_tokens_details: { reasoning_tokens: 2 },
  };
  const responses = await answerOf({ reasoning: "Hm.", text: ["Hel", "lo"], usage });
  expect(responses.map(({ content, delta, finishReason }) => ({ content, delta, finishReason }))).toEqual([
    {
      content: [{ type: "thinking", thinking: "Hm." }],
      delta: [{ kind: "thinking", index: 0, text: "Hm." }],
    },
    {
      content: [
        { type: "thinking", thinking: "Hm." },
        { type: "text", text: "Hel" },
      ],
      delta: [{ kind: "text", index: 1, text: "Hel" }],
    },
    {
      content: [
        { type: "thinking", thinking: "Hm." },
        { type: "text", text: "Hello" },
      ],
      delta: [{ kind: "text", index: 1, text: "lo" }],
    },
    {
      content: [
        { type: "thinking", thinking: "Hm." },
        { type: "text", text: "Hello" },
      ],
      delta: [],
      finishReason: "stop",
    },
  ]);
  expect(responses.at(-1)?.usage).toEqual({
    input_tokens: 20,
    output_tokens: 8,
    cached_tokens: 4,
    reasoning_tokens: 2,
    time: expect.any(Number),
  });
});

test("tool calls are told apart by index, and the first id that is not empty stays", async () => {
  const responses = await answerOf({
    toolCalls: [
      { id: "a", name: "add", arguments: ['{"n"', ":1}"] },
      { id: "b", name: "sub", arguments: ['{"n"', ":2}"] },
    ],
  });
  expect(responses.at(-1)?.content).toEqual([
    { type: "tool_use", id: "a", name: "add", input: { n: 1 }, raw_input: '{"n":1}' },
    { type: "tool_use", id: "b", name: "sub", input: { n: 2 }, raw_input: '{"n":2}' },
  ]);
  expect(responses[0]?.content).toEqual([
    { type: "tool_use", id: "a", name: "add", input: {}, raw_input: '{"n"' },
  ]);
});

test("a missing or repeated id is replaced, and an id never changes once it was told", async () => {
  const responses = await answerOf({
    toolCalls: [
      { id: "", name: "add", arguments: "{}" },
      { id: "b", name: "add", arguments: "{}" },
      { id: "b", name: "add", arguments: "{}" },
    ],
  });
  const ids = (responses.at(-1)?.content ?? []).map((block) => (block.type === "tool_use" ? block.id : ""));
  expect(ids).toHaveLength(3);
  expect(ids.filter((id) => /^call_.{22}$/.test(id))).toHaveLength(2);
  expect(ids).toContain("b");
  for (const { content } of responses) {
    for (const [index, block] of content.entries())
      expect(block.type === "tool_use" && block.id).toBe(ids[index]);
  }
});

test("arguments that are no JSON object leave the input empty and the raw text as it came", async () => {
  const responses = await answerOf({
    toolCalls: [{ name: "add", arguments: '{"n":' }],
    finishReason: "length",
  });
  expect(responses.at(-1)?.content).toMatchObject([{ input: {}, raw_input: '{"n":' }]);
});

test("long arguments cost no more than their length", async () => {
  const fragments = ['{"code":"', ...Array.from({ length: 25_000 }, () => "abcd"), '"}'];
  const started = performance.now();
  const responses = await answerOf({ toolCalls: [{ name: "run", arguments: fragments }] });
  expect(performance.now() - started).toBeLessThan(4000);
  expect(responses.at(-1)?.content).toMatchObject([{ input: { code: "abcd".repeat(25_000) } }]);
});

test("the request is streamed, with usage, tools, choice and parameters, and nothing of the environment", async () => {
  await using server = await FakeModelServer.start({ replies: [{}, {}] });
  const model = modelAt(server, { params: { temperature: 0, top_p: 1 }, reasoningEffort: "low" });
  await collect(model.stream([user("Hi")], { tools, toolChoice: { name: "add" }, params: { top_p: 0.5 } }));
  const { body, headers } = await server.nextRequest();
  expect(body).toEqual({
    model: "fake",
    messages: [{ role: "user", name: "Alice", content: "Hi" }],
    stream: true,
    stream_options: { include_usage: true },
    reasoning_effort: "low",
    temperature: 0,
    top_p: 0.5,
    tools,
    tool_choice: { type: "function", function: { name: "add" } },
  });
  expect(headers.authorization).toBe(`Bearer ${KEY}`);
  await collect(model.stream([user("Hi")], { tools: [], toolChoice: "auto" }));
  expect((await server.nextRequest()).body).not.toHaveProperty("tool_choice");
  await expect(collect(model.stream([], { tools, toolChoice: { name: "sub" } }))).rejects.toThrow(/"sub"/);
});

test("DashScope's own parameters are top-level, and a tool choice is forced only with thinking off", async () => {
  await using server = await FakeModelServer.start({ replies: () => ({}) });
  const bodyOf = async (options: ConstructorParameters<typeof DashScopeChatModel>[1]) => {
    const model = new DashScopeChatModel("qwen-turbo", { apiKey: KEY, baseURL: server.url, ...options });
    await collect(model.stream([user("Hi")], { tools, toolChoice: "required" }));
    return (await server.nextRequest()).body;
  };
  expect(await bodyOf({ enableThinking: true, thinkingBudget: 50, parallelToolCalls: true })).toMatchObject({
    enable_thinking: true,
    thinking_budget: 50,
    parallel_tool_calls: true,
    tool_choice: "auto",
  });
  expect((await bodyOf({})).tool_choice).toBe("auto");
  expect(await bodyOf({})).not.toHaveProperty("enable_thinking");
  expect((await bodyOf({ enableThinking: false })).tool_choice).toBe("required");
});

test("DashScope gets nothing that only OpenAI's models know, and no effort turns thinking off", async () => {
  await using server = await FakeModelServer.start({ replies: () => ({}) });
  const model = new DashScopeChatModel("qwen-turbo", { apiKey: KEY, baseURL: server.url });
  const bodyOf = async (params: Record<string, unknown>) => {
    await collect(model.stream([user("Hi")], { tools, toolChoice: "required", params }));
    return (await server.nextRequest()).body;
  };
  const some = await bodyOf({ reasoning_effort: "high", verbosity: "low", top_p: 0.5 });
  expect(some).toMatchObject({ top_p: 0.5, tool_choice: "auto" });
  for (const key of ["reasoning_effort", "verbosity", "enable_thinking"])
    expect(some).not.toHaveProperty(key);
  const none = await bodyOf({ reasoning_effort: "none" });
  expect(none).toMatchObject({ enable_thinking: false, tool_choice: "required" });
});

test("a failed request has a code of the catalogue, the status and the provider's request id", async () => {
  for (const [status, body, code] of [
    [401, { error: { message: "No.", code: "invalid_api_key" } }, "MODEL_UNAUTHORIZED_ACCESS"],
    [403, { error: { message: "No." } }, "MODEL_UNAUTHORIZED_ACCESS"],
    [404, { error: { message: "The model does not exist." } }, "MODEL_NOT_FOUND"],
    [429, { error: { message: "Slow down." } }, "MODEL_QUOTA_EXCEEDED"],
    [400, { error: { message: "Access denied.", code: "Arrearage" } }, "MODEL_QUOTA_EXCEEDED"],
    [
      400,
      { error: { message: "Too long.", code: "context_length_exceeded" } },
      "MODEL_CONTEXT_LENGTH_EXCEEDED",
    ],
    [
      400,
      { error: { message: "Range of input length should be [1, 30720]", code: "invalid_parameter_error" } },
      "MODEL_CONTEXT_LENGTH_EXCEEDED",
    ],
    [504, "gateway", "MODEL_TIMEOUT"],
    [500, { error: { message: "Oh." } }, "MODEL_EXECUTION_FAILED"],
  ] as const) {
    const failed = typeof body === "string" ? body : { ...body, request_id: "req-1" };
    const error = await errorOf([{ status, body: failed }]);
    expect([error.code, error.status]).toEqual([code, status]);
    expect(error.requestId).toBe(typeof body === "string" ? undefined : "req-1");
  }
});

test("no key is ever quoted, whole or in part", async () => {
  const message = `Incorrect API key provided: sk-secr*************6789. You sent ${KEY}.`;
  for (const reply of [
    { status: 401, body: { error: { message } } },
    { status: 500, body: message },
    { streamError: { message } },
  ]) {
    const error = await errorOf([reply]);
    expect(`${error.message} ${JSON.stringify(error)} ${String(error.cause)}`).not.toMatch(/secr|6789/);
  }
});

test("without a key the first call says which option to set, also with one in the environment", async () => {
  const before = process.env.OPENAI_API_KEY;
  process.env.OPENAI_API_KEY = "sk-of-the-environment";
  try {
    for (const model of [new OpenAIChatModel("gpt"), new DashScopeChatModel("qwen-turbo", { apiKey: "" })]) {
      const failure = collect(model.stream([user("Hi")]));
      await expect(failure).rejects.toMatchObject({ code: "MODEL_UNAUTHORIZED_ACCESS" });
      await expect(failure).rejects.toThrow(/apiKey/);
    }
  } finally {
    if (before === undefined) delete process.env.OPENAI_API_KEY;
    else process.env.OPENAI_API_KEY = before;
  }
});

test("an answer that broke off is an error: cut, without an end, or with an error inside the stream", async () => {
  for (const reply of [
    { text: "Once", ending: "cut" as const },
    { text: "Once", finishReason: null },
    { text: "Once", streamError: { message: "Oh.", code: "internal_error" } },
    { chunks: [{ code: "InternalError", message: "Oh.", request_id: "r" }] },
  ]) {
    expect((await errorOf([reply])).code).toBe("MODEL_EXECUTION_FAILED");
  }
  expect((await errorOf([{ streamError: { message: "No.", code: "insufficient_quota" } }])).code).toBe(
    "MODEL_QUOTA_EXCEEDED",
  );
});

test("a server that is not there is a failed call", async () => {
  const server = await FakeModelServer.start();
  const model = modelAt(server);
  await server[Symbol.asyncDispose]();
  await expect(collect(model.stream([user("Hi")]))).rejects.toMatchObject({ code: "MODEL_EXECUTION_FAILED" });
});

test("calls that have not begun to answer are repeated, within a bound", async () => {
  const busy = { status: 503, headers: { "retry-after-ms": "1" } };
  await using server = await FakeModelServer.start({ replies: [busy, busy, { text: "Hi." }, busy, busy] });
  const model = modelAt(server, { maxRetries: 2 });
  const responses = await collect(model.stream([user("Hi")]));
  expect(responses.at(-1)?.content).toEqual([{ type: "text", text: "Hi." }]);
  expect(server.requests).toHaveLength(3);
  const once = modelAt(server, { maxRetries: 1 });
  await expect(collect(once.stream([user("Hi")]))).rejects.toMatchObject({ status: 503 });
  expect(server.requests).toHaveLength(5);
});

test("a call that takes too long, or stalls between two chunks, is a timeout and closes the connection", async () => {
  for (const [reply, options, message] of [
    [{ delay: 5_000 }, { timeout: 30 }, /not done after 30 ms/],
    [{ text: "Once", ending: "stall" }, { timeout: 60 }, /not done after 60 ms/],
    [{ text: "Once", ending: "stall" }, { stallTimeout: 30 }, /sent nothing for 30 ms/],
  ] as const) {
    await using server = await FakeModelServer.start({ replies: [reply] });
    const model = modelAt(server, { maxRetries: 3, ...options });
    const failure = collect(model.stream([user("Hi")]));
    await expect(failure).rejects.toMatchObject({
      code: "MODEL_TIMEOUT",
      message: expect.stringMatching(message),
    });
    await server.requests[0]?.closed;
    expect(server.requests).toHaveLength(1);
  }
});

test("there may be no limit", async () => {
  await using server = await FakeModelServer.start({ replies: [{ text: "Hi.", delay: 20 }] });
  const model = modelAt(server, {
    timeout: Number.POSITIVE_INFINITY,
    stallTimeout: Number.POSITIVE_INFINITY,
  });
  expect((await collect(model.stream([user("Hi")]))).at(-1)?.finishReason).toBe("stop");
});

test("a consumer that takes its time is no stall", async () => {
  await using server = await FakeModelServer.start({ replies: [{ text: ["a", "b"] }] });
  const texts: unknown[] = [];
  for await (const { content } of modelAt(server, { stallTimeout: 20 }).stream([user("Hi")])) {
    texts.push(content[0]);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  expect(texts.at(-1)).toEqual({ type: "text", text: "ab" });
});

test("an abort ends the call with the signal's reason, before, while and between chunks", async () => {
  const reason = new Error("Enough.");
  await using server = await FakeModelServer.start({
    replies: [
      { ending: "stall" },
      { text: "Once", ending: "stall" },
      { status: 503, headers: { "retry-after": "30" } },
    ],
  });
  const model = modelAt(server, { maxRetries: 2 });
  await expect(collect(model.stream([], { signal: AbortSignal.abort(reason) }))).rejects.toBe(reason);
  expect(server.requests).toEqual([]);

  const waiting = new AbortController();
  const first = collect(model.stream([user("Hi")], { signal: waiting.signal }));
  const request = await server.nextRequest();
  waiting.abort(reason);
  await expect(first).rejects.toBe(reason);
  await request.closed;

  const reading = new AbortController();
  const second = (async () => {
    for await (const _ of model.stream([user("Hi")], { signal: reading.signal })) reading.abort(reason);
  })();
  await expect(second).rejects.toBe(reason);

  const backingOff = new AbortController();
  const third = collect(model.stream([user("Hi")], { signal: backingOff.signal }));
  await server.nextRequest();
  await server.nextRequest();
  setTimeout(() => backingOff.abort(reason), 20);
  await expect(third).rejects.toBe(reason);
});

test("leaving the loop closes the connection", async () => {
  await using server = await FakeModelServer.start({ replies: [{ text: "Once", ending: "stall" }] });
  for await (const _ of modelAt(server).stream([user("Hi")])) break;
  await server.requests[0]?.closed;
});

test("a client of the openai package can be brought along, and a call can bring its formatter", async () => {
  await using server = await FakeModelServer.start({ replies: [{ text: "Hi." }] });
  const model = new OpenAIChatModel("fake", { client: new OpenAI({ apiKey: "mine", baseURL: server.url }) });
  const formatter = {
    format: (messages: readonly Msg[]) => [{ role: "user", content: `${messages.length}` }],
  };
  await collect(model.stream([user("Hi"), new Msg("Bob", "Ho", "user")], { formatter }));
  expect(server.requests[0]?.headers.authorization).toBe("Bearer mine");
  expect(server.requests[0]?.body.messages).toEqual([{ role: "user", content: "2" }]);
});
