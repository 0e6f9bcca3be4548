import type { TaskQueue } from "@agentscope-runtime/core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Durable } from "./durable.ts";
import { lifecycleCases } from "./lifecycle-cases.ts";
import { taskAttemptCases } from "./task-attempt-cases.ts";
import { taskCancelCases } from "./task-cancel-cases.ts";
import { aborted, addTask, doTask, newTask } from "./task-cases.ts";
import { taskEnqueueCases } from "./task-enqueue-cases.ts";
import { taskListCases } from "./task-list-cases.ts";
import { taskWorkerCases } from "./task-worker-cases.ts";

export interface TaskQueueBounds {
  /** How many tasks of a name may wait. */
  readonly maxWaitingTasks?: number | undefined;
  /** How many ended tasks of a name are kept; others are given up by the time that tasks are added or end. */
  readonly maxFinishedTasks?: number | undefined;
}

export interface TaskQueueSuiteOptions {
  /** An unstarted queue with data of its own. Where no bounds are given they are a thousand at least. */
  create(bounds?: TaskQueueBounds): Promise<TaskQueue> | TaskQueue;
  /** Given where the data outlives the queue. */
  readonly durable?: Durable<TaskQueue> | undefined;
}

/** Registers tests of everything that {@link TaskQueue} promises. */
export function taskQueueSuite(name: string, { create, durable }: TaskQueueSuiteOptions): void {
  describe(`${name} as a TaskQueue`, () => {
    let queue: TaskQueue;
    beforeEach(async () => {
      queue = await create();
      await queue.start();
    });
    afterEach(() => queue.stop());

    const unknown = { name: "name", id: "unknown" };
    lifecycleCases(() => create(), {
      enqueue: (queue) => queue.enqueue(newTask()),
      get: (queue) => queue.get(unknown),
      settled: (queue) => queue.settled(unknown),
      list: (queue) => queue.list({ name: "name" }),
      cancel: (queue) => queue.cancel(unknown, { reason: "a test" }),
      work: (queue) => queue.work("name", () => undefined),
    });

    taskEnqueueCases(() => queue);
    taskAttemptCases(() => queue);
    taskWorkerCases(() => queue);
    taskCancelCases(() => queue);
    taskListCases(() => queue);

    const bounded = async (bounds: TaskQueueBounds) => {
      await queue.stop();
      queue = await create(bounds);
      await queue.start();
    };

    it("takes no more tasks of a name than may wait, those with a delay included, but answers for known ones", async () => {
      await bounded({ maxWaitingTasks: 2 });
      const first = newTask({ fingerprint: "a" });
      await queue.enqueue(first);
      await addTask(queue, { delay: 60_000 });
      await expect(addTask(queue)).rejects.toMatchObject({
        code: "QUEUE_FULL",
        retryAfter: expect.any(Number),
      });
      expect((await queue.enqueue(first)).replayed).toBe(true);
      await addTask(queue, { name: "other" });
      await queue.cancel(first, { reason: "a test" });
      await addTask(queue);
    });

    it("gives up ended tasks past a number of them, whose ids can be used again", async () => {
      await bounded({ maxFinishedTasks: 2 });
      await queue.work("name", ({ input }) => input);
      const first = await doTask(queue, { id: "first" });
      await doTask(queue);
      const last = await doTask(queue);
      await vi.waitFor(async () => {
        await addTask(queue, { name: "name", delay: 60_000 });
        expect(await queue.get(first)).toBeUndefined();
      });
      expect(await queue.get(last)).toMatchObject({ status: "completed" });
      expect((await queue.list({ name: "name", status: "completed" })).items).toHaveLength(2);
      expect((await doTask(queue, { id: "first", input: "again" })).result).toBe("again");
    });

    it("aborts attempts when it stops", async () => {
      const began = Promise.withResolvers<void>();
      const ended = Promise.withResolvers<void>();
      await queue.work("name", async ({ signal }) => {
        began.resolve();
        await aborted(signal);
        ended.resolve();
      });
      await addTask(queue);
      await began.promise;
      await queue.stop();
      await ended.promise;
    });

    if (durable === undefined) return;
    describe("reopened", () => {
      const reopen = async () => {
        await queue.stop();
        queue = await durable.reopen(queue);
        await queue.start();
      };

      it("has its tasks, results, owners and fingerprints", async () => {
        const worker = await queue.work("name", ({ input }) => input);
        const done = newTask({ fingerprint: "a", userId: "user", input: { n: 1 } });
        await queue.enqueue(done);
        const completed = await queue.settled(done);
        await worker.close();
        const waiting = await addTask(queue, { userId: "user", input: "later" });
        const delayed = await addTask(queue, { delay: 20, input: "delayed" });
        const canceled = await addTask(queue);
        await queue.cancel(canceled, { reason: "a test" });
        const before = (await queue.list({ name: "name" })).items;
        await reopen();
        expect((await queue.list({ name: "name" })).items).toEqual(before);
        expect(await queue.get(completed)).toEqual(completed);
        expect((await queue.enqueue(done)).replayed).toBe(true);
        await queue.work("name", ({ input, userId }) => [input, userId ?? null]);
        expect((await queue.settled(waiting)).result).toEqual(["later", "user"]);
        expect((await queue.settled(delayed)).result).toEqual(["delayed", null]);
      });

      it("attempts again what was aborted when it stopped", async () => {
        const began = Promise.withResolvers<void>();
        await queue.work("name", async ({ signal }) => {
          began.resolve();
          await aborted(signal);
          throw signal.reason;
        });
        const key = await addTask(queue, { input: 1 });
        await began.promise;
        await reopen();
        await queue.work("name", ({ attempt, input }) => [attempt, input]);
        expect(await queue.settled(key)).toMatchObject({ status: "completed", result: [1, 1] });
      });

      it("still waits for the back-off of a task, with its attempts counted", async () => {
        const failed = Promise.withResolvers<void>();
        const worker = await queue.work("name", () => {
          failed.resolve();
          throw new Error("not yet");
        });
        const key = await addTask(queue, { attempts: 2, backoff: { delay: 50 } });
        await failed.promise;
        await worker.close();
        await reopen();
        await queue.work("name", ({ attempt }) => attempt);
        expect((await queue.settled(key)).result).toBe(2);
      });
    });
  });
}
