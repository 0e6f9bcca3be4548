import type { MessageInput } from "@agentscope-runtime/agent-api";
import { wireMessageId } from "../assembler/wire-message-id.ts";
import type { RunRecord } from "../contracts/run-store.ts";
import type { SessionHistoryService } from "../contracts/session-history-service.ts";
import type { RunSessionHandle } from "../contracts/session-key.ts";
import type { HostedAgent } from "./hosted-agent.ts";
import { sessionServices } from "./session-services.ts";

/** Adds a run's messages to the session's history, where that is the engine's to write; else does nothing. */
export class RunHistory {
  readonly #run: RunRecord;
  readonly #service: SessionHistoryService | undefined;

  readonly #handlers: boolean;

  /** With `left`, of a run whose handler is no more, and so does not write what would have been its to write. */
  constructor(agent: HostedAgent, run: RunRecord, { left = false }: { readonly left?: boolean } = {}) {
    const { history, services } = agent;
    this.#run = run;
    this.#handlers = history === "handler";
    this.#service = history === "engine" ? services.history : undefined;
    if (left && this.#handlers) this.#service = sessionServices(agent).histories[0];
  }

  /** True where there is something to write to. */
  get kept(): boolean {
    return this.#service !== undefined;
  }

  /** Adds what may not have got there: input, unless handlers add that under ids of their own, and the JSON of messages. */
  async addAll(session: RunSessionHandle, output: readonly string[]): Promise<void> {
    if (!this.#handlers) await this.addInput(session);
    await this.addOutput(session, output);
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
