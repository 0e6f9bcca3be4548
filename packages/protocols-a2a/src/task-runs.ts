import { TaskNotFoundError } from "@a2a-js/sdk/errors";
import {
  type Caller,
  type RunRecord,
  type RunSummary,
  type Runs,
  RuntimeError,
} from "@agentscope-runtime/core";
import type { A2AMessage, A2ATask } from "./a2a-task.ts";
import { newA2AEventState, toA2AEvents } from "./to-a2a-event.ts";
import { isEnded } from "./to-a2a-status.ts";

/** The runs of a task, the first one first. */
export type Chain = readonly [RunRecord, ...RunRecord[]];

/** The runs that a task consists of: the one whose id it has, and those that answer. Throws `TaskNotFoundError`. */
export async function findChain(runs: Runs, agent: string, taskId: string, caller: Caller): Promise<Chain> {
  const first = await findRun(runs, agent, taskId, caller);
  if (first.request.continues !== undefined) throw notFound(taskId);
  if (first.status !== "incomplete") return [first];
  const answers = await findAnswers(runs, first, caller);
  const chain: [RunRecord, ...RunRecord[]] = [first];
  for (let id = answers.get(first.id); id !== undefined; id = answers.get(id)) {
    chain.push(await findRun(runs, agent, id, caller));
  }
  return chain;
}

/** The task as it is now; `undefined` where `signal` has aborted before that is known. */
export async function readTask(
  runs: Runs,
  chain: readonly RunRecord[],
  signal?: AbortSignal,
): Promise<A2ATask | undefined> {
  let task: A2ATask | undefined;
  for (const run of chain) {
    try {
      task = await readRun(runs, run, task, signal);
    } catch (error) {
      // What an earlier run has made may be gone before the last one's is.
      if (run === chain.at(-1) || !(RuntimeError.is(error) && error.code === "RUN_EXPIRED")) throw error;
    }
    if (signal?.aborted) return undefined;
  }
  return task;
}

/** The task without all but the latest messages. */
export function withHistory(task: A2ATask, length: number | undefined): A2ATask {
  if (length === undefined || task.history === undefined) return task;
  const { history, ...rest } = task;
  const latest: readonly A2AMessage[] = length === 0 ? [] : history.slice(-length);
  return latest.length === 0 ? rest : { ...rest, history: latest };
}

/** When a run last changed how its task stands, in milliseconds since the epoch. */
export function changedAt({
  createdAt,
  startedAt,
  completedAt,
}: Pick<RunSummary, "createdAt" | "startedAt" | "completedAt">): number {
  return completedAt ?? startedAt ?? createdAt;
}

export function notFound(taskId: string): TaskNotFoundError {
  return new TaskNotFoundError(`There is no task ${taskId}.`);
}

async function findRun(runs: Runs, agent: string, id: string, caller: Caller): Promise<RunRecord> {
  try {
    return await runs.get(agent, id, caller);
  } catch (error) {
    if (RuntimeError.is(error) && GONE.has(error.code)) throw notFound(id);
    throw error;
  }
}

/** The id of the first answer to each run of a session, by the id of that run. */
async function findAnswers(
  runs: Runs,
  { session: { agent, userId, sessionId }, createdAt }: RunRecord,
  caller: Caller,
): Promise<ReadonlyMap<string, string>> {
  const answers = new Map<string, string>();
  let cursor: string | undefined;
  do {
    const page = await runs.list({ agent, userId, sessionId, limit: 100, cursor }, caller);
    for (const run of page.items) {
      if (run.createdAt < createdAt) return answers;
      // The newest come first: the oldest answer is the one that counts.
      if (run.request.continues !== undefined) answers.set(run.request.continues, run.id);
    }
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return answers;
}

async function readRun(
  runs: Runs,
  run: RunRecord,
  earlier: A2ATask | undefined,
  signal: AbortSignal | undefined,
): Promise<A2ATask | undefined> {
  const state = newA2AEventState(run, { earlier });
  for await (const [entry] of runs.join(run, signal)) {
    const [event] = entry === undefined ? [] : toA2AEvents(entry, state);
    return event !== undefined && "task" in event ? withExactTime(event.task, run) : undefined;
  }
  return undefined;
}

/** The log knows seconds only. */
function withExactTime(task: A2ATask, run: RunRecord): A2ATask {
  if (run.completedAt === undefined && (isEnded(task.status.state) || task.status.message !== undefined))
    return task;
  return { ...task, status: { ...task.status, timestamp: new Date(changedAt(run)).toISOString() } };
}

const GONE: ReadonlySet<string> = new Set(["RESOURCE_NOT_FOUND", "RUN_EXPIRED"]);
