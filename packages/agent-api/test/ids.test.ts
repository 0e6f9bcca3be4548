import { newCallId, newMessageId, newResponseId } from "@agentscope-runtime/agent-api";
import { expect, test } from "vitest";

test.each([
  ["response_", newResponseId],
  ["msg_", newMessageId],
  ["call_", newCallId],
])("an id starts with %s and is never given twice", (prefix, newId) => {
  const ids = Array.from({ length: 100 }, newId);
  for (const id of ids)
    expect(id).toMatch(new RegExp(`^${prefix}[\\da-f]{8}(-[\\da-f]{4}){3}-[\\da-f]{12}$`));
  expect(new Set(ids).size).toBe(ids.length);
});
