import type { NewTask, Task, TaskKey, TaskQueue } from "@agentscope-runtime/core";

/** A task to add: with an id of its own, unless told otherwise. */
export function newTask(options: Partial<NewTask> = {}): NewTask {
  return { name: "name", id: `task_${crypto.randomUUID()}`, ...options };
}

/** Adds a task, and resolves to what names it. */
export async function addTask(queue: TaskQueue, options: Partial<NewTask> = {}): Promise<TaskKey> {
  const { name, id } = (await queue.enqueue(newTask(options))).task;
  return { name, id };
}

/** Adds a task, and resolves to it once it has ended. */
export async function doTask(queue: TaskQueue, options: Partial<NewTask> = {}): Promise<Task> {
  return queue.settled(await addTask(queue, options));
}

/** Resolves when the signal aborts. */
export async function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  if (!signal.aborted) await promise;
}

/** Never resolves. */
export function hang(): Promise<never> {
  return new Promise(() => undefined);
}
