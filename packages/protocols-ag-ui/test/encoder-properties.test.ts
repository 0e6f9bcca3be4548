import { adoptMessages, newAgUiEventState, toAgUiMessages } from "@agentscope-runtime/protocols-ag-ui";
import { runEntries } from "@agentscope-runtime/testing";
import fc from "fast-check";
import { expect, it } from "vitest";
import { arbitraryPart } from "./support/arbitrary-parts.ts";
import { encode } from "./support/encode.ts";
import { readBySdk } from "./support/read-by-sdk.ts";
import { compacted, messagesAt, run } from "./support/run-entries.ts";

const parts = fc.array(arbitraryPart, { maxLength: 40 });
const status = fc.constantFrom("completed", "failed", "canceled", "incomplete", "rejected" as const);
const reason = fc.constantFrom("input_required", "auth_required", "max_iterations");
const entries = fc.tuple(parts, status, reason).map(([list, ended, why]) =>
  runEntries(list, {
    status: ended,
    ...(ended === "incomplete" ? { incomplete: { reason: why, request_ids: ["call_1", "call_1"] } } : {}),
  }),
);

it("makes a legal stream of any run, of which the SDK's client gets the run's messages", async () => {
  await fc.assert(
    fc.asyncProperty(entries, fc.boolean(), async (log, binary) => {
      const end = newAgUiEventState(run);
      const { messages, state } = await readBySdk(encode(log, end), { binary });
      const agreed = end.agreed === null ? {} : end.agreed.value;
      expect(ownKeys(state)).toEqual(ownKeys(binary ? wellFormed(agreed) : agreed));
      const last = log.at(-1)?.event;
      const output = last?.object === "response" ? (last.output ?? []) : [];
      const expected = byId(toAgUiMessages([{ input: [], output }]));
      // Binary texts hold whole characters only.
      expect(byId(messages)).toEqual(binary ? wellFormed(expected) : expected);
    }),
    { numRuns: 300 },
  );
});

it("gives the same events from any place on, once the state has been put away and fetched again", () => {
  fc.assert(
    fc.property(entries, fc.nat(), (log, place) => {
      const at = place % (log.length + 1);
      const state = newAgUiEventState(run);
      const head = encode(log.slice(0, at), state);
      const tail = encode(log.slice(at), JSON.parse(JSON.stringify(state)));
      expect([...head, ...tail]).toEqual(encode(log));
    }),
    { numRuns: 300 },
  );
});

it("goes on in the same way for those who join at any place, with the messages so far", () => {
  fc.assert(
    fc.property(entries, fc.nat(), (log, place) => {
      const at = 1 + (place % log.length);
      const [whole, joined] = [newAgUiEventState(run), newAgUiEventState(run)];
      encode(log.slice(0, at), whole);
      adoptMessages(messagesAt(log.slice(0, at)), joined);
      joined.started = true;
      expect(encode(log.slice(at), joined)).toEqual(encode(log.slice(at), whole));
    }),
    { numRuns: 300 },
  );
});

it("tells the client the same of a run that was compacted", async () => {
  await fc.assert(
    fc.asyncProperty(entries, async (log) => {
      expect(await readBySdk(encode(compacted(log)))).toEqual(await readBySdk(encode(log)));
    }),
    { numRuns: 100 },
  );
});

function byId(messages: readonly { readonly id: string }[]): unknown {
  return Object.fromEntries(messages.map((message) => [message.id, message]));
}

// The client's transport loses keys of that name.
function ownKeys(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (key, item) => (key === "__proto__" ? undefined : item));
}

function wellFormed(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_, item) =>
    typeof item === "string" ? item.toWellFormed() : item,
  );
}
