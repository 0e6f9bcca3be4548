import type { AgentPart } from "@agentscope-runtime/core";
import fc from "fast-check";

const messageId = fc.constantFrom("M1", "M2", "msg_M1", "call_1", "__proto__", "");
const callId = fc.constantFrom("call_1", "call_2", "M1", "call_1_output", "constructor", "");
const text = fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom("", "🦊", '"', "\ud800"));
const toolType = fc.constantFrom("plugin", "function", "component", "mcp" as const, undefined);
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined });

const key = fc.constantFrom("a", "b", "0", "__proto__", "a/b~", "");
const agentState = fc.oneof(fc.dictionary(key, fc.jsonValue(), { maxKeys: 4 }), fc.jsonValue());
const path = fc.oneof(
  fc.constantFrom("", "/a", "/b", "/a/b", "/a/0", "/-", "/__proto__", "/__proto__/x", "nowhere", "/a~1b~0"),
  fc.string({ maxLength: 4 }),
);
const operation: fc.Arbitrary<Readonly<Record<string, unknown>>> = fc.oneof(
  fc.record({ op: fc.constantFrom("add", "replace", "test"), path, value: fc.jsonValue() }),
  fc.record({ op: fc.constantFrom("move", "copy"), from: path, path }),
  fc.record({ op: fc.constantFrom("remove", "add", "hop"), path }),
);

/** Any part, with ids that meet each other often. */
export const arbitraryPart: fc.Arbitrary<AgentPart> = fc.oneof(
  fc.record({
    kind: fc.constant("message-start" as const),
    messageId,
    role: fc.constantFrom("assistant", "user", undefined),
    type: fc.constantFrom("message", "reasoning", "a2ui_response", undefined),
  }),
  fc.record({
    kind: fc.constantFrom("text-delta", "reasoning-delta", "refusal-delta" as const),
    messageId,
    text,
  }),
  fc.record({ kind: fc.constantFrom("image", "video" as const), messageId, url: text }),
  fc.record({ kind: fc.constant("message-end" as const), messageId }),
  fc.record({
    kind: fc.constant("tool-call" as const),
    callId,
    name: text,
    messageId: maybe(messageId),
    toolType,
    arguments: maybe(text),
  }),
  fc.record({ kind: fc.constant("tool-arguments-delta" as const), callId, text }),
  fc.record({ kind: fc.constant("tool-call-end" as const), callId }),
  fc.record({
    kind: fc.constant("tool-result" as const),
    callId,
    name: maybe(text),
    output: fc.jsonValue(),
    final: fc.constantFrom(true, false, undefined),
  }),
  fc.record({
    kind: fc.constant("approval-request" as const),
    requestId: callId,
    name: text,
    arguments: text,
    serverLabel: maybe(text),
  }),
  fc.record({
    kind: fc.constant("step" as const),
    name: fc.constantFrom("plan", "act", ""),
    status: fc.constantFrom("started", "finished" as const),
  }),
  fc.record({ kind: fc.constant("state-snapshot" as const), snapshot: agentState }),
  fc.record({ kind: fc.constant("state-patch" as const), patch: fc.array(operation, { maxLength: 3 }) }),
);
