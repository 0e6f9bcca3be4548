import {
  type AgentPart,
  DeltaLogEntry,
  InMemoryRunStore,
  JsonLogEntry,
  type LogEntry,
  type ReadRunOptions,
} from "@agentscope-runtime/core";
import type { ResponseStreamEvent } from "openai/resources/responses/responses";
import { expect, it } from "vitest";
import { clientOf, scriptedApp } from "./support/serve.ts";

/** Joins pieces of text that follow each other, as durable stores do with runs that ended a while ago. */
class CompactedRunStore extends InMemoryRunStore {
  compacted = false;

  override async *read(runId: string, options: ReadRunOptions = {}): AsyncGenerator<readonly LogEntry[]> {
    for await (const batch of super.read(runId, options)) yield this.compacted ? joined(batch) : batch;
  }
}

function joined(batch: readonly LogEntry[]): readonly LogEntry[] {
  const entries: LogEntry[] = [];
  let pieces: DeltaLogEntry[] = [];
  for (const entry of [...batch, undefined]) {
    const goesOn = entry instanceof DeltaLogEntry && (pieces[0]?.head ?? entry.head) === entry.head;
    if (!goesOn && pieces.length > 0) {
      const { seq, head } = pieces.at(-1) as DeltaLogEntry;
      const { json } = new DeltaLogEntry(seq, head, pieces.map(({ text }) => text).join(""));
      entries.push(Object.assign(new JsonLogEntry(seq, json), { count: pieces.length }));
      pieces = [];
    }
    if (entry instanceof DeltaLogEntry) pieces.push(entry);
    else if (entry !== undefined) entries.push(entry);
  }
  return entries;
}

type Numbered = ResponseStreamEvent & { readonly sequence_number: number };

const textOf = (events: readonly Numbered[]): string =>
  events.map((event) => (event.type === "response.output_text.delta" ? event.delta : "")).join("");

const script: AgentPart[] = [
  ...["Once ", "upon ", "a "].map((text) => ({ kind: "text-delta", messageId: "M1", text }) as const),
  { kind: "image", messageId: "M1", url: "data:image/png;base64,QUJD" },
  { kind: "file", messageId: "M1", url: "https://example.com/a.pdf", filename: "a.pdf" },
  ...["time", "."].map((text) => ({ kind: "text-delta", messageId: "M1", text }) as const),
];

it("resumes at every position by the same numbers once pieces of text were joined", async () => {
  const runStore = new CompactedRunStore();
  const client = await clientOf(scriptedApp(script, { runStore }));
  const stream = await client.responses.create({ input: "Hi", stream: true });
  const events = (await Array.fromAsync(stream)) as Numbered[];
  const [created] = events;
  const id = created?.type === "response.created" ? created.response.id : "";
  runStore.compacted = true;
  const whole = await client.responses.retrieve(id, { stream: true });
  expect((await Array.fromAsync(whole)).length).toBe(events.length - 3);
  for (const { sequence_number: at } of events) {
    const rest = await client.responses.retrieve(id, { stream: true, starting_after: at });
    const found = (await Array.fromAsync(rest)) as Numbered[];
    const missed = events.filter(({ sequence_number }) => sequence_number > at);
    expect(textOf(found)).toBe(textOf(missed));
    expect(found.at(-1)).toEqual(missed.at(-1));
    const known = new Map(events.map((event) => [event.sequence_number, event.type]));
    for (const { sequence_number, type } of found) expect(known.get(sequence_number)).toBe(type);
  }
});
