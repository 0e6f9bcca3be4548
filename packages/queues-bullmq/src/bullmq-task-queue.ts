import {
  type CancelRequest,
  decodeCursor,
  type EnqueuedTask,
  encodeCursor,
  type ListTasksOptions,
  type NewTask,
  type Page,
  pageLimit,
  RuntimeError,
  resolveTask,
  type Task,
  type TaskKey,
  type TaskQueue,
  type TaskRecord,
  type TaskWork,
  type TaskWorker,
  toPage,
  type WorkOptions,
  workLimits,
} from "@agentscope-runtime/core";
import { z } from "zod";
import type { BullMQConnection } from "./bullmq-connection.ts";
import { BullMQService } from "./bullmq-service.ts";
import { BullMQTaskWorker } from "./bullmq-task-worker.ts";
import { assertAbove, type BullMQOptions } from "./connection-options.ts";
import { Notices } from "./notices.ts";
import { StoredTasks, type TaskLimits } from "./stored-tasks.ts";

export interface BullMQTaskQueueOptions extends BullMQOptions {
  /** How many tasks of a name may wait. Defaults to 10,000. */
  readonly maxWaitingTasks?: number | undefined;
  /** How many bytes of JSON their inputs may have altogether. Defaults to 256 Mi. */
  readonly maxWaitingLength?: number | undefined;
  /**
   * What part of the room for waiting tasks one user may have, above 0 up to 1; one task they may always have. Tasks of
   * nobody in particular may have all of it. Defaults to 0.25.
   */
  readonly maxUserShare?: number | undefined;
  /** How many ended tasks of a name are kept, whosever they are. Defaults to 10,000. */
  readonly maxFinishedTasks?: number | undefined;
  /** How many bytes of JSON their results may have altogether. Defaults to 256 Mi. */
  readonly maxFinishedLength?: number | undefined;
  /** How long an ended task is kept, in milliseconds. Defaults to one day. */
  readonly finishedTaskTtl?: number | undefined;
  /** How many characters of JSON one input may have. Defaults to 10 Mi. */
  readonly maxInputLength?: number | undefined;
  /** How many characters of JSON one result may have. Defaults to 10 Mi. */
  readonly maxResultLength?: number | undefined;
}

interface Parts {
  readonly connection: BullMQConnection;
  readonly notices: Notices;
  readonly lanes: Map<string, StoredTasks>;
  readonly workers: Set<BullMQTaskWorker>;
  /** Aborts when the queue stops. */
  readonly stopped: AbortController;
  readonly sweeper: NodeJS.Timeout;
}

/**
 * A {@link TaskQueue} in Redis, for any number of processes that add tasks and any number that work on them. BullMQ sees
 * to it when a task is attempted and by whom: delays, back-off, concurrency, and tasks whose worker has died.
 */
export class BullMQTaskQueue extends BullMQService<Parts> implements TaskQueue {
  readonly #limits: TaskLimits;
  readonly #maxInputLength: number;
  readonly #maxResultLength: number;

