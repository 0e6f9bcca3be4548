import type { AgentPart, LogEntry } from "@agentscope-runtime/core";
import { describe, expect, it } from "vitest";
import { assemble, newAssembler } from "./assemble.ts";
import { expectLegalStream, textOf } from "./legal-stream.ts";

const text = (messageId: string, piece: string): AgentPart => ({
  kind: "text-delta",
  messageId,
  text: piece,
});
const thought = (messageId: string, piece: string): AgentPart => ({
  kind: "reasoning-delta",
  messageId,
  text: piece,
});

/** The messages of a run and what they hold, in the order in which they end. */
function outputOf(entries: readonly LogEntry[]): readonly (readonly unknown[])[] {
  const last = entries.at(-1)?.event;
  const output = last?.object === "response" ? (last.output ?? []) : [];
  return output.map(({ id, type, status, content }) => [
    id,
    type,
    status,
    ...(content ?? []).map((slot) => (slot.type === "data" ? slot.data : textOf(slot) || slot.type)),
  ]);
}

describe("text", () => {
  it("of several messages may grow at the same time", () => {
    const entries = assemble([text("M1", "a"), text("M2", "b"), text("M1", "c")]);
    expectLegalStream(entries);
    expect(outputOf(entries)).toEqual([
      ["msg_M1", "message", "completed", "ac"],
      ["msg_M2", "message", "completed", "b"],
    ]);
  });

  it("that is empty announces nothing", () => {
    expect(assemble([{ kind: "message-start", messageId: "M1" }, text("M1", "")])).toHaveLength(3);
  });

  it("that is cut in the midst of a character comes in whole ones, and all of it comes", () => {
    const smile = "\u{1f600}";
    const [first, second] = [smile.slice(0, 1), smile.slice(1)];
    const pieces = [`a${first}`, `${second}b`, first, second, `${second}c${first}`].map((piece) =>
      text("M1", piece),
    );
    const call: AgentPart[] = ['{"a":"', first, `${second}"}`].map((piece) => ({
      kind: "tool-arguments-delta",
      callId: "C1",
      text: piece,
    }));
    const entries = assemble([...pieces, { kind: "tool-call", callId: "C1", name: "f" }, ...call]);
    expectLegalStream(entries);
    const slots = entries.map(({ event }) => event).filter((event) => event.object === "content");
    const deltas = slots.flatMap((slot) => (slot.type === "text" && slot.delta ? [slot.text] : []));
    expect(deltas).toEqual(["a", `${smile}b`, smile, `${second}c`, first]);
    const shown = slots.flatMap((slot) => (slot.type === "data" ? [String(slot.data?.arguments)] : []));
    expect(shown.filter((json) => !json.isWellFormed())).toEqual([]);
    expect(outputOf(entries)[0]?.[3]).toBe(`a${smile}b${smile}${second}c${first}`);
  });

  it("ends the reasoning before it, and more reasoning ends the text", () => {
    const entries = assemble([thought("M1", "hm"), text("M1", "yes"), thought("M1", "or"), text("M1", "no")]);
    expectLegalStream(entries);
    expect(outputOf(entries)).toEqual([
      ["msg_M1", "reasoning", "completed", "hm"],
      ["msg_M1_1", "message", "completed", "yes"],
      ["msg_M1_2", "reasoning", "completed", "or"],
      ["msg_M1_3", "message", "completed", "no"],
    ]);
  });

  it("and media share a message, each in its own slot", () => {
    const image: AgentPart = { kind: "image", messageId: "M1", url: "http://x/y.png" };
    const refusal: AgentPart = { kind: "refusal-delta", messageId: "M1", text: "no" };
    const entries = assemble([text("M1", "a"), image, text("M1", "b"), refusal]);
    expectLegalStream(entries);
    expect(outputOf(entries)).toEqual([["msg_M1", "message", "completed", "a", "image", "b", "no"]]);
  });

  it("after the end of its message is a message of its own", () => {
    const end: AgentPart = { kind: "message-end", messageId: "M1" };
    expect(outputOf(assemble([text("M1", "a"), end, end, text("M1", "b")]))).toEqual([
      ["msg_M1", "message", "completed", "a"],
      ["msg_M1_1", "message", "completed", "b"],
    ]);
  });
});

it("says of what broke off that it is incomplete, also where the run goes on", () => {
  const status = "incomplete";
  const entries = assemble([
    text("M1", "par"),
    { kind: "image", messageId: "M1", url: "http://x/y.png" },
    text("M1", "tial"),
    { kind: "message-end", messageId: "M1", status },
    { kind: "tool-call", callId: "call_1", name: "add" },
    { kind: "tool-call-end", callId: "call_1", status },
    { kind: "tool-result", callId: "call_1", output: "", final: false },
    { kind: "tool-result", callId: "call_1", output: "3", status },
    text("M2", "whole"),
  ]);
  expectLegalStream(entries);
  const last = entries.at(-1)?.event;
  const output = last?.object === "response" ? (last.output ?? []) : [];
  expect(
    output.map((each) => [each.id, each.status, ...(each.content ?? []).map((slot) => slot.status)]),
  ).toEqual([
    ["msg_M1", "incomplete", "completed", "completed", "incomplete"],
    ["msg_call_1", "incomplete", "incomplete"],
    ["msg_call_1_output", "incomplete", "incomplete"],
    ["msg_M2", "completed", "completed"],
  ]);
});

