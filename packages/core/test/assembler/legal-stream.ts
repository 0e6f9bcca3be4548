import { type AgentEvent, AgentEvent as AgentEventSchema, isTerminal } from "@agentscope-runtime/agent-api";
import type { LogEntry } from "@agentscope-runtime/core";
import { expect } from "vitest";

type MessageEvent = Extract<AgentEvent, { object: "message" }>;
type ContentEvent = Extract<AgentEvent, { object: "content" }>;

interface OpenMessage {
  readonly type: string;
  /** The events of the slots that are closed. */
  readonly slots: ContentEvent[];
  /** What the deltas of the slot that is open make up. */
  text: string;
}

/** Fails unless the entries are a whole run whose events come in an order the protocol allows. */
export function expectLegalStream(entries: readonly LogEntry[]): void {
  const open = new Map<string, OpenMessage>();
  const closed: MessageEvent[] = [];
  const ids = new Set<string>();
  for (const [place, { seq, json, event }] of entries.entries()) {
    expect(seq).toBe(place);
    expect(event.sequence_number).toBe(place);
    expect(JSON.stringify(AgentEventSchema.parse(JSON.parse(json)))).toBe(json);
    const isFrame = place < 2 || place === entries.length - 1;
    expect(event.object === "response").toBe(isFrame);
    if (event.object === "message") takeMessage(event, open, closed, ids);
    if (event.object === "content") takeContent(event, open);
  }
  expect([...open.keys()]).toEqual([]);
  const [created, started] = entries.map(({ event }) => event.status);
  expect([created, started]).toEqual(["created", "in_progress"]);
  const last = entries.at(-1)?.event;
  if (last?.object !== "response") throw new Error("The stream has no terminal event.");
  expect(isTerminal(last.status)).toBe(true);
  expect(last.output).toEqual(closed);
}

function takeMessage(
  event: MessageEvent,
  open: Map<string, OpenMessage>,
  closed: MessageEvent[],
  ids: Set<string>,
): void {
  if (event.status === "in_progress") {
    expect(event.content).toBeNull();
    expect(ids.has(event.id)).toBe(false);
    ids.add(event.id);
    open.set(event.id, { type: event.type, slots: [], text: "" });
    return;
  }
  expect(["completed", "incomplete"]).toContain(event.status);
  const message = open.get(event.id);
  expect(message?.type).toBe(event.type);
  expect(message?.text).toBe("");
  expect(event.content).toEqual(message?.slots);
  open.delete(event.id);
  closed.push(event);
}

function takeContent(event: ContentEvent, open: Map<string, OpenMessage>): void {
  const message = open.get(event.msg_id ?? "");
  if (message === undefined) throw new Error(`There is no open message ${event.msg_id}.`);
  expect(event.index).toBe(message.slots.length);
  if (event.status === "in_progress") {
    if (event.delta) message.text += textOf(event);
    return;
  }
  expect(event.delta).toBe(false);
  if (message.text !== "") expect(textOf(event)).toBe(message.text);
  message.text = "";
  message.slots.push(event);
}

/** The text of a slot that is written piece by piece. */
export function textOf(event: ContentEvent): string {
  if (event.type === "text") return event.text ?? "";
  return event.type === "refusal" ? (event.refusal ?? "") : "";
}
