import type { AgentError } from "@agentscope-runtime/agent-api";
import {
  type Backoff,
  type CancelRequest,
  type EnqueuedTask,
  type ListTasksOptions,
  type ResolvedTask,
  RuntimeError,
  type Task,
  type TaskRecord,
} from "@agentscope-runtime/core";
import type { BullMQConnection, NewJob } from "./bullmq-connection.ts";
import { encodeName } from "./queue-name.ts";
import type { RedisScript } from "./redis-script.ts";
import {
  BEGIN_ATTEMPT,
  CANCEL_TASK,
  CREATE_TASK,
  GET_TASK,
  LIST_TASKS,
  SETTLE_ATTEMPT,
  SWEEP_TASKS,
  TASK_ADDED,
  TASK_CANCELS,
} from "./scripts/task-scripts.ts";
import { type PlacedTask, type TaskFields, toPlacedTask } from "./task-fields.ts";

/** What bounds the tasks of one name; lengths are bytes of JSON. */
export interface TaskLimits {
  readonly maxWaiting: number;
  readonly maxWaitingLength: number;
  /** What part of both one user may have; one task they may always have. */
  readonly maxUserShare: number;
  readonly maxFinished: number;
  readonly maxFinishedLength: number;
  readonly finishedTtl: number;
}

/** An attempt that has begun. */
export interface BegunAttempt {
  readonly record: TaskRecord;
  readonly inputJson: string | undefined;
  readonly attempts: number;
  readonly backoff: Required<Backoff>;
}

export type AttemptOutcome =
  | { readonly kind: "completed"; readonly json: string }
  | { readonly kind: "failed"; readonly error: AgentError }
  | { readonly kind: "retry"; readonly delay: number }
  | { readonly kind: "aborted" };

/** The job of a task, by which BullMQ has it attempted. */
export interface TaskJob {
  readonly id: string;
  readonly place: number;
}

/**
 * The tasks of one name. What they are and how they stand is kept here, one script a step; when they are attempted, and by
 * whom, is BullMQ's to say, which has a job for each that has not ended.
 */
export class StoredTasks {
  readonly name: string;
  /** The name of BullMQ's queue. */
  readonly queue: string;
  readonly #base: string;
  readonly #connection: BullMQConnection;
  readonly #limits: string;

  constructor(name: string, connection: BullMQConnection, limits: TaskLimits) {
    this.name = name;
    this.queue = `tasks-${encodeName(name)}`;
    this.#base = `${connection.prefix}:tasks:${JSON.stringify(name)}`;
    this.#connection = connection;
    this.#limits = JSON.stringify(limits);
  }

  /** Where is said that a task has ended. */
  endChannel(id: string): string {
    return `${this.#base}:ended:${JSON.stringify(id)}`;
  }

  /** Where is said that a task that is at work shall be canceled. */
  get cancelChannel(): string {
    return `${this.#base}:canceling`;
  }

