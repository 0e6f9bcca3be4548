import type { MessageInput } from "@agentscope-runtime/agent-api";
import { wireMessageId } from "../assembler/wire-message-id.ts";
import type { RunRecord } from "../contracts/run-store.ts";
import type { SessionHistoryService } from "../contracts/session-history-service.ts";
import type { RunSessionHandle } from "../contracts/session-key.ts";
import type { HostedAgent } from "./hosted-agent.ts";

/** Adds a run's messages to the session's history, where that is the engine's to write; else does nothing. */
export class RunHistory {
  readonly #run: RunRecord;
  readonly #service: SessionHistoryService | undefined;

  constructor({ history, services }: HostedAgent, run: RunRecord) {
    this.#run = run;
    this.#service = history === "engine" ? services.history : undefined;
  }

  /** True where there is something to write to. */
  get kept(): boolean {
    return this.#service !== undefined;
  }

  async addInput(session: RunSessionHandle): Promise<void> {
    const { id, request } = this.#run;
    // Callers may number their messages 1, 2, 3 in every request, while a history passes over an id that it knows.
    const messages = request.input.map((message, index) => ({
      ...message,
      id: wireMessageId(`${id}_input`, index),
    }));
    await this.#service?.appendMessages(session, messages);
  }

  /** Takes the JSON of messages. */
  async addOutput(session: RunSessionHandle, output: readonly string[]): Promise<void> {
    const messages = output.map((json): MessageInput => JSON.parse(json));
    await this.#service?.appendMessages(session, messages);
  }
}
