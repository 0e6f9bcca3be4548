import type { TerminalStatus } from "@agentscope-runtime/agent-api";
import type { CreateResult, LogEntry, ReadRunOptions, RunLease, RunStore } from "@agentscope-runtime/core";
import { responseEntry } from "./log-entries.ts";
import { type NewRunOptions, newRun } from "./new-run.ts";

/** Creates a run, which must not be a replayed one. */
export async function createRun(
  store: RunStore,
  options: NewRunOptions = {},
): Promise<Extract<CreateResult, { kind: "created" }>> {
  const result = await store.create(newRun(options));
  if (result.kind !== "created") throw new Error(`The run ${result.run.id} was there already.`);
  return result;
}

/** Ends a run whose next entry has the number `seq`; resolves to what the store says. */
export function endRun(
  store: RunStore,
  lease: RunLease,
  status: TerminalStatus = "completed",
  seq: number = lease.nextSeq,
): Promise<boolean> {
  return store.finish(lease, status, [responseEntry(seq, lease.runId, status)]);
}

/** Everything that reading a run brings, until the reading ends. */
export async function readRun(
  store: RunStore,
  runId: string,
  options: ReadRunOptions = {},
): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  for await (const batch of store.read(runId, options)) entries.push(...batch);
  return entries;
}

/** Entries as plain data that can be compared: a store may bring its own objects. */
export function plain(entries: readonly LogEntry[]): readonly object[] {
  return entries.map(({ seq, json, event }) => ({ seq, json, event: { ...event } }));
}

/** The numbers of entries. */
export function seqs(entries: readonly LogEntry[]): readonly number[] {
  return entries.map(({ seq }) => seq);
}
