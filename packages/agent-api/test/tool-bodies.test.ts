import {
  FunctionCall,
  FunctionCallOutput,
  McpApprovalRequest,
  McpApprovalResponse,
  McpCall,
  McpCallOutput,
  McpListTools,
  StateData,
  StepData,
  ToolDefinition,
} from "@agentscope-runtime/agent-api";
import { describe, expect, test } from "vitest";

const cases = [
  {
    name: "FunctionCall",
    schema: FunctionCall,
    least: {},
    filled: '{"call_id":null,"name":null,"arguments":null}',
    wire: '{"call_id":"call_1","name":"get_weather","arguments":"{\\"city\\": \\"Paris\\"}"}',
  },
  {
    name: "FunctionCallOutput",
    schema: FunctionCallOutput,
    least: { output: "", call_id: "call_1" },
    filled: '{"call_id":"call_1","name":null,"output":""}',
    wire: '{"call_id":"call_1","name":"get_weather","output":"[{\\"type\\": \\"text\\"}]"}',
  },
  {
    name: "McpCall",
    schema: McpCall,
    least: {},
    filled: '{"call_id":null,"arguments":null,"name":null,"server_label":null}',
    wire: '{"call_id":"call_1","arguments":"{}","name":"search","server_label":"docs"}',
  },
  {
    name: "McpCallOutput",
    schema: McpCallOutput,
    least: { output: "[]", call_id: "call_1" },
    filled: '{"call_id":"call_1","name":null,"output":"[]"}',
    wire: '{"call_id":"call_1","name":"search","output":"[]"}',
  },
  {
    name: "McpListTools",
    schema: McpListTools,
    least: { tools: [{ name: "search", input_schema: {} }], server_label: "docs", id: "l1" },
    filled:
      '{"id":"l1","server_label":"docs","tools":[{"input_schema":{},"name":"search","annotations":null,"description":null}],"error":null}',
    wire: '{"id":"l1","server_label":"docs","tools":[{"input_schema":{"type":"object"},"name":"search","annotations":{"readOnlyHint":true},"description":"Searches."}],"error":"offline"}',
  },
  {
    name: "McpApprovalRequest",
    schema: McpApprovalRequest,
    least: { server_label: "docs", name: "drop", arguments: "{}", id: "a1" },
    filled: '{"id":"a1","arguments":"{}","name":"drop","server_label":"docs"}',
    wire: '{"id":"a1","arguments":"{\\"table\\":1}","name":"drop","server_label":"docs"}',
  },
  {
    name: "McpApprovalResponse",
    schema: McpApprovalResponse,
    least: { approve: false, approval_request_id: "a1" },
    filled: '{"approval_request_id":"a1","approve":false,"id":null,"reason":null}',
    wire: '{"approval_request_id":"a1","approve":true,"id":"r1","reason":"Fine."}',
  },
];

describe.each(cases)("$name", ({ schema, least, filled, wire }) => {
  test("is filled in with nulls, in the wire's order", () => {
    expect(JSON.stringify(schema.parse(least))).toBe(filled);
  });

  test("goes through as it stands on the wire, whatever order it came in", () => {
    expect(JSON.stringify(schema.parse(JSON.parse(wire)))).toBe(wire);
    const reversed = Object.fromEntries(Object.entries(JSON.parse(wire)).reverse());
    expect(JSON.stringify(schema.parse(reversed))).toBe(wire);
  });

  test("cannot do without any of the keys it needs", () => {
    for (const key of Object.keys(least)) {
      expect(schema.safeParse({ ...least, [key]: undefined }).success).toBe(false);
    }
  });
});

test("arguments and outputs are JSON text, never objects", () => {
  expect(FunctionCall.safeParse({ call_id: "c", name: "f", arguments: {} }).success).toBe(false);
  expect(McpCall.safeParse({ call_id: "c", arguments: {} }).success).toBe(false);
  expect(FunctionCallOutput.safeParse({ call_id: "c", output: [] }).success).toBe(false);
  expect(McpCallOutput.safeParse({ call_id: "c", output: null }).success).toBe(false);
});

test("a step has started or finished", () => {
  expect(StepData.parse({ name: "plan", status: "started" })).toEqual({ name: "plan", status: "started" });
  expect(StepData.parse({ name: "plan", status: "finished" }).status).toBe("finished");
  expect(StepData.safeParse({ name: "plan", status: "paused" }).success).toBe(false);
  expect(StepData.safeParse({ status: "started" }).success).toBe(false);
});

test("state is a snapshot of anything, or a patch", () => {
  for (const snapshot of [{ a: 1 }, [], null, 0, false])
    expect(StateData.parse({ snapshot })).toEqual({ snapshot });
  const patch = [{ op: "add", path: "/a", value: 1 }];
  expect(StateData.parse({ patch })).toEqual({ patch });
  expect(StateData.safeParse({ patch: {} }).success).toBe(false);
  expect(StateData.safeParse({}).success).toBe(false);
});

test("a tool is a function by default and keeps what else its caller says of it", () => {
  expect(ToolDefinition.parse({ function: { name: "f", parameters: { type: "object" } }, cache: 1 })).toEqual(
    {
      type: "function",
      function: { name: "f", parameters: { type: "object" } },
      cache: 1,
    },
  );
});
