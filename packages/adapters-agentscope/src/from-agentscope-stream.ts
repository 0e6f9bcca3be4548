import { type AgentPart, RuntimeError } from "@agentscope-runtime/core";
import { isPrinted, type Printed } from "./printed.ts";
import { PrintedCalls } from "./printed-calls.ts";
import { PrintedMessage } from "./printed-message.ts";

/**
 * The parts of a stream of snapshots. Messages may grow at the same time; one that never gets its last snapshot ends with
 * the stream.
 */
export async function* fromAgentscopeStream(stream: AsyncIterable<Printed>): AsyncGenerator<AgentPart, void> {
  const messages = new Map<string, PrintedMessage>();
  const calls = new PrintedCalls();
  for await (const item of stream) {
    if (!isPrinted(item)) {
      throw new RuntimeError(
        "AGENT_ERROR",
        "The handler yielded something else than [msg, last], a message and whether it is complete.",
      );
    }
    const [msg, last] = item;
    const message = messages.get(msg.id) ?? new PrintedMessage(calls);
    messages.set(msg.id, message);
    yield* message.print(msg, last);
  }
  for (const message of messages.values()) yield* message.end();
}
