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
  return new PrintedStream(emit);
}

class PrintedStream implements StreamReader<Printed> {
  readonly #emit: (part: AgentPart) => void;
  readonly #messages = new Map<string, PrintedMessage>();
  readonly #calls: PrintedCalls;
  #finish: FinishReason = "stop";

  constructor(emit: (part: AgentPart) => void) {
    this.#emit = emit;
    this.#calls = new PrintedCalls(emit);
  }

  push(item: unknown): void {
    if (!isPrinted(item)) {
      throw new RuntimeError(
        "AGENT_ERROR",
        "The handler yielded something else than [msg, last], a message and whether it is complete.",
      );
    }
    const [msg, last] = item;
    let message = this.#messages.get(msg.id);
    if (message === undefined) {
      message = new PrintedMessage(this.#calls, this.#emit);
      this.#messages.set(msg.id, message);
    }
    message.print(msg, last);
    // Results may follow the agent's last word.
    if (!last || msg.role !== "assistant" || this.#finish === toFinishReason(msg)) return;
    this.#finish = toFinishReason(msg);
    this.#emit({ kind: "finish", reason: this.#finish });
  }

  end(): void {
    for (const message of this.#messages.values()) message.end();
  }
}
