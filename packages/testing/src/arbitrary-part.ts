import type { AgentPart } from "@agentscope-runtime/core";
import fc from "fast-check";

const messageId = fc.constantFrom("M1", "M2", "msg_M1", "call_1", "__proto__", "");
const callId = fc.constantFrom("call_1", "call_2", "M1", "call_1_output", "constructor", "");
const text = fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom("", "🦊", '"', "\ud800"));
const toolType = fc.constantFrom("plugin", "function", "component", "mcp" as const, undefined);
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined });

/** Any part, for fast-check: with ids that meet each other often, and texts that break careless encoders. */
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
  fc.record({ kind: fc.constant("step" as const), name: text, status: fc.constant("started" as const) }),
  fc.record({ kind: fc.constant("state-snapshot" as const), snapshot: fc.jsonValue() }),
);
