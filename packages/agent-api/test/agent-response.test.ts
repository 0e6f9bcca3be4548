import { AgentResponse, IncompleteDetails } from "@agentscope-runtime/agent-api";
import { expect, test } from "vitest";

const created =
  '{"sequence_number":null,"object":"response","status":"created","error":null,"id":"response_1","created_at":1765000000,"completed_at":null,"output":null,"usage":null,"session_id":null}';

test("a response needs its id and its time of creation, and is filled in in the wire's order", () => {
  const response = AgentResponse.parse({ created_at: 1765000000, id: "response_1" });
  expect(JSON.stringify(response)).toBe(created);
});

test("a finished response goes through as it stands on the wire", () => {
  const wire =
    '{"sequence_number":9,"object":"response","status":"incomplete","error":{"code":"RUN_INTERRUPTED","message":"The server went down."},"id":"r1","created_at":1765000000,"completed_at":1765000009,"output":[{"sequence_number":8,"object":"message","status":"completed","error":null,"id":"m1","type":"message","role":"assistant","content":[],"code":null,"message":null,"usage":null,"metadata":null}],"usage":{"total_tokens":3},"session_id":"s1","incomplete_details":{"reason":"input_required","request_ids":["q1"]}}';
  expect(JSON.stringify(AgentResponse.parse(JSON.parse(wire)))).toBe(wire);
});

test("unknown keys of a response are dropped, so that a newer server can be read", () => {
  const response = AgentResponse.parse({ ...JSON.parse(created), model: "qwen", user_id: "u" });
  expect(JSON.stringify(response)).toBe(created);
});

test("incomplete details name a reason, and requests only where there are some", () => {
  expect(IncompleteDetails.parse({ reason: "log_limit" })).toEqual({ reason: "log_limit" });
  expect(IncompleteDetails.safeParse({ request_ids: [] }).success).toBe(false);
});

test.each<[problem: string, change: object]>([
  ["no id", { id: undefined }],
  ["an id of null", { id: null }],
  ["no time of creation", { created_at: undefined }],
  ["a time of creation with fractions of a second", { created_at: 1765000000.5 }],
  ["a time as text", { completed_at: "2026-01-01" }],
  ["a status nobody knows", { status: "done" }],
  ["an output that is text", { output: "Hi" }],
  ["an error that is text", { error: "boom" }],
  ["an object of another kind", { object: "message" }],
  ["a negative sequence_number", { sequence_number: -1 }],
])("a response is refused for %s", (_problem, change) => {
  expect(AgentResponse.safeParse({ ...JSON.parse(created), ...change }).success).toBe(false);
});
