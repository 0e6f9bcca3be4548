import type { AppDefinition } from "../app/app-definition.ts";
import type { Logger } from "../contracts/logger.ts";
import type { TaskQueue, TaskWork, TaskWorker } from "../contracts/task-queue.ts";
import { RuntimeError } from "../errors/runtime-error.ts";
import { InMemoryTaskQueue } from "./in-memory-task-queue.ts";
import type { TaskDefinition } from "./task-definition.ts";

/** An app whose tasks are to be worked on. */
export interface TaskApp {
  /** The name of the app where it is served. */
  readonly name: string;
  readonly definition: AppDefinition;
  readonly resources: unknown;
}

/** The tasks of an app and of those it hosts: their queue, and the workers of this process. */
export class AppTasks {
  readonly #definition: AppDefinition;
  #queue: TaskQueue | undefined;
  #workers: TaskWorker[] = [];

  constructor(definition: AppDefinition) {
    this.#definition = definition;
  }

  /** The queue, where there is one: an app without tasks needs none. */
  get used(): TaskQueue | undefined {
    return this.#queue;
  }

  get queue(): TaskQueue {
    if (this.#queue === undefined) throw new RuntimeError("SERVICE_NOT_STARTED", "The app is not started.");
    return this.#queue;
  }

  async start(): Promise<void> {
    const { options, tasks, hosted } = this.#definition;
    const needed = [...hosted.values()].some((other) => other.tasks.length > 0) || tasks.length > 0;
    this.#queue = options.taskQueue ?? (needed ? new InMemoryTaskQueue() : undefined);
    await this.#queue?.start();
  }

  /** Works on the tasks of these apps until the next `drain`. */
  async work(apps: Iterable<TaskApp>, log: Logger): Promise<void> {
    for (const { name, definition, resources } of apps) {
      for (const task of definition.tasks) {
        const { concurrency, timeout } = task;
        const abortGrace = definition.options.runs?.cancelGrace;
        const work = toWork(task, resources, log);
        this.#workers.push(
          await this.queue.work(taskName(name, task.path), work, { concurrency, timeout, abortGrace, log }),
        );
      }
    }
  }

  /** Takes no more tasks, and resolves when none is worked on: after `grace` milliseconds they are aborted. */
  async drain(grace: number): Promise<void> {
    const workers = this.#workers;
    this.#workers = [];
    await Promise.all(workers.map((worker) => worker.close({ grace })));
  }

  async stop(): Promise<void> {
    await this.#queue?.stop();
  }
}

/** What a queue knows the tasks of a path by. */
export function taskName(app: string, path: string): string {
  return JSON.stringify([app, path]);
}

function toWork(task: TaskDefinition, resources: unknown, log: Logger): TaskWork {
  return ({ id, input, userId, attempt, signal }) =>
    task.handle({
      id,
      body: parseBody(task, input),
      caller: userId === undefined ? {} : { userId },
      attempt,
      resources,
      signal,
      log: log.child({ task: task.path, task_id: id, attempt }),
    });
}

// It was checked when it was submitted, though maybe by another version of the app.
function parseBody({ body }: TaskDefinition, input: unknown): unknown {
  if (body === undefined) return input;
  const parsed = body.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new RuntimeError("INVALID_PARAMETER", "The task's body does not fit its schema any more.", {
    details: parsed.error.issues,
  });
}
