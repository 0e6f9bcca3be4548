import { readFile } from "node:fs/promises";
import type { AgentEvent } from "@agentscope-runtime/agent-api";
import type { LogEntry } from "@agentscope-runtime/core";
import {
  type ChatChunkState,
  type ChatEvent,
  newChatChunkState,
  toChatChunks,
} from "@agentscope-runtime/protocols-openai";
import { arbitraryPart, goldenTrace, goldenTraceNames, runEntries } from "@agentscope-runtime/testing";
import fc from "fast-check";
import { ChatCompletionStream } from "openai/lib/ChatCompletionStream";
import type { ChatCompletion } from "openai/resources/chat/completions";
import { describe, expect, it } from "vitest";
import { jsonRun, run } from "./support/traced-run.ts";

const parts = fc.array(arbitraryPart, { maxLength: 40 });
const status = fc.constantFrom("completed", "failed", "canceled", "incomplete", "rejected" as const);
const runs = fc.constantFrom(run, jsonRun);
const entries = fc.tuple(parts, status).map(([list, ended]) => runEntries(list, { status: ended }));

function encode(log: readonly Pick<LogEntry, "event">[], state: ChatChunkState): readonly ChatEvent[] {
  return log.flatMap((entry) => toChatChunks(entry, state));
}

/** What the reader of OpenAI's SDK makes of the chunks. */
function readBySdk(events: readonly ChatEvent[]): Promise<ChatCompletion> {
  const lines = events.map((event) => new TextEncoder().encode(`${JSON.stringify(event)}\n`));
  return ChatCompletionStream.fromReadableStream(ReadableStream.from(lines) as never).finalChatCompletion();
}

/** The text under one key of the deltas, as it grows. */
function textOf(events: readonly ChatEvent[], key: "content" | "reasoning_content" | "refusal"): string {
  return events
    .flatMap((event) => ("choices" in event ? event.choices : []))
    .map(({ delta }) => delta[key] ?? "")
    .join("");
}

function expectLegal(events: readonly ChatEvent[]): void {
  const chunks = events.filter((event) => "choices" in event);
  const choices = chunks.flatMap((chunk) => chunk.choices);
  expect(choices[0]?.delta.role).toBe("assistant");
  expect(choices.filter(({ delta }) => delta.role !== undefined)).toHaveLength(1);
  const last = events.at(-1);
  const isFailed = last !== undefined && "error" in last;
  expect(chunks).toHaveLength(events.length - (isFailed ? 1 : 0));
  const ends = choices.map(({ finish_reason }) => finish_reason !== null);
  expect(ends.indexOf(true)).toBe(isFailed ? -1 : ends.length - 1);
  const calls: string[] = [];
  for (const { index, id, type } of choices.flatMap(({ delta }) => delta.tool_calls ?? [])) {
    if (id === undefined) {
      expect(index).toBeLessThan(calls.length);
      continue;
    }
    expect([index, type, calls.includes(id)]).toEqual([calls.length, "function", false]);
    calls.push(id);
  }
}

describe.each(goldenTraceNames)("the recorded run %s", (name) => {
  it("is encoded as recorded", async () => {
    const state = newChatChunkState({
      ...run,
      request: { ...run.request, stream_options: { include_usage: true } },
    });
    const events = encode(
      goldenTrace(name).events.map((event) => ({ event })),
      state,
    );
    const file = new URL(`fixtures/chat-${name}.jsonl`, import.meta.url);
    const lines = events.map((event) => `${JSON.stringify(event)}\n`).join("");
    expect(lines).toBe(await readFile(file, "utf8"));
    expectLegal(events);
  });
});

it("makes a legal stream of any run, however it ends", () => {
  fc.assert(
    fc.property(entries, runs, (log, of) => expectLegal(encode(log, newChatChunkState(of)))),
    { numRuns: 300 },
  );
});

it("gives the same chunks from any place on, once the state has been put away and fetched again", () => {
  fc.assert(
    fc.property(entries, fc.nat(), runs, (log, place, of) => {
      const whole = encode(log, newChatChunkState(of));
      const at = place % (log.length + 1);
      const state = newChatChunkState(of);
      const head = encode(log.slice(0, at), state);
      const tail = encode(log.slice(at), JSON.parse(JSON.stringify(state)));
      expect([...head, ...tail]).toEqual(whole);
    }),
    { numRuns: 300 },
  );
});

it("is understood by the reader of OpenAI's SDK", async () => {
  const log = fc.tuple(entries, runs).map(([all, of]) => encode(all, newChatChunkState(of)));
  const sound = log.filter((events) => !events.some((event) => "error" in event));
  await fc.assert(
    fc.asyncProperty(sound, async (events) => {
      const { choices } = await readBySdk(events);
      expect(choices[0]?.message.content ?? "").toBe(textOf(events, "content"));
    }),
    { numRuns: 100 },
  );
});

