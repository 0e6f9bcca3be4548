import { createHash } from "node:crypto";

/**
 * The id on the wire of the n-th message (from 0) that a framework's message is split into. Streams and stored
 * history use this one rule, so that a message keeps its id from its first delta to storage.
 */
export function wireMessageId(messageId: string, segment = 0): string {
  const id = bounded(messageId.startsWith("msg_") ? messageId : `msg_${messageId}`);
  return segment === 0 ? id : `${id}_${segment}`;
}

/** The id on the wire of the message that holds a tool call. */
export function toolCallMessageId(callId: string): string {
  return bounded(`msg_${callId}`);
}

/** The id on the wire of the message that holds a tool's output. */
export function toolOutputMessageId(callId: string): string {
  return `${toolCallMessageId(callId)}_output`;
}

// Ids on the wire have at most 1024 characters, and what is appended here or to tell equal ids apart needs some.
const MAX_LENGTH = 900;

function bounded(id: string): string {
  return id.length <= MAX_LENGTH ? id : `msg_${createHash("sha256").update(id).digest("hex")}`;
}
