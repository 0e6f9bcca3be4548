import type { NewRun } from "../contracts/run-store.ts";
import { RuntimeError } from "../errors/runtime-error.ts";
import { sessionBusy } from "./session-busy.ts";
import type { StoredRun } from "./stored-run.ts";

/** The runs of each session that have not settled, in order: the first of them has its turn. */
export class SessionLanes {
  readonly #lanes = new Map<string, readonly StoredRun[]>();

  get(key: string): readonly StoredRun[] {
    return this.#lanes.get(key) ?? [];
  }

  /** What stands before a new run. Throws `SESSION_BUSY` or `QUEUE_FULL` where its policy lets it wait no more. */
  admit({ policy, maxQueued, session }: NewRun, key: string): readonly StoredRun[] {
    const lane = this.get(key);
    if (lane.length === 0) return lane;
    if (policy === "reject") throw sessionBusy(session);
    if (policy === "enqueue" && lane.length > maxQueued) {
      const message = `${maxQueued} runs of the session ${session.sessionId} are waiting already: try again later.`;
      throw new RuntimeError("QUEUE_FULL", message, { retryAfter: 5 });
    }
    if (policy !== "interrupt") return lane;
    for (const run of lane) run.requestCancel({ reason: "A newer run of the session took its place." });
    return lane;
  }

  add(run: StoredRun): void {
    const lane = this.get(run.lane);
    if (lane.length === 0) run.giveTurn();
    // As long as it has to be: an array that grows makes room for sixteen more.
    this.#lanes.set(run.lane, lane.concat(run));
  }

  /** Takes a run out, and gives the turn to the one behind it, which is returned. */
  leave(run: StoredRun): StoredRun | undefined {
    const rest = this.get(run.lane).filter((other) => other !== run);
    if (rest.length === 0) this.#lanes.delete(run.lane);
    else this.#lanes.set(run.lane, rest);
    const next = rest[0];
    next?.giveTurn();
    return next;
  }

  /** The runs of those agents, the oldest first. */
  of(agents: readonly string[]): readonly StoredRun[] {
    return [...this.#lanes.values()]
      .flat()
      .filter((run) => agents.includes(run.session.agent))
      .sort((left, right) => left.ordinal - right.ordinal);
  }

  clear(): void {
    this.#lanes.clear();
  }
}
