import { type Msg, ReActAgent, Toolkit, tool } from "@agentscope-runtime/agentscope";
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

const count = tool({
  name: "count",
  description: "Counts.",
  parameters: z.object({}),
  async *execute() {
    yield "1";
    yield "1 2";
  },
});

function agentAt(
  server: FakeModelServer,
  options: Partial<ConstructorParameters<typeof ReActAgent>[0]> = {},
) {
  const agent = new ReActAgent({
    name: "Friday",
    sysPrompt: "You add.",
    model: modelAt(server),
    toolkit: new Toolkit([add, count]),
    ...options,
  });
  const printed: Printed[] = [];
  agent.onPrint((msg, last) => printed.push([msg, last]));
  return { agent, printed };
}

/** How each message says that it ended. */
function reasonsOf(printed: readonly Printed[]) {
  return printed.filter(([, last]) => last).map(([msg]) => msg.finishedReason);
}

async function memoryOf(agent: ReActAgent): Promise<string[]> {
  return (await agent.memory.getMemory()).map((msg: Msg) => `${msg.role}: ${inShort(msg)}`);
}

test("an agent reasons, calls a tool and answers, and every message is printed once as last", async () => {
  await using server = await FakeModelServer.start({
    replies: [
      {
        reasoning: ["Hm", "m"],
        text: "Let me see.",
        toolCalls: [{ name: "add", arguments: ['{"a":1', ',"b":2}'] }],
      },
      { text: ["It is", " 3."] },
    ],
  });
  const { agent, printed } = agentAt(server);
  const answer = await agent.reply(user("1 + 2?"));
  expect(trace(printed)).toEqual([
    "#0 (Hm) F",
    "#0 (Hmm) F",
    "#0 (Hmm) | Let me see. F",
    "#0 (Hmm) | Let me see. | add{} F",
    "#0 (Hmm) | Let me see. | add{} F",
    '#0 (Hmm) | Let me see. | add{"a":1,"b":2} T',
    "#1 =3:success T",
    "#2 It is F",
    "#2 It is 3. F",
    "#2 It is 3. T",
  ]);
  expect(answer).toBe(printed.at(-1)?.[0]);
  expect(answer.usage).toMatchObject({ input_tokens: 10, output_tokens: 5 });
  expect(await memoryOf(agent)).toEqual([
    "user: 1 + 2?",
    'assistant: (Hmm) | Let me see. | add{"a":1,"b":2}',
    "system: =3:success",
    "assistant: It is 3.",
  ]);
  expect(server.requests[0]?.body.tools?.map((schema) => schema.function.name)).toEqual(["add", "count"]);
  expect(server.requests[1]?.body.messages).toEqual([
    { role: "system", content: "You add.", name: "system" },
    { role: "user", content: "1 + 2?", name: "Alice" },
    {
      role: "assistant",
      name: "Friday",
      content: "Let me see.",
      tool_calls: [{ id: "call_0", type: "function", function: { name: "add", arguments: '{"a":1,"b":2}' } }],
    },
    { role: "tool", tool_call_id: "call_0", name: "add", content: "3" },
  ]);
});

test("snapshots say what is new, so that whoever applies the changes gets the same message", async () => {
  await using server = await FakeModelServer.start({
    replies: [
      {
        reasoning: ["a", "b"],
        text: ["c", "d"],
        chunkDelay: 2,
        toolCalls: [{ name: "add", arguments: ['{"a":1', ',"b":2}'] }],
      },
      { text: "3" },
    ],
  });
  const { agent, printed } = agentAt(server);
  await agent.reply(user("1 + 2?"));
  const rebuilt = new Map<
    string,
    { revision: number; content: Record<string, unknown>[]; timestamp: string }
  >();
  for (const [msg] of printed) {
    const state = rebuilt.get(msg.id) ?? { revision: 0, content: [], timestamp: msg.timestamp };
    rebuilt.set(msg.id, state);
    state.revision += 1;
    expect(msg.delta?.revision).toBe(state.revision);
    for (const change of msg.delta?.changes ?? []) {
      const before = state.content[change.index] ?? {};
      state.content[change.index] =
        change.kind === "text"
          ? { type: "text", text: (before.text ?? "") + change.text }
          : change.kind === "thinking"
            ? { type: "thinking", thinking: (before.thinking ?? "") + change.text }
            : change.kind === "tool-use"
              ? {
                  type: "tool_use",
                  id: change.id,
                  name: change.name,
                  input: {},
                  raw_input: (before.raw_input ?? "") + change.rawInput,
                }
              : { ...change.block };
    }
    expect(state.content).toEqual(msg.content);
    expect(msg.timestamp).toBe(state.timestamp);
    expect(JSON.parse(JSON.stringify(msg))).not.toHaveProperty("delta");
  }
});

