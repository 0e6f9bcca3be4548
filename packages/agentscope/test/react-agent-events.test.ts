import { ReActAgent, type ReplyEvent, Toolkit, tool } from "@agentscope-runtime/agentscope";
import { FakeModelServer } from "@agentscope-runtime/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { modelAt, type Reply, user } from "./conversation.ts";

const count = tool({
  name: "count",
  description: "Counts.",
  parameters: z.object({}),
  async *execute() {
    yield "1";
    yield "1 2";
  },
});

function agentAt(server: FakeModelServer, maxIters?: number): ReActAgent {
  const toolkit = new Toolkit([count]);
  return new ReActAgent({ name: "Friday", sysPrompt: "", model: modelAt(server), toolkit, maxIters });
}

/** An event in short: its type, and what it is about. */
function inShort(event: ReplyEvent): string {
  const { type } = event;
  const about = "delta" in event ? event.delta : "state" in event ? event.state : "";
  return "finished_reason" in event ? `${type} ${event.finished_reason}` : `${type} ${about}`.trim();
}

async function eventsOf(replies: Reply[], maxIters?: number) {
  await using server = await FakeModelServer.start({ replies });
  const stream = agentAt(server, maxIters).replyStream(user("Go."));
  const events: ReplyEvent[] = [];
  try {
    for (;;) {
      const next = await stream.next();
      if (next.done) return { events, answer: next.value };
      events.push(next.value);
    }
  } catch (error) {
    return { events, error };
  }
}

test("a reply is a stream of events that returns the answer", async () => {
  const { events, answer } = await eventsOf([
    { reasoning: "Hm.", text: "So:", toolCalls: [{ id: "c", name: "count", arguments: ["{", "}"] }] },
    { text: ["Do", "ne."] },
  ]);
  expect(answer?.getTextContent()).toBe("Done.");
  expect(events.map(inShort)).toEqual([
    "REPLY_START",
    "MODEL_CALL_START",
    "THINKING_BLOCK_START",
    "THINKING_BLOCK_DELTA Hm.",
    "TEXT_BLOCK_START",
    "TEXT_BLOCK_DELTA So:",
    "TOOL_CALL_START",
    "TOOL_CALL_DELTA {",
    "TOOL_CALL_DELTA }",
    "THINKING_BLOCK_END",
    "TEXT_BLOCK_END",
    "TOOL_CALL_END",
    "MODEL_CALL_END",
    "TOOL_RESULT_START",
    "TOOL_RESULT_TEXT_DELTA 1",
    "TOOL_RESULT_TEXT_DELTA  2",
    "TOOL_RESULT_END success",
    "MODEL_CALL_START",
    "TEXT_BLOCK_START",
    "TEXT_BLOCK_DELTA Do",
    "TEXT_BLOCK_DELTA ne.",
    "TEXT_BLOCK_END",
    "MODEL_CALL_END",
    "REPLY_END completed",
  ]);
  expect(new Set(events.map((event) => event.reply_id)).size).toBe(1);
  expect(new Set(events.map((event) => event.id)).size).toBe(events.length);
  expect(events.find((event) => event.type === "MODEL_CALL_END")).toMatchObject({
    input_tokens: 10,
    output_tokens: 5,
  });
  expect(events.find((event) => event.type === "TOOL_CALL_DELTA")).toMatchObject({ tool_call_id: "c" });
});

test("too many rounds are told", async () => {
  const { events } = await eventsOf(
    [{ toolCalls: [{ name: "count", arguments: {} }] }, { text: "Enough." }],
    1,
  );
  expect(events.map(inShort)).toContain("EXCEED_MAX_ITERS");
  expect(events.map(inShort).at(-1)).toBe("REPLY_END exceed_max_iters");
});

test("an answer that ran into the model's limit is told", async () => {
  const { events } = await eventsOf([{ text: "Once", finishReason: "length" }]);
  expect(events.map(inShort).at(-1)).toBe("REPLY_END length");
});

test("an error comes after everything that was told, and every block is closed", async () => {
  const { events, error } = await eventsOf([{ text: "On", ending: "cut" }]);
  expect(error).toMatchObject({ code: "MODEL_EXECUTION_FAILED" });
  expect(events.map(inShort)).toEqual([
    "REPLY_START",
    "MODEL_CALL_START",
    "TEXT_BLOCK_START",
    "TEXT_BLOCK_DELTA On",
    "TEXT_BLOCK_END",
    "MODEL_CALL_END",
    "REPLY_END error",
  ]);
  expect(events.at(-1)).toMatchObject({ error: { type: "ModelError" } });
});

test("leaving the loop stops the agent", async () => {
  await using server = await FakeModelServer.start({ replies: [{ text: "On", ending: "stall" }] });
  const agent = agentAt(server);
  for await (const event of agent.replyStream(user("Go."))) {
    if (event.type === "TEXT_BLOCK_DELTA") break;
  }
  expect((await agent.memory.getMemory()).map((msg) => msg.getTextContent())).toEqual(["Go.", "On"]);
  await server.requests[0]?.closed;
});
