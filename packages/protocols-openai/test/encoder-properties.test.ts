import type { LogEntry } from "@agentscope-runtime/core";
import {
  newOpenAIEventState,
  type OpenAIEvent,
  type OpenAIEventState,
  toOpenAIEvents,
} from "@agentscope-runtime/protocols-openai";
import { runEntries } from "@agentscope-runtime/testing";
import fc from "fast-check";
import { expect, it } from "vitest";
import { arbitraryMediaPart } from "./support/arbitrary-media.ts";
import { expectLegalEvents, readBySdk } from "./support/legal-events.ts";
import { jsonRun, run } from "./support/traced-run.ts";

const parts = fc.array(arbitraryMediaPart, { maxLength: 40 });
const status = fc.constantFrom("completed", "failed", "canceled", "incomplete", "rejected" as const);
const runs = fc.constantFrom(run, jsonRun);
const entries = fc.tuple(parts, status).map(([list, ended]) => runEntries(list, { status: ended }));

function encode(log: readonly LogEntry[], state: OpenAIEventState): readonly OpenAIEvent[] {
  return log.flatMap((entry) => toOpenAIEvents(entry, state));
}

it("makes a legal stream of any run, however it ends", () => {
  fc.assert(
    fc.property(entries, runs, (log, of) => expectLegalEvents(encode(log, newOpenAIEventState(of)))),
    { numRuns: 300 },
  );
});

it("gives the same events from any place on, once the state has been put away and fetched again", () => {
  fc.assert(
    fc.property(entries, fc.nat(), runs, (log, place, of) => {
      const whole = encode(log, newOpenAIEventState(of));
      const at = place % (log.length + 1);
      const state = newOpenAIEventState(of);
      const head = encode(log.slice(0, at), state);
      const tail = encode(log.slice(at), JSON.parse(JSON.stringify(state)));
      expect([...head, ...tail]).toEqual(whole);
    }),
    { numRuns: 300 },
  );
});

it("is understood by the strict reader of OpenAI's SDK, which comes to the same response", async () => {
  await fc.assert(
    fc.asyncProperty(entries, runs, async (log, of) => {
      const events = encode(log, newOpenAIEventState(of));
      const { output_text, ...response } = await readBySdk(events);
      const { response: last } = events.at(-1) as OpenAIEvent & {
        response: { output: { content?: unknown }[] };
      };
      expect(response).toMatchObject(JSON.parse(JSON.stringify(last)));
    }),
    { numRuns: 100 },
  );
});

it("tells the client's calls apart where the agent has used an id twice", async () => {
  const call = {
    kind: "tool-call",
    callId: "call_1",
    name: "add",
    toolType: "function",
    arguments: "{}",
  } as const;
  const { output } = await readBySdk(encode(runEntries([call, call]), newOpenAIEventState(run)));
  const ids = output.map((item) => item.type === "function_call" && item.call_id);
  expect(ids).toEqual(["call_1", expect.not.stringMatching(/^call_1$/)]);
});

it("says of every message whether it is the answer where JSON is asked for, and of no other run's", () => {
  fc.assert(
    fc.property(entries, runs, (log, of) => {
      const done = encode(log, newOpenAIEventState(of)).flatMap((event) => {
        const { item } = event as { item?: { type: string; phase?: string } };
        return event.type === "response.output_item.done" && item?.type === "message" ? [item.phase] : [];
      });
      if (of === run) expect(done.every((phase) => phase === undefined)).toBe(true);
      else {
        expect(done).not.toContain(undefined);
        expect(done.filter((phase) => phase === "final_answer").length).toBeLessThan(2);
      }
    }),
    { numRuns: 200 },
  );
});