  constructor(options: BullMQTaskQueueOptions) {
    super("BullMQTaskQueue", options);
    this.#limits = {
      maxWaiting: options.maxWaitingTasks ?? 10_000,
      maxWaitingLength: options.maxWaitingLength ?? 2 ** 28,
      maxUserShare: options.maxUserShare ?? 0.25,
      maxFinished: options.maxFinishedTasks ?? 10_000,
      maxFinishedLength: options.maxFinishedLength ?? 2 ** 28,
      finishedTtl: options.finishedTaskTtl ?? 86_400_000,
    };
    for (const [name, limit] of Object.entries(this.#limits)) assertAbove(name, limit, -1);
    const { maxUserShare } = this.#limits;
    if (!(maxUserShare > 0 && maxUserShare <= 1)) {
      throw new RuntimeError("CONFIGURATION_ERROR", "maxUserShare is a number above 0 up to 1.");
    }
    this.#maxInputLength = options.maxInputLength ?? 10 * 2 ** 20;
    this.#maxResultLength = options.maxResultLength ?? 10 * 2 ** 20;
  }

  async enqueue(task: NewTask): Promise<EnqueuedTask> {
    const lane = this.#lane(task.name);
    return lane.create(resolveTask(task, this.#maxInputLength));
  }

  async get({ name, id }: TaskKey): Promise<Task | undefined> {
    return this.#lane(name).get(id);
  }

  async settled({ name, id }: TaskKey, signal?: AbortSignal): Promise<Task> {
    const { notices, stopped } = this.parts;
    const lane = this.#lane(name);
    const over = AbortSignal.any([stopped.signal, ...(signal === undefined ? [] : [signal])]);
    const { promise, resolve, reject } = Promise.withResolvers<Task>();
    const check = async () => {
      const task = await lane.get(id);
      if (task === undefined) reject(notFound(id));
      else if (task.completedAt !== undefined) resolve(task);
    };
    const onAbort = () => reject(over.reason);
    over.addEventListener("abort", onAbort, { once: true });
    if (over.aborted) onAbort();
    else check().catch(reject);
    // What fails here is done again in a while.
    const unwatch = notices.watch(lane.endChannel(id), () => check().catch(ignore));
    try {
      return await promise;
    } finally {
      unwatch();
      over.removeEventListener("abort", onAbort);
    }
  }

  async list(options: ListTasksOptions): Promise<Page<TaskRecord>> {
    const lane = this.#lane(options.name);
    const { cursor } = options;
    const limit = pageLimit(options.limit);
    const before = cursor === undefined ? undefined : decodeCursor(cursor, TasksCursor)[1];
    return toPage(
      await lane.list(options, before, limit + 1),
      limit,
      ({ record }) => record,
      ({ place }) => encodeCursor(["tasks", place]),
    );
  }

  async cancel({ name, id }: TaskKey, cancel: CancelRequest): Promise<TaskRecord> {
    const record = await this.#lane(name).cancel(id, cancel);
    if (record === undefined) throw notFound(id);
    return record;
  }

  async work(name: string, work: TaskWork, options: WorkOptions = {}): Promise<TaskWorker> {
    const { connection, notices, workers, stopped } = this.parts;
    const { concurrency, ...limits } = workLimits(options);
    const lane = this.#lane(name);
    const worker = new BullMQTaskWorker(lane, work, { ...limits, maxResultLength: this.#maxResultLength });
    const jobs = await connection.work(lane.queue, {
      concurrency,
      process: worker.process,
      onLost: worker.lose,
      onError: (error) => limits.log?.debug({ err: error, task: name }, "BullMQ's worker has trouble"),
    });
    const unwatch = notices.watch(lane.cancelChannel, () => worker.checkCancels().catch(ignore));
    worker.opened(jobs, () => {
      unwatch();
      workers.delete(worker);
    });
    workers.add(worker);
    if (stopped.signal.aborted) await worker.stop();
    return worker;
  }

  protected override open(connection: BullMQConnection): Parts {
    const lanes = new Map<string, StoredTasks>();
    const sweep = () => {
      for (const lane of lanes.values()) lane.sweep().catch(ignore);
    };
    return {
      connection,
      notices: new Notices(() => connection.newListener()),
      lanes,
      workers: new Set(),
      stopped: new AbortController(),
      sweeper: setInterval(sweep, SWEEP_INTERVAL).unref(),
    };
  }

  protected override async close({ sweeper, stopped, workers, notices }: Parts): Promise<void> {
    clearInterval(sweeper);
    stopped.abort(new RuntimeError("SERVICE_NOT_STARTED", "BullMQTaskQueue was stopped."));
    await Promise.all([...workers].map((worker) => worker.stop()));
    notices.close();
  }

  #lane(name: string): StoredTasks {
    const { lanes, connection } = this.parts;
    const lane = lanes.get(name) ?? new StoredTasks(name, connection, this.#limits);
    lanes.set(name, lane);
    return lane;
  }
}

const TasksCursor = z.tuple([z.literal("tasks"), z.int().nonnegative()]);

const SWEEP_INTERVAL = 30_000;

function notFound(id: string): RuntimeError {
  return new RuntimeError("TASK_NOT_FOUND", `There is no task ${id}.`);
}

function ignore(): void {}
