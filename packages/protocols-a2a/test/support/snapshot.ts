import type { AgentResponse, Content, Message } from "@agentscope-runtime/agent-api";
import { JsonLogEntry, type LogEntry } from "@agentscope-runtime/core";

/** The entry that stands for all of these, as who joins a run late gets it. */
export function snapshotOf(entries: readonly LogEntry[]): LogEntry {
  let response: AgentResponse | undefined;
  const messages = new Map<string, Message>();
  for (const { event } of entries) {
    if (event.object === "response") response = event;
    else if (event.object === "message") messages.set(event.id, { ...event, content: event.content ?? [] });
    else addSlot(messages.get(event.msg_id ?? ""), event);
  }
  const seq = entries.at(-1)?.seq ?? 0;
  // The terminal event has its own output.
  const output = response?.output ?? [...messages.values()];
  return new JsonLogEntry(seq, JSON.stringify({ ...response, sequence_number: seq, output }));
}

/** The entries with pieces of text that follow each other joined, as they are some time after a run's end. */
export function compacted(entries: readonly LogEntry[]): readonly LogEntry[] {
  const found: LogEntry[] = [];
  for (const entry of entries) {
    const last = found.at(-1);
    const joint = last === undefined ? undefined : join(last, entry);
    if (joint === undefined) found.push(entry);
    else found[found.length - 1] = joint;
  }
  return found;
}

function addSlot(message: Message | undefined, slot: Content): void {
  if (message?.content == null) return;
  const index = slot.index ?? message.content.length;
  const known = message.content[index];
  const whole = known === undefined || !slot.delta ? slot : joinPieces(known, slot);
  message.content[index] = { ...whole, delta: false };
}

function joinPieces(known: Content, piece: Content): Content {
  if (known.type === "text" && piece.type === "text") return { ...piece, text: `${known.text}${piece.text}` };
  if (known.type === "refusal" && piece.type === "refusal")
    return { ...piece, refusal: `${known.refusal}${piece.refusal}` };
  return piece;
}

function join(a: LogEntry, b: LogEntry): LogEntry | undefined {
  if (a.event.object !== "content" || b.event.object !== "content" || !a.event.delta || !b.event.delta)
    return undefined;
  if (a.event.msg_id !== b.event.msg_id || a.event.index !== b.event.index || a.event.type !== b.event.type)
    return undefined;
  const count = (a.count ?? 1) + 1;
  const event = { ...joinPieces(a.event, b.event), compacted: count };
  return { seq: b.seq, count, json: JSON.stringify(event), event };
}
