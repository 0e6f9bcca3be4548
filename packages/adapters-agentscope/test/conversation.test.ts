import { agentscope, SessionHistoryMemory } from "@agentscope-runtime/adapters-agentscope";
import { Message } from "@agentscope-runtime/agent-api";
import { OpenAIChatModel, ReActAgent, streamPrintingMessages } from "@agentscope-runtime/agentscope";
import { InMemorySessionHistoryService, MessageAssembler } from "@agentscope-runtime/core";
import { FakeModelServer } from "@agentscope-runtime/testing";
import { expect, it } from "vitest";

const adapter = agentscope();

it("has the same messages in the stream and in the history, and the next turn builds on them", async () => {
  await using server = await FakeModelServer.start({
    replies: [
      {
        reasoning: ["Hm", "m"],
        text: "Let me see.",
        toolCalls: [
          { name: "add", arguments: ['{"a":1', ',"b":2}'] },
          { name: "add", arguments: {} },
        ],
      },
      { text: ["It is", " 3."] },
      { text: "Bye." },
    ],
  });
  const service = new InMemorySessionHistoryService();
  await service.start();
  const session = { userId: "Alice", sessionId: "s1", fence: 1 };

  const turn = async (text: string): Promise<readonly Message[]> => {
    const model = new OpenAIChatModel("fake", { apiKey: "sk-test", baseURL: server.url });
    const memory = new SessionHistoryMemory({ service, session });
    const agent = new ReActAgent({ name: "Friday", sysPrompt: "You add.", model, memory });
    const msgs = adapter.toInput([Message.parse({ role: "user", content: [{ type: "text", text }] })]);
    const printed = streamPrintingMessages({
      agents: [agent],
      task: (signal) => agent.reply(msgs, { signal }),
    });
    const assembler = new MessageAssembler({ responseId: "response_1", sessionId: "s1", now: Date.now });
    const reader = adapter.fromStream((part) => assembler.push(part));
    for await (const item of printed) reader.push(item);
    reader.end();
    assembler.close("completed");
    return assembler.output.map((json) => JSON.parse(json));
  };

  const streamed = [...(await turn("1 + 2?")), ...(await turn("Thanks."))];
  const stored = (await service.getMessages(session)).items.filter(({ role }) => role !== "user");
  const inShort = ({ id, type, role, content }: Message) => ({
    id,
    type,
    role,
    content: content?.map(({ sequence_number, ...slot }) => slot),
  });
  expect(streamed.map(inShort)).toEqual(stored.map(inShort));
  expect(stored.map(({ type }) => type)).toEqual([
    "reasoning",
    "message",
    "plugin_call",
    "plugin_call",
    "plugin_call_output",
    "plugin_call_output",
    "message",
    "message",
  ]);
  expect(server.requests.at(-1)?.body.messages.map(({ role }) => role)).toEqual([
    "system",
    "user",
    "assistant",
    "tool",
    "tool",
    "assistant",
    "user",
  ]);
});
