import type { TaskQueue } from "@agentscope-runtime/core";
import { describe, expect, it } from "vitest";
import { aborted, addTask, doTask, hang } from "./task-cases.ts";

/** Registers what becomes of tasks that are canceled. */
export function taskCancelCases(queue: () => TaskQueue): void {
  const reason = { reason: "The user has gone." };

  describe("cancel", () => {
    it.each([{}, { delay: 60_000 }])("ends a waiting task at once, with %j", async (options) => {
      const done: string[] = [];
      const key = await addTask(queue(), options);
      const settled = queue().settled(key);
      const record = await queue().cancel(key, reason);
      expect(record).toMatchObject({ status: "canceled", attempt: 0, cancel: reason });
      expect(await settled).toEqual(record);
      expect(await queue().get(key)).toEqual(record);
      expect(record.completedAt).toBeGreaterThanOrEqual(record.createdAt);
      await queue().work("name", ({ id }) => void done.push(id));
      const { id } = await doTask(queue());
      expect(done).toEqual([id]);
    });

    it("aborts the attempt at an active task, which is canceled whatever comes of it", async () => {
      for (const outcome of ["resolves", "throws", "hangs"]) {
        const began = Promise.withResolvers<void>();
        const reasons: unknown[] = [];
        const work = async ({ signal }: { signal: AbortSignal }) => {
          began.resolve();
          await aborted(signal);
          reasons.push(signal.reason);
          if (outcome === "throws") throw signal.reason;
          return outcome === "hangs" ? hang() : "done";
        };
        const worker = await queue().work("name", work, { abortGrace: 20 });
        const key = await addTask(queue(), { attempts: 3, backoff: { delay: 1 } });
        await began.promise;
        expect(await queue().cancel(key, reason)).toMatchObject({ id: key.id, cancel: reason });
        const task = await queue().settled(key);
        expect(task).toMatchObject({ status: "canceled", attempt: 1, cancel: reason });
        expect([task.error, task.result]).toEqual([undefined, undefined]);
        expect(reasons).toEqual([expect.objectContaining({ code: "RUN_CANCELED", message: reason.reason })]);
        await worker.close();
      }
    });

    it("ends a task that waits for its next attempt", async () => {
      const failed = Promise.withResolvers<void>();
      const worker = await queue().work("name", () => {
        failed.resolve();
        throw new Error("not yet");
      });
      const key = await addTask(queue(), { attempts: 2, backoff: { delay: 60_000 } });
      await failed.promise;
      await worker.close();
      const record = await queue().cancel(key, reason);
      expect(record).toMatchObject({ status: "canceled", attempt: 1 });
      expect(record.dueAt).toBeUndefined();
    });

    it("keeps the first of 20 reasons given at once", async () => {
      const key = await addTask(queue());
      const requests = Array.from({ length: 20 }, (_, index) => queue().cancel(key, { reason: `${index}` }));
      const records = await Promise.all(requests);
      const kept = (await queue().get(key))?.cancel;
      for (const { cancel } of records) expect(cancel).toEqual(kept);
      expect((await queue().cancel(key, reason)).cancel).toEqual(kept);
    });

    it("leaves an ended task as it is", async () => {
      await queue().work("name", () => "done");
      const task = await doTask(queue());
      await queue().cancel(task, reason);
      expect(await queue().get(task)).toEqual(task);
      expect(task.cancel).toBeUndefined();
    });

    it("concerns one task only, and of that name", async () => {
      const key = await addTask(queue(), { id: "id" });
      const other = await addTask(queue(), { name: "other", id: "id" });
      await queue().cancel(key, reason);
      expect(await queue().get(other)).toMatchObject({ status: "waiting" });
    });

    it("finds only what is there", async () => {
      const refused = queue().cancel({ name: "name", id: "unknown" }, reason);
      await expect(refused).rejects.toMatchObject({ code: "TASK_NOT_FOUND" });
    });
  });
}
