import type { Message } from "@agentscope-runtime/agent-api";
import type { Msg } from "@agentscope-runtime/agentscope";
import { StoredMessageWriter } from "./stored-message-writer.ts";

/**
 * The messages as they are stored: with the ids they have in the stream, and with all that `toAgentscopeMessages` needs
 * to make the same `Msg`s of them again.
 */
export function fromAgentscopeMessages(msgs: readonly Msg[]): Message[] {
  const writer = new StoredMessageWriter();
  return msgs.flatMap((msg) => writer.write(msg));
}
