import { readFileSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { AgentEvent, AgentRequest, isTerminal, type TerminalStatus } from "@agentscope-runtime/agent-api";
import {
  type AgentPart,
  InMemoryRunStore,
  JsonLogEntry,
  type LogEntry,
  MessageAssembler,
  type RunLease,
  text,
} from "@agentscope-runtime/core";
import { expect, test } from "vitest";
import { eventsIn, expectWholeLog } from "./support/agent-events.ts";
import { ask } from "./support/ask.ts";
import { EventReader } from "./support/event-reader.ts";
import { foldEvents } from "./support/fold-events.ts";
import { aborted, Gate } from "./support/gate.ts";
import { post } from "./support/post.ts";
import { quietApp } from "./support/quiet-app.ts";
import { serve } from "./support/serve.ts";

/** The events of a run whose handler emits these parts, once for each attempt. */
function logOf(...attempts: readonly (readonly AgentPart[])[]): LogEntry[] {
  const entries: LogEntry[] = [];
  for (const [index, parts] of attempts.entries()) {
    const assembler = new MessageAssembler({
      responseId: "run",
      sessionId: "session",
      now: Date.now,
      first: entries.length,
      attempt: index + 1,
      takenIds: entries.flatMap(({ event }) => (event.object === "message" ? [event.id] : [])),
    });
    if (index === 0) for (const status of ["created", "queued"] as const) assembler.status(status);
    assembler.status("in_progress");
    for (const part of parts) assembler.push(part);
    const last = index === attempts.length - 1;
    if (last) assembler.close("completed");
    entries.push(...assembler.take(), ...(last ? [assembler.terminal({ status: "completed" })] : []));
  }
  return entries;
}

const pieces = (kind: "text-delta" | "reasoning-delta" | "refusal-delta", messageId: string) =>
  ["one", " two", " three"].map((text): AgentPart => ({ kind, messageId, text }));

const answered: readonly AgentPart[] = [
  ...pieces("reasoning-delta", "m1"),
  ...pieces("text-delta", "m1"),
  { kind: "tool-call", callId: "c1", name: "search", messageId: "m1" },
  { kind: "tool-call", callId: "c2", name: "add", messageId: "m1" },
  ...['{"q"', ':"all of', ' it"}'].map(
    (text): AgentPart => ({ kind: "tool-arguments-delta", callId: "c1", text }),
  ),
  { kind: "tool-arguments-delta", callId: "c2", text: "{}" },
  { kind: "tool-call-end", callId: "c1" },
  { kind: "tool-result", callId: "c1", output: "some", final: false },
  { kind: "tool-result", callId: "c2", output: [3] },
  { kind: "tool-result", callId: "c1", output: "some more" },
  { kind: "step", name: "search", status: "started" },
  { kind: "message-start", messageId: "m2", metadata: { original_id: "m2" } },
  ...pieces("text-delta", "m2"),
  { kind: "image", messageId: "m2", url: "http://x/y.png" },
  ...pieces("text-delta", "m2"),
  ...pieces("refusal-delta", "m3"),
  { kind: "usage", messageId: "m2", usage: { input_tokens: 1, output_tokens: 2, total_tokens: 3 } },
];

const traces = ["text", "tool-call", "parallel-tools", "reasoning", "image", "audio", "error", "cancelled"];

const logs: Readonly<Record<string, readonly LogEntry[]>> = {
  "an answer of every kind": logOf(answered),
  "an answer that was begun anew": logOf(answered.slice(0, 12), answered),
  ...Object.fromEntries(traces.map((name) => [`the trace ${name}`, recorded(name)])),
};

/** A run as AgentScope agents bring it about. */
function recorded(name: string): LogEntry[] {
  const file = new URL(`../../testing/fixtures/traces/${name}.jsonl`, import.meta.url);
  const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
  return lines.map((line, seq) => new JsonLogEntry(seq, line));
}

/** Puts a run into the store that is at the first of the entries. */
async function begin(store: InMemoryRunStore, id: string, created: LogEntry): Promise<RunLease> {
  const session = { agent: "Friday", userId: "user", sessionId: id };
  const result = await store.create({
    session,
    request: { ...AgentRequest.parse({ input: [] }), id, session_id: id, user_id: "user" },
    createdAt: 0,
    created,
    policy: "enqueue",
    maxQueued: 0,
    owner: "elsewhere",
  });
  if (result.kind !== "created") throw new Error("The run was there already.");
  await store.waitTurn(result.lease);
  return result.lease;
}

for (const [name, entries] of Object.entries(logs)) {
  test(`${name}: who joins anywhere has what those have who were there from the beginning`, async () => {
    const runStore = new InMemoryRunStore();
    const { url } = await serve(quietApp({ runStore }).query(text(), () => "never"));
    const events = entries.map(({ event }) => event);
    const whole = foldEvents(events);
    const [created] = entries as [LogEntry];
    const status = events.at(-1)?.status as TerminalStatus;
    for (let known = 0; known < entries.length - 1; known++) {
      const lease = await begin(runStore, `run-${known}`, created);
      if (known > 0) await runStore.append(lease, entries.slice(1, known + 1));
      const reader = await EventReader.open(`${url}/runs/run-${known}/events?snapshot=true`);
      const snapshot = await reader.next();
      expect(snapshot?.id).toBe(String(known));
      for (const entry of entries.slice(known + 1, -1)) {
        await runStore.append(lease, [entry]);
        if (known % 2 === 0) await nextTurn();
      }
      await runStore.finish(lease, status, entries.slice(-1));
      await runStore.release(lease);
      const tail = await reader.rest();
      expect(tail).toEqual(events.slice(known + 1));
      const joined = [AgentEvent.parse(snapshot?.event), ...tail];
      expect(snapshot?.event).toMatchObject({ object: "response", sequence_number: known });
      expect(isTerminal(snapshot?.event.status ?? "unknown")).toBe(false);
      expect(foldEvents(joined)).toEqual(whole.slice(known));
    }
  });
}

test("who joins a run in full flow loses nothing and gets nothing twice", async () => {
  const started = new Gate();
  let enough = false;
  const app = quietApp().query(text(), async function* () {
    for (let index = 0; !enough; index++) {
      yield `${index} `;
      if (index % 20 === 0) await nextTurn();
      if (index === 1000) started.open();
    }
  });
  const { url } = await serve(app);
  const first = await EventReader.open(`${url}/process`, { body: ask("Count", { id: "run-1" }) });
  const all = first.rest();
  await started.passed;
  const readers = await Promise.all(
    Array.from({ length: 8 }, () => EventReader.open(`${url}/runs/run-1/events?snapshot=true`)),
  );
  const snapshots = await Promise.all(readers.map((reader) => reader.next()));
  enough = true;
  const events = await all;
  expectWholeLog(events);
  const end = foldEvents(events).at(-1);
  for (const [index, reader] of readers.entries()) {
    const snapshot = snapshots[index]?.event as AgentEvent;
    const known = Number(snapshot.sequence_number);
    expect(known).toBeGreaterThan(1000);
    const tail = await reader.rest();
    expect(tail.length).toBeGreaterThan(0);
    expect(tail).toEqual(events.slice(known + 1));
    expect(foldEvents([snapshot, ...tail]).at(-1)).toEqual(end);
  }
});

test("an ended run is its terminal event", async () => {
  const { url } = await serve(quietApp().query(text(), () => ["one", " two"]));
  await post(`${url}/process`, ask("Count", { id: "run-1", stream: false }));
  const events = await eventsIn(await (await fetch(`${url}/runs/run-1/events`)).text());
  const joined = await eventsIn(await (await fetch(`${url}/runs/run-1/events?snapshot=true`)).text());
  expect(joined).toEqual(events.slice(-1));
});

test("who knows events already gets those that follow, and no snapshot", async () => {
  const { url } = await serve(
    quietApp().query(text(), async function* ({ signal }) {
      yield* ["one", " two"];
      await aborted(signal);
    }),
  );
  const starter = await EventReader.open(`${url}/process`, { body: ask("Count", { id: "run-1" }) });
  const events = await starter.until(({ sequence_number }) => sequence_number === 4);
  const at = `${url}/runs/run-1/events?snapshot=true`;
  const nextTo = async (address: string, headers: Readonly<Record<string, string>> = {}) =>
    (await (await EventReader.open(address, { headers })).next())?.event;
  expect(await nextTo(at, { "last-event-id": "2" })).toEqual(events[3]);
  expect(await nextTo(`${at}&after=1`)).toEqual(events[2]);
  expect(await nextTo(at.replace("true", "false"))).toEqual(events[0]);
  expect(await nextTo(at, { "last-event-id": "" })).toMatchObject({ sequence_number: 4, output: [{}] });
  expect((await fetch(at.replace("true", "yes"))).status).toBe(400);
  expect((await fetch(at, { method: "HEAD" })).status).toBe(200);

  // A browser repeats the URL, with the id of the snapshot.
  const joined = await EventReader.open(at);
  const snapshot = await joined.next();
  joined.cut();
  const again = await EventReader.open(at, { headers: { "last-event-id": snapshot?.id ?? "" } });
  await post(`${url}/runs/run-1/cancel`, {});
  expect(await again.rest()).toEqual(await starter.rest());
});
