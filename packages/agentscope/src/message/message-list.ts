import type { Msg } from "./msg.ts";

/** One message, several or none, as a list. */
export function messageList(messages: Msg | readonly Msg[] | undefined): readonly Msg[] {
  if (messages === undefined) return [];
  return "role" in messages ? [messages] : messages;
}
