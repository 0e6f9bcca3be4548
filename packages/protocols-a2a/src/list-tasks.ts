import type { ListTasksRequest } from "@a2a-js/sdk";
import { TaskState, taskStateToJSON } from "@a2a-js/sdk";
import { RequestMalformedError } from "@a2a-js/sdk/errors";
import {
  type Caller,
  decodeCursor,
  encodeCursor,
  type RunRecord,
  type RunSummary,
  type Runs,
} from "@agentscope-runtime/core";
import { z } from "zod";
import type { A2ACall } from "./a2a-call.ts";
import type { A2ATask } from "./a2a-task.ts";
import { changedAt, readTask, withHistory } from "./task-runs.ts";
import { toA2AState } from "./to-a2a-status.ts";
import { assertHistoryLength } from "./to-agent-request.ts";

export interface TaskPage {
  readonly tasks: readonly A2ATask[];
  readonly nextPageToken: string;
  readonly pageSize: number;
  readonly totalSize: number;
}

/** The tasks of an agent that the caller may see, the one that has changed last first. */
export async function listTasks(
  runs: Runs,
  agent: string,
  params: ListTasksRequest,
  { caller, signal }: A2ACall,
): Promise<TaskPage> {
  const { contextId, pageToken, historyLength, includeArtifacts = false, pageSize = 50 } = params;
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > 100) {
    throw new RequestMalformedError("pageSize must be between 1 and 100.");
  }
  assertHistoryLength(historyLength);
  const since = toTime(params.statusTimestampAfter);
  const after = pageToken === "" ? undefined : decodeCursor(pageToken, PageToken);

  const found: ListedRun[] = [];
  let cursor: string | undefined;
  do {
    const page = await runs.list({ agent, sessionId: contextId || undefined, limit: 1000, cursor }, caller);
    found.push(...page.items.map(toListed));
    cursor = page.nextCursor;
  } while (cursor !== undefined && found.length < MAX_RUNS && !signal.aborted);

  const recent = toChains(found).filter((chain) => changed(chain) >= since);
  const fitting = await filterByState(runs, recent, params.status);
  fitting.sort((a, b) => comparePlaces(placeOf(a), placeOf(b)));
  const start =
    after === undefined ? 0 : fitting.findIndex((chain) => comparePlaces(after, placeOf(chain)) < 0);
  const page = start === -1 ? [] : fitting.slice(start, start + pageSize);
  const tasks: A2ATask[] = [];
  let last: readonly ListedRun[] = [];
  let room = MAX_PAGE_LENGTH;
  for (const chain of page) {
    if (room <= 0) break;
    last = chain;
    const task = await readChain(runs, chain, caller, signal).catch(() => undefined);
    // It may have gone since it was listed.
    if (task === undefined) continue;
    const shown = withHistory(includeArtifacts ? task : withoutArtifacts(task), historyLength);
    tasks.push(shown);
    room -= JSON.stringify(shown).length;
  }
  const more = last.length > 0 && last !== fitting.at(-1);
  return {
    tasks,
    nextPageToken: more ? encodeCursor(placeOf(last)) : "",
    pageSize,
    totalSize: fitting.length,
  };
}

/** What there is to know of a run to find and to order the tasks: there may be thousands of them. */
type ListedRun = Pick<RunSummary, "id" | "session" | "status" | "createdAt" | "startedAt" | "completedAt"> & {
  readonly continues: string | undefined;
};

function toListed({
  id,
  session,
  status,
  createdAt,
  startedAt,
  completedAt,
  request,
}: RunSummary): ListedRun {
  return { id, session, status, createdAt, startedAt, completedAt, continues: request.continues };
}

async function readChain(
  runs: Runs,
  chain: readonly ListedRun[],
  caller: Caller,
  signal: AbortSignal,
): Promise<A2ATask | undefined> {
  const whole: RunRecord[] = [];
  for (const { id, session } of chain) whole.push(await runs.get(session.agent, id, caller));
  return readTask(runs, whole, signal);
}

/** The newest runs first: those that answer are put behind the runs that they answer. */
function toChains(runs: readonly ListedRun[]): ListedRun[][] {
  const answers = new Map<string, ListedRun>();
  for (const run of runs) if (run.continues !== undefined) answers.set(run.continues, run);
  return runs
    .filter(({ continues }) => continues === undefined)
    .map((first) => {
      const chain = [first];
      for (let next = answers.get(first.id); next !== undefined; next = answers.get(next.id))
        chain.push(next);
      return chain;
    });
}

async function filterByState(
  runs: Runs,
  chains: readonly ListedRun[][],
  status: TaskState,
): Promise<ListedRun[][]> {
  if (status === TaskState.TASK_STATE_UNSPECIFIED) return [...chains];
  if (status === TaskState.UNRECOGNIZED) throw new RequestMalformedError("status must be a state of tasks.");
  const wanted = taskStateToJSON(status);
  const fitting: ListedRun[][] = [];
  for (const chain of chains) if ((await stateOf(runs, chain.at(-1))) === wanted) fitting.push(chain);
  return fitting;
}

async function stateOf(runs: Runs, run: ListedRun | undefined): Promise<string | undefined> {
  if (run?.status !== "incomplete") return run === undefined ? undefined : toA2AState(run.status);
  const response = await runs.result(run.id).catch(() => undefined);
  return toA2AState("incomplete", response?.incomplete_details?.reason);
}

function withoutArtifacts({ artifacts: _, ...task }: A2ATask): A2ATask {
  return task;
}

function changed(chain: readonly ListedRun[]): number {
  const last = chain.at(-1);
  return last === undefined ? 0 : changedAt(last);
}

type Place = readonly [time: number, taskId: string];

function placeOf(chain: readonly ListedRun[]): Place {
  return [changed(chain), chain[0]?.id ?? ""];
}

function comparePlaces([time, id]: Place, [otherTime, otherId]: Place): number {
  return otherTime - time || (id < otherId ? -1 : id > otherId ? 1 : 0);
}

function toTime(text: string | undefined): number {
  if (text === undefined || text === "") return Number.NEGATIVE_INFINITY;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new RequestMalformedError("statusTimestampAfter must be an ISO 8601 time.");
  return time;
}

const PageToken = z.tuple([z.number(), z.string()]);

/** After how many characters of tasks a page ends. */
const MAX_PAGE_LENGTH = 2 * 2 ** 20;

/** How many runs are gone through in search of tasks. */
const MAX_RUNS = 10_000;
