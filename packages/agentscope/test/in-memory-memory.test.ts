import { InMemoryMemory, Msg } from "@agentscope-runtime/agentscope";
import { expect, test } from "vitest";

const a = new Msg("Alice", "A", "user");
const b = new Msg("Alice", "B", "user");

test("a message is stored once, and the list that is given out is not the memory itself", () => {
  const memory = new InMemoryMemory();
  memory.add(a);
  const before = memory.getMemory();
  memory.add([a, b]);
  memory.add(new Msg("Alice", "A, again", "user", { id: a.id }));
  expect(before).toEqual([a]);
  expect(memory.getMemory().map((msg) => msg.content)).toEqual(["A", "B"]);
  expect(memory.size()).toBe(2);
  memory.clear();
  expect(memory.size()).toBe(0);
});

test("the state survives JSON and replaces what was there", () => {
  const memory = new InMemoryMemory();
  memory.add([a, b]);
  const state = JSON.parse(JSON.stringify(memory.stateDict()));
  const other = new InMemoryMemory();
  other.add(new Msg("Bob", "C", "user"));
  other.loadStateDict(state);
  expect(other.getMemory().map((msg) => msg.toJSON())).toEqual([a.toJSON(), b.toJSON()]);
});

test("the pairs of message and marks that Python 1.0.12 writes load as well", () => {
  const memory = new InMemoryMemory();
  memory.loadStateDict({ content: [[a.toJSON(), ["compressed"]], b.toJSON()], _compressed_summary: "" });
  expect(memory.getMemory().map((msg) => msg.id)).toEqual([a.id, b.id]);
});

test("something else is refused and leaves the memory as it was", () => {
  const memory = new InMemoryMemory();
  memory.add(a);
  for (const state of [null, {}, { content: "all" }, { content: [{ role: "user" }] }]) {
    expect(() => memory.loadStateDict(state)).toThrow(TypeError);
  }
  expect(memory.getMemory()).toEqual([a]);
});
