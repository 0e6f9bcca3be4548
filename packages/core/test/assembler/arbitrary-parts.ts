import type { AgentPart } from "@agentscope-runtime/core";
import fc from "fast-check";

const messageId = fc.constantFrom("M1", "M2", "msg_M1", "call_1", "M1_1", "M1~2", "__proto__", "");
const callId = fc.constantFrom("call_1", "call_2", "M1", "call_1_output", "call_1~2", "constructor");
const text = fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom("", "\u2028", "🦊", '"', "\ud800"));
const toolType = fc.constantFrom("plugin", "function", "component", "mcp" as const, undefined);
const object = fc.dictionary(fc.constantFrom("a", "b"), fc.jsonValue());
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined });

const status = fc.constantFrom("completed", "incomplete" as const, undefined);

/** Any part, with ids that meet each other often. */
export const arbitraryPart: fc.Arbitrary<AgentPart> = fc.oneof(
  fc.record({
    kind: fc.constant("message-start" as const),
    messageId,
    role: fc.constantFrom("assistant", "system", "user", "tool" as const, undefined),
    type: fc.constantFrom("message", "reasoning", "a2ui_response", undefined),
    metadata: maybe(object),
  }),
  fc.record({
    kind: fc.constantFrom("text-delta", "reasoning-delta", "refusal-delta" as const),
    messageId,
    text,
  }),
  fc.record({ kind: fc.constantFrom("image", "video" as const), messageId, url: text }),
  fc.record({ kind: fc.constant("audio" as const), messageId, data: text, format: maybe(text) }),
  fc.record({ kind: fc.constant("file" as const), messageId, url: maybe(text), filename: maybe(text) }),
  fc.record({ kind: fc.constant("data" as const), messageId, data: object }),
  fc.record({ kind: fc.constant("message-end" as const), messageId, status }),
  fc.record({
    kind: fc.constant("tool-call" as const),
    callId,
    name: text,
    messageId: maybe(messageId),
    toolType,
    serverLabel: maybe(text),
    arguments: maybe(text),
  }),
  fc.record({ kind: fc.constant("tool-arguments-delta" as const), callId, text }),
  fc.record({ kind: fc.constant("tool-call-end" as const), callId, status }),
  fc.record({
    kind: fc.constant("tool-result" as const),
    callId,
    name: maybe(text),
    output: fc.jsonValue(),
    final: fc.constantFrom(true, false, undefined),
    status,
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
    name: text,
    status: fc.constantFrom("started", "finished" as const),
  }),
  fc.record({ kind: fc.constant("state-snapshot" as const), snapshot: fc.jsonValue() }),
  fc.record({ kind: fc.constant("state-patch" as const), patch: fc.array(object, { maxLength: 2 }) }),
  fc.record({ kind: fc.constant("usage" as const), usage: object, messageId: maybe(messageId) }),
  fc.record({ kind: fc.constant("finish" as const), reason: fc.constantFrom("stop", "rejected" as const) }),
);
