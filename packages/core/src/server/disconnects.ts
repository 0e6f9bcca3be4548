import type { CancelRequest, RunRecord } from "../contracts/run-store.ts";

/** Cancels runs whose client asked for that when it goes away, unless it comes back in time. */
export class Disconnects {
  readonly #grace: number;
  readonly #cancel: (runId: string, cancel: CancelRequest) => unknown;
  readonly #gone = new Map<string, NodeJS.Timeout>();

  constructor(grace: number, cancel: (runId: string, cancel: CancelRequest) => unknown) {
    this.#grace = grace;
    this.#cancel = cancel;
  }

  /** The connection that started the run, or resumed it in its place, is gone. */
  lost({ id, request }: RunRecord): void {
    if (request.on_disconnect !== "cancel") return;
    this.back(id);
    const timer = setTimeout(() => {
      this.#gone.delete(id);
      this.#cancel(id, { reason: "The client has gone." });
    }, this.#grace);
    this.#gone.set(id, timer);
  }

  /** The client is back; true if it was gone. */
  back(runId: string): boolean {
    clearTimeout(this.#gone.get(runId));
    return this.#gone.delete(runId);
  }

  /** Forgets everybody. */
  close(): void {
    for (const timer of this.#gone.values()) clearTimeout(timer);
    this.#gone.clear();
  }
}