describe("a tool call", () => {
  const call: AgentPart = { kind: "tool-call", callId: "call_1", name: "add", messageId: "M1" };
  const result: AgentPart = { kind: "tool-result", callId: "call_1", output: "3" };

  it("ends the text of its message only", () => {
    const entries = assemble([text("M1", "a"), text("M2", "b"), call, text("M2", "c")]);
    expect(outputOf(entries)).toEqual([
      ["msg_M1", "message", "completed", "a"],
      ["msg_M2", "message", "completed", "bc"],
      ["msg_call_1", "plugin_call", "completed", { call_id: "call_1", name: "add", arguments: "" }],
    ]);
  });

  it("ends with its result at the latest, and later arguments are passed over", () => {
    const more: AgentPart = { kind: "tool-arguments-delta", callId: "call_1", text: "{}" };
    expect(outputOf(assemble([call, more, result, more]))).toEqual([
      ["msg_call_1", "plugin_call", "completed", { call_id: "call_1", name: "add", arguments: "{}" }],
      [
        "msg_call_1_output",
        "plugin_call_output",
        "completed",
        { call_id: "call_1", name: "add", output: '"3"' },
      ],
    ]);
  });

  it("whose id was used before has messages of its own", () => {
    const entries = assemble([call, result, call, result]);
    expectLegalStream(entries);
    expect(outputOf(entries).map(([id]) => id)).toEqual([
      "msg_call_1",
      "msg_call_1_output",
      "msg_call_1~2",
      "msg_call_1_output~2",
    ]);
  });

  it("of an MCP server names the server", () => {
    const entries = assemble([{ ...call, toolType: "mcp", serverLabel: "maps", arguments: "{}" }, result]);
    expect(outputOf(entries)).toEqual([
      [
        "msg_call_1",
        "mcp_call",
        "completed",
        { call_id: "call_1", arguments: "{}", name: "add", server_label: "maps" },
      ],
      [
        "msg_call_1_output",
        "mcp_call_output",
        "completed",
        { call_id: "call_1", name: "add", output: '"3"' },
      ],
    ]);
  });
});

describe("the end of a run", () => {
  it("that failed leaves nothing open", () => {
    const parts: AgentPart[] = [
      text("M1", "par"),
      { kind: "tool-call", callId: "call_1", name: "add" },
      { kind: "tool-result", callId: "call_2", name: "sub", output: "1", final: false },
      text("M2", "tial"),
    ];
    const entries = assemble(parts, { status: "failed", error: { code: "AGENT_ERROR", message: "no" } });
    expectLegalStream(entries);
    expect(outputOf(entries).map(([id, , status]) => [id, status])).toEqual([
      ["msg_M1", "completed"],
      ["msg_M2", "incomplete"],
      ["msg_call_1", "incomplete"],
      ["msg_call_2_output", "incomplete"],
    ]);
    expect(entries.at(-1)?.event).toMatchObject({
      status: "failed",
      error: { code: "AGENT_ERROR", message: "no" },
      created_at: 1765000000,
      completed_at: 1765000001,
    });
  });

  it("says what all messages used", () => {
    const entries = assemble([
      text("M1", "a"),
      { kind: "usage", messageId: "M1", usage: { input_tokens: 1, details: { cached: 1 }, model: "a" } },
      { kind: "message-end", messageId: "M1" },
      { kind: "usage", usage: { input_tokens: 2, output_tokens: 5, details: { cached: 2 }, model: "b" } },
    ]);
    expect(entries.at(-1)?.event).toMatchObject({
      usage: { input_tokens: 3, output_tokens: 5, details: { cached: 3 }, model: "b" },
      output: [{ usage: { input_tokens: 1, details: { cached: 1 }, model: "a" } }],
    });
  });

  it("names the requests that wait for an answer", () => {
    const assembler = newAssembler();
    assembler.push({ kind: "approval-request", requestId: "ask_1", name: "rm", arguments: "{}" });
    assembler.push({ kind: "finish", reason: "input_required" });
    expect(assembler.finish).toEqual({ reason: "input_required", requestIds: ["ask_1"] });
  });
});

it("gives out each entry once", () => {
  const assembler = newAssembler();
  assembler.status("created");
  expect(assembler.take().map(({ seq }) => seq)).toEqual([0]);
  expect(assembler.take()).toEqual([]);
  assembler.push(text("M1", "a"));
  expect(assembler.take().map(({ seq }) => seq)).toEqual([1, 2]);
});

it("passes over parts of a kind it does not know", () => {
  const unknown = { kind: "weather", messageId: "M1" } as unknown as AgentPart;
  expect(assemble([unknown])).toHaveLength(3);
});

it("keeps ids on the wire short, whatever the framework's are", () => {
  const long = "x".repeat(5000);
  const entries = assemble([
    text(long, "a"),
    text(`${long}y`, "b"),
    { kind: "tool-call", callId: long, name: "add" },
    { kind: "tool-result", callId: long, output: 1 },
  ]);
  expectLegalStream(entries);
  const ids = outputOf(entries).map(([id]) => String(id));
  expect(new Set(ids).size).toBe(4);
  for (const id of ids) expect(id).toMatch(/^msg_\w{64}(_output|~2)?$/);
});
