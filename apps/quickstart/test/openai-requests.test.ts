import { FakeModelServer, type FakeReply } from "@agentscope-runtime/testing";
import OpenAI from "openai";
import type { ResponseCreateParamsNonStreaming } from "openai/resources/responses/responses";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { Friday } from "./friday.ts";

/** What the model answers to each of the next requests. */
let replies: FakeReply[] = [];
let model: FakeModelServer;
let friday: Friday;
let client: OpenAI;

beforeAll(async () => {
  model = await FakeModelServer.start({ replies: () => replies.shift() ?? { text: "Done." } });
  friday = await Friday.start({ OPENAI_API_KEY: "k", OPENAI_BASE_URL: model.url });
  client = new OpenAI({ apiKey: "none", baseURL: `${friday.url}/v1`, maxRetries: 0 });
});
afterAll(async () => {
  await friday[Symbol.asyncDispose]();
  await model[Symbol.asyncDispose]();
});
beforeEach(() => {
  replies = [];
  model.requests.length = 0;
});

const weather = {
  type: "function",
  name: "weather",
  description: "Tells the weather.",
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  strict: null,
} as const;
const call = (city: string, id: string) => ({ name: "weather", id, arguments: { city } });

async function create(params: ResponseCreateParamsNonStreaming, ...script: FakeReply[]) {
  replies = script;
  return client.responses.create({ model: "any_name", ...params });
}

it("the model gets how to sample, what to say and in which form", async () => {
  const schema = { type: "object", properties: { a: { type: "number" } } };
  await create({
    input: "Hi",
    instructions: "Answer in French.",
    temperature: 0.2,
    top_p: 0.9,
    max_output_tokens: 77,
    reasoning: { effort: "low" },
    text: { format: { type: "json_schema", name: "answer", schema, strict: true }, verbosity: "low" },
  });
  const { messages, ...body } = model.requests[0]?.body ?? { messages: [] };
  expect(body).toMatchObject({
    temperature: 0.2,
    top_p: 0.9,
    max_tokens: 77,
    reasoning_effort: "low",
    verbosity: "low",
    response_format: { type: "json_schema", json_schema: { name: "answer", schema, strict: true } },
  });
  expect(messages[0]).toMatchObject({
    role: "system",
    content: "You're a helpful assistant named Friday.\n\nAnswer in French.",
  });
});

it("what one request says of sampling and instructions is gone in the next", async () => {
  const { id } = await create({ input: "Hi", instructions: "Answer in French.", temperature: 0.2 });
  await create({ input: "Hi again", previous_response_id: id });
  const { messages, ...body } = model.requests[1]?.body ?? { messages: [] };
  expect(body).not.toHaveProperty("temperature");
  expect(JSON.stringify(messages)).not.toContain("French");
  expect(JSON.stringify(messages)).toContain("Hi again");
});

it("an answer that is cut by max_output_tokens is incomplete", async () => {
  const response = await create(
    { input: "Hi", max_output_tokens: 1 },
    { text: "One", finishReason: "length" },
  );
  expect(response).toMatchObject({
    status: "incomplete",
    incomplete_details: { reason: "max_output_tokens" },
    output_text: "One",
  });
});

it("a function of the client's ends the turn, and its output goes on with it", async () => {
  const first = await create(
    { input: "How is the weather in Paris?", tools: [weather] },
    { text: "Let me see. ", toolCalls: [call("Paris", "call_a")] },
  );
  expect(first.status).toBe("completed");
  expect(first.output.at(-1)).toMatchObject({
    type: "function_call",
    status: "completed",
    call_id: "call_a",
    name: "weather",
    arguments: '{"city":"Paris"}',
  });
  expect(first.output.some(({ type }) => type === "mcp_call")).toBe(false);
  expect(model.requests).toHaveLength(1);
  const tools = model.requests[0]?.body.tools?.map((tool) => tool.function.name);
  expect(tools).toEqual(["execute_python_code", "weather"]);

  const second = await create(
    {
      previous_response_id: first.id,
      input: [{ type: "function_call_output", call_id: "call_a", output: "Sunny" }],
      tools: [weather],
    },
    { text: "It is sunny." },
  );
  expect(second.output_text).toBe("It is sunny.");
  const [, , asked, answered, ...rest] = model.requests[1]?.body.messages ?? [];
  expect(asked?.tool_calls).toMatchObject([{ id: "call_a", function: { name: "weather" } }]);
  expect(answered).toMatchObject({ role: "tool", tool_call_id: "call_a", content: "Sunny" });
  expect(rest).toEqual([]);
});

it("a turn may call the agent's own tool and then the client's; only the latter is the client's to answer", async () => {
  const own = { name: "execute_python_code", id: "call_own", arguments: { code: "print(6*7)" } };
  const response = await create(
    { input: "Both, please.", tools: [weather] },
    { toolCalls: [own, call("Rome", "call_b")] },
  );
  expect(response.output.map(({ type }) => type).sort()).toEqual(["function_call", "mcp_call"]);
  expect(response.output.find(({ type }) => type === "mcp_call")).toMatchObject({
    status: "completed",
    output: expect.stringContaining("42"),
  });
  expect(model.requests).toHaveLength(1);
});

