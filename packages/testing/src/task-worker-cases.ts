import type { TaskQueue } from "@agentscope-runtime/core";
import { describe, expect, it } from "vitest";
import { aborted, addTask, doTask, hang } from "./task-cases.ts";

/** Registers how workers share tasks, and how they leave. */
export function taskWorkerCases(queue: () => TaskQueue): void {
  describe("a worker", () => {
    it("takes tasks in the order they came, those that were there before it included", async () => {
      const inputs: unknown[] = [];
      for (const input of [1, 2]) await addTask(queue(), { input });
      const work = ({ input }: { input: unknown }) => void inputs.push(input);
      await queue().work("name", work, { concurrency: 1 });
      await addTask(queue(), { input: 3 });
      await doTask(queue(), { input: 4 });
      expect(inputs).toEqual([1, 2, 3, 4]);
    });

    it("takes tasks of its name only", async () => {
      const other = await addTask(queue(), { name: "other" });
      await queue().work("name", () => "done");
      await doTask(queue());
      expect(await queue().get(other)).toMatchObject({ status: "waiting" });
    });

    it("leaves a task alone until it is due, and does others meanwhile", async () => {
      const delayed = await addTask(queue(), { delay: 300 });
      const { createdAt, dueAt = 0 } = (await queue().get(delayed)) ?? { createdAt: 0 };
      expect(dueAt - createdAt).toBe(300);
      await queue().work("name", () => "done", { concurrency: 1 });
      const { completedAt = Number.POSITIVE_INFINITY } = await doTask(queue());
      const { startedAt = 0, ...task } = await queue().settled(delayed);
      // Timers of Node's may be up to a millisecond early.
      expect(startedAt - createdAt).toBeGreaterThanOrEqual(299);
      expect(completedAt).toBeLessThanOrEqual(startedAt);
      expect(task.dueAt).toBeUndefined();
    });

    it("makes as many attempts at once as it is told, and no more", async () => {
      let running = 0;
      let most = 0;
      const two = Promise.withResolvers<void>();
      const work = async () => {
        most = Math.max(most, ++running);
        if (running === 2) two.resolve();
        await two.promise;
        running--;
      };
      await queue().work("name", work, { concurrency: 2 });
      const keys = await Promise.all(Array.from({ length: 7 }, () => addTask(queue())));
      await Promise.all(keys.map((key) => queue().settled(key)));
      expect(most).toBe(2);
    });

    it("shares tasks with others: each is done once", async () => {
      const done: string[] = [];
      const both = Promise.withResolvers<void>();
      const seen = new Set<string>();
      const work =
        (worker: string) =>
        async ({ id }: { id: string }) => {
          done.push(id);
          if (seen.add(worker).size === 2) both.resolve();
          await both.promise;
        };
      await queue().work("name", work("a"), { concurrency: 1 });
      await queue().work("name", work("b"), { concurrency: 1 });
      const keys = await Promise.all(Array.from({ length: 20 }, () => addTask(queue())));
      await Promise.all(keys.map((key) => queue().settled(key)));
      expect(done.toSorted()).toEqual(keys.map(({ id }) => id).toSorted());
    });

    it.each([{ concurrency: 0 }, { timeout: 0 }, { timeout: 2 ** 31 }, { abortGrace: -1 }])(
      "can't have %j",
      async (options) => {
        const refused = queue().work("name", () => 1, options);
        await expect(refused).rejects.toMatchObject({ code: "CONFIGURATION_ERROR" });
      },
    );
  });

  describe("a worker that closes", () => {
    it("waits for attempts to end, and takes no more tasks", async () => {
      const began = Promise.withResolvers<void>();
      const goOn = Promise.withResolvers<void>();
      const work = async () => {
        began.resolve();
        await goOn.promise;
        return "done";
      };
      const worker = await queue().work("name", work, { concurrency: 1 });
      const key = await addTask(queue());
      const next = await addTask(queue());
      await began.promise;
      const closing = worker.close({ grace: 60_000 });
      goOn.resolve();
      await closing;
      expect(await queue().get(key)).toMatchObject({ status: "completed", result: "done" });
      expect(await queue().get(next)).toMatchObject({ status: "waiting", attempt: 0 });
      await worker.close();
    });

    it("hands back what it has to abort, and that attempt does not count", async () => {
      const began = Promise.withResolvers<void>();
      const worker = await queue().work("name", async ({ signal }) => {
        began.resolve();
        await aborted(signal);
        throw signal.reason;
      });
      const key = await addTask(queue(), { input: 1 });
      await began.promise;
      await worker.close({ grace: 20 });
      const task = await queue().get(key);
      expect(task).toMatchObject({ status: "waiting", attempt: 0 });
      await queue().work("name", ({ attempt, input }) => [attempt, input]);
      expect(await queue().settled(key)).toMatchObject({ status: "completed", attempt: 1, result: [1, 1] });
    });

    it("hands back what hangs", async () => {
      const began = Promise.withResolvers<void>();
      const work = () => {
        began.resolve();
        return hang();
      };
      const worker = await queue().work("name", work, { abortGrace: 20 });
      const key = await addTask(queue());
      await began.promise;
      await worker.close();
      await queue().work("name", () => "done");
      expect(await queue().settled(key)).toMatchObject({ status: "completed", result: "done", attempt: 1 });
    });

    it("keeps what resolves in spite of being aborted", async () => {
      const began = Promise.withResolvers<void>();
      const worker = await queue().work("name", async ({ signal }) => {
        began.resolve();
        await aborted(signal);
        return "just in time";
      });
      const key = await addTask(queue());
      await began.promise;
      await worker.close();
      expect(await queue().get(key)).toMatchObject({ status: "completed", result: "just in time" });
    });

    it("leaves the others at work", async () => {
      const first = await queue().work("name", () => "first");
      await queue().work("name", () => "second");
      await first.close();
      expect((await doTask(queue())).result).toBe("second");
    });
  });
}
