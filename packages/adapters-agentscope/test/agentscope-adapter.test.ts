import { agentscope } from "@agentscope-runtime/adapters-agentscope";
import { Message } from "@agentscope-runtime/agent-api";
import { ModelError, Msg, UnknownToolError } from "@agentscope-runtime/agentscope";
import { expect, it } from "vitest";

const adapter = agentscope();

it("lets the handler's memory write the history", () => {
  expect(adapter.name).toBe("agentscope");
  expect(adapter.history).toBe("handler");
});

it("takes snapshots from any copy of the framework, and nothing else", () => {
  const msg = new Msg("Friday", "hi", "assistant");
  expect(adapter.isYield([msg, true])).toBe(true);
  expect(adapter.isYield([{ ...msg }, false])).toBe(true);
  for (const other of [msg, [msg], [msg, 1], [msg, true, 1], [{}, true], [null, true], "hi", undefined, []]) {
    expect(adapter.isYield(other)).toBe(false);
  }
});

it("gives the handler messages of the framework", () => {
  const message = Message.parse({ id: "msg_1", role: "user", content: [{ type: "text", text: "hi" }] });
  const [msg] = adapter.toInput([message]);
  expect(msg).toBeInstanceOf(Msg);
  expect(msg).toMatchObject({ id: "msg_1", role: "user", content: [{ type: "text", text: "hi" }] });
});

it("says of a failed model call what a client may know", () => {
  const error = new ModelError("MODEL_UNAUTHORIZED_ACCESS", "401 from https://internal:8080", {
    status: 401,
  });
  const known = adapter.toRuntimeError?.(error);
  expect(known).toMatchObject({ code: "MODEL_UNAUTHORIZED_ACCESS", status: 422, cause: error });
  expect(known?.message).not.toContain("internal");
});

it("tells a client that it has chosen a tool which there is not", () => {
  const error = new UnknownToolError("nope");
  const known = adapter.toRuntimeError?.(error);
  expect(known).toMatchObject({ code: "INVALID_PARAMETER", message: expect.stringContaining('"nope"') });
});

it("does not know other errors", () => {
  expect(adapter.toRuntimeError?.(new Error("no"))).toBeUndefined();
  expect(adapter.toRuntimeError?.(undefined)).toBeUndefined();
});
