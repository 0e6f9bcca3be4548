import type { FastifyReply } from "fastify";
import type { CancelRequest, RunSummary } from "../contracts/run-store.ts";
import { isGone } from "./stream-writer.ts";

/** Cancels runs whose client asked for that when it goes away, unless it comes back in time. */
export class Disconnects {
  readonly #grace: number;
  readonly #cancel: (runId: string, cancel: CancelRequest) => unknown;
  /** How many connections stand for the client of a run. */
  readonly #present = new Map<string, number>();
  readonly #gone = new Map<string, NodeJS.Timeout>();
  #closed = false;

  constructor(grace: number, cancel: (runId: string, cancel: CancelRequest) => unknown) {
    this.#grace = grace;
    this.#cancel = cancel;
  }

  /**
   * Answers on a connection that stands for the run's client: the one that started it, or one that resumed it. There
   * may be several for a while, as a client may be back before it is noticed that it was away.
   */
  during<Answer>(
    { id, request }: RunSummary,
    reply: FastifyReply,
    answer: () => Promise<Answer>,
  ): Promise<Answer> {
    return request.on_disconnect === "cancel" ? this.#during(id, reply, answer) : answer();
  }

  /** Forgets everybody. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#gone.values()) clearTimeout(timer);
    this.#gone.clear();
  }

  async #during<Answer>(id: string, reply: FastifyReply, answer: () => Promise<Answer>): Promise<Answer> {
    clearTimeout(this.#gone.get(id));
    this.#gone.delete(id);
    this.#present.set(id, (this.#present.get(id) ?? 0) + 1);
    try {
      return await answer();
    } finally {
      this.#left(id, isGone(reply.raw));
    }
  }

  #left(id: string, gone: boolean): void {
    const others = (this.#present.get(id) ?? 1) - 1;
    if (others > 0) {
      this.#present.set(id, others);
      return;
    }
    this.#present.delete(id);
    if (!gone || this.#closed) return;
    const timer = setTimeout(() => {
      this.#gone.delete(id);
      this.#cancel(id, { reason: "The client has gone." });
    }, this.#grace);
    this.#gone.set(id, timer);
  }
}
