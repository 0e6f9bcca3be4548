import {
  InMemoryMemory,
  type Memory,
  Msg,
  OpenAIChatModel,
  ReActAgent,
} from "@agentscope-runtime/agentscope";
import { FakeModelServer } from "@agentscope-runtime/testing";
import { expect, test } from "vitest";
import { modelAt, user } from "./conversation.ts";

function agentWith(memory?: Memory): ReActAgent {
  return new ReActAgent({
    name: "Friday",
    sysPrompt: "New prompt.",
    model: new OpenAIChatModel("none"),
    memory,
  });
}

// As written by the Python framework, 1.0.10.
const PYTHON_STATE = {
  memory: {
    content: [
      {
        id: "kVvH4bEbQ6mVZ8mR2pJzXa",
        name: "user",
        role: "user",
        content: [{ type: "text", text: "My name is Alice." }],
        metadata: null,
        timestamp: "2025-12-20 10:11:12.345",
      },
      {
        id: "cN7zqYkWJ3bXo5uFvT9aLm",
        name: "Friday",
        role: "assistant",
        content: [{ type: "tool_use", id: "call_1", name: "add", input: { a: 1 } }],
        metadata: null,
        timestamp: "2025-12-20 10:11:13.000",
      },
    ],
  },
  toolkit: { active_groups: [] },
  _reasoning_hint_msgs: { content: [] },
  name: "Friday",
  _sys_prompt: "Old prompt.",
};

test("the state of a Python agent loads, and what is saved has the same shape", () => {
  const agent = agentWith();
  agent.loadStateDict({ ...PYTHON_STATE, plan_notebook: { current_plan: null } });
  expect(JSON.parse(JSON.stringify(agent.stateDict()))).toEqual({
    ...PYTHON_STATE,
    _sys_prompt: "New prompt.",
  });
});

test("a stored prompt replaces the one in code only when asked to", () => {
  const agent = agentWith();
  agent.loadStateDict(PYTHON_STATE);
  expect(agent.sysPrompt).toBe("New prompt.");
  agent.loadStateDict(PYTHON_STATE, { sysPrompt: true });
  expect(agent.sysPrompt).toBe("Old prompt.");
});

test("there may be nothing to load, or only a part", () => {
  const agent = agentWith();
  for (const state of [undefined, null, {}, { memory: null }, { toolkit: null, name: "Other" }]) {
    agent.loadStateDict(state);
  }
  expect(agent.name).toBe("Friday");
});

test("something else is refused with an error that says what is wrong", () => {
  const agent = agentWith();
  for (const state of ["state", 7, [], { memory: "all" }, { memory: { content: {} } }, { _sys_prompt: 1 }]) {
    expect(() => agent.loadStateDict(state)).toThrow(/^This is not the state of/);
  }
});

test("the state of a memory that keeps itself is null", () => {
  const memory = new InMemoryMemory();
  const external: Memory = {
    add: (messages) => memory.add(messages),
    getMemory: () => memory.getMemory(),
    clear: () => memory.clear(),
  };
  const agent = agentWith(external);
  expect(agent.stateDict().memory).toBeNull();
  agent.loadStateDict(PYTHON_STATE);
  expect(memory.size()).toBe(0);
});

test("a conversation goes on in another instance, also after it was interrupted in the middle of a tool call", async () => {
  await using server = await FakeModelServer.start({ replies: [{ text: "You are Alice." }] });
  const agent = new ReActAgent({ name: "Friday", sysPrompt: "", model: modelAt(server) });
  agent.loadStateDict(JSON.parse(JSON.stringify(PYTHON_STATE)));
  const answer = await agent.reply(user("Who am I?"));
  expect(answer).toBeInstanceOf(Msg);
  expect(server.requests[0]?.body.messages.map((message) => message.role)).toEqual([
    "user",
    "assistant",
    "tool",
    "user",
  ]);
});
