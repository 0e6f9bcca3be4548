import {
  Msg,
  OpenAIChatModel,
  ReActAgent,
  Toolkit,
  tool,
  UnknownToolError,
} from "@agentscope-runtime/agentscope";
import { FakeModelServer } from "@agentscope-runtime/testing";
import { expect, test } from "vitest";
import { z } from "zod";
import { inShort, modelAt, type Printed, type Reply, trace, user } from "./conversation.ts";

const add = tool({
  name: "add",
  description: "Adds two numbers.",
  parameters: z.object({ a: z.number(), b: z.number() }),
  execute: ({ a, b }) => String(a + b),
});
const parameters = { type: "object", properties: {} };
const ask = { type: "function", function: { name: "ask", description: "Asks.", parameters } } as const;
const sum = (a: number, b: number) => ({ name: "add", arguments: { a, b } });

function agentAt(server: FakeModelServer) {
  const agent = new ReActAgent({
    name: "Friday",
    sysPrompt: "You add.",
    model: modelAt(server),
    toolkit: new Toolkit([add]),
  });
  const printed: Printed[] = [];
  agent.onPrint((msg, last) => printed.push([msg, last]));
  return { agent, printed };
}

test("a call of the caller's tool ends the reply, and its result goes on with it", async () => {
  const call: Reply = { text: "Well.", toolCalls: [{ name: "ask", id: "c1", arguments: {} }, sum(1, 2)] };
  await using server = await FakeModelServer.start({ replies: [call, { text: "Fine." }] });
  const { agent, printed } = agentAt(server);
  const asked = await agent.reply(user("Hi"), { callerTools: [ask] });
  expect(asked.getContentBlocks("tool_use")).toMatchObject([
    { id: "c1", name: "ask", tool_type: "function" },
    { name: "add" },
  ]);
  expect(trace(printed).at(-1)).toBe("#1 =3:success T");
  for (const [msg] of printed) {
    for (const { name, tool_type } of msg.getContentBlocks("tool_use")) {
      expect(tool_type).toBe(name === "ask" ? "function" : undefined);
    }
  }
  const result = { type: "tool_result", id: "c1", name: "ask", output: "Yes" } as const;
  const answer = await agent.reply(new Msg("system", [result], "system"), { callerTools: [ask] });
  expect(inShort(answer)).toBe("Fine.");
  const { messages } = server.requests[1]?.body ?? { messages: [] };
  const results = messages.filter(({ role }) => role === "tool").map(({ content }) => content);
  expect(results).toEqual(["Yes", "3"]);
});

test("a call of the caller's tool that was forbidden is denied and is not the caller's to run", async () => {
  const call: Reply = { text: "Hm.", toolCalls: [{ name: "ask", id: "c1", arguments: {} }] };
  await using server = await FakeModelServer.start({ replies: [call] });
  const { agent, printed } = agentAt(server);
  const answer = await agent.reply(user("Hi"), { callerTools: [ask], toolChoice: "none" });
  expect(answer.getContentBlocks("tool_use")).toHaveLength(1);
  for (const [msg] of printed) {
    for (const block of msg.getContentBlocks("tool_use")) expect(block.tool_type).toBeUndefined();
  }
  expect(printed.at(-1)?.[0].content).toMatchObject([{ type: "tool_result", id: "c1", state: "denied" }]);
});

test("the caller's tool takes the place of the agent's own of its name", async () => {
  const mine = { ...ask, function: { ...ask.function, name: "add" } };
  await using server = await FakeModelServer.start({ replies: [{ toolCalls: [sum(1, 2)] }] });
  const { agent, printed } = agentAt(server);
  const answer = await agent.reply(user("Hi"), { callerTools: [mine] });
  expect(answer.getContentBlocks("tool_use")).toMatchObject([{ tool_type: "function" }]);
  expect(server.requests[0]?.body.tools).toEqual([mine]);
  expect(new Set(printed.map(([msg]) => msg.id)).size).toBe(1);
});

test("of several calls only the first is made where one is wanted, in every snapshot", async () => {
  const replies: Reply[] = [
    { text: "Hm.", toolCalls: [sum(1, 2), sum(3, 4)] },
    { text: "3.", toolCalls: [] },
  ];
  await using server = await FakeModelServer.start({ replies });
  const { agent, printed } = agentAt(server);
  await agent.reply(user("Hi"), { severalCalls: false });
  for (const [msg] of printed) expect(msg.getContentBlocks("tool_use").length).toBeLessThan(2);
  const first = printed.filter(([msg]) => msg.id === printed[0]?.[0].id);
  // Whoever only applies what is new comes to the same message.
  const calls = first.flatMap(([msg]) => msg.delta?.changes ?? []).filter(({ kind }) => kind === "tool-use");
  expect(calls).toEqual([expect.objectContaining({ index: 1, rawInput: '{"a":1,"b":2}' })]);
  expect(server.requests.map(({ body }) => body.parallel_tool_calls)).toEqual([false, false]);
});

test("instructions and parameters are those of one reply", async () => {
  await using server = await FakeModelServer.start({ replies: [{ text: "A" }, { text: "B" }] });
  const { agent } = agentAt(server);
  await agent.reply(user("Hi"), { instructions: "Be brief.", params: { temperature: 0 } });
  await agent.reply(user("Hi"));
  const [first, second] = server.requests.map(({ body }) => body);
  expect([first?.messages[0]?.content, first?.temperature]).toEqual(["You add.\n\nBe brief.", 0]);
  expect([second?.messages[0]?.content, second?.temperature]).toEqual(["You add.", undefined]);
});

test("a choice of a tool that there is not is refused before anything is remembered", async () => {
  await using server = await FakeModelServer.start();
  const { agent } = agentAt(server);
  const refused = agent.reply(user("Hi"), { toolChoice: { name: "sub" } });
  await expect(refused).rejects.toSatisfy(UnknownToolError.is);
  await expect(refused).rejects.toThrow('"sub"');
  expect(await agent.memory.getMemory()).toEqual([]);
});

test("OpenAI itself gets the limit of tokens by the name that its newer models take", async () => {
  const bodies: Record<string, unknown>[] = [];
  const create = async (body: object) => {
    bodies.push(body as Record<string, unknown>);
    return ReadableStream.from([{ id: "1", choices: [{ delta: { content: "A" }, finish_reason: "stop" }] }]);
  };
  const model = new OpenAIChatModel("gpt", { client: { chat: { completions: { create } } } });
  await Array.fromAsync(model.stream([user("Hi")], { params: { max_tokens: 5 } }));
  expect(bodies[0]).toMatchObject({ max_completion_tokens: 5 });
  expect(bodies[0]).not.toHaveProperty("max_tokens");
});
