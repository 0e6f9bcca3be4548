import type { NewTask, TaskQueue } from "@agentscope-runtime/core";
import { describe, expect, it } from "vitest";
import { hostileIds } from "./hostile-ids.ts";
import { addTask, doTask, newTask } from "./task-cases.ts";

/** Registers what holds for adding tasks and asking for them. */
export function taskEnqueueCases(queue: () => TaskQueue): void {
  describe("enqueue", () => {
    it("says what was added, as asking for it does", async () => {
      const before = Date.now();
      const { task, replayed } = await queue().enqueue(newTask({ id: "id", userId: "user", input: 1 }));
      expect(replayed).toBe(false);
      expect(task).toMatchObject({ name: "name", id: "id", userId: "user", status: "waiting", attempt: 0 });
      expect(task.createdAt).toBeGreaterThanOrEqual(before);
      expect(task.createdAt).toBeLessThanOrEqual(Date.now());
      expect([task.dueAt, task.startedAt, task.completedAt, task.error, task.cancel]).toEqual(
        Array.from({ length: 5 }, () => undefined),
      );
      expect(await queue().get({ name: "name", id: "id" })).toEqual(task);
    });

    it("knows no task that was not added, nor one of another name", async () => {
      await addTask(queue(), { id: "id" });
      expect(await queue().get({ name: "name", id: "other" })).toBeUndefined();
      expect(await queue().get({ name: "other", id: "id" })).toBeUndefined();
    });

    it("answers the same task, submitted again, with the first, waiting or ended", async () => {
      const task = newTask({ fingerprint: "a", input: "first" });
      await queue().enqueue(task);
      expect(await queue().enqueue(task)).toMatchObject({ replayed: true, task: { status: "waiting" } });
      await queue().work("name", ({ input }) => input);
      await queue().settled(task);
      const again = await queue().enqueue({ ...task, input: "second" });
      expect(again).toMatchObject({ replayed: true, task: { id: task.id, status: "completed", attempt: 1 } });
      expect((await queue().get(task))?.result).toBe("first");
    });

    it("refuses a used id for another task, but not under another name", async () => {
      const task = newTask({ fingerprint: "a" });
      await queue().enqueue(task);
      for (const fingerprint of ["b", undefined]) {
        const refused = queue().enqueue({ ...task, fingerprint });
        await expect(refused).rejects.toMatchObject({ code: "IDEMPOTENCY_MISMATCH" });
      }
      expect((await queue().enqueue({ ...task, name: "other" })).replayed).toBe(false);
    });

    it("adds one of 20 that come at once with the same id", async () => {
      const task = newTask({ fingerprint: "a" });
      const added = await Promise.all(Array.from({ length: 20 }, () => queue().enqueue(task)));
      expect(added.filter(({ replayed }) => !replayed)).toHaveLength(1);
      expect((await queue().list({ name: "name" })).items).toHaveLength(1);
    });

    it("takes any JSON, and hands out copies of it", async () => {
      await queue().work("name", ({ input }) => input);
      for (const input of [null, 0, "", false, [], {}, "\0 \ud800 🦊", { deep: [{ deeper: null }] }]) {
        expect((await doTask(queue(), { input })).result).toEqual(input);
      }
      const input = { inner: { n: 1 } };
      const key = await addTask(queue(), { input });
      input.inner.n = 2;
      const { result } = await queue().settled(key);
      expect(result).toEqual({ inner: { n: 1 } });
      Object.assign(result as object, { changed: true });
      expect((await queue().get(key))?.result).toEqual({ inner: { n: 1 } });
    });

    it("hands on that there is no input", async () => {
      await queue().work("name", ({ input }) => input === undefined);
      expect((await doTask(queue())).result).toBe(true);
    });

    it("takes inputs and results of 5 MB", async () => {
      const input = "5 MB ".repeat(2 ** 20);
      await queue().work("name", (attempt) => attempt.input);
      expect((await doTask(queue(), { input })).result === input).toBe(true);
    });

    it.each([
      ["a bigint", 1n],
      ["a function", { call: () => 1 }],
      ["a map", new Map([[1, 2]])],
      ["no number", [Number.NaN]],
    ])("refuses an input that is no JSON: %s", async (_, input) => {
      await expect(addTask(queue(), { input })).rejects.toMatchObject({ code: "INVALID_PARAMETER" });
    });

    it.each<Partial<NewTask>>([
      { delay: -1 },
      { delay: 0.5 },
      { delay: 2 ** 31 },
      { attempts: 0 },
      { attempts: Number.POSITIVE_INFINITY },
      { backoff: { delay: -1 } },
      { backoff: { maxDelay: Number.NaN } },
    ])("refuses %j", async (options) => {
      await expect(addTask(queue(), options)).rejects.toMatchObject({ code: "INVALID_PARAMETER" });
    });

    it("keeps apart what differs by any character", async () => {
      for (const id of hostileIds) {
        await addTask(queue(), { name: "ids", id, userId: id, input: id });
        await addTask(queue(), { name: id, id: "id", input: id });
      }
      await queue().work("ids", ({ id, userId, input }) => [id, userId, input]);
      for (const id of hostileIds) {
        expect((await queue().settled({ name: "ids", id })).result).toEqual([id, id, id]);
        const worker = await queue().work(id, ({ name, input }) => [name, input]);
        expect((await queue().settled({ name: id, id: "id" })).result).toEqual([id, id]);
        await worker.close();
      }
    });
  });

  describe("settled", () => {
    it("waits for the end of a task, for as many as ask", async () => {
      const key = await addTask(queue());
      const waiting = Promise.all([queue().settled(key), queue().settled(key)]);
      await queue().work("name", () => "done");
      const tasks = await waiting;
      expect(tasks.map(({ status, result }) => [status, result])).toEqual([
        ["completed", "done"],
        ["completed", "done"],
      ]);
      expect(await queue().settled(key)).toEqual(tasks[0]);
    });

    it("waits no longer once the signal aborts", async () => {
      const key = await addTask(queue());
      const controller = new AbortController();
      const waiting = queue().settled(key, controller.signal);
      const enough = new Error("enough");
      controller.abort(enough);
      await expect(waiting).rejects.toBe(enough);
      await expect(queue().settled(key, controller.signal)).rejects.toBe(enough);
    });

    it("does not wait for what is not there", async () => {
      const unknown = queue().settled({ name: "name", id: "unknown" });
      await expect(unknown).rejects.toMatchObject({ code: "TASK_NOT_FOUND" });
    });

    it("is rejected when the queue stops", async () => {
      const waiting = queue().settled(await addTask(queue()));
      const refused = expect(waiting).rejects.toMatchObject({ code: "SERVICE_NOT_STARTED" });
      await queue().get({ name: "name", id: "id" });
      await queue().stop();
      await refused;
    });
  });
}
