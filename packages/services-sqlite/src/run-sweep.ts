import { setTimeout as sleep } from "node:timers/promises";
import { compactSegments, type RunRetention } from "@agentscope-runtime/core";
import { findDueStretch, replaceStretch } from "./run-compaction.ts";
import {
  type EndedRun,
  expireSome,
  forgetOwners,
  forgetSome,
  forgetSomeKeys,
  lastInExcess,
  removeSome,
} from "./run-expiry.ts";
import type { RunFile } from "./run-file.ts";
import type { SqliteQueries } from "./sqlite-queries.ts";

/**
 * Clears away what is old, in portions, between which others can write: processes may do so at the same time, and one
 * that ends in the middle leaves the rest to the next.
 */
export class RunSweep {
  readonly #file: RunFile;
  readonly #retention: RunRetention;
  readonly #now: () => number;
  #sweeping: Promise<void> | undefined;

  constructor(file: RunFile, retention: RunRetention, now: () => number) {
    this.#file = file;
    this.#retention = retention;
    this.#now = now;
  }

  /** Joins a sweep that is under way. */
  sweep(): Promise<void> {
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = undefined;
    });
    return this.#sweeping;
  }

  /** Removes what nobody can reach any more. */
  removeDiscarded(): Promise<void> {
    return this.#repeat(removeSome);
  }

  async #sweep(): Promise<void> {
    const { expiredRunTtl, compactAfter } = this.#retention;
    const now = this.#now();
    const last = await this.#lastToExpire(now);
    await this.#repeat((queries) => expireSome(queries, last, now));
    await this.#repeat((queries) => forgetSome(queries, now - expiredRunTtl));
    await this.#repeat((queries) => forgetSomeKeys(queries, now));
    await this.#repeat((queries) => forgetOwners(queries, now - OWNER_TTL));
    await this.removeDiscarded();
    await this.#compact(now - compactAfter);
  }

  async #lastToExpire(now: number): Promise<EndedRun> {
    const { finishedRunTtl, maxFinishedRuns } = this.#retention;
    const old = { completedAt: now - finishedRunTtl, number: Number.MAX_SAFE_INTEGER };
    if (maxFinishedRuns === Number.POSITIVE_INFINITY) return old;
    const excess = await this.#file.read((queries) => lastInExcess(queries, maxFinishedRuns));
    return excess === undefined || excess.completedAt <= old.completedAt ? old : excess;
  }

  async #compact(endedBefore: number): Promise<void> {
    for (;;) {
      const due = await this.#file.read((queries) => findDueStretch(queries, endedBefore));
      if (due === undefined) return;
      // Not within the transaction: others can write meanwhile.
      const compacted = compactSegments(due.segments);
      await this.#file.write((queries) => replaceStretch(queries, due, compacted));
      await sleep(PAUSE, undefined, { ref: false });
    }
  }

  /** Does a step until it says that there is no more to do. */
  async #repeat(step: (queries: SqliteQueries) => boolean): Promise<void> {
    while (await this.#file.write((queries) => doPortion(queries, step))) {
      await sleep(PAUSE, undefined, { ref: false });
    }
  }
}

/** Does a step again and again for a while; true where there may be more. */
function doPortion(queries: SqliteQueries, step: (queries: SqliteQueries) => boolean): boolean {
  const end = performance.now() + PORTION;
  while (step(queries)) if (performance.now() >= end) return true;
  return false;
}

/** How long others wait for a portion, and how long they have before the next, in milliseconds. */
const PORTION = 5;
const PAUSE = 5;

/** How long an owner is remembered, so that one which was suspended learns of it, in milliseconds. */
const OWNER_TTL = 86_400_000;
