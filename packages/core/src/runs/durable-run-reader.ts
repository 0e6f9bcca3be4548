import type { LogEntry } from "../contracts/log-entry.ts";
import type { RunBackend } from "../contracts/run-backend.ts";
import type { ReadRunOptions } from "../contracts/run-store.ts";
import { fromSegment } from "./log-segment.ts";
import type { RunFeed } from "./run-feed.ts";
import { RunReader } from "./run-reader.ts";
import { RunWatch } from "./run-watch.ts";

export interface DurableRunSource {
  readonly backend: RunBackend;
  /** After how many milliseconds to look again for what no notice came of. */
  readonly pollInterval: number;
  /** Aborts when the store stops; throws while it is not started. */
  life(): AbortSignal;
  /** The run as this process writes it, if it does. */
  feed(): RunFeed | undefined;
}

/** Reads a run from the backend, and from memory what this process has written. */
export class DurableRunReader implements AsyncIterable<readonly LogEntry[]> {
  readonly #source: DurableRunSource;
  readonly #runId: string;
  readonly #options: ReadRunOptions;

  constructor(source: DurableRunSource, runId: string, options: ReadRunOptions) {
    this.#source = source;
    this.#runId = runId;
    this.#options = options;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly LogEntry[], undefined> {
    const { after = -1, follow = false, signal } = this.#options;
    const life = this.#source.life();
    const ended = signal === undefined ? life : AbortSignal.any([life, signal]);
    let known = after;
    let watch: RunWatch | undefined;
    try {
      while (!ended.aborted) {
        const feed = this.#source.feed();
        if (feed !== undefined && known + 1 >= feed.first) {
          for await (const batch of new RunReader(feed, { after: known, follow, signal: ended })) {
            known = batch.at(-1)?.seq ?? known;
            yield batch;
          }
          // A feed that was dropped goes on in the backend, written by another process.
          if (feed.complete || !follow) return;
          continue;
        }
        const { segments, over } = await this.#source.backend.read(this.#runId, known);
        const entries = segments.flatMap((segment) => fromSegment(segment, known));
        if (ended.aborted) return;
        if (entries.length > 0) {
          known = entries.at(-1)?.seq ?? known;
          yield entries;
        }
        if (over) return;
        if (entries.length > 0) continue;
        if (!follow) return;
        watch ??= new RunWatch(this.#source.backend, this.#runId, "log", this.#source.pollInterval);
        await watch.change(ended).catch(ignoreAbort(ended));
      }
    } finally {
      watch?.end();
    }
  }
}

/** Reading that is ended from outside ends without an error. */
function ignoreAbort(signal: AbortSignal): (error: unknown) => void {
  return (error) => {
    if (!signal.aborted) throw error;
  };
}