it("the calls of a stream add up to the same, and the SDK's helper takes them", async () => {
  replies = [{ toolCalls: [{ name: "weather", id: "call_c", arguments: ['{"ci', 'ty":"Oslo"}'] }] }];
  const stream = client.responses.stream({ model: "any_name", input: "Oslo?", tools: [weather] });
  const deltas: string[] = [];
  stream.on("response.function_call_arguments.delta", ({ delta }) => deltas.push(delta));
  const { output } = await stream.finalResponse();
  expect(output.at(-1)).toMatchObject({ type: "function_call", arguments: '{"city":"Oslo"}' });
  expect(deltas.join("")).toBe('{"city":"Oslo"}');
});

it.each([
  ["none", "none"],
  ["required", "required"],
  [
    { type: "function", name: "weather" },
    { type: "function", function: { name: "weather" } },
  ],
  [
    { type: "mcp", server_label: "agent", name: "execute_python_code" },
    { type: "function", function: { name: "execute_python_code" } },
  ],
] as const)("the tool choice %j reaches the model", async (tool_choice, sent) => {
  await create({ input: "Hi", tools: [weather], tool_choice });
  expect(model.requests[0]?.body.tool_choice).toEqual(sent);
});

it("a call that is forced is forced once, so that an answer can follow it", async () => {
  const python = { name: "execute_python_code", arguments: { code: "print(1)" } };
  const response = await create({ input: "Hi", tool_choice: "required" }, { toolCalls: [python] });
  expect(response.output_text).toBe("Done.");
  expect(model.requests.map(({ body }) => body.tool_choice)).toEqual(["required", undefined]);
});

it("a model that calls a tool although it must not is not obeyed", async () => {
  const response = await create(
    { input: "Hi", tools: [weather], tool_choice: "none" },
    { text: "I ", toolCalls: [{ name: "execute_python_code", arguments: { code: "print(6*7)" } }] },
  );
  expect(JSON.stringify(response.output)).not.toContain("42");
  expect(model.requests).toHaveLength(1);
});

it("without parallel tool calls one is handed out, whatever the model does", async () => {
  const response = await create(
    { input: "Two cities", tools: [weather], parallel_tool_calls: false },
    { toolCalls: [call("Paris", "call_1"), call("Rome", "call_2")] },
  );
  const calls = response.output.filter(({ type }) => type === "function_call");
  expect(calls).toMatchObject([{ call_id: "call_1", arguments: '{"city":"Paris"}' }]);
  expect(model.requests[0]?.body.parallel_tool_calls).toBe(false);
  const next = await create({
    previous_response_id: response.id,
    input: [{ type: "function_call_output", call_id: "call_1", output: "Sunny" }],
  });
  expect(next.output_text).toBe("Done.");
  expect(JSON.stringify(model.requests[1]?.body.messages)).not.toContain("Rome");
});

it("runTools of Chat Completions goes round by itself", async () => {
  replies = [{ toolCalls: [call("Paris", "call_1")] }, { text: "It is sunny." }];
  const runner = client.chat.completions.runTools({
    model: "any_name",
    messages: [{ role: "user", content: "How is the weather in Paris?" }],
    tools: [
      {
        type: "function",
        function: { ...weather, strict: false, function: () => "Sunny", parse: JSON.parse },
      },
    ],
  } as never);
  expect(await runner.finalContent()).toBe("It is sunny.");
  expect(JSON.stringify(model.requests[1]?.body.messages)).toContain("Sunny");
});

it("a compacted conversation gives the model all of it back, tools and their results included", async () => {
  const own = { name: "execute_python_code", id: "call_own", arguments: { code: "print(6*7)" } };
  const first = await create({ input: "What is 6 * 7?" }, { toolCalls: [own] }, { text: "42." });
  const { output } = await client.responses.compact({ model: "any_name", previous_response_id: first.id });
  expect(output.map(({ type }) => type)).toEqual(["message", "compaction"]);
  await create({
    input: [...(output as OpenAI.Responses.ResponseInputItem[]), { role: "user", content: "Sure?" }],
  });
  const [, before] = model.requests.map(({ body }) => body.messages);
  const after = model.requests.at(-1)?.body.messages ?? [];
  expect(after.slice(0, before?.length)).toEqual(before);
  expect(after.slice(before?.length).map(({ content }) => content)).toEqual(["42.", "Sure?"]);
});

it("images and files of a message reach the model, and the output of a tool as what it can read of it", async () => {
  const image_url = "data:image/png;base64,iVBORw0KGgo=";
  await create({
    input: [
      {
        role: "user",
        content: [
          { type: "input_text", text: "Look." },
          { type: "input_image", image_url, detail: "auto" },
          { type: "input_file", file_url: "https://example.com/a.pdf" },
        ],
      },
      { type: "function_call", call_id: "call_1", name: "camera", arguments: "{}" },
      {
        type: "function_call_output",
        call_id: "call_1",
        output: [
          { type: "input_text", text: "Taken." },
          { type: "input_image", image_url, detail: "auto" },
        ],
      },
    ],
  });
  const messages = model.requests[0]?.body.messages ?? [];
  expect(JSON.stringify(messages[1]?.content)).toContain(image_url);
  expect(JSON.stringify(messages[1]?.content)).toContain("https://example.com/a.pdf");
  expect(JSON.stringify(messages.slice(2))).toContain("Taken.");
  expect(JSON.stringify(messages.slice(2))).not.toContain(image_url);
});
