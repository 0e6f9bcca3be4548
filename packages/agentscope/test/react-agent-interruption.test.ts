import { type ChatModel, type Msg, ReActAgent, Toolkit, tool } from "@agentscope-runtime/agentscope";
import { FakeModelServer } from "@agentscope-runtime/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { inShort, modelAt, type Printed, type Reply, trace, user } from "./conversation.ts";

const noParameters = z.object({});

const wait = tool({
  name: "wait",
  description: "Waits until it is told to stop.",
  parameters: noParameters,
  execute: (_input, { signal }) =>
    new Promise<string>((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    }),
});

const deaf = tool({
  name: "deaf",
  description: "Never ends, whatever it is told.",
  parameters: noParameters,
  async *execute() {
    yield "begun";
    await new Promise(() => {});
  },
});

function agentAt(server: FakeModelServer, parallelToolCalls = false) {
  const toolkit = new Toolkit(TOOLS, { abortGrace: 20 });
  const agent = new ReActAgent({
    name: "Friday",
    sysPrompt: "",
    model: modelAt(server),
    toolkit,
    parallelToolCalls,
  });
  const printed: Printed[] = [];
  agent.onPrint((msg, last) => printed.push([msg, last]));
  return { agent, printed };
}

async function memoryOf(agent: ReActAgent): Promise<string[]> {
  return (await agent.memory.getMemory()).map((msg: Msg) => `${msg.role}: ${inShort(msg)}`);
}

const NOTE = "<system-info>The tool call was interrupted by the user.</system-info>";
const APOLOGY = "I noticed that you have interrupted me. What can I do for you?";

test("interrupting the model keeps what it wrote and answers with an apology", async () => {
  await using server = await FakeModelServer.start({ replies: [{ text: "Once upon", ending: "stall" }] });
  const { agent, printed } = agentAt(server);
  agent.onPrint(() => agent.interrupt());
  const answer = await agent.reply(user("A story!"));
  expect(answer.metadata).toEqual({ _is_interrupted: true });
  expect(trace(printed)).toEqual(["#0 Once upon F", "#0 Once upon T", `#1 ${APOLOGY} T`]);
  expect(printed.map(([msg]) => msg.finishedReason)).toEqual([undefined, "interrupted", undefined]);
  expect(await memoryOf(agent)).toEqual(["user: A story!", "assistant: Once upon", `assistant: ${APOLOGY}`]);
  await server.requests[0]?.closed;
});

test("interrupting the first of two tools closes both calls", async () => {
  await using server = await FakeModelServer.start({
    replies: [
      {
        toolCalls: [
          { name: "deaf", arguments: {} },
          { name: "wait", arguments: {} },
        ],
      },
    ],
  });
  const { agent, printed } = agentAt(server);
  agent.onPrint((msg) => {
    if (inShort(msg) === "=begun:running") agent.interrupt();
  });
  await agent.reply(user("Go."));
  expect(trace(printed).slice(-4)).toEqual([
    "#1 =begun:running F",
    `#1 =begun${NOTE}:interrupted T`,
    `#2 =${NOTE}:interrupted T`,
    `#3 ${APOLOGY} T`,
  ]);
});

test("a model that never notices is left alone, with what it wrote so far", async () => {
  const model: ChatModel = {
    modelName: "deaf",
    async *stream() {
      const block = { type: "text", text: "Well" } as const;
      yield { id: "1", content: [block], delta: [{ kind: "text", index: 0, text: "Well" }] };
      await new Promise(() => {});
    },
  };
  const agent = new ReActAgent({ name: "Friday", sysPrompt: "", model });
  agent.onPrint(() => agent.interrupt());
  expect((await agent.reply(user("Go."))).metadata).toEqual({ _is_interrupted: true });
  expect((await memoryOf(agent))[1]).toBe("assistant: Well");
});

test("when the caller's signal aborts, the reply rejects with its reason, after the memory is in order", async () => {
  await using server = await FakeModelServer.start({
    replies: [{ toolCalls: [{ name: "wait", arguments: {} }] }],
  });
  const { agent, printed } = agentAt(server);
  const controller = new AbortController();
  const reason = new Error("The client has left.");
  agent.onPrint((_msg, last) => {
    if (last) queueMicrotask(() => controller.abort(reason));
  });
  await expect(agent.reply(user("Go."), { signal: controller.signal })).rejects.toBe(reason);
  expect(trace(printed).at(-1)).toBe(`#1 =${NOTE}:interrupted T`);
  expect((await memoryOf(agent)).at(-1)).toBe(`system: =${NOTE}:interrupted`);
});

