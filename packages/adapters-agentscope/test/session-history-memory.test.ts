import { SessionHistoryMemory } from "@agentscope-runtime/adapters-agentscope";
import { Message } from "@agentscope-runtime/agent-api";
import { type ContentBlock, Msg } from "@agentscope-runtime/agentscope";
import { InMemorySessionHistoryService, type SessionHandle } from "@agentscope-runtime/core";
import { beforeEach, describe, expect, it } from "vitest";

const session = { agent: "Friday", userId: "Alice", sessionId: "s1", fence: 1 };
let service: InMemorySessionHistoryService;

beforeEach(async () => {
  service = new InMemorySessionHistoryService();
  await service.start();
});

function newMemory(limit?: number, handle: SessionHandle = session): SessionHistoryMemory {
  return new SessionHistoryMemory({ service, session: handle, limit });
}

function user(text: string, id?: string, timestamp?: string): Msg {
  return new Msg("Alice", text, "user", { id, timestamp });
}

function call(id: string, city: string): Msg {
  const block: ContentBlock = {
    type: "tool_use",
    id,
    name: "get_weather",
    input: { city },
    tool_type: "mcp",
  };
  return new Msg("Friday", [{ type: "text", text: city }, block], "assistant");
}

function result(id: string, output: string): Msg {
  return new Msg(
    "system",
    [{ type: "tool_result", id, name: "get_weather", output, state: "success" }],
    "system",
  );
}

const json = (msgs: readonly Msg[]) => msgs.map((msg) => msg.toJSON());
const textsOf = async (memory: SessionHistoryMemory) =>
  (await memory.getMemory()).map((msg) => msg.getTextContent());

describe("a conversation", () => {
  it("is there again in the next run, message for message", async () => {
    const msgs = [user("Weather?"), call("call_1", "Paris"), result("call_1", "Sunny")];
    const memory = newMemory();
    for (const msg of msgs) await memory.add(msg);
    expect(json(await memory.getMemory())).toEqual(json(msgs));
    expect(json(await newMemory().getMemory())).toEqual(json(msgs));
  });

  it("is stored as messages of the Agent API, outputs of the family of their call", async () => {
    await newMemory().add([user("Weather?", "msg_1"), call("call_1", "Paris")]);
    // The memory of a later run knows the call from the history.
    await newMemory().add(result("call_1", "Sunny"));
    const { items } = await service.getMessages(session);
    expect(items.map(({ id, type, role }) => [id, type, role])).toEqual([
      ["msg_1", "message", "user"],
      [expect.stringMatching(/^msg_/), "message", "assistant"],
      ["msg_call_1", "mcp_call", "assistant"],
      ["msg_call_1_output", "mcp_call_output", "tool"],
    ]);
  });

  it("keeps calls whose ids were used before", async () => {
    for (const city of ["Paris", "Rome"]) {
      const memory = newMemory();
      await memory.add(call("call_0", city));
      await memory.add(result("call_0", city));
    }
    const outputs = (await newMemory().getMemory()).flatMap((msg) => msg.getContentBlocks("tool_result"));
    expect(outputs.map(({ id, output }) => [id, output])).toEqual([
      ["call_0", "Paris"],
      ["call_0", "Rome"],
    ]);
  });

  it("keeps them also where the earlier ones lie further back than it reads", async () => {
    for (const city of ["Paris", "Rome", "Oslo", "Bonn"]) await newMemory(3).add(call("call_0", city));
    const { items } = await service.getMessages(session);
    expect(items.map(({ id }) => id).filter((id) => id.includes("call"))).toEqual([
      "msg_call_0",
      "msg_call_0~2",
      "msg_call_0~3",
      "msg_call_0~4",
    ]);
  });

  it("is deleted by clear, but the session is not", async () => {
    const memory = newMemory();
    await memory.add(user("a", "1"));
    await memory.clear();
    expect(await memory.getMemory()).toEqual([]);
    expect(await service.getSession(session)).toMatchObject({ messageCount: 0 });
    await memory.add(user("a", "1"));
    expect(await textsOf(memory)).toEqual(["a"]);
  });

  it("is no part of the agent's state", () => {
    expect(newMemory().stateDict()).toEqual({});
  });

  it("may be written by several at once", async () => {
    const memory = newMemory();
    await Promise.all(["a", "b", "c"].map((text) => memory.add(user(text))));
    expect(await textsOf(memory)).toEqual(["a", "b", "c"]);
    const fresh = newMemory();
    await Promise.all([fresh.add(call("call_0", "Paris")), fresh.add(call("call_0", "Rome"))]);
    const calls = (await fresh.getMemory()).flatMap((msg) => msg.getContentBlocks("tool_use"));
    expect(calls.map(({ input }) => input)).toEqual([{ city: "Paris" }, { city: "Rome" }]);
  });
});

