import { z } from "zod";
import type { Page } from "../contracts/page.ts";
import type { CancelRequest } from "../contracts/run-store.ts";
import type {
  EnqueuedTask,
  ListTasksOptions,
  NewTask,
  Task,
  TaskKey,
  TaskQueue,
  TaskRecord,
  TaskWork,
  TaskWorker,
  WorkOptions,
} from "../contracts/task-queue.ts";
import { RuntimeError } from "../errors/runtime-error.ts";
import { abortable } from "../runs/abortable.ts";
import { InMemoryService } from "../services/in-memory-service.ts";
import { decodeCursor, encodeCursor } from "../services/page-cursor.ts";
import { pageLimit, toPage } from "../services/to-page.ts";
import { resolveTask } from "./resolved-task.ts";
import type { StoredTask } from "./stored-task.ts";
import { type LaneLimits, TaskLane } from "./task-lane.ts";

export interface InMemoryTaskQueueOptions {
  /** How many tasks of a name may wait. Defaults to 1000. */
  readonly maxWaitingTasks?: number | undefined;
  /** How many characters of JSON their inputs may have altogether. Defaults to 64 Mi. */
  readonly maxWaitingLength?: number | undefined;
  /**
   * What part of the room for waiting tasks one user may have, above 0 up to 1; one task they may always have. Tasks of
   * nobody in particular may have all of it. Defaults to 0.25.
   */
  readonly maxUserShare?: number | undefined;
  /** How many ended tasks of a name are kept; past it those of the user who has most are given up, the oldest first. Defaults to 1000. */
  readonly maxFinishedTasks?: number | undefined;
  /** How many characters of JSON their results may have altogether. Defaults to 64 Mi. */
  readonly maxFinishedLength?: number | undefined;
  /** How long an ended task is kept, in milliseconds. Defaults to one hour. */
  readonly finishedTaskTtl?: number | undefined;
  /** How many characters of JSON one input may have. Defaults to 10 Mi. */
  readonly maxInputLength?: number | undefined;
  /** How many characters of JSON one result may have. Defaults to 10 Mi. */
  readonly maxResultLength?: number | undefined;
  /** The clock, in milliseconds since the epoch. */
  readonly now?: (() => number) | undefined;
}

/** A {@link TaskQueue} in this process: its tasks are gone with it, ended or not. */
export class InMemoryTaskQueue extends InMemoryService implements TaskQueue {
  readonly #limits: LaneLimits;
  readonly #maxInputLength: number;
  readonly #now: () => number;
  readonly #lanes = new Map<string, TaskLane>();
  #sweeper: NodeJS.Timeout | undefined;

  constructor(options: InMemoryTaskQueueOptions = {}) {
    super("InMemoryTaskQueue");
    const { maxUserShare = 0.25 } = options;
    if (!(maxUserShare > 0 && maxUserShare <= 1)) {
      throw new RuntimeError("CONFIGURATION_ERROR", "maxUserShare is a number above 0 up to 1.");
    }
    this.#limits = {
      maxWaiting: options.maxWaitingTasks ?? 1000,
      maxWaitingLength: options.maxWaitingLength ?? 2 ** 26,
      maxUserShare,
      maxFinished: options.maxFinishedTasks ?? 1000,
      maxFinishedLength: options.maxFinishedLength ?? 2 ** 26,
      finishedTtl: options.finishedTaskTtl ?? 3_600_000,
      maxResultLength: options.maxResultLength ?? 10 * 2 ** 20,
    };
    this.#maxInputLength = options.maxInputLength ?? 10 * 2 ** 20;
    this.#now = options.now ?? Date.now;
  }

  override async start(): Promise<void> {
    await super.start();
    this.#sweeper ??= setInterval(() => this.#sweep(), 60_000).unref();
  }

  override async stop(): Promise<void> {
    const lanes = [...this.#lanes.values()];
    await super.stop();
    const stopped = new RuntimeError("SERVICE_NOT_STARTED", "InMemoryTaskQueue was stopped.");
    await Promise.all(lanes.map((lane) => lane.close(stopped)));
  }

  async enqueue(task: NewTask): Promise<EnqueuedTask> {
    this.assertStarted();
    return this.#lane(task.name).add(resolveTask(task, this.#maxInputLength));
  }

  async get({ name, id }: TaskKey): Promise<Task | undefined> {
    this.assertStarted();
    return this.#lanes.get(name)?.find(id)?.toTask();
  }

  async settled(key: TaskKey, signal?: AbortSignal): Promise<Task> {
    this.assertStarted();
    return abortable(this.#find(key).ended, signal);
  }

  async list(options: ListTasksOptions): Promise<Page<TaskRecord>> {
    this.assertStarted();
    const { name, cursor } = options;
    const limit = pageLimit(options.limit);
    const before = cursor === undefined ? Number.POSITIVE_INFINITY : decodeCursor(cursor, TasksCursor)[1];
    const found = this.#lanes.get(name)?.list(options, before) ?? [];
    return toPage(
      found,
      limit,
      (task) => task.toRecord(),
      ({ place }) => encodeCursor(["tasks", place]),
    );
  }

  async cancel(key: TaskKey, cancel: CancelRequest): Promise<TaskRecord> {
    this.assertStarted();
    const task = this.#find(key);
    return this.#lane(key.name).cancel(task, cancel);
  }

  async work(name: string, work: TaskWork, options: WorkOptions = {}): Promise<TaskWorker> {
    this.assertStarted();
    return this.#lane(name).work(work, options);
  }

  protected override clear(): void {
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
    this.#lanes.clear();
  }

  #lane(name: string): TaskLane {
    const lane = this.#lanes.get(name) ?? new TaskLane(this.#limits, this.#now);
    this.#lanes.set(name, lane);
    return lane;
  }

  #find({ name, id }: TaskKey): StoredTask {
    const task = this.#lanes.get(name)?.find(id);
    if (task === undefined) throw new RuntimeError("TASK_NOT_FOUND", `There is no task ${id}.`);
    return task;
  }

  #sweep(): void {
    for (const lane of this.#lanes.values()) lane.sweep();
  }
}

const TasksCursor = z.tuple([z.literal("tasks"), z.int().nonnegative()]);
