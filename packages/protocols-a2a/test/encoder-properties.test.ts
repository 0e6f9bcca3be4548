import { StreamResponse } from "@a2a-js/sdk";
import type { AgentPart, LogEntry, RunOutcome } from "@agentscope-runtime/core";
import { type A2AEvent, newA2AEventState, toA2AEvents } from "@agentscope-runtime/protocols-a2a";
import { arbitraryPart, runEntries } from "@agentscope-runtime/testing";
import fc from "fast-check";
import { expect, it } from "vitest";
import { joinTexts, reduceEvents } from "./support/reduce-events.ts";
import { compacted, snapshotOf } from "./support/snapshot.ts";
import { run } from "./support/traced-run.ts";

const outcome = fc.constantFrom<RunOutcome>(
  { status: "completed" },
  { status: "canceled" },
  { status: "failed", error: { code: "AGENT_UNKNOWN_ERROR", message: "It failed." } },
  { status: "incomplete", incomplete: { reason: "input_required", request_ids: ["call_1"] } },
);
const script = fc.array(arbitraryPart, { maxLength: 20 });

function encode(entries: readonly LogEntry[], state = newA2AEventState(run)): A2AEvent[] {
  return entries.flatMap((entry) => toA2AEvents(entry, state));
}

it("whatever an agent emits, the stream is legal and adds up to the task that is shown at its end", () => {
  fc.assert(
    fc.property(script, outcome, (parts: AgentPart[], end) => {
      const entries = runEntries(parts, end);
      const events = encode(entries);
      for (const event of events)
        expect(StreamResponse.toJSON(StreamResponse.fromJSON(event))).toEqual(event);
      const streamed = reduceEvents(events);
      const [last] = encode(entries.slice(-1)) as [A2AEvent];
      const shown = reduceEvents([last]);
      expect(joinTexts(streamed.artifacts)).toEqual(joinTexts(shown.artifacts));
      expect({ ...streamed, artifacts: [] }).toEqual({ ...shown, artifacts: [] });
    }),
  );
});

it("goes on the same from a copy of its state at every entry", () => {
  fc.assert(
    fc.property(script, outcome, (parts: AgentPart[], end) => {
      const entries = runEntries(parts, end);
      let state = newA2AEventState(run, { progress: true });
      const events = entries.flatMap((entry) => {
        state = JSON.parse(JSON.stringify(state));
        return toA2AEvents(entry, state);
      });
      expect(events).toEqual(encode(entries, newA2AEventState(run, { progress: true })));
    }),
    { numRuns: 50 },
  );
});

it("comes to the same task from a snapshot at every entry", () => {
  fc.assert(
    fc.property(script, outcome, (parts: AgentPart[], end) => {
      const entries = runEntries(parts, end);
      const whole = reduceEvents(encode(entries));
      for (let at = 0; at < entries.length; at++) {
        const joined = [snapshotOf(entries.slice(0, at + 1)), ...entries.slice(at + 1)];
        const task = reduceEvents(encode(joined));
        expect({ ...task, artifacts: joinTexts(task.artifacts) }).toEqual({
          ...whole,
          artifacts: joinTexts(whole.artifacts),
        });
      }
    }),
    { numRuns: 50 },
  );
});

it("comes to the same task where the log was compacted", () => {
  fc.assert(
    fc.property(script, outcome, (parts: AgentPart[], end) => {
      const entries = runEntries(parts, end);
      const whole = reduceEvents(encode(entries));
      const task = reduceEvents(encode(compacted(entries)));
      expect({ ...task, artifacts: joinTexts(task.artifacts) }).toEqual({
        ...whole,
        artifacts: joinTexts(whole.artifacts),
      });
    }),
  );
});

it("shows the task anew where another attempt supersedes what there was", () => {
  const entries = runEntries([{ kind: "text-delta", messageId: "M1", text: "Hel" }]);
  const head = entries.slice(0, 4);
  const again = entries.slice(1).map(({ seq, event }) => {
    const next = { ...event, attempt: 2, sequence_number: seq + 3 } as LogEntry["event"];
    return { seq: seq + 3, json: JSON.stringify(next), event: next };
  });
  const late = { ...head[3], event: { ...head[3]?.event } } as LogEntry;
  const events = encode([...head, ...again.slice(0, 1), late, ...again.slice(1)]);
  const shown = events.flatMap((event) => ("task" in event ? [event.task] : []));
  expect(shown.map(({ status, artifacts }) => [status.state, artifacts])).toEqual([
    ["TASK_STATE_SUBMITTED", undefined],
    ["TASK_STATE_WORKING", undefined],
  ]);
  expect(reduceEvents(events)).toMatchObject({
    status: { state: "TASK_STATE_COMPLETED" },
    artifacts: [{ parts: [{ text: "Hel" }, { text: "" }] }],
  });
});
