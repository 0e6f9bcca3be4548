import { randomUUID } from "node:crypto";
import { compactSegments, type LogStretch, type RunRetention } from "@agentscope-runtime/core";
import type { RedisScript } from "./redis-script.ts";
import { boundArgument, segmentArguments } from "./run-arguments.ts";
import {
  CLAIM_COMPACTION,
  COMPACT_LOG,
  EXPIRE_RUNS,
  FORGET_OWNERS,
  FORGET_RUNS,
} from "./scripts/run-sweep-scripts.ts";

export interface RunSweepOptions {
  readonly retention: RunRetention;
  readonly leaseTtl: number;
  run(script: RedisScript, args: readonly string[]): Promise<unknown>;
  /** The next stretch of a run's log; the id is that of the store's keys. */
  read(id: string, after: number): Promise<LogStretch | undefined>;
}

/** Gives up, forgets and compacts what is due, in portions, so that others get their turn. Any number may do it at once. */
export class RunSweep {
  readonly #options: RunSweepOptions;
  #sweeping: Promise<void> | undefined;

  constructor(options: RunSweepOptions) {
    this.#options = options;
  }

  /** A sweep that takes long is not joined by a second one. */
  sweep(): Promise<void> {
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = undefined;
    });
    return this.#sweeping;
  }

  async #sweep(): Promise<void> {
    const { retention, leaseTtl, run } = this.#options;
    const { finishedRunTtl, maxFinishedRuns, expiredRunTtl } = retention;
    const bounds = [boundArgument(finishedRunTtl), boundArgument(maxFinishedRuns), `${PORTION}`];
    while (Number(await run(EXPIRE_RUNS, bounds)) === 1);
    if (Number.isFinite(expiredRunTtl)) {
      while (Number(await run(FORGET_RUNS, [boundArgument(expiredRunTtl), `${PORTION}`])) === 1);
    }
    await run(FORGET_OWNERS, [`${Math.max(OWNER_TTL, 10 * leaseTtl)}`, `${PORTION}`]);
    if (Number.isFinite(retention.compactAfter)) await this.#compactAll(retention.compactAfter);
  }

  async #compactAll(compactAfter: number): Promise<void> {
    for (;;) {
      const args = [boundArgument(compactAfter), `${CLAIM_TTL}`, "1"];
      const [id, ordinal] = (await this.#options.run(CLAIM_COMPACTION, args)) as (string | null)[];
      if (typeof id !== "string") return;
      await this.#compact(id, ordinal ?? "");
    }
  }

  /** Writes the log anew, which readers don't see before it is complete. */
  async #compact(id: string, ordinal: string): Promise<void> {
    const token = randomUUID();
    for (let after = -1; ; ) {
      const stretch = await this.#options.read(id, after);
      if (stretch === undefined || stretch.segments.length === 0) return;
      const { segments, over } = stretch;
      const rest = compactSegments(segments).flatMap(segmentArguments);
      const args = [id, ordinal, token, `${DRAFT_TTL}`, over ? "1" : "", ...rest];
      const going = Number(await this.#options.run(COMPACT_LOG, args)) === 1;
      after = segments.at(-1)?.last ?? after;
      if (!going || over) return;
    }
  }
}

const PORTION = 100;
// For how long a process has a compaction to itself, and after which one that was left unfinished is gone.
const CLAIM_TTL = 60_000;
const DRAFT_TTL = 600_000;
// An owner that comes back within that time learns that its runs may belong to others.
const OWNER_TTL = 3_600_000;
