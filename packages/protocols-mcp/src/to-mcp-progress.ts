import type { AgentEvent, Content } from "@agentscope-runtime/agent-api";
import type { LogEntry } from "@agentscope-runtime/core";

/** What a progress notification says: how far the call is, and the next piece of the answer's text. */
export interface McpProgress {
  /** Rises with every notification of a call. */
  readonly progress: number;
  /** All messages of a call together are the text of the answer, in the order it was written. */
  readonly message?: string | undefined;
}

/** Where the encoding of a run stands: plain JSON, so that it can go on elsewhere from any entry of the log. */
export interface McpProgressState {
  /** What the runs that this one continues have counted. */
  readonly base: number;
  /** The messages of the answer that are open. */
  answers: readonly string[];
}

/** The state before the first entry of a run's log. */
export function newMcpProgressState(base: number = 0): McpProgressState {
  return { base, answers: [] };
}

/**
 * The progress that the next entry of a run's log stands for: at most one notification. Its number follows from the
 * number of the entry, so that it is the same wherever a reader begins, whether the log is compacted or not.
 */
export function toMcpProgress(
  { seq, event }: Pick<LogEntry, "seq" | "event">,
  state: McpProgressState,
): readonly McpProgress[] {
  const message = messageOf(event, state);
  if (message === undefined) return [];
  const progress = state.base + seq + 1;
  return [message === "" ? { progress } : { progress, message }];
}

/** One notification for several that follow each other. */
export function joinProgress(notifications: readonly McpProgress[]): McpProgress | undefined {
  const last = notifications.at(-1);
  if (last === undefined) return undefined;
  const message = notifications.map(({ message = "" }) => message).join("");
  return message === "" ? { progress: last.progress } : { progress: last.progress, message };
}

/** The piece of text; "" where something else goes on, which tells a client that the call is alive. */
function messageOf(event: AgentEvent, state: McpProgressState): string | undefined {
  if (event.object === "response") return undefined;
  if (event.object === "content") return pieceOf(event, state);
  if (event.type !== "message" || event.role !== "assistant")
    return event.status === "in_progress" ? "" : undefined;
  const others = state.answers.filter((id) => id !== event.id);
  state.answers = event.status === "in_progress" ? [...others, event.id] : others;
  return undefined;
}

function pieceOf(slot: Content, { answers }: McpProgressState): string | undefined {
  if (!answers.includes(slot.msg_id ?? "")) return slot.delta ? "" : undefined;
  // A slot that is complete says again what its pieces have said.
  if (!slot.delta) return undefined;
  if (slot.type === "text") return slot.text ?? "";
  return slot.type === "refusal" ? (slot.refusal ?? "") : "";
}
