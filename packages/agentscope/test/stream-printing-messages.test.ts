import { Msg, type PrintListener, ReActAgent, streamPrintingMessages } from "@agentscope-runtime/agentscope";
import { FakeModelServer } from "@agentscope-runtime/testing";
import { expect, test } from "vitest";
import { collect, modelAt, type Printed, trace, user } from "./conversation.ts";

function agentAt(server: FakeModelServer, name = "Friday"): ReActAgent {
  return new ReActAgent({ name, sysPrompt: "", model: modelAt(server) });
}

/** An agent that prints what it is told to. */
class Speaker {
  readonly listeners = new Set<PrintListener>();

  onPrint(listener: PrintListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  say(text: string): void {
    for (const listener of this.listeners) listener(new Msg("Speaker", text, "assistant"), true);
  }
}

test("everything that is printed is yielded, in order, and nothing starts before the first turn of the loop", async () => {
  const speaker = new Speaker();
  let started = false;
  const stream = streamPrintingMessages({
    agents: [speaker],
    task: async () => {
      started = true;
      for (let n = 0; n < 1000; n += 1) {
        speaker.say(String(n));
        if (n % 100 === 0) await Promise.resolve();
      }
    },
  });
  await Promise.resolve();
  expect(started).toBe(false);
  const printed = await collect(stream);
  expect(printed.map(([msg]) => msg.content)).toEqual(Array.from({ length: 1000 }, (_, n) => String(n)));
  expect(speaker.listeners.size).toBe(0);
});

test("several agents can be watched at once, and one that is not listed is not", async () => {
  await using server = await FakeModelServer.start({
    replies: [{ text: "A" }, { text: "B" }, { text: "C" }],
  });
  const [a, b, c] = [agentAt(server, "a"), agentAt(server, "b"), agentAt(server, "c")];
  const printed = await collect(
    streamPrintingMessages({
      agents: [a, c],
      task: async () => {
        await a.reply(user("Hi"));
        await b.reply(user("Hi"));
        await c.reply(user("Hi"));
      },
    }),
  );
  expect(trace(printed)).toEqual(["#0 A F", "#0 A T", "#1 C F", "#1 C T"]);
});

test("an error is thrown after everything that was printed", async () => {
  await using server = await FakeModelServer.start({ replies: [{ text: "On", ending: "cut" }] });
  const agent = agentAt(server);
  const printed: Printed[] = [];
  const reading = (async () => {
    for await (const item of streamPrintingMessages({
      agents: [agent],
      task: (s) => agent.reply(user("Go."), { signal: s }),
    })) {
      printed.push(item);
    }
  })();
  await expect(reading).rejects.toMatchObject({ code: "MODEL_EXECUTION_FAILED" });
  expect(trace(printed)).toEqual(["#0 On F", "#0 On T"]);
});

test("a task that throws before it returns a promise is an error like any other", async () => {
  const stream = streamPrintingMessages({
    agents: [],
    task: () => {
      throw new Error("No.");
    },
  });
  await expect(collect(stream)).rejects.toThrow("No.");
});

test("leaving the loop stops the agent, and the loop ends when the task has", async () => {
  await using server = await FakeModelServer.start({ replies: [{ text: "On", ending: "stall" }] });
  const agent = agentAt(server);
  let settled = false;
  for await (const _ of streamPrintingMessages({
    agents: [agent],
    task: (signal) =>
      agent.reply(user("Go."), { signal }).finally(() => {
        settled = true;
      }),
  })) {
    break;
  }
  expect(settled).toBe(true);
  expect((await agent.memory.getMemory()).map((msg) => msg.getTextContent())).toEqual(["Go.", "On"]);
  await server.requests[0]?.closed;
});

test("so does an error in the loop's body", async () => {
  await using server = await FakeModelServer.start({ replies: [{ text: "On", ending: "stall" }] });
  const agent = agentAt(server);
  const loop = async () => {
    for await (const _ of streamPrintingMessages({
      agents: [agent],
      task: (signal) => agent.reply(user("Go."), { signal }),
    })) {
      throw new Error("Mine.");
    }
  };
  await expect(loop()).rejects.toThrow("Mine.");
  await server.requests[0]?.closed;
});

test("an outer abort stops the agent, delivers the last snapshots and throws the reason", async () => {
  await using server = await FakeModelServer.start({ replies: [{ text: "On", ending: "stall" }] });
  const agent = agentAt(server);
  const controller = new AbortController();
  const reason = new Error("Enough.");
  const printed: Printed[] = [];
  const reading = (async () => {
    for await (const item of streamPrintingMessages({
      agents: [agent],
      task: (signal) => agent.reply(user("Go."), { signal }),
      signal: controller.signal,
    })) {
      printed.push(item);
      controller.abort(reason);
    }
  })();
  await expect(reading).rejects.toBe(reason);
  expect(trace(printed)).toEqual(["#0 On F", "#0 On T"]);
});

test("a signal that is aborted already keeps the task from starting", async () => {
  const task = async () => expect.fail("The task was started.");
  const stream = streamPrintingMessages({
    agents: [],
    task,
    signal: AbortSignal.abort(new Error("Enough.")),
  });
  await expect(collect(stream)).rejects.toThrow("Enough.");
});
