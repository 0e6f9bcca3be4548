import { isTerminal, Status, TerminalStatus } from "@agentscope-runtime/agent-api";
import { expect, test } from "vitest";

test("the statuses are those of the wire, with one l in canceled", () => {
  expect([...Status.options].sort()).toEqual(
    "canceled completed created failed in_progress incomplete queued rejected unknown".split(" "),
  );
  expect(Status.safeParse("cancelled").success).toBe(false);
});

test("a run is over once it is completed, failed, canceled, incomplete or rejected", () => {
  const over = Status.options.filter(isTerminal).sort();
  expect(over).toEqual(["canceled", "completed", "failed", "incomplete", "rejected"]);
  expect([...TerminalStatus.options].sort()).toEqual(over);
});
