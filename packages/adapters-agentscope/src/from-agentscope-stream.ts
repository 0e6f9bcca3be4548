import { type AgentPart, type FinishReason, RuntimeError, type StreamReader } from "@agentscope-runtime/core";
import { toFinishReason } from "./finish-reason.ts";
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
  let finish: FinishReason = "stop";
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
      // Results may follow the agent's last word.
      if (!last || msg.role !== "assistant" || finish === toFinishReason(msg)) return;
      finish = toFinishReason(msg);
      emit({ kind: "finish", reason: finish });
    },
    end() {
      for (const message of messages.values()) message.end();
    },
  };
}
