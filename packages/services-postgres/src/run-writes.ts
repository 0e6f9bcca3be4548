import type { TerminalStatus } from "@agentscope-runtime/agent-api";
import { type LogSegment, type RunLease, RuntimeError } from "@agentscope-runtime/core";
import { idDigest } from "./id-digest.ts";
import type { RunDatabase } from "./run-database.ts";
import { type RunRefusal, runRefusal } from "./run-refusal.ts";

/** What is to be written of one run. */
export interface RunWrite {
  readonly lease: RunLease;
  /** The lease is checked only where there is none. */
  readonly segment?: LogSegment | undefined;
  /** How the run ends, if it does. */
  readonly status?: TerminalStatus | undefined;
}

/**
 * Writes the logs of any number of runs in one statement: what comes in while one is under way gathers for the next. What
 * is refused of one run is written of the others.
 */
export class RunWrites {
  readonly #database: RunDatabase;
  /** Told of what was written of runs that are watched. */
  readonly #onWritten: (runs: readonly Buffer[]) => void;
  #waiting: Waiting[] = [];
  #busy = false;

  constructor(database: RunDatabase, onWritten: (runs: readonly Buffer[]) => void) {
    this.#database = database;
    this.#onWritten = onWritten;
  }

  /** Resolves to false, having done nothing, if the run can't end like that; rejects if it can't be written. */
  write(write: RunWrite): Promise<boolean> {
    this.#database.assertStarted();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ write, run: idDigest(write.lease.runId), resolve, reject });
      if (this.#busy) return;
      this.#busy = true;
      // Not now: others may write in the same turn of the loop.
      setImmediate(this.#flush);
    });
  }

  readonly #flush = async (): Promise<void> => {
    while (this.#waiting.length > 0) {
      const { group, rest } = nextGroup(this.#waiting);
      this.#waiting = rest;
      await this.#writeGroup(group);
    }
    this.#busy = false;
  };

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    try {
      const written = await this.#attempt(group);
      if (written.length > 0) this.#onWritten(written);
    } catch (error) {
      if (group.length > 1 && RuntimeError.is(error) && error.code === "DATABASE_ERROR") {
        // One of them is to blame: the others need not fail with it.
        for (const waiting of group) await this.#writeGroup([waiting]);
        return;
      }
      for (const { reject } of group) reject(error);
    }
  }

  /** Resolves to the runs that are watched. */
  async #attempt(group: readonly Waiting[]): Promise<readonly Buffer[]> {
    const writes = group.map(({ write }) => write);
    const rows = await this.#database.call<WrittenRow>(
      "write_runs",
      group.map(({ run }) => run),
      writes.map(({ lease }) => idDigest(lease.owner)),
      writes.map(({ lease }) => lease.epoch),
      writes.map(({ segment }) => segment?.first ?? null),
      writes.map(({ segment }) => segment?.last ?? null),
      writes.map(({ segment }) => segment?.text ?? null),
      writes.map(({ status }) => status ?? null),
    );
    const watched: Buffer[] = [];
    for (const [index, { write, run, resolve, reject }] of group.entries()) {
      const row = rows[index] as WrittenRow;
      if (row.outcome === "written") {
        if (row.watched && write.segment !== undefined) watched.push(run);
        resolve(true);
      } else if (row.outcome === "late") {
        resolve(false);
      } else {
        reject(runRefusal(row.outcome, write.lease.runId));
      }
    }
    return watched;
  }
}

interface Waiting {
  readonly write: RunWrite;
  readonly run: Buffer;
  resolve(done: boolean): void;
  reject(error: unknown): void;
}

interface WrittenRow {
  readonly outcome: "written" | "late" | RunRefusal;
  readonly watched: boolean;
}

/** The first of those that wait, one of each run, as many as are no burden for a single statement. */
function nextGroup(waiting: readonly Waiting[]): { group: Waiting[]; rest: Waiting[] } {
  const group: Waiting[] = [];
  const rest: Waiting[] = [];
  const runs = new Set<string>();
  let length = 0;
  for (const next of waiting) {
    const { runId } = next.write.lease;
    const fits = group.length < MAX_RUNS && length < MAX_LENGTH && !runs.has(runId);
    // Those of one run stay in their order.
    runs.add(runId);
    if (fits) length += next.write.segment?.text.length ?? 0;
    (fits ? group : rest).push(next);
  }
  return { group, rest };
}

const MAX_RUNS = 500;
const MAX_LENGTH = 2 ** 21;
