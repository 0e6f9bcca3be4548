import type { AgentResponse } from "@agentscope-runtime/agent-api";
import type { LogEntry } from "@agentscope-runtime/core";
import {
  joinProgress,
  type McpProgress,
  type McpProgressState,
  newMcpProgressState,
  toMcpProgress,
  toToolResult,
} from "@agentscope-runtime/protocols-mcp";
import { arbitraryPart, runEntries } from "@agentscope-runtime/testing";
import fc from "fast-check";
import { expect, it } from "vitest";
import { compacted } from "./support/compacted.ts";

const parts = fc.array(arbitraryPart, { maxLength: 40 });
const status = fc.constantFrom("completed", "failed", "canceled", "incomplete", "rejected" as const);
const entries = fc.tuple(parts, status).map(([list, ended]) => runEntries(list, { status: ended }));

function encode(log: readonly LogEntry[], state: McpProgressState): readonly McpProgress[] {
  return log.flatMap((entry) => toMcpProgress(entry, state));
}

function textOf(progress: readonly McpProgress[]): string {
  return progress.map(({ message = "" }) => message).join("");
}

it("counts upwards, with the number of the entry behind what earlier runs of the call have counted", () => {
  fc.assert(
    fc.property(entries, fc.nat(1000), (log, base) => {
      const state = newMcpProgressState(base);
      let last = base;
      for (const entry of log) {
        const found = toMcpProgress(entry, state);
        expect(found.length).toBeLessThanOrEqual(1);
        for (const { progress } of found) {
          expect(progress).toBe(base + entry.seq + 1);
          expect(progress).toBeGreaterThan(last);
          last = progress;
        }
      }
    }),
    { numRuns: 300 },
  );
});

it("gives the same progress from any place on, once the state has been put away and fetched again", () => {
  fc.assert(
    fc.property(entries, fc.nat(), (log, place) => {
      const whole = encode(log, newMcpProgressState());
      const at = place % (log.length + 1);
      const state = newMcpProgressState();
      const head = encode(log.slice(0, at), state);
      const tail = encode(log.slice(at), JSON.parse(JSON.stringify(state)));
      expect([...head, ...tail]).toEqual(whole);
    }),
    { numRuns: 300 },
  );
});

it("says the same of a log whose pieces of text were joined", () => {
  fc.assert(
    fc.property(entries, (log) => {
      const whole = encode(log, newMcpProgressState());
      const joined = encode(compacted(log), newMcpProgressState());
      expect(textOf(joined)).toBe(textOf(whole));
      expect(joined.at(-1)?.progress).toBe(whole.at(-1)?.progress);
      const numbers = new Set(whole.map(({ progress }) => progress));
      for (const { progress } of joined) expect(numbers).toContain(progress);
    }),
    { numRuns: 300 },
  );
});

it("says all of the answer's text, and nothing else, in the messages of its progress", () => {
  fc.assert(
    fc.property(parts, (list) => {
      const log = runEntries(list);
      const { content } = toToolResult(log.at(-1)?.event as AgentResponse);
      const texts = content.map((block) => (block.type === "text" ? block.text : ""));
      // Messages that grow side by side are told piece by piece.
      const sorted = (text: string) => text.split("").sort().join("");
      expect(sorted(textOf(encode(log, newMcpProgressState())))).toBe(sorted(texts.join("")));
    }),
    { numRuns: 300 },
  );
});

it("makes a result of any end, which holds what was said and fails where the run has failed", () => {
  fc.assert(
    fc.property(entries, (log) => {
      const response = log.at(-1)?.event as AgentResponse;
      const { content, structuredContent, isError = false } = toToolResult(response);
      expect(structuredContent).toMatchObject({
        run_id: "response_R1",
        session_id: "s1",
        status: response.status,
      });
      expect(isError).toBe(["failed", "canceled", "rejected"].includes(response.status));
      if (response.status !== "completed") expect(content.length).toBeGreaterThan(0);
    }),
    { numRuns: 300 },
  );
});

it("joins what follows each other to one notification", () => {
  expect(joinProgress([])).toBeUndefined();
  expect(
    joinProgress([{ progress: 1 }, { progress: 2, message: "a" }, { progress: 4, message: "b" }]),
  ).toEqual({
    progress: 4,
    message: "ab",
  });
  expect(joinProgress([{ progress: 1 }, { progress: 2 }])).toEqual({ progress: 2 });
});
