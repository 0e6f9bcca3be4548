import { type AgentPart, RuntimeError, type StreamReader } from "@agentscope-runtime/core";
import { isPrinted, type Printed } from "./printed.ts";
import { PrintedCalls } from "./printed-calls.ts";
import { PrintedMessage } from "./printed-message.ts";

/**
 * Reads a stream of snapshots. Messages may grow at the same time; one that never gets its last snapshot ends with the
 * stream.
 */
export function fromAgentscopeStream(emit: (part: AgentPart) => void): StreamReader<Printed> {
  const messages = new Map<string, PrintedMessage>();
  const calls = new PrintedCalls(emit);
  return {
    push(item) {
      if (!isPrinted(item)) {
        throw new RuntimeError(
          "AGENT_ERROR",
          "The handler yielded something else than [msg, last], a message and whether it is complete.",
        );
      }
      const [msg, last] = item;
      let message = messages.get(msg.id);
      if (message === undefined) {
        message = new PrintedMessage(calls, emit);
        messages.set(msg.id, message);
      }
      message.print(msg, last);
    },
    end() {
      for (const message of messages.values()) message.end();
    },
  };
}
