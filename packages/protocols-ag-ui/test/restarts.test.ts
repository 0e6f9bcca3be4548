import { MessageAssembler } from "@agentscope-runtime/core";
import { expect, it } from "vitest";
import { encode } from "./support/encode.ts";
import { readBySdk } from "./support/read-by-sdk.ts";
import { messagesAt } from "./support/run-entries.ts";

it("a handler that is started again begins anew: what it had begun has ended, and waits for nobody", async () => {
  const options = { responseId: "response_R1", sessionId: "s1", now: () => 0 };
  const first = new MessageAssembler(options);
  first.status("created");
  first.status("in_progress");
  first.push({ kind: "step", name: "look", status: "started" });
  first.push({ kind: "tool-call", callId: "call_1", name: "look", arguments: "{}" });
  first.push({ kind: "approval-request", requestId: "ask_1", name: "pay", arguments: "{}" });
  first.push({ kind: "text-delta", messageId: "M1", text: "Hel" });
  const before = first.take();
  const ender = new MessageAssembler({ ...options, first: before.length });
  ender.adopt(messagesAt(before));
  const ended = [...before, ...ender.take()];
  const takenIds = messagesAt(ended).map(({ id }) => id);
  const second = new MessageAssembler({ ...options, first: ended.length, attempt: 2, takenIds });
  second.status("in_progress");
  second.push({ kind: "step", name: "look", status: "started" });
  second.push({ kind: "tool-call", callId: "call_1", name: "look", arguments: '{"again":1}' });
  second.push({ kind: "text-delta", messageId: "M1", text: "Hello" });
  second.close("completed");
  const log = [...ended, ...second.take(), second.terminal({ status: "completed" })];

  const { messages, pending, interrupts } = await readBySdk(encode(log));
  expect(interrupts).toEqual([]);
  // The call of the second start is told apart from that of the first.
  expect(pending).toEqual(["msg_call_1~2"]);
  expect(messages).toMatchObject([
    { toolCalls: [{ id: "call_1", function: { arguments: "{}" } }] },
    { role: "tool", toolCallId: "call_1" },
    { content: "Hel" },
    { toolCalls: [{ id: "msg_call_1~2", function: { arguments: '{"again":1}' } }] },
    { content: "Hello" },
  ]);
});