  async create(spec: ResolvedTask): Promise<EnqueuedTask> {
    const { id, userId, fingerprint, inputJson = "", delay, attempts, backoff } = spec;
    const { delay: backoffDelay = 1000, maxDelay = 300_000 } = backoff;
    const idJson = JSON.stringify(id);
    const numbers = [delay, attempts, backoffDelay, maxDelay].map(String);
    const args = [this.#limits, idJson, json(userId), json(fingerprint), inputJson, ...numbers];
    const [word, fields] = (await this.#run(CREATE_TASK, args)) as [string, TaskFields];
    switch (word) {
      case "mismatch":
        throw new RuntimeError(
          "IDEMPOTENCY_MISMATCH",
          "The task's id, or its Idempotency-Key, was used for another task.",
        );
      case "full":
        throw full("Too many tasks are waiting");
      case "userFull":
        throw full("Too many tasks of this user are waiting");
    }
    const task = toPlacedTask(this.name, idJson, fields);
    if (word === "created") await this.#addJob(task, attempts);
    return { task: task.record, replayed: word === "replayed" };
  }

  async get(id: string): Promise<Task | undefined> {
    const idJson = JSON.stringify(id);
    const found = (await this.#run(GET_TASK, [idJson])) as [TaskFields, string | null] | null;
    if (found === null) return undefined;
    const [fields, result] = found;
    const { record } = toPlacedTask(this.name, idJson, fields);
    return result === null ? record : { ...record, result: JSON.parse(result) };
  }

  /** Those that fit and come before a place, the newest first, and no more than `count`. */
  async list(
    { userId, status }: ListTasksOptions,
    before: number | undefined,
    count: number,
  ): Promise<PlacedTask[]> {
    const scope = userId === undefined ? ":all" : `:user:${JSON.stringify(userId)}`;
    const index = status === undefined ? scope : `${scope}:${status}`;
    const args = [index, before === undefined ? "+inf" : `(${before}`, `${count}`];
    const found = (await this.#run(LIST_TASKS, args)) as [string, TaskFields][];
    return found.map(([idJson, fields]) => toPlacedTask(this.name, idJson, fields));
  }

  /** Resolves to `undefined` where there is no such task. */
  async cancel(id: string, { reason }: CancelRequest): Promise<TaskRecord | undefined> {
    const idJson = JSON.stringify(id);
    const args = [this.#limits, idJson, JSON.stringify({ reason })];
    const found = (await this.#run(CANCEL_TASK, args)) as [number, TaskFields] | null;
    if (found === null) return undefined;
    const [waited, fields] = found;
    const { place, record } = toPlacedTask(this.name, idJson, fields);
    // Nobody would work on it, but it would lie there until it is due.
    if (waited === 1) await this.#connection.remove(this.queue, jobId(place)).catch(() => undefined);
    return record;
  }

  /** Why each of these tasks shall be canceled, where it shall. */
  async cancels(ids: readonly string[]): Promise<(CancelRequest | undefined)[]> {
    const args = ids.map((id) => JSON.stringify(id));
    const found = (await this.#run(TASK_CANCELS, args)) as (string | null)[];
    return found.map((cancel) => (cancel === null ? undefined : (JSON.parse(cancel) as CancelRequest)));
  }

  /** Begins an attempt that `token` stands for; resolves to `undefined` where there is nothing to do any more. */
  async begin({ id, place }: TaskJob, token: string): Promise<BegunAttempt | undefined> {
    const idJson = JSON.stringify(id);
    const args = [this.#limits, idJson, `${place}`, token, `${MAX_LOST}`, JSON.stringify(LOST)];
    const found = (await this.#run(BEGIN_ATTEMPT, args)) as [TaskFields, ...(string | null)[]] | null;
    if (found === null) return undefined;
    const [fields, inputJson, attempts, delay, maxDelay] = found;
    return {
      record: toPlacedTask(this.name, idJson, fields).record,
      inputJson: inputJson ?? undefined,
      attempts: Number(attempts),
      backoff: { delay: Number(delay), maxDelay: Number(maxDelay) },
    };
  }

  /** Takes down how an attempt ended, and resolves to what the task is then. */
  async settle(id: string, token: string, outcome: AttemptOutcome): Promise<TaskRecord | undefined> {
    const idJson = JSON.stringify(id);
    const args = [this.#limits, idJson, token, ...outcomeArguments(outcome)];
    const fields = (await this.#run(SETTLE_ATTEMPT, args)) as TaskFields;
    return fields[0] === null ? undefined : toPlacedTask(this.name, idJson, fields).record;
  }

  /** Gives up ended tasks that are out of bounds, and adds the jobs that a process died before it could. */
  async sweep(): Promise<void> {
    const args = [this.#limits, `${ADD_AGAIN_AFTER}`];
    const missing = (await this.#run(SWEEP_TASKS, args)) as [string, TaskFields, string][];
    for (const [idJson, fields, attempts] of missing) {
      await this.#addJob(toPlacedTask(this.name, idJson, fields), Number(attempts));
    }
  }

  async #addJob({ place, record }: PlacedTask, attempts: number): Promise<void> {
    const { id, createdAt: timestamp, dueAt } = record;
    const delay = dueAt === undefined ? undefined : dueAt - timestamp;
    const data: TaskJob = { id, place };
    const job: NewJob = { id: jobId(place), data, attempts, timestamp, ...(delay && { delay }) };
    await this.#connection.add(this.queue, job);
    // If this fails the job is added once more, which does nothing.
    this.#run(TASK_ADDED, [JSON.stringify(id)]).catch(() => undefined);
  }

  #run(script: RedisScript, args: readonly string[]): Promise<unknown> {
    return this.#connection.run(script, [this.#base], args);
  }
}

function outcomeArguments(outcome: AttemptOutcome): [kind: string, value: string, delay: string] {
  switch (outcome.kind) {
    case "completed":
      return [outcome.kind, outcome.json, "0"];
    case "failed":
      return [outcome.kind, JSON.stringify(outcome.error), "0"];
    case "retry":
      return [outcome.kind, "", `${outcome.delay}`];
    case "aborted":
      return [outcome.kind, "", "0"];
  }
}

function full(what: string): RuntimeError {
  return new RuntimeError("QUEUE_FULL", `${what}: try again later.`, { retryAfter: 5 });
}

function jobId(place: number): string {
  return `task-${place}`;
}

function json(value: unknown): string {
  return value === undefined ? "" : JSON.stringify(value);
}

/** How often a task's process may die before the task is given up: it may be the task that kills it. */
const MAX_LOST = 10;
const LOST = {
  code: "RUN_INTERRUPTED",
  message: `The process that worked on the task has died, and so have those of ${MAX_LOST} attempts before it.`,
};

/** In milliseconds; longer than a call takes that adds a job. */
const ADD_AGAIN_AFTER = 30_000;
