import { AgentEvent, type AgentResponse, decodeSse, isTerminal } from "@agentscope-runtime/agent-api";
import { expect } from "vitest";

/** The events in a whole event stream. */
export async function eventsIn(stream: string): Promise<AgentEvent[]> {
  const events: AgentEvent[] = [];
  for await (const { data } of decodeSse(oneChunk(stream))) events.push(JSON.parse(data));
  return events;
}

/** The text that the deltas of the events add up to. */
export function deltaText(events: readonly AgentEvent[]): string {
  return events.map((event) => textDelta(event) ?? "").join("");
}

/** The piece of text in the event, if it is one. */
export function textDelta(event: AgentEvent): string | undefined {
  const isText = event.object === "content" && event.type === "text" && event.delta;
  return isText ? (event.text ?? undefined) : undefined;
}

/** The text of a response's output. */
export function outputText({ output }: AgentResponse): string {
  const slots = (output ?? []).flatMap(({ content }) => content ?? []);
  return slots.map((slot) => (slot.type === "text" ? slot.text : "")).join("");
}

/** The statuses that the response went through. */
export function responseStatuses(events: readonly AgentEvent[]): string[] {
  return events.filter(({ object }) => object === "response").map(({ status }) => status as string);
}

/** The last event, which has to be the run's terminal one. */
export function terminalOf(events: readonly AgentEvent[]): AgentResponse {
  const last = events.at(-1);
  if (last?.object === "response" && isTerminal(last.status)) return last;
  throw new Error(`The stream does not end with a terminal event, but with ${JSON.stringify(last)}.`);
}

/** Holds a whole log to what is promised of every log: legal events, no gap, one end, and that last. */
export function expectWholeLog(events: readonly AgentEvent[]): void {
  for (const event of events) AgentEvent.parse(event);
  expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, index) => index));
  const ends = events.filter((event) => event.object === "response" && isTerminal(event.status));
  expect(ends).toEqual([terminalOf(events)]);
}

async function* oneChunk(text: string): AsyncGenerator<string> {
  yield text;
}
