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
