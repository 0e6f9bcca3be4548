import { setTimeout as sleep } from "node:timers/promises";
import { type AgentEvent, decodeSse, isTerminal } from "@agentscope-runtime/agent-api";

/** An event as a client has received it. */
export interface SeenEvent {
  readonly id: string | undefined;
  readonly data: string;
}

export interface RunClientOptions {
  readonly url: string;
  readonly runId: string;
  readonly sessionId: string;
  readonly words: string;
  /** For how many milliseconds to try. */
  readonly patience?: number | undefined;
}

/** Starts a run and reads it to its end, coming back as often as the connection breaks. */
export class RunClient {
  readonly events: SeenEvent[] = [];
  /** How often it came back. */
  returns = 0;
  readonly #options: RunClientOptions;

  constructor(options: RunClientOptions) {
    this.#options = options;
  }

  get runId(): string {
    return this.#options.runId;
  }

  get sessionId(): string {
    return this.#options.sessionId;
  }

  /** The last event's, once it is terminal. */
  get end(): AgentEvent | undefined {
    const last = this.events.at(-1);
    if (last === undefined) return undefined;
    const event = JSON.parse(last.data) as AgentEvent;
    return event.object === "response" && isTerminal(event.status) ? event : undefined;
  }

  /** Resolves when the run has ended; rejects when that takes longer than its patience. */
  async run(): Promise<void> {
    const { patience = 60_000, runId } = this.#options;
    const deadline = AbortSignal.timeout(patience);
    while (this.end === undefined) {
      if (deadline.aborted) throw new Error(`Run ${runId} has not ended: ${this.events.length} events came.`);
      try {
        await this.#read(await this.#connect(deadline));
      } catch {
        // The server is gone, or not back yet.
      }
      if (this.end === undefined) {
        this.returns++;
        await sleep(15);
      }
    }
  }

  #connect(signal: AbortSignal): Promise<Response> {
    const { url, runId, sessionId, words } = this.#options;
    const last = this.events.at(-1)?.id;
    if (last !== undefined) {
      return fetch(`${url}/runs/${runId}/events`, { headers: { "last-event-id": last }, signal });
    }
    const input = [{ role: "user", content: [{ type: "text", text: words }] }];
    return fetch(`${url}/process`, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": runId },
      body: JSON.stringify({ id: runId, session_id: sessionId, user_id: "user", input }),
      signal,
    });
  }

  async #read(response: Response): Promise<void> {
    if (response.status !== 200 || response.body === null) {
      // Such as 503 while the store is away; anything that is wrong for good shows when the patience ends.
      await response.body?.cancel();
      return;
    }
    for await (const { id, data } of decodeSse(response.body)) this.events.push({ id, data });
  }
}
