import { setImmediate as nextTurn } from "node:timers/promises";
import { isTerminal } from "@agentscope-runtime/agent-api";
import type { LogEntry } from "../contracts/log-entry.ts";
import type { RunStore, RunSummary } from "../contracts/run-store.ts";
import { JsonLogEntry } from "./json-log-entry.ts";
import { Transcript } from "./transcript.ts";

export interface Snapshot {
  /** The snapshot's entry, if there is one. */
  readonly batch: LogEntry[];
  /** The number after which to go on; `undefined` where nothing follows. */
  readonly after?: number;
}

/** A run's messages so far, for all who join it at about the same time. */
interface Shared {
  readonly transcript: Transcript;
  last: LogEntry | undefined;
  reading: Promise<void> | undefined;
  /** The snapshot at the number it was last taken at. */
  taken: LogEntry | undefined;
  /** Forgets it. */
  readonly idle: NodeJS.Timeout;
}

/** Makes snapshots of runs: the log of a run is read once, however many join it, and only on from where it was read before. */
export class Snapshots {
  readonly #store: RunStore;
  readonly #shared = new Map<string, Shared>();

  constructor(store: RunStore) {
    this.#store = store;
  }

  /** The run as it was when its record was read, or later. */
  async take({ id, completedAt, lastSeq }: RunSummary, signal?: AbortSignal): Promise<Snapshot> {
    // The terminal event has all messages: there is no need to go through the log.
    if (completedAt !== undefined) return this.#end(id, lastSeq, signal);
    const shared = this.#find(id);
    while (shared.transcript.lastSeq < lastSeq) {
      shared.reading ??= this.#readOn(id, shared, lastSeq).finally(() => {
        shared.reading = undefined;
      });
      await shared.reading;
      if (signal?.aborted) return { batch: [] };
    }
    const { last, transcript } = shared;
    if (last === undefined || transcript.response === undefined) return { batch: [] };
    if (isTerminal(transcript.response.status)) return { batch: [last] };
    if (shared.taken?.seq !== last.seq) {
      const event = { ...transcript.response, sequence_number: last.seq, output: transcript.messages };
      shared.taken = new JsonLogEntry(last.seq, JSON.stringify(event));
    }
    return { batch: [shared.taken], after: last.seq };
  }

  async #end(id: string, lastSeq: number, signal: AbortSignal | undefined): Promise<Snapshot> {
    let last: LogEntry | undefined;
    for await (const batch of this.#store.read(id, { after: lastSeq - 1, signal }))
      last = batch.at(-1) ?? last;
    return { batch: last === undefined ? [] : [last] };
  }

  #find(id: string): Shared {
    const known = this.#shared.get(id);
    if (known !== undefined) {
      known.idle.refresh();
      return known;
    }
    const idle = setTimeout(() => this.#shared.delete(id), KEPT_FOR).unref();
    const shared = {
      transcript: new Transcript(),
      last: undefined,
      reading: undefined,
      taken: undefined,
      idle,
    };
    this.#shared.set(id, shared);
    const [oldest] = this.#shared.keys();
    if (this.#shared.size > MAX_KEPT && oldest !== undefined) this.#shared.delete(oldest);
    return shared;
  }

  async #readOn(id: string, shared: Shared, to: number): Promise<void> {
    for await (const batch of this.#store.read(id, { after: shared.transcript.lastSeq })) {
      for (const entry of batch) shared.transcript.add(entry);
      shared.last = batch.at(-1) ?? shared.last;
      // A run in full flow would never be caught up with.
      if (shared.transcript.lastSeq >= to) return;
      // A long log would otherwise keep everybody else waiting.
      await nextTurn();
    }
    if (shared.transcript.lastSeq < to) throw new Error(`The log of run ${id} ends before event ${to}.`);
  }
}

/** For how many milliseconds a run's messages are kept after the last who joined it, and of how many runs at the most. */
const KEPT_FOR = 10_000;
const MAX_KEPT = 32;
