import type { Message, ResolvedAgentRequest } from "@agentscope-runtime/agent-api";
import { text } from "@agentscope-runtime/core";
import type { ResponseCreateParamsNonStreaming } from "openai/resources/responses/responses";
import { describe, expect, it } from "vitest";
import { clientOf, openaiApp } from "./support/serve.ts";

/** What the agent gets of a request. */
async function agentRequest(params: ResponseCreateParamsNonStreaming): Promise<ResolvedAgentRequest> {
  const seen: ResolvedAgentRequest[] = [];
  const app = openaiApp().query(text(), ({ request }) => {
    seen.push(request);
    return "ok";
  });
  await (await clientOf(app)).responses.create(params);
  return seen[0] as ResolvedAgentRequest;
}

async function agentInput(input: unknown): Promise<unknown[]> {
  const request = await agentRequest({ input: input as never });
  return request.input.map(({ type, role, content }: Message) => {
    const slots = (content ?? []).map((slot) =>
      Object.fromEntries(Object.entries(slot).filter(([key, value]) => value !== null && !HIDDEN.has(key))),
    );
    return [type, role, ...slots];
  });
}

const HIDDEN: ReadonlySet<string> = new Set(["object", "delta"]);

describe("the agent gets", () => {
  it("what a function's output holds as blocks, media and files among them", async () => {
    const output = [
      { type: "output_text", text: "a" },
      { type: "refusal", refusal: "No." },
      { type: "input_image", image_url: "https://x/y.png" },
      { type: "input_audio", input_audio: { data: "QUJD", format: "mp3" } },
      { type: "input_file", file_data: "data:text/plain;base64,QUJD", filename: "a.txt" },
    ];
    const input = [{ type: "function_call_output", call_id: "call_1", output }];
    const [[, , slot] = []] = (await agentInput(input)) as { data: { output: string } }[][];
    expect(JSON.parse(slot?.data.output ?? "")).toEqual([
      { type: "text", text: "a" },
      { type: "text", text: "No." },
      { type: "image", source: { type: "url", url: "https://x/y.png" } },
      { type: "audio", source: { type: "base64", media_type: "audio/mp3", data: "QUJD" } },
      { type: "file", file_data: "data:text/plain;base64,QUJD", filename: "a.txt" },
    ]);
  });

  it("a text as one message of the user", async () => {
    expect(await agentInput("Hi")).toEqual([["message", "user", { type: "text", text: "Hi" }]]);
  });

  it("messages of every role and form, with the developer as the system", async () => {
    const input = [
      { role: "developer", content: "Be brief." },
      { type: "message", role: "system", content: [{ type: "input_text", text: "Be kind." }] },
      { role: "user", content: "Hi" },
      {
        type: "message",
        id: "msg_1",
        role: "assistant",
        status: "completed",
        content: [
          { type: "output_text", text: "Hello.", annotations: [] },
          { type: "refusal", refusal: "No." },
        ],
      },
    ];
    expect(await agentInput(input)).toEqual([
      ["message", "system", { type: "text", text: "Be brief." }],
      ["message", "system", { type: "text", text: "Be kind." }],
      ["message", "user", { type: "text", text: "Hi" }],
      ["message", "assistant", { type: "text", text: "Hello." }, { type: "refusal", refusal: "No." }],
    ]);
    expect((await agentRequest({ input: input as never })).input[3]?.id).toBe("msg_1");
  });

  it("images, files and audio", async () => {
    const file = { filename: "a.pdf", file_data: "data:application/pdf;base64,QUJD" };
    const content = [
      { type: "input_image", image_url: "http://x/y.png", detail: "auto" },
      { type: "input_file", ...file },
      { type: "input_audio", input_audio: { data: "QUJD", format: "wav" } },
    ];
    expect(await agentInput([{ role: "user", content }])).toEqual([
      [
        "message",
        "user",
        { type: "image", image_url: "http://x/y.png" },
        { type: "file", ...file },
        { type: "audio", data: "QUJD", format: "wav" },
      ],
    ]);
  });

  it("calls and their outputs that are sent back, and what was thought", async () => {
    const input = [
      { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "Hm." }] },
      { type: "reasoning", id: "rs_2", summary: [], encrypted_content: "x" },
      { type: "function_call", call_id: "call_1", name: "add", arguments: '{"a":1}' },
      { type: "function_call_output", call_id: "call_1", output: "2" },
      { type: "function_call_output", call_id: "call_2", output: [{ type: "input_text", text: "3" }] },
      { type: "mcp_call", id: "msg_3", server_label: "agent", name: "now", arguments: "{}", output: "Noon" },
      { type: "mcp_call", id: "msg_4", server_label: "files", name: "list", arguments: "{}" },
    ];
    const data = (body: object) => ({ type: "data", data: body });
    expect(await agentInput(input)).toEqual([
      ["reasoning", "assistant", { type: "text", text: "Hm." }],
      ["function_call", "assistant", data({ call_id: "call_1", name: "add", arguments: '{"a":1}' })],
      ["function_call_output", "tool", data({ call_id: "call_1", output: '"2"' })],
      ["function_call_output", "tool", data({ call_id: "call_2", output: '[{"type":"text","text":"3"}]' })],
      ["plugin_call", "assistant", data({ call_id: "msg_3", name: "now", arguments: "{}" })],
      ["plugin_call_output", "tool", data({ call_id: "msg_3", name: "now", output: '"Noon"' })],
      [
        "mcp_call",
        "assistant",
        data({ call_id: "msg_4", name: "list", arguments: "{}", server_label: "files" }),
      ],
    ]);
  });

  it("a person's answer to a question", async () => {
    const input = [
      { type: "mcp_approval_request", id: "ask_1", server_label: "files", name: "delete", arguments: "{}" },
      { type: "mcp_approval_response", approval_request_id: "ask_1", approve: true },
    ];
    expect(await agentInput(input)).toMatchObject([
      ["mcp_approval_request", "assistant", { data: { id: "ask_1", name: "delete" } }],
      ["mcp_approval_response", "user", { data: { approval_request_id: "ask_1", approve: true } }],
    ]);
  });

  it("instructions, tools and how to sample", async () => {
    const parameters = { type: "object", properties: {} };
    const request = await agentRequest({
      input: "Hi",
      instructions: "Be brief.",
      temperature: 0.2,
      top_p: 0.9,
      max_output_tokens: 100,
      tools: [{ type: "function", name: "add", description: "Adds.", parameters, strict: true }],
      tool_choice: { type: "function", name: "add" },
      parallel_tool_calls: false,
      text: { format: { type: "json_object" } },
      reasoning: { effort: "low" },
      metadata: { a: "b" },
      user: "bob",
    });
    expect(request).toMatchObject({
      instructions: "Be brief.",
      temperature: 0.2,
      top_p: 0.9,
      max_tokens: 100,
      tools: [
        { type: "function", function: { name: "add", description: "Adds.", parameters, strict: true } },
      ],
      tool_choice: { type: "function", name: "add" },
      parallel_tool_calls: false,
      text: { format: { type: "json_object" } },
      reasoning: { effort: "low" },
      metadata: { a: "b" },
      user_id: "bob",
    });
  });
});

it("the response says the request's parameters again", async () => {
  const client = await clientOf(openaiApp().query(text(), () => "ok"));
  const parameters = { type: "object", properties: {} };
  const params: ResponseCreateParamsNonStreaming = {
    input: "Hi",
    max_output_tokens: 100,
    tools: [{ type: "function", name: "add", description: null, parameters, strict: null }],
    tool_choice: "required",
    text: { format: { type: "json_object" }, verbosity: "low" },
    reasoning: { effort: "low", summary: null },
    conversation: "c1",
    user: "bob",
  };
  const { input, ...said } = params;
  const response = await client.responses.create(params);
  expect(response).toMatchObject({ ...said, conversation: { id: "c1" } });
});
