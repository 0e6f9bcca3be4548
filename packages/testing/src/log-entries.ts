import { type AgentEvent, AgentResponse, type Status, TextContent } from "@agentscope-runtime/agent-api";
import { DeltaLogEntry, type LogEntry } from "@agentscope-runtime/core";

/** The entry of an event, whose `sequence_number` becomes `seq`. */
export function toLogEntry(seq: number, event: AgentEvent): LogEntry {
  const numbered = { ...event, sequence_number: seq };
  return { seq, json: JSON.stringify(numbered), event: numbered };
}

/** An entry that says where the run stands: `created` at 0, a terminal status at the end. */
export function responseEntry(seq: number, runId: string, status: Status): LogEntry {
  return toLogEntry(seq, AgentResponse.parse({ id: runId, status, created_at: 0 }));
}

/** An entry with a piece of text. */
export function textEntry(seq: number, text: string = `text ${seq}`): LogEntry {
  const content = { type: "text", text, delta: true, index: 0, msg_id: "msg_1", status: "in_progress" };
  return toLogEntry(seq, TextContent.parse(content));
}

/** A piece of text as the engine makes it, in the slot `index`. */
export function deltaEntry(seq: number, text: string, index: number = 0): LogEntry {
  const head = `"object":"content","status":"in_progress","error":null,"type":"text","index":${index},"delta":true,"msg_id":"msg_1","text":`;
  return new DeltaLogEntry(seq, head, text);
}

/** `count` entries with text, from the number `seq` on. */
export function textEntries(seq: number, count: number): readonly LogEntry[] {
  return Array.from({ length: count }, (_, index) => textEntry(seq + index));
}
