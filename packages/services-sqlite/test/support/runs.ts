import type { CreateResult, LogEntry, RunLease, RunStore } from "@agentscope-runtime/core";
import { type NewRunOptions, newRun, responseEntry } from "@agentscope-runtime/testing";

export const agent = "agent";
export const everything = { agents: [agent], limit: 1000 };

/** Creates a run, which must not be a replayed one. */
export async function createRun(
  store: RunStore,
  options: NewRunOptions = {},
): Promise<Extract<CreateResult, { kind: "created" }>> {
  const result = await store.create(newRun(options));
  if (result.kind !== "created") throw new Error(`The run ${result.run.id} was there already.`);
  return result;
}

/** Ends a run whose next entry has the number `seq`, and leaves the line. */
export async function settle(store: RunStore, lease: RunLease, seq: number = lease.nextSeq): Promise<void> {
  await store.finish(lease, "completed", [responseEntry(seq, lease.runId, "completed")]);
  await store.release(lease);
}

/** The numbers of the entries that reading a run brings, and of those that were joined to others. */
export async function readSeqs(store: RunStore, runId: string, follow = false): Promise<readonly number[]> {
  const entries: LogEntry[] = [];
  for await (const batch of store.read(runId, { follow })) entries.push(...batch);
  return entries.flatMap(({ seq, count = 1 }) =>
    Array.from({ length: count }, (_, index) => seq - count + 1 + index),
  );
}

/** 0, 1, 2 … up to `last`. */
export function upTo(last: number): readonly number[] {
  return Array.from({ length: last + 1 }, (_, seq) => seq);
}
