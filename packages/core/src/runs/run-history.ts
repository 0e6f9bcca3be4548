import type { MessageInput } from "@agentscope-runtime/agent-api";
import { wireMessageId } from "../assembler/wire-message-id.ts";
import type { RunRecord } from "../contracts/run-store.ts";
import type { RunSessionHandle } from "../contracts/session-key.ts";
import type { HostedAgent } from "./hosted-agent.ts";

/** Adds a run's messages to the session's history, where that is the engine's to write; else does nothing. */
export class RunHistory {
  readonly #run: RunRecord;
  readonly #add: (session: RunSessionHandle, messages: readonly MessageInput[]) => Promise<void> | undefined;

  constructor({ history, services }: HostedAgent, run: RunRecord) {
    this.#run = run;
    const service = history === "engine" ? services.history : undefined;
    this.#add = async (session, messages) => service?.appendMessages(session, messages);
  }

  async addInput(session: RunSessionHandle): Promise<void> {
    const { id, request } = this.#run;
    // Callers may number their messages 1, 2, 3 in every request, while a history passes over an id that it knows.
    const messages = request.input.map((message, index) => ({
      ...message,
      id: wireMessageId(`${id}_input`, index),
    }));
    await this.#add(session, messages);
  }

  /** Takes the JSON of messages. */
  async addOutput(session: RunSessionHandle, output: readonly string[]): Promise<void> {
    await this.#add(
      session,
      output.map((json) => JSON.parse(json)),
    );
  }
}
