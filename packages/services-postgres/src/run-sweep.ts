import { compactSegments, type LogSegment, type RunRetention } from "@agentscope-runtime/core";
import type { RunDatabase } from "./run-database.ts";
import { READ_SEGMENTS } from "./run-statements.ts";
import { type SegmentRow, toSegments } from "./segment-row.ts";

/** Sees to ended runs: a few at a time, so that nobody waits for long, and in as many turns as it takes. */
export class RunSweep {
  readonly #database: RunDatabase;
  readonly #retention: RunRetention;
  #sweeping: Promise<void> | undefined;

  constructor(database: RunDatabase, retention: RunRetention) {
    this.#database = database;
    this.#retention = retention;
  }

  /** Does what is due; joins in where that is being done already. */
  sweep(): Promise<void> {
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = undefined;
    });
    return this.#sweeping;
  }

  async #sweep(): Promise<void> {
    while ((await this.#giveUp()) >= MAX_ROWS);
    for (let runs = await this.#claim(); runs.length > 0; runs = await this.#claim()) {
      for (const run of runs) await this.#compact(run);
    }
  }

  async #giveUp(): Promise<number> {
    const { finishedRunTtl, maxFinishedRuns, expiredRunTtl } = this.#retention;
    const bounds = [finishedRunTtl, maxFinishedRuns, expiredRunTtl].map(toBound);
    const [row] = await this.#database.call<{ result: string }>(
      "sweep_runs",
      ...bounds,
      SILENT_TTL,
      MAX_ROWS,
    );
    return Number(row?.result);
  }

  async #claim(): Promise<readonly ClaimedRow[]> {
    const due = toBound(this.#retention.compactAfter);
    return this.#database.call<ClaimedRow>("claim_compactions", due, CLAIM_TTL, MAX_CLAIMED);
  }

  async #compact({ claimed_run: run, claimed_digest: digest }: ClaimedRow): Promise<void> {
    for (let known = -1; ; ) {
      const rows = await this.#database.select<SegmentRow>(READ_SEGMENTS, digest, known);
      const segments = toSegments(rows);
      const last = segments.at(-1)?.last;
      if (last === undefined) break;
      await this.#replace(run, segments, compactSegments(segments));
      known = last;
    }
    await this.#database.call("end_compaction", run);
  }

  async #replace(
    run: string,
    segments: readonly LogSegment[],
    compacted: readonly LogSegment[],
  ): Promise<void> {
    await this.#database.call(
      "replace_segments",
      run,
      segments.map(({ last }) => last),
      compacted.map(({ first }) => first),
      compacted.map(({ last }) => last),
      compacted.map(({ text }) => text),
    );
  }
}

interface ClaimedRow {
  readonly claimed_run: string;
  readonly claimed_digest: Buffer;
}

/** No bound at all is `null`. */
function toBound(value: number): number | null {
  return Number.isFinite(value) ? Math.ceil(value) : null;
}

/** How much is done in one turn. */
const MAX_ROWS = 100;
const MAX_CLAIMED = 10;
/** How long it may take to compact those, in milliseconds, before somebody else tries. */
const CLAIM_TTL = 300_000;
/**
 * For how long owners who are silent and sessions without runs are known, in milliseconds: for an owner that wakes up has
 * to hear that it is late, and fences must not fall when a clock is set back.
 */
const SILENT_TTL = 86_400_000;
