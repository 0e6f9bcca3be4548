import { AgentRequest, type Content, type Message } from "@agentscope-runtime/agent-api";
import type { LogEntry, RunRecord } from "@agentscope-runtime/core";

/** The run that `runEntries` and the golden traces are of. */
export const run: Pick<RunRecord, "id" | "request" | "session"> = {
  id: "response_R1",
  request: { ...AgentRequest.parse({ input: [] }), id: "response_R1", session_id: "s1", user_id: "u1" },
  session: { agent: "Friday", userId: "u1", sessionId: "s1" },
};

/** The entries as they are once the run was compacted: pieces of one slot that follow each other are one. */
export function compacted(entries: readonly LogEntry[]): readonly LogEntry[] {
  const joined: LogEntry[] = [];
  for (const entry of entries) {
    const last = joined.at(-1);
    const [a, b] = [last?.event, entry.event];
    const isNext =
      a?.object === "content" && b.object === "content" && a.delta && b.delta && a.msg_id === b.msg_id;
    if (last === undefined || !isNext || a.type !== b.type || a.index !== b.index) joined.push(entry);
    else if (a.type === "text" && b.type === "text") {
      const event = { ...b, text: (a.text ?? "") + (b.text ?? "") };
      const count = (last.count ?? 1) + 1;
      joined[joined.length - 1] = { seq: entry.seq, count, event, json: JSON.stringify(event) };
    } else joined.push(entry);
  }
  return joined;
}

/** The messages of a run as those see it who join it after these entries. */
export function messagesAt(entries: readonly LogEntry[]): Message[] {
  const messages = new Map<string, Message>();
  for (const { event } of entries) {
    if (event.object === "message") {
      messages.set(event.id, { ...event, content: [...(event.content ?? [])] });
    } else if (event.object === "content") {
      const content = messages.get(event.msg_id ?? "")?.content;
      const index = event.index ?? 0;
      if (content) content[index] = grown(content[index], event);
    }
  }
  return [...messages.values()];
}

function grown(known: Content | undefined, piece: Content): Content {
  const whole = { ...piece, delta: false };
  if (!piece.delta || known === undefined) return whole;
  if (known.type === "text" && whole.type === "text") {
    return { ...whole, text: `${known.text}${whole.text}` };
  }
  if (known.type === "refusal" && whole.type === "refusal") {
    return { ...whole, refusal: `${known.refusal}${whole.refusal}` };
  }
  return whole;
}
