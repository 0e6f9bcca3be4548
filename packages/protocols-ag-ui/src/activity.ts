import type { ActivityMessage } from "@ag-ui/core";
import { type Content, isTerminal } from "@agentscope-runtime/agent-api";

/**
 * A slot that is no text, as a message of its own: those of AG-UI's assistants have text only. `undefined` until the slot
 * is whole.
 */
export function toActivity(
  slot: Content,
  message: { readonly id: string; readonly type: string },
): ActivityMessage | undefined {
  if (slot.status === null || !isTerminal(slot.status)) return undefined;
  return {
    // No message of the log has such an id.
    id: `${message.id}#${slot.index ?? 0}`,
    role: "activity",
    activityType: message.type === "message" ? slot.type : message.type,
    content: slot.type === "data" ? (slot.data ?? {}) : fieldsOf(slot),
  };
}

function fieldsOf(slot: Content): Record<string, unknown> {
  const fields = Object.entries(slot).filter(([key, value]) => !SHARED.has(key) && value !== null);
  return Object.fromEntries(fields);
}

const SHARED: ReadonlySet<string> = new Set([
  "sequence_number",
  "attempt",
  "compacted",
  "object",
  "status",
  "error",
  "type",
  "index",
  "delta",
  "msg_id",
]);
