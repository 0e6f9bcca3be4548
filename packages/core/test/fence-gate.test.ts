import { expect, test } from "vitest";
import { FenceGate } from "../src/services/fence-gate.ts";

const session = (index: number, fence = index) => ({ userId: "u", sessionId: `s${index}`, fence });

test("a fence is kept for a while, and however long where there are few", () => {
  let now = 0;
  const gate = new FenceGate({ keep: 3, ttl: 100, now: () => now });
  for (let index = 1; index <= 5; index++) gate.note(session(index));
  expect(gate.size).toBe(5);
  now = 50;
  gate.admit(session(1));
  now = 100;
  gate.note(session(6));
  expect(gate.size).toBe(3);
  expect(() => gate.admit(session(1, 0))).toThrow("A later run");
  expect(() => gate.admit(session(6, 5))).toThrow("A later run");
  now = 1_000_000;
  expect(() => gate.admit(session(1, 0))).toThrow("A later run");
});

test("a handle without a fence passes, and leaves no trace", () => {
  const gate = new FenceGate();
  gate.note({ userId: "u", sessionId: "s" });
  gate.admit({ userId: "u", sessionId: "s" });
  expect(gate.size).toBe(0);
});