it("loses nothing of what was said where JSON is asked for", () => {
  const words = (log: readonly LogEntry[], of: typeof run) => {
    const events = encode(log, newChatChunkState(of));
    const texts = [textOf(events, "content"), textOf(events, "reasoning_content"), textOf(events, "refusal")];
    return [...texts.join("").replaceAll("\n", "")].sort();
  };
  const sound = parts.map((list) => runEntries(list, { status: "completed" }));
  fc.assert(
    fc.property(sound, (log) => {
      expect(words(log, jsonRun)).toEqual(words(log, run));
    }),
    { numRuns: 200 },
  );
});

describe("in a log", () => {
  const delta = (said: string): AgentEvent =>
    ({
      object: "content",
      type: "text",
      status: "in_progress",
      index: 0,
      delta: true,
      msg_id: "m",
      text: said,
    }) as never;
  const whole = (said: string): AgentEvent =>
    ({ ...delta(said), status: "completed", delta: false }) as AgentEvent;
  const message = (state: string): AgentEvent =>
    ({
      object: "message",
      id: "m",
      type: "message",
      role: "assistant",
      status: state,
      content: null,
    }) as never;
  const response = (state: string, attempt?: number): AgentEvent =>
    ({
      object: "response",
      id: "r",
      status: state,
      created_at: 1,
      usage: null,
      error: null,
      attempt,
    }) as never;

  it("entries that stand for several pieces say the same text as these", () => {
    const frame = (inner: readonly Partial<LogEntry>[]) => [
      { event: response("created") },
      { event: message("in_progress") },
      ...(inner as readonly Pick<LogEntry, "event">[]),
      { event: whole("abcd") },
      { event: message("completed") },
      { event: response("completed") },
    ];
    const pieces = encode(
      frame(["a", "b", "c", "d"].map((said) => ({ event: delta(said) }))),
      newChatChunkState(run),
    );
    const joined = encode(
      frame([{ event: delta("abc"), count: 3 }, { event: delta("d") }]),
      newChatChunkState(run),
    );
    expect([textOf(pieces, "content"), textOf(joined, "content")]).toEqual(["abcd", "abcd"]);
  });

  it("text that comes without pieces is sent once", () => {
    const log = [
      response("created"),
      message("in_progress"),
      whole("abcd"),
      message("completed"),
      response("completed"),
    ];
    const events = encode(
      log.map((event) => ({ event })),
      newChatChunkState(run),
    );
    expect(textOf(events, "content")).toBe("abcd");
  });

  it("another attempt goes on behind what the first one said, since that can't be taken back", () => {
    const log = [
      response("created"),
      response("in_progress"),
      message("in_progress"),
      delta("Hel"),
      response("in_progress", 2),
      message("in_progress"),
      delta("Hello"),
      whole("Hello"),
      message("completed"),
      response("completed", 2),
    ];
    const events = encode(
      log.map((event) => ({ event })),
      newChatChunkState(run),
    );
    expect(textOf(events, "content")).toBe("Hel\n\nHello");
    expectLegal(events);
  });
});

it("tells the client's calls apart where the agent has used an id twice", async () => {
  const call = {
    kind: "tool-call",
    callId: "call_1",
    name: "add",
    toolType: "function",
    arguments: "{}",
  } as const;
  const { choices } = await readBySdk(encode(runEntries([call, call]), newChatChunkState(run)));
  const ids = choices[0]?.message.tool_calls?.map(({ id }) => id);
  expect(ids).toEqual(["call_1", expect.not.stringMatching(/^call_1$/)]);
});

it("says nothing of what the agent tells for others", () => {
  const log = runEntries([
    { kind: "message-start", messageId: "M1", role: "user" },
    { kind: "text-delta", messageId: "M1", text: "Hi" },
    { kind: "message-end", messageId: "M1" },
    { kind: "text-delta", messageId: "M2", text: "Ho" },
  ]);
  expect(textOf(encode(log, newChatChunkState(run)), "content")).toBe("Ho");
});

it("asks once for what an agent that was started again asks again", () => {
  const asks = runEntries([{ kind: "approval-request", requestId: "r", name: "pay", arguments: "{}" }], {
    status: "incomplete",
  });
  const again = asks.map(({ seq, event }) => ({ seq, event: { ...event, attempt: 2 } }));
  const events = encode([...asks.slice(0, -1), ...again.slice(1)] as typeof asks, newChatChunkState(run));
  const calls = events.flatMap((event) => ("choices" in event ? event.choices : []));
  expect(calls.flatMap(({ delta }) => delta.tool_calls ?? [])).toMatchObject([
    { index: 0, id: "approval:response_R1:r", function: { name: "approve_tool_call" } },
  ]);
  expect(calls.at(-1)?.finish_reason).not.toBeNull();
});
