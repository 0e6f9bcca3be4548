import { toCallerOptions } from "@agentscope-runtime/adapters-agentscope";
import { AgentRequest, type AgentRequestInput } from "@agentscope-runtime/agent-api";
import { expect, it } from "vitest";

const optionsOf = (request: Omit<AgentRequestInput, "input">) =>
  toCallerOptions(AgentRequest.parse({ input: [], ...request }));

it("a request that says nothing changes nothing", () => {
  expect(optionsOf({})).toEqual({ params: {} });
  expect(optionsOf({ tools: [], tool_choice: null, text: null, reasoning: null, instructions: "" })).toEqual({
    params: {},
  });
});

it("how to sample, where to stop and in which form to answer are parameters of the model", () => {
  const said = {
    temperature: 0,
    top_p: 0.9,
    presence_penalty: 1,
    frequency_penalty: -1,
    seed: 3,
    stop: ["END"],
  };
  const schema = { type: "object" };
  expect(
    optionsOf({
      ...said,
      max_tokens: 5,
      text: { format: { type: "json_schema", name: "x", schema, strict: null }, verbosity: "low" },
      reasoning: { effort: "none" },
    }).params,
  ).toEqual({
    ...said,
    max_tokens: 5,
    response_format: { type: "json_schema", json_schema: { name: "x", schema } },
    verbosity: "low",
    reasoning_effort: "none",
  });
  expect(optionsOf({ text: { format: { type: "json_object" } } }).params).toEqual({
    response_format: { type: "json_object" },
  });
  expect(optionsOf({ text: { format: { type: "text" } } }).params).toEqual({});
});

it("functions are the caller's tools, with what a model needs of them; other tools are not", () => {
  const { callerTools } = optionsOf({
    tools: [
      { type: "function", function: { name: "a", description: null, parameters: null, strict: true } },
      { type: "function", function: null },
      { type: "web_search" },
    ],
  });
  const parameters = { type: "object", properties: {} };
  expect(callerTools).toEqual([
    { type: "function", function: { name: "a", description: "", parameters, strict: true } },
  ]);
});

it.each([
  ["none", "none"],
  ["auto", "auto"],
  ["required", "required"],
  [{ type: "function", name: "a" }, { name: "a" }],
  [{ type: "function", function: { name: "a" } }, { name: "a" }],
  [{ type: "mcp", server_label: "agent" }, "required"],
  ["any", undefined],
  [{ type: "file_search" }, undefined],
])("the choice %j of any protocol is the agent's %j", (tool_choice, toolChoice) => {
  expect(optionsOf({ tool_choice }).toolChoice).toEqual(toolChoice);
});

it("one call at a time is asked for only where the caller says so", () => {
  expect(optionsOf({ parallel_tool_calls: false }).severalCalls).toBe(false);
  expect(optionsOf({ parallel_tool_calls: true })).not.toHaveProperty("severalCalls");
});
