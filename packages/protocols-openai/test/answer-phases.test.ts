import type { AgentPart, FrameworkAdapter } from "@agentscope-runtime/core";
import { zodResponseFormat, zodTextFormat } from "openai/helpers/zod";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { clientOf, openaiApp } from "./support/serve.ts";

const Answer = z.object({ answer: z.number() });

/** Lets a handler say the parts of the answer itself. */
const parts: FrameworkAdapter<unknown, AgentPart> = {
  name: "parts",
  history: "none",
  toInput: (messages) => messages,
  isYield: (value): value is AgentPart => typeof value === "object" && value !== null && "kind" in value,
  fromStream: (emit) => ({ push: emit, end: () => undefined }),
};

const says = (messageId: string, text: string): AgentPart[] => [
  { kind: "text-delta", messageId, text },
  { kind: "message-end", messageId },
];
const calls: AgentPart[] = [
  { kind: "tool-call", callId: "c1", name: "compute", arguments: "{}" },
  { kind: "tool-result", callId: "c1", output: "42" },
];
const asks: AgentPart = {
  kind: "tool-call",
  callId: "c2",
  name: "ask",
  toolType: "function",
  arguments: "{}",
};

const saying = (list: readonly AgentPart[]) => clientOf(openaiApp().query(parts, () => list));
const response = { model: "Friday", input: "?", text: { format: zodTextFormat(Answer, "answer") } };
const chat = {
  model: "Friday",
  messages: [{ role: "user" as const, content: "?" }],
  response_format: zodResponseFormat(Answer, "answer"),
};

describe.each<[string, AgentPart[], string]>([
  [
    "before a call",
    [...says("1", "Let me compute."), ...calls, ...says("2", '{"answer":42}')],
    "Let me compute.",
  ],
  ["in JSON", [...says("1", '{"answer":1}'), ...says("2", '{"answer":42}')], '{"answer":1}'],
])("what is said %s", (_, list, comment) => {
  it("is told apart from the answer of a response", async () => {
    const client = await saying(list);
    const { output_parsed, output } = await client.responses.parse(response);
    expect(output_parsed).toEqual({ answer: 42 });
    const phases = output.flatMap((item) => (item.type === "message" ? [item.phase] : []));
    expect(phases).toEqual(["commentary", "final_answer"]);
    const stream = client.responses.stream(response);
    expect((await stream.finalResponse()).output_parsed).toEqual({ answer: 42 });
  });

  it("is told apart from the content of a chat", async () => {
    const client = await saying(list);
    const { choices } = await client.chat.completions.parse(chat);
    expect(choices[0]?.message).toMatchObject({ parsed: { answer: 42 }, reasoning_content: comment });
    const stream = client.chat.completions.stream(chat);
    const streamed = await stream.finalChatCompletion();
    expect(streamed.choices[0]?.message.parsed).toEqual({ answer: 42 });
  });

  it("is told apart nowhere without a format", async () => {
    const client = await saying(list);
    const { output } = await client.responses.create({ ...response, text: {} });
    for (const item of output) expect(item).not.toHaveProperty("phase");
    const { choices } = await client.chat.completions.create({ ...chat, response_format: { type: "text" } });
    expect(choices[0]?.message.content).toBe(`${comment}\n\n{"answer":42}`);
  });
});

it("takes no words before a call of the client's for the answer", async () => {
  const client = await saying([...says("1", "Let me ask."), asks]);
  const { output_parsed, output, status } = await client.responses.parse(response);
  expect([status, output_parsed]).toEqual(["completed", null]);
  expect(output).toMatchObject([{ phase: "commentary" }, { type: "function_call" }]);
  const { choices } = await client.chat.completions.parse(chat);
  expect(choices[0]).toMatchObject({
    finish_reason: "tool_calls",
    message: { content: null, reasoning_content: "Let me ask.", parsed: null },
  });
});

it("takes an answer for one although the agent goes on with a call of its own", async () => {
  const client = await saying([...says("1", '{"answer":42}'), ...calls]);
  expect((await client.responses.parse(response)).output_parsed).toEqual({ answer: 42 });
  const { choices } = await client.chat.completions.parse(chat);
  expect(choices[0]?.message.parsed).toEqual({ answer: 42 });
});

it("stays readable where media come with the answer, or refuse to be one", async () => {
  const image: AgentPart = { kind: "image", messageId: "1", url: "https://example.com/a.png" };
  const refusal: AgentPart = { kind: "refusal-delta", messageId: "2", text: "No." };
  const [said, end] = says("1", '{"answer":42}') as [AgentPart, AgentPart];
  for (const list of [
    [said, image, end],
    [said, end, refusal],
  ]) {
    const client = await saying(list);
    const { status, output_parsed } = await client.responses.parse(response);
    expect([status, output_parsed]).toEqual(["completed", null]);
  }
  const client = await saying([said, image, end]);
  const { choices } = await client.chat.completions.parse(chat);
  expect(choices[0]?.message.parsed).toEqual({ answer: 42 });
});

it("says that a message is done once the next one speaks", async () => {
  const client = await saying([...says("1", "Let me compute."), ...calls, ...says("2", '{"answer":42}')]);
  const told: string[] = [];
  for await (const event of await client.responses.create({ ...response, stream: true })) {
    if (event.type === "response.output_text.delta") told.push(event.delta);
    if (event.type !== "response.output_item.done") continue;
    told.push(event.item.type === "message" ? `${event.item.phase}` : event.item.type);
  }
  expect(told).toEqual(["Let me compute.", "mcp_call", "commentary", '{"answer":42}', "final_answer"]);
});