describe("ids", () => {
  it("are stored once", async () => {
    const memory = newMemory();
    const msgs = [user("a", "1"), call("call_1", "Paris")];
    await memory.add(msgs);
    await memory.add(msgs);
    await newMemory().add(msgs);
    expect(json(await memory.getMemory())).toEqual(json(msgs));
  });

  it("that a user gives to every message lose no message, also where the words are the same", async () => {
    for (const [place, text] of ["a", "b", "a", "a"].entries()) {
      const msg = user(text, "1", `2025-12-06 06:26:4${place}.000`);
      await newMemory().add(msg);
      // Once more, as a run does that tries again.
      await newMemory().add(msg);
    }
    const msgs = await newMemory().getMemory();
    expect(msgs.map((msg) => [msg.id, msg.getTextContent()])).toEqual([
      ["1", "a"],
      ["1~2", "b"],
      ["1~3", "a"],
      ["1~4", "a"],
    ]);
  });

  it("that a client gives to every result of a tool lose none that is new", async () => {
    const answer = (output: string) =>
      new Msg("system", [{ type: "tool_result", id: "call_0", name: "", output }], "system", { id: "1" });
    for (const output of ["Sunny", "Rainy", "Rainy"]) await newMemory().add(answer(output));
    const outputs = (await newMemory().getMemory()).flatMap((msg) => msg.getContentBlocks("tool_result"));
    expect(outputs.map(({ output }) => output)).toEqual(["Sunny", "Rainy"]);
  });

  it("that were given to an agent's messages or to a system's lose no words that are new", async () => {
    for (const role of ["assistant", "system"] as const) {
      for (const text of ["a", "b", "b"]) await newMemory().add(new Msg("X", text, role, { id: role }));
    }
    expect(await textsOf(newMemory())).toEqual(["a", "b", "a", "b"]);
  });

  it("of messages that a client sends back, whole or a piece of them, are those of the stored ones", async () => {
    const asked = call("call_1", "Paris");
    await newMemory().add(asked);
    const back = (content: readonly ContentBlock[]) =>
      newMemory().add(new Msg("assistant", content, "assistant", { id: asked.id }));
    await back([{ type: "text", text: "Paris" }]);
    await back([{ type: "tool_use", id: "call_1", name: "get_weather", input: { city: "Paris" } }]);
    expect(json(await newMemory().getMemory())).toEqual(json([asked]));
  });

  it("as long as they may be fit the history", async () => {
    const msg = user("a", "x".repeat(1024));
    await newMemory().add([msg, call("y".repeat(5000), "Paris")]);
    expect((await newMemory().getMemory())[0]?.id).toBe(msg.id);
  });
});

describe("the limit", () => {
  const conversation = async (): Promise<void> => {
    await newMemory().add([user("a"), call("call_1", "Paris"), result("call_1", "Sunny"), user("b")]);
  };

  it("keeps the newest messages", async () => {
    await conversation();
    expect(await textsOf(newMemory(2))).toEqual([null, "b"]);
    expect(await textsOf(newMemory(5))).toEqual(["a", "Paris", null, "b"]);
  });

  it("cuts no message in two", async () => {
    await conversation();
    expect(await textsOf(newMemory(3))).toEqual([null, "b"]);
    expect(await textsOf(newMemory(4))).toEqual(["Paris", null, "b"]);
  });

  it("may be none, however many messages there are", async () => {
    await newMemory().add(Array.from({ length: 2500 }, (_, place) => user(String(place))));
    const all = await textsOf(newMemory(Number.POSITIVE_INFINITY));
    expect([all.length, all[0], all.at(-1)]).toEqual([2500, "0", "2499"]);
    const newest = await textsOf(newMemory());
    expect([newest.length, newest[0]]).toEqual([1000, "1500"]);
    expect(await textsOf(newMemory(1500))).toHaveLength(1500);
  });

  it.each([0, -1, 1.5, Number.NaN])("can't be %s", (limit) => {
    expect(() => newMemory(limit)).toThrow("whole number");
  });
});

describe("a history of another origin", () => {
  it("can be read, whatever a caller put into it", async () => {
    await service.appendMessages(session, [
      { role: "user", content: [{ type: "file", file_id: "file_1" }] },
      { role: "user", content: null, metadata: { original_id: 5, original_blocks: [1] } },
      { type: "plugin_call", content: [{ type: "data", data: { arguments: "{" } }] },
      { type: "something new", content: [{ type: "data", data: { a: 1 } }] },
    ]);
    expect(await textsOf(newMemory())).toEqual([
      "A file is stored under the id: file_1",
      null,
      null,
      '{"a":1}',
    ]);
  });

  it("can be read where a message is none any more", async () => {
    const old = { id: "m1", role: "user", content: "plain text of an older format" };
    const readable = Message.parse({ id: "m2", role: "user", content: [{ type: "text", text: "hi" }] });
    const older = Object.create(service, {
      getMessages: { value: async () => ({ items: [readable, old] }) },
    }) as InMemorySessionHistoryService;
    const memory = new SessionHistoryMemory({ service: older, session });
    expect((await memory.getMemory()).map(({ id, role, content }) => [id, role, content])).toEqual([
      ["m1", "user", [{ type: "text", text: JSON.stringify(old) }]],
      ["m2", "user", [{ type: "text", text: "hi" }]],
    ]);
  });
});

it("does not write for a run that was given up", async () => {
  const late = newMemory();
  await late.add(user("a"));
  await newMemory(undefined, { ...session, fence: 2 }).add(user("b"));
  await expect(late.add(user("c"))).rejects.toMatchObject({ code: "FENCED" });
  expect(await textsOf(newMemory(undefined, { ...session, fence: 2 }))).toEqual(["a", "b"]);
});

it("stores a message that could not be stored before under the same id", async () => {
  const memory = newMemory();
  await memory.getMemory();
  await service.stop();
  const msg = user("a", "msg_1");
  await expect(memory.add(msg)).rejects.toMatchObject({ code: "SERVICE_NOT_STARTED" });
  await service.start();
  await memory.add(msg);
  expect((await service.getMessages(session)).items.map(({ id }) => id)).toEqual(["msg_1"]);
});