test("a streaming tool prints its growing output", async () => {
  await using server = await FakeModelServer.start({
    replies: [{ toolCalls: [{ name: "count", arguments: {} }] }, { text: "Done." }],
  });
  const { agent, printed } = agentAt(server);
  await agent.reply(user("Count."));
  expect(trace(printed).slice(2, 5)).toEqual(["#1 =1:running F", "#1 =1 2:running F", "#1 =1 2:success T"]);
});

/** A tool whose calls all wait until `expected` of them run. */
function meeting(expected: number, concurrent?: boolean) {
  let running = 0;
  let most = 0;
  const all = Promise.withResolvers<void>();
  const meet = tool({
    name: "meet",
    description: "Waits for others.",
    parameters: z.object({ who: z.string() }),
    concurrent,
    async execute({ who }) {
      running += 1;
      most = Math.max(most, running);
      if (running === expected) all.resolve();
      if (expected > 1) await all.promise;
      else await Promise.resolve();
      running -= 1;
      return who;
    },
  });
  return { meet, most: () => most };
}

const twoMeetings: Reply = {
  toolCalls: [
    { name: "meet", arguments: { who: "A" } },
    { name: "meet", arguments: { who: "B" } },
  ],
};

test("with parallelToolCalls the calls of one message run at the same time, results keep their order", async () => {
  await using server = await FakeModelServer.start({ replies: [twoMeetings, { text: "Met." }] });
  const { meet } = meeting(2);
  const { agent } = agentAt(server, { toolkit: new Toolkit([meet]), parallelToolCalls: true });
  await agent.reply(user("Meet."));
  expect((await memoryOf(agent)).slice(2, 4)).toEqual(["system: =A:success", "system: =B:success"]);
});

test("without it, or with a tool that is not concurrent, they run one after the other", async () => {
  for (const options of [{ parallelToolCalls: false }, { parallelToolCalls: true }]) {
    await using server = await FakeModelServer.start({ replies: [twoMeetings, { text: "Met." }] });
    const { meet, most } = meeting(1, options.parallelToolCalls ? false : undefined);
    const { agent } = agentAt(server, { toolkit: new Toolkit([meet]), ...options });
    await agent.reply(user("Meet."));
    expect(most()).toBe(1);
  }
});

test("after maxIters rounds the model has to answer without tools", async () => {
  await using server = await FakeModelServer.start({
    replies: [
      { toolCalls: [{ name: "count", arguments: {} }] },
      { toolCalls: [{ name: "count", arguments: {} }] },
      { text: "Enough." },
    ],
  });
  const { agent, printed } = agentAt(server, { maxIters: 2 });
  const answer = await agent.reply(user("Count."));
  expect(answer.getTextContent()).toBe("Enough.");
  expect(reasonsOf(printed)).toEqual([undefined, undefined, undefined, undefined, "exceed_max_iters"]);
  expect(server.requests).toHaveLength(3);
  expect(server.requests[2]?.body.tools).toBeUndefined();
  expect(server.requests[2]?.body.messages.at(-1)?.role).toBe("user");
  expect((await memoryOf(agent)).filter((line) => line.startsWith("user"))).toEqual(["user: Count."]);
});

test("a call the model was not offered in its last answer is denied", async () => {
  await using server = await FakeModelServer.start({
    replies: [
      { toolCalls: [{ name: "count", arguments: {} }] },
      { toolCalls: [{ name: "count", arguments: {} }] },
    ],
  });
  const { agent } = agentAt(server, { maxIters: 1 });
  await agent.reply(user("Count."));
  expect((await memoryOf(agent)).at(-1)).toContain(":denied");
});

