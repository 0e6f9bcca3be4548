/** A new id of a response, which is also the id of its run: `response_<uuid>`. */
export function newResponseId(): string {
  return `response_${crypto.randomUUID()}`;
}

/** A new id of a message: `msg_<uuid>`. */
export function newMessageId(): string {
  return `msg_${crypto.randomUUID()}`;
}

/** A new id of a tool call: `call_<uuid>`. */
export function newCallId(): string {
  return `call_${crypto.randomUUID()}`;
}
