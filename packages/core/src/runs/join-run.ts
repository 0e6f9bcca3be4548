import { setImmediate as nextTurn } from "node:timers/promises";
import { isTerminal } from "@agentscope-runtime/agent-api";
import type { LogEntry } from "../contracts/log-entry.ts";
import type { RunRecord, RunStore } from "../contracts/run-store.ts";
import { JsonLogEntry } from "./json-log-entry.ts";
import { Transcript } from "./transcript.ts";

/**
 * Reads a run for somebody who joins it late: first a snapshot, which stands for all events up to its number, then what
 * follows. The snapshot is the run's last `response` event with the messages so far as its `output`; of an ended run it is
 * the terminal event itself.
 */
export async function* joinRun(
  store: RunStore,
  run: RunRecord,
  signal?: AbortSignal,
): AsyncGenerator<readonly LogEntry[], undefined> {
  const { batch, after } = await takeSnapshot(store, run, signal);
  // Taken out of the array: it may be large, and a reader stays for long.
  yield batch.splice(0);
  if (after !== undefined) yield* store.read(run.id, { after, follow: true, signal });
}

interface Snapshot {
  /** The snapshot's entry, if there is one. */
  readonly batch: LogEntry[];
  /** The number after which to go on; `undefined` where nothing follows. */
  readonly after?: number;
}

async function takeSnapshot(
  store: RunStore,
  { id, completedAt, lastSeq }: RunRecord,
  signal: AbortSignal | undefined,
): Promise<Snapshot> {
  // The terminal event has all messages: there is no need to go through the log.
  const after = completedAt === undefined ? -1 : lastSeq - 1;
  const transcript = new Transcript();
  let last: LogEntry | undefined;
  for await (const batch of store.read(id, { after, signal })) {
    for (const entry of batch) transcript.add(entry);
    last = batch.at(-1) ?? last;
    // A run in full flow would never be caught up with.
    if (transcript.lastSeq >= lastSeq) break;
    // A long log would otherwise keep everybody else waiting.
    await nextTurn();
  }
  const { response, messages } = transcript;
  if (signal?.aborted || last === undefined || response === undefined) return { batch: [] };
  if (isTerminal(response.status)) return { batch: [last] };
  const { seq } = last;
  const event = { ...response, sequence_number: seq, output: messages };
  return { batch: [new JsonLogEntry(seq, JSON.stringify(event))], after: seq };
}