test("a model that fails in the middle leaves what it wrote, with a result for every call, and the error is thrown", async () => {
  await using server = await FakeModelServer.start({
    replies: [{ text: "Let me", toolCalls: [{ name: "add", arguments: '{"a":1,"b"' }], ending: "cut" }],
  });
  const { agent, printed } = agentAt(server);
  await expect(agent.reply(user("1 + 2?"))).rejects.toMatchObject({ code: "MODEL_EXECUTION_FAILED" });
  const text = "Error: The call was not made, because the model's answer broke off.";
  expect(trace(printed)).toEqual([
    "#0 Let me F",
    "#0 Let me | add{} F",
    "#0 Let me | add{} T",
    `#1 =${text}:error T`,
  ]);
  expect(reasonsOf(printed)).toEqual(["error", undefined]);
  expect((await memoryOf(agent)).slice(1)).toEqual(["assistant: Let me | add{}", `system: =${text}:error`]);
});

test("a model that fails before it wrote anything prints nothing and leaves only the question", async () => {
  await using server = await FakeModelServer.start({ replies: [{ status: 500 }] });
  const { agent, printed } = agentAt(server);
  await expect(agent.reply(user("Hello"))).rejects.toMatchObject({
    code: "MODEL_EXECUTION_FAILED",
    status: 500,
  });
  expect(printed).toEqual([]);
  expect(await memoryOf(agent)).toEqual(["user: Hello"]);
});

test.each(["length", "content_filter"] as const)(
  "an answer that ran into a limit says so: %s",
  async (finishReason) => {
    await using server = await FakeModelServer.start({
      replies: [
        { text: "Once", toolCalls: [{ name: "count", arguments: {} }], finishReason },
        { text: ["Once", " upon"], finishReason },
      ],
    });
    const { agent, printed } = agentAt(server);
    expect((await agent.reply(user("A story!"))).finishedReason).toBe(finishReason);
    expect(reasonsOf(printed)).toEqual([finishReason, undefined, finishReason]);
    const told = printed.filter(([msg]) => msg.finishedReason !== undefined);
    expect(told.map(([, last]) => last)).toEqual([true, true]);
    expect((await agent.memory.getMemory()).at(-1)?.finishedReason).toBe(finishReason);
  },
);

test("an empty answer is an answer", async () => {
  await using server = await FakeModelServer.start({ replies: [{}] });
  const { agent, printed } = agentAt(server);
  expect((await agent.reply(user("Hello"))).content).toEqual([]);
  expect(trace(printed)).toEqual(["#0  T"]);
});

test("wrong arguments go back to the model, which can correct them", async () => {
  await using server = await FakeModelServer.start({
    replies: [
      { toolCalls: [{ name: "add", arguments: { a: "one" } }] },
      { toolCalls: [{ name: "add", arguments: '{"a":1,' }] },
      { toolCalls: [{ name: "add", arguments: { a: 1, b: 2 } }] },
      { text: "3" },
    ],
  });
  const { agent } = agentAt(server);
  expect((await agent.reply(user("1 + 2?"))).getTextContent()).toBe("3");
  const results = (await memoryOf(agent)).filter((line) => line.startsWith("system"));
  expect(results[0]).toMatch(/InvalidArgumentsError.*expected number.*:error/s);
  expect(results[1]).toMatch(/not a JSON object.*:error/);
  expect(results[2]).toBe("system: =3:success");
});

test("a second reply on the same instance is refused while the first one runs", async () => {
  const gate = Promise.withResolvers<void>();
  await using server = await FakeModelServer.start({ replies: [{ text: "Hello.", hold: gate.promise }, {}] });
  const { agent } = agentAt(server);
  const first = agent.reply(user("Hi"));
  await expect(agent.reply(user("Hi"))).rejects.toThrow("replying already");
  gate.resolve();
  expect((await first).getTextContent()).toBe("Hello.");
  await agent.reply(user("Hi"));
});

test("observed messages are remembered without an answer, and a listener can leave or fail", async () => {
  await using server = await FakeModelServer.start({ replies: [{ text: "Yes." }, { text: "Yes." }] });
  const { agent, printed } = agentAt(server);
  const stop = agent.onPrint(() => {
    throw new Error("A broken listener.");
  });
  await agent.observe(user("I am Alice."));
  await agent.reply(user("Do you know me?"));
  expect(server.requests[0]?.body.messages.map((message) => message.content)).toEqual([
    "You add.",
    "I am Alice.",
    "Do you know me?",
  ]);
  expect(printed).toHaveLength(2);
  stop();
});