test("the caller's signal ends a model call that has not answered, and nothing starts after an abort", async () => {
  await using server = await FakeModelServer.start({ replies: [{ ending: "stall" }] });
  const { agent } = agentAt(server);
  const controller = new AbortController();
  const reply = agent.reply(user("Go."), { signal: controller.signal });
  const request = await server.nextRequest();
  controller.abort();
  await expect(reply).rejects.toMatchObject({ name: "AbortError" });
  await request.closed;
  await expect(agent.reply(user("Go."), { signal: controller.signal })).rejects.toMatchObject({
    name: "AbortError",
  });
  expect(server.requests).toHaveLength(1);
});

test("an answer is whole when the model has said so, even if the caller leaves before the stream has ended", async () => {
  const controller = new AbortController();
  const model: ChatModel = {
    modelName: "slow to leave",
    async *stream() {
      const block = { type: "text", text: "Well." } as const;
      const delta = [{ kind: "text", index: 0, text: "Well." }] as const;
      yield { id: "1", content: [block], delta, finishReason: "stop" };
      controller.abort();
      await new Promise(() => {});
    },
  };
  const agent = new ReActAgent({ name: "Friday", sysPrompt: "", model });
  await expect(agent.reply(user("Go."), { signal: controller.signal })).rejects.toThrow();
  const msg = (await agent.memory.getMemory()).at(-1);
  expect([msg?.getTextContent(), msg?.finishedReason]).toEqual(["Well.", undefined]);
});

test("interrupt without a running reply does nothing", async () => {
  await using server = await FakeModelServer.start({ replies: [{ text: "Hello." }] });
  const { agent } = agentAt(server);
  agent.interrupt();
  expect((await agent.reply(user("Hi"))).getTextContent()).toBe("Hello.");
});

const TOOLS = [
  wait,
  deaf,
  tool({ name: "fine", description: "", parameters: noParameters, execute: () => "fine" }),
  tool({
    name: "broken",
    description: "",
    parameters: noParameters,
    execute: () => {
      throw new Error("broken");
    },
  }),
  tool({
    name: "breaking",
    description: "",
    parameters: noParameters,
    concurrent: false,
    async *execute() {
      yield "so far";
      throw new Error("broken");
    },
  }),
];

const toolName = fc.constantFrom("wait", "deaf", "fine", "broken", "breaking", "unknown");
const modelReply: fc.Arbitrary<Reply> = fc.record({
  text: fc.constantFrom(undefined, "Well."),
  toolCalls: fc.array(
    fc.record({
      name: toolName,
      arguments: fc.constantFrom("{}", "", "[]", '{"a":'),
      id: fc.constantFrom("", "x", undefined),
    }),
    { maxLength: 3 },
  ),
  ending: fc.constantFrom(
    "done" as const,
    "done" as const,
    "done" as const,
    "cut" as const,
    "stall" as const,
  ),
  streamError: fc.constantFrom(undefined, undefined, { message: "No." }),
  finishReason: fc.constantFrom(undefined, undefined, null),
});

test("however a reply ends, memory holds one result for every call, and every message was printed once as last", async () => {
  let script: Reply[] = [];
  await using server = await FakeModelServer.start({ replies: () => script.shift() ?? { text: "Done." } });
  await fc.assert(
    fc.asyncProperty(
      fc.array(modelReply, { maxLength: 3 }),
      fc.boolean(),
      fc.boolean(),
      fc.nat(12),
      async (replies, parallel, byCaller, stopAt) => {
        script = [...replies];
        const { agent, printed } = agentAt(server, parallel);
        const controller = new AbortController();
        const stop = (): void => (byCaller ? controller.abort() : agent.interrupt());
        agent.onPrint(() => {
          if (printed.length === stopAt) stop();
        });
        // What neither ends nor prints is stopped from outside.
        const timer = setTimeout(stop, 40);
        await agent.reply(user("Go."), { signal: controller.signal }).catch(() => {});
        clearTimeout(timer);
        const memory = await agent.memory.getMemory();
        expectAnswered(memory);
        expectClosed(printed);
        const remembered = new Set(memory.map((msg) => msg.id));
        for (const [msg] of printed) expect(remembered).toContain(msg.id);
      },
    ),
    { numRuns: 60 },
  );
});

function expectAnswered(memory: readonly Msg[]): void {
  let open: string[] = [];
  for (const msg of memory) {
    const results = msg.getContentBlocks("tool_result").map((block) => block.id);
    for (const id of results) expect(open).toContain(id);
    open = open.filter((id) => !results.includes(id));
    const calls = msg.getContentBlocks("tool_use").map((block) => block.id);
    expect(new Set(calls).size).toBe(calls.length);
    if (msg.role !== "system") expect(open).toEqual([]);
    open.push(...calls);
  }
  expect(open).toEqual([]);
}

function expectClosed(printed: readonly Printed[]): void {
  const ended = new Set<string>();
  for (const [msg, last] of printed) {
    expect(ended).not.toContain(msg.id);
    if (last) ended.add(msg.id);
  }
  for (const [msg] of printed) expect(ended).toContain(msg.id);
}
