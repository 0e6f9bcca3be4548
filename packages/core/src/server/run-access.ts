import type { Page } from "../contracts/page.ts";
import type { ListRunsOptions, RunRecord } from "../contracts/run-store.ts";
import { RuntimeError } from "../errors/runtime-error.ts";
import type { Caller, Runs } from "../runs/runs.ts";
import { isDeletion } from "../runs/session-deletion.ts";

/** The run, if the caller may see it and it is one; rejects like `Runs.get`. */
export async function findRun(runs: Runs, agent: string, id: string, caller: Caller): Promise<RunRecord> {
  const run = await runs.get(agent, id, caller);
  if (!isDeletion(run)) return run;
  throw new RuntimeError("RESOURCE_NOT_FOUND", `There is no run ${id}.`);
}

/** A page of runs, filled up where deletions of sessions stand among them. */
export async function listRuns(
  runs: Runs,
  { limit = 100, ...options }: ListRunsOptions,
  caller: Caller,
): Promise<Page<RunRecord>> {
  const items: RunRecord[] = [];
  let { cursor } = options;
  do {
    const page = await runs.list({ ...options, limit: limit - items.length, cursor }, caller);
    items.push(...page.items.filter((run) => !isDeletion(run)));
    cursor = page.nextCursor;
  } while (items.length < limit && cursor !== undefined);
  return cursor === undefined ? { items } : { items, nextCursor: cursor };
}
