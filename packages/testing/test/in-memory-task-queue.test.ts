import {
  backoffDelay,
  InMemoryTaskQueue,
  type InMemoryTaskQueueOptions,
  type Logger,
} from "@agentscope-runtime/core";
import { taskQueueSuite } from "@agentscope-runtime/testing";
import { describe, expect, it, onTestFinished } from "vitest";

taskQueueSuite("InMemoryTaskQueue", { create: (bounds) => new InMemoryTaskQueue(bounds) });

describe("InMemoryTaskQueue", () => {
  const start = async (options: InMemoryTaskQueueOptions = {}) => {
    const queue = new InMemoryTaskQueue(options);
    await queue.start();
    onTestFinished(() => queue.stop());
    return queue;
  };
  const name = "name";

  it("says by name what has to be started", async () => {
    const message = "InMemoryTaskQueue is not started: call start() first.";
    await expect(new InMemoryTaskQueue().get({ name, id: "id" })).rejects.toThrow(message);
  });

  it("gives up ended tasks by age", async () => {
    let now = 1000;
    const queue = await start({ finishedTaskTtl: 60, now: () => now });
    await queue.work(name, () => "done");
    await queue.enqueue({ name, id: "old" });
    await queue.settled({ name, id: "old" });
    now += 59;
    await queue.enqueue({ name, id: "young" });
    await queue.settled({ name, id: "young" });
    expect(await queue.get({ name, id: "old" })).toBeDefined();
    now += 1;
    await queue.enqueue({ name, id: "next" });
    expect(await queue.get({ name, id: "old" })).toBeUndefined();
    expect(await queue.get({ name, id: "young" })).toBeDefined();
  });

  it("gives up ended tasks by the length of their results", async () => {
    const queue = await start({ maxFinishedLength: 250 });
    await queue.work(name, () => "x".repeat(98));
    for (const id of ["a", "b", "c"]) {
      await queue.enqueue({ name, id, input: "y".repeat(1000) });
      await queue.settled({ name, id });
    }
    const tasks = await Promise.all(["a", "b", "c"].map((id) => queue.get({ name, id })));
    expect(tasks.map((task) => task?.status)).toEqual([undefined, "completed", "completed"]);
  });

  it("takes no more than so many characters of waiting inputs, which are free again once taken up", async () => {
    const queue = await start({ maxWaitingLength: 250 });
    const add = (id: string) => queue.enqueue({ name, id, input: "x".repeat(98) });
    await add("a");
    await add("b");
    await expect(add("c")).rejects.toMatchObject({ code: "QUEUE_FULL" });
    await queue.work(name, () => "done");
    await queue.settled({ name, id: "b" });
    expect((await add("c")).replayed).toBe(false);
  });

  it("gives up the ended tasks of whoever has most of them", async () => {
    const queue = await start({ maxFinishedTasks: 3 });
    await queue.work(name, () => "done");
    const end = async (id: string, userId: string) => {
      await queue.enqueue({ name, id, userId });
      await queue.settled({ name, id });
    };
    const kept = async () => (await queue.list({ name })).items.map(({ id }) => id).reverse();
    await end("quiet", "quiet");
    for (const id of ["1", "2", "3", "4"]) await end(id, "loud");
    expect(await kept()).toEqual(["quiet", "3", "4"]);
    await end("5", "third");
    expect(await kept()).toEqual(["quiet", "4", "5"]);
    await end("6", "fourth");
    expect(await kept()).toEqual(["4", "5", "6"]);
  });

  it("lets one user have a part of the room for waiting tasks, which is free again once they are taken up", async () => {
    const queue = await start({ maxWaitingTasks: 4, maxUserShare: 0.5, maxWaitingLength: 400 });
    const add = (id: string, userId?: string, input = "") => queue.enqueue({ name, id, userId, input });
    await add("a", "loud");
    await add("b", "loud");
    await expect(add("c", "loud")).rejects.toMatchObject({
      code: "QUEUE_FULL",
      message: "Too many tasks of this user are waiting: try again later.",
    });
    await queue.cancel({ name, id: "a" }, { reason: "Room" });
    await expect(add("c", "loud", "x".repeat(200))).rejects.toMatchObject({ code: "QUEUE_FULL" });
    await add("c", "quiet", "x".repeat(250));
    await add("d");
    await add("e");
    await expect(add("f")).rejects.toMatchObject({ message: "Too many tasks are waiting: try again later." });
    expect(() => new InMemoryTaskQueue({ maxUserShare: 0 })).toThrow("maxUserShare");
  });

  it("bounds a single input and a single result", async () => {
    const queue = await start({ maxInputLength: 10, maxResultLength: 10 });
    const large = queue.enqueue({ name, id: "large", input: "x".repeat(9) });
    await expect(large).rejects.toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
    await queue.work(name, () => "x".repeat(9));
    await queue.enqueue({ name, id: "id", input: "x".repeat(8), attempts: 3 });
    expect(await queue.settled({ name, id: "id" })).toMatchObject({
      status: "failed",
      attempt: 1,
      error: { code: "RESPONSE_ERROR", message: "The task's result is longer than 10 characters of JSON." },
    });
  });

  it("logs what clients are not told", async () => {
    const lines: unknown[] = [];
    const take = (bindings: object, message: string) => void lines.push({ ...bindings, message });
    const log: Logger = { debug: take, info: take, warn: take, error: take, child: () => log };
    const queue = await start();
    const thrown = new Error("hunter2");
    await queue.work(
      name,
      ({ input }) => {
        if (input === "throw") throw thrown;
        return new Promise(() => undefined);
      },
      { log, timeout: 20, abortGrace: 10 },
    );
    await queue.enqueue({ name, id: "a", input: "throw" });
    await queue.settled({ name, id: "a" });
    expect(lines).toEqual([
      { task: name, task_id: "a", attempt: 1, err: thrown, message: "the task failed" },
    ]);
    lines.length = 0;
    await queue.enqueue({ name, id: "b" });
    await queue.settled({ name, id: "b" });
    expect(lines).toMatchObject([
      { task_id: "b", message: "the task's handler has not returned: it is given up" },
      { task_id: "b", err: { code: "TIMEOUT" }, message: "the task took too long" },
    ]);
  });

  it("has waits between attempts that double up to a bound, and differ", () => {
    const waits = (random: number) =>
      [1, 2, 3, 4, 5].map((failed) => backoffDelay({ delay: 100, maxDelay: 1000 }, failed, () => random));
    expect(waits(0)).toEqual([100, 200, 400, 800, 1000]);
    expect(waits(1)).toEqual([50, 100, 200, 400, 500]);
    expect(backoffDelay({}, 2000, () => 0)).toBe(300_000);
  });
});
