/**
 * The id on the wire of the n-th message (from 0) that a framework's message is split into. Streams and stored
 * history use this one rule, so that a message keeps its id from its first delta to storage.
 */
export function wireMessageId(messageId: string, segment = 0): string {
  const id = messageId.startsWith("msg_") ? messageId : `msg_${messageId}`;
  return segment === 0 ? id : `${id}_${segment}`;
}

/** The id on the wire of the message that holds a tool call. */
export function toolCallMessageId(callId: string): string {
  return `msg_${callId}`;
}

/** The id on the wire of the message that holds a tool's output. */
export function toolOutputMessageId(callId: string): string {
  return `msg_${callId}_output`;
}
