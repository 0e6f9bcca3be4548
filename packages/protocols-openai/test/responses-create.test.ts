import { type AgentPart, RuntimeError, text } from "@agentscope-runtime/core";
import { describe, expect, it } from "vitest";
import { clientOf, openaiApp, scriptedApp, serve } from "./support/serve.ts";

const echo = openaiApp().query(text(), async function* ({ msgs }) {
  yield "Hello, ";
  yield* msgs.flatMap(({ content }) =>
    (content ?? []).map((slot) => (slot.type === "text" ? (slot.text ?? "") : "")),
  );
});

it("answers the tutorial's call", async () => {
  const client = await clientOf(echo, { prefix: "/compatible-mode/v1" });
  const response = await client.responses.create({ model: "any_name", input: "Friday" });
  expect(response.output_text).toBe("Hello, Friday");
  expect(response).toMatchObject({ object: "response", status: "completed", model: "any_name", error: null });
  expect(response.id).toMatch(/^response_/);
  expect(response._request_id).toBeTruthy();
});

it("has every key that OpenAI's document or Open Responses requires", async () => {
  const body = JSON.stringify({
    input: "you",
    temperature: 0.5,
    metadata: { a: "b" },
    instructions: "Be brief.",
  });
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${await serve(echo)}/v1/responses`, { method: "POST", headers, body });
  expect(answer.status).toBe(200);
  const response = (await answer.json()) as Record<string, unknown>;
  for (const key of REQUIRED) expect(response, key).toHaveProperty(key);
  expect(response).toMatchObject({
    model: "Friday",
    temperature: 0.5,
    metadata: { a: "b" },
    instructions: "Be brief.",
    store: true,
    background: false,
  });
});

const REQUIRED =
  "id object created_at completed_at status incomplete_details model previous_response_id instructions output error tools tool_choice truncation parallel_tool_calls text top_p presence_penalty frequency_penalty top_logprobs temperature reasoning usage max_output_tokens max_tool_calls store background service_tier metadata safety_identifier prompt_cache_key access_programs".split(
    " ",
  );

describe("an agent's own", () => {
  const script: AgentPart[] = [
    { kind: "reasoning-delta", messageId: "M1", text: "I need the weather." },
    { kind: "tool-call", callId: "call_1", name: "weather", messageId: "M1", arguments: '{"city":"Paris"}' },
    { kind: "tool-result", callId: "call_1", output: [{ type: "text", text: "Sunny" }] },
    { kind: "text-delta", messageId: "M2", text: "It is sunny." },
    { kind: "usage", usage: { input_tokens: 9, output_tokens: 6, cached_tokens: 3, reasoning_tokens: 4 } },
  ];

  it("thoughts, tools and words are items, in the order in which they came", async () => {
    const client = await clientOf(scriptedApp(script));
    const { output, output_text } = await client.responses.create({ input: "How is the weather?" });
    expect(output).toMatchObject([
      {
        type: "reasoning",
        status: "completed",
        summary: [{ type: "summary_text", text: "I need the weather." }],
      },
      {
        type: "mcp_call",
        status: "completed",
        name: "weather",
        arguments: '{"city":"Paris"}',
        output: "Sunny",
      },
      { type: "message", status: "completed", role: "assistant", content: [{ text: "It is sunny." }] },
    ]);
    expect(output_text).toBe("It is sunny.");
  });

  it("tokens are counted", async () => {
    const { usage } = await (await clientOf(scriptedApp(script))).responses.create({ input: "Hi" });
    expect(usage).toEqual({
      input_tokens: 9,
      input_tokens_details: { cached_tokens: 3, cache_write_tokens: 0 },
      output_tokens: 6,
      output_tokens_details: { reasoning_tokens: 4 },
      total_tokens: 15,
    });
  });
});

it("shows calls of the client's functions as such, refusals, and questions for approval", async () => {
  const script: AgentPart[] = [
    { kind: "refusal-delta", messageId: "M1", text: "I won't." },
    { kind: "tool-call", callId: "call_1", name: "pay", toolType: "function", arguments: "{}" },
    { kind: "approval-request", requestId: "ask_1", name: "delete", arguments: "{}", serverLabel: "files" },
  ];
  const response = await (await clientOf(scriptedApp(script))).responses.create({ input: "Hi" });
  expect(response.output).toMatchObject([
    { type: "message", content: [{ type: "refusal", refusal: "I won't." }] },
    { type: "function_call", call_id: "call_1", name: "pay", arguments: "{}", status: "completed" },
    { type: "mcp_approval_request", id: "ask_1", name: "delete", server_label: "files" },
  ]);
  // The turn is over, as it is for OpenAI; the run of the Agent API waits for input.
  expect(response).toMatchObject({ status: "completed", incomplete_details: null });
});

it.each([
  ["max_output_tokens", "max_output_tokens"],
  ["max_iterations", "max_output_tokens"],
  ["content_filter", "content_filter"],
] as const)("an end by %s is an incomplete response", async (reason, shown) => {
  const script: AgentPart[] = [
    { kind: "text-delta", messageId: "M1", text: "Once upon" },
    { kind: "finish", reason },
  ];
  const response = await (await clientOf(scriptedApp(script))).responses.create({ input: "Hi" });
  expect(response).toMatchObject({ status: "incomplete", incomplete_details: { reason: shown } });
  expect(response.output).toMatchObject([{ status: "incomplete" }]);
});

it("a run that fails is a failed response with what there was of it", async () => {
  const app = openaiApp().query(text(), async function* () {
    yield "part";
    throw new RuntimeError("MODEL_QUOTA_EXCEEDED", "The model has no quota left.");
  });
  const response = await (await clientOf(app)).responses.create({ input: "Hi" });
  expect(response.status).toBe("failed");
  expect(response.error).toEqual({ code: "rate_limit_exceeded", message: "The model has no quota left." });
  expect(response.output_text).toBe("part");
});

it("a run that rejects its request is a failed response", async () => {
  const app = scriptedApp([{ kind: "finish", reason: "rejected" }]);
  const response = await (await clientOf(app)).responses.create({ input: "Hi" });
  expect(response).toMatchObject({ status: "failed", error: { code: "invalid_prompt" } });
});

it("a run that is canceled is a cancelled response", async () => {
  const app = openaiApp().query(text(), async function* ({ signal }) {
    yield "part";
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  });
  const client = await clientOf(app);
  const stream = await client.responses.create({ input: "Hi", stream: true });
  const server = client.baseURL.slice(0, -"/v1".length);
  let last: unknown;
  for await (const event of stream) {
    last = event;
    if (event.type !== "response.created") continue;
    await fetch(`${server}/runs/${event.response.id}/cancel`, { method: "POST" });
  }
  expect(last).toMatchObject({ type: "response.failed", response: { status: "cancelled" } });
});

it("is the same run as that of the Agent API", async () => {
  const client = await clientOf(echo);
  const { id } = await client.responses.create({ input: "Friday" });
  const run = await fetch(`${client.baseURL.slice(0, -"/v1".length)}/runs/${id}`);
  expect(await run.json()).toMatchObject({ id, status: "completed" });
});
