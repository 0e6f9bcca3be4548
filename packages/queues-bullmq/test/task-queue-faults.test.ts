import { once } from "node:events";
import { RuntimeError, type TaskAttempt } from "@agentscope-runtime/core";
import { BullMQTaskQueue, type BullMQTaskQueueOptions } from "@agentscope-runtime/queues-bullmq";
import { RedisServer } from "@agentscope-runtime/test-servers";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { WorkerProcess } from "./worker-process.ts";

const server = await RedisServer.start({ appendfsync: "no" });
const admin = new Redis(server.url);
afterAll(async () => {
  admin.disconnect();
  await server.stop();
});

const name = "name";
const unavailable = { code: "SERVICE_UNAVAILABLE", status: 503, retryAfter: 1 };
let spaces = 0;
const newPrefix = () => `space ${++spaces}`;

async function startQueue(options: Partial<BullMQTaskQueueOptions> = {}): Promise<BullMQTaskQueue> {
  const queue = new BullMQTaskQueue({ connection: { url: server.url }, leaseTtl: 400, ...options });
  await queue.start();
  onTestFinished(() => queue.stop());
  return queue;
}

async function startWorker(prefix: string): Promise<WorkerProcess> {
  const worker = await WorkerProcess.start(server.url, prefix);
  onTestFinished(() => worker.end("SIGKILL"));
  return worker;
}

function gate(): { readonly began: Promise<void>; readonly open: () => void; work(): Promise<string> } {
  const began = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  const work = async () => {
    began.resolve();
    await opened.promise;
    return "done";
  };
  return { began: began.promise, open: () => opened.resolve(), work };
}

describe("workers in processes of their own", () => {
  it("have a task done again by another one when one of them is killed", async () => {
    const prefix = newPrefix();
    const queue = await startQueue({ prefix });
    const first = await startWorker(prefix);
    await queue.enqueue({ name, id: "id", input: "hang" });
    await first.said("task id");
    await first.end("SIGKILL");
    await queue.work(name, ({ input, attempt }) => [input, attempt]);
    expect(await queue.settled({ name, id: "id" })).toMatchObject({
      status: "completed",
      result: ["hang", 1],
    });
  });

  it("are not given a task for ever that kills them", async () => {
    const prefix = newPrefix();
    const queue = await startQueue({ prefix });
    const worker = await startWorker(prefix);
    await queue.enqueue({ name, id: "id", input: "hang", attempts: 3 });
    await worker.said("task id");
    // As if ten had died of it already.
    await admin.hset(`${prefix}:tasks:"name":task:"id"`, "lost", 10);
    await worker.end("SIGKILL");
    await queue.work(name, () => "done");
    const task = await queue.settled({ name, id: "id" });
    expect(task).toMatchObject({ status: "failed", attempt: 1, error: { code: "RUN_INTERRUPTED" } });
  });

  it("abort a task that is canceled elsewhere", async () => {
    const prefix = newPrefix();
    const queue = await startQueue({ prefix });
    const worker = await startWorker(prefix);
    await queue.enqueue({ name, id: "id", input: "hang" });
    await worker.said("task id");
    await queue.cancel({ name, id: "id" }, { reason: "a test" });
    await worker.said("aborted id");
    const task = await queue.settled({ name, id: "id" });
    expect(task).toMatchObject({ status: "canceled", attempt: 1, cancel: { reason: "a test" } });
  });

  it("hand tasks back when they are told to end, and end", async () => {
    const prefix = newPrefix();
    const queue = await startQueue({ prefix, leaseTtl: 60_000 });
    const worker = await startWorker(prefix);
    await queue.enqueue({ name, id: "id", input: "hang" });
    await worker.said("task id");
    await worker.end("SIGTERM");
    expect(await queue.get({ name, id: "id" })).toMatchObject({ status: "waiting", attempt: 0 });
    await queue.work(name, ({ attempt }) => attempt);
    expect(await queue.settled({ name, id: "id" })).toMatchObject({ status: "completed", result: 1 });
  });
});

describe("two queues over one Redis", () => {
  it("do 1,000 tasks once each, with no more at a time than they are told", async () => {
    const prefix = newPrefix();
    const queues = await Promise.all([startQueue({ prefix }), startQueue({ prefix })]);
    const done = new Map<string, number>();
    let running = 0;
    let most = 0;
    const work = async ({ id }: TaskAttempt) => {
      most = Math.max(most, ++running);
      done.set(id, (done.get(id) ?? 0) + 1);
      await new Promise(setImmediate);
      running--;
    };
    for (const queue of queues) await queue.work(name, work, { concurrency: 20 });
    const ids = Array.from({ length: 1000 }, (_, index) => `${index}`);
    await Promise.all(ids.map((id) => queues[0].enqueue({ name, id })));
    await Promise.all(ids.map((id) => queues[1].settled({ name, id })));
    expect([...done.values()].filter((count) => count === 1)).toHaveLength(1000);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(40);
  });

  it("tell each other of cancellations and of ends", async () => {
    const prefix = newPrefix();
    const [worker, other] = await Promise.all([startQueue({ prefix }), startQueue({ prefix })]);
    const began = Promise.withResolvers<void>();
    await worker.work(name, async ({ signal }) => {
      began.resolve();
      await once(signal, "abort");
      return "done all the same";
    });
    await worker.enqueue({ name, id: "id", attempts: 3 });
    const settled = other.settled({ name, id: "id" });
    await began.promise;
    await other.cancel({ name, id: "id" }, { reason: "a test" });
    expect(await settled).toMatchObject({ status: "canceled", cancel: { reason: "a test" } });
  });

  it("know nothing of each other under different prefixes, whatever characters these hold", async () => {
    const prefixes = ["", "a", "a:", "a:tasks", "*", "{a}", '"', "\\", "\0", "\ud800", "\ud801", "é"];
    const queues = await Promise.all(prefixes.map((prefix) => startQueue({ prefix })));
    for (const [index, queue] of queues.entries()) {
      await queue.work(name, ({ input }) => input);
      expect((await queue.enqueue({ name, id: "id", input: index })).replayed).toBe(false);
    }
    const tasks = await Promise.all(queues.map((queue) => queue.settled({ name, id: "id" })));
    expect(tasks.map(({ result }) => result)).toEqual(prefixes.map((_, index) => index));
  });
});

describe("what is kept", () => {
  it("ends by age, and by the length of results", async () => {
    const byAge = await startQueue({ prefix: newPrefix(), finishedTaskTtl: 1 });
    const byLength = await startQueue({ prefix: newPrefix(), maxFinishedLength: 250 });
    for (const queue of [byAge, byLength]) {
      await queue.work(name, () => "x".repeat(98));
      for (const id of ["a", "b", "c"]) {
        await queue.enqueue({ name, id });
        await queue.settled({ name, id }).catch(() => undefined);
      }
    }
    const kept = async (queue: BullMQTaskQueue) => (await queue.list({ name })).items.map(({ id }) => id);
    await vi.waitFor(async () => {
      await byAge.enqueue({ name: "other", id: crypto.randomUUID() });
      await byAge.enqueue({ name, id: "last", delay: 60_000 });
      expect(await kept(byAge)).toEqual(["last"]);
    });
    expect(await kept(byLength)).toEqual(["c", "b"]);
  });

  it("is bounded by the length of waiting inputs", async () => {
    const queue = await startQueue({ prefix: newPrefix(), maxWaitingLength: 250 });
    const add = (id: string) => queue.enqueue({ name, id, input: "x".repeat(98) });
    await add("a");
    await add("b");
    await expect(add("c")).rejects.toMatchObject({ code: "QUEUE_FULL" });
    await queue.work(name, () => "done");
    await queue.settled({ name, id: "b" });
    expect((await add("c")).replayed).toBe(false);
  });

  it("lets one user have a part of the room for waiting tasks, which is free again once they are taken up", async () => {
    const prefix = newPrefix();
    const queue = await startQueue({
      prefix,
      maxWaitingTasks: 4,
      maxUserShare: 0.5,
      maxWaitingLength: 400,
    });
    const add = (id: string, userId?: string, input = "") => queue.enqueue({ name, id, userId, input });
    const full = { code: "QUEUE_FULL", message: "Too many tasks of this user are waiting: try again later." };
    await add("a", "loud");
    await add("b", "loud");
    await expect(add("c", "loud")).rejects.toMatchObject(full);
    await queue.cancel({ name, id: "a" }, { reason: "Room" });
    await expect(add("c", "loud", "x".repeat(200))).rejects.toMatchObject(full);
    await add("c", "quiet", "x".repeat(250));
    await add("d");
    await add("e");
    await expect(add("f")).rejects.toMatchObject({ message: "Too many tasks are waiting: try again later." });
    await queue.work(name, () => "done");
    for (const id of ["b", "c", "d", "e"]) await queue.settled({ name, id });
    const [lane = ""] = await admin.keys(`${prefix}:*:lane`);
    expect(Object.keys(await admin.hgetall(lane)).filter((key) => key.startsWith("waitingLength:"))).toEqual(
      [],
    );
  });

  it("leaves nothing of BullMQ's behind for tasks that have ended", async () => {
    const prefix = newPrefix();
    const queue = await startQueue({ prefix });
    await queue.enqueue({ name, id: "canceled", delay: 60_000 });
    await queue.cancel({ name, id: "canceled" }, { reason: "a test" });
    await queue.work(name, ({ input }) => {
      if (input === "fail") throw new Error("failed");
    });
    for (const input of ["fail", "done"]) {
      await queue.enqueue({ name, id: input, input, attempts: 2, backoff: { delay: 1 } });
      await queue.settled({ name, id: input });
    }
    await vi.waitFor(async () => {
      const keys = await admin.keys(`${prefix}:tasks-name:*`);
      const parts = keys.map((key) => key.slice(`${prefix}:tasks-name:`.length));
      const own = ["events", "id", "meta", "stalled-check", "marker"];
      expect(parts.filter((part) => !own.includes(part))).toEqual([]);
    });
  });

  it("gets the job it lacks where a process has died before that was added", async () => {
    vi.useFakeTimers({ toFake: ["setInterval"] });
    onTestFinished(() => void vi.useRealTimers());
    const prefix = newPrefix();
    const queue = await startQueue({ prefix });
    await queue.enqueue({ name, id: "id", input: 1 });
    const tasks = `${prefix}:tasks:"name"`;
    await vi.waitFor(async () => expect(await admin.exists(`${tasks}:added`)).toBe(0));
    await admin.del(await admin.keys(`${prefix}:tasks-name:*`));
    await admin.zadd(`${tasks}:added`, 1, '"id"');
    await queue.work(name, ({ input }) => input);
    vi.advanceTimersByTime(30_000);
    expect(await queue.settled({ name, id: "id" })).toMatchObject({ status: "completed", result: 1 });
    expect(await admin.exists(`${tasks}:added`)).toBe(0);
  });
});

describe("a Redis that is away", () => {
  let away: RedisServer;
  let options: Partial<BullMQTaskQueueOptions>;
  const printed = [vi.spyOn(console, "error"), vi.spyOn(console, "warn")];
  beforeEach(async () => {
    // What is written outlives the process in any case, and a slow disk is not what is looked at here.
    away = await RedisServer.start({ appendfsync: "no" });
    options = { connection: { url: away.url, connectTimeout: 300, commandTimeout: 300 }, leaseTtl: 30_000 };
    for (const spy of printed) spy.mockClear();
  });
  afterEach(async () => {
    await away.stop();
    for (const spy of printed) expect(spy).not.toHaveBeenCalled();
  });
  const healthy = (queue: BullMQTaskQueue) =>
    vi.waitFor(async () => expect(await queue.health()).toBe(true), { timeout: 5000 });

  it("makes a start fail in time, and another one work when it is back", async () => {
    await away.kill();
    const connection = { url: away.url, connectTimeout: 300 };
    const queue = new BullMQTaskQueue({ connection });
    await expect(queue.start()).rejects.toMatchObject({ ...unavailable, cause: { code: "ECONNREFUSED" } });
    expect(await queue.health()).toBe(false);
    await expect(queue.get({ name, id: "id" })).rejects.toMatchObject({ code: "SERVICE_NOT_STARTED" });
    await away.restart();
    await queue.start();
    expect(await queue.health()).toBe(true);
    await queue.stop();
  });

  it.each(["dead", "hanging"])("makes calls fail in time while it is %s, and work again", async (how) => {
    const queue = await startQueue(options);
    await queue.enqueue({ name, id: "before" });
    if (how === "dead") await away.kill();
    else away.pause();
    const calls = [
      queue.enqueue({ name, id: "id" }),
      queue.get({ name, id: "id" }),
      queue.list({ name }),
      queue.cancel({ name, id: "before" }, { reason: "a test" }),
      queue.settled({ name, id: "before" }),
      queue.work(name, () => "done"),
    ];
    for (const call of await Promise.allSettled(calls)) {
      expect(call).toMatchObject({ status: "rejected", reason: unavailable });
    }
    expect(await queue.health()).toBe(false);
    if (how === "dead") await away.restart();
    else away.resume();
    await healthy(queue);
    await queue.work(name, () => "done");
    await queue.enqueue({ name, id: "after" });
    expect(await queue.settled({ name, id: "after" })).toMatchObject({ result: "done" });
  });

  it("loses nothing of what is at work when it is killed and comes back", async () => {
    const queue = await startQueue(options);
    const { began, open, work } = gate();
    let attempts = 0;
    await queue.work(name, () => {
      attempts++;
      return work();
    });
    await queue.enqueue({ name, id: "id" });
    const settled = queue.settled({ name, id: "id" });
    await began;
    await away.kill();
    open();
    await vi.waitFor(async () => expect(await queue.health()).toBe(false));
    await away.restart();
    expect(await settled).toMatchObject({ status: "completed", result: "done", attempt: 1 });
    expect(attempts).toBe(1);
    await healthy(queue);
    await queue.enqueue({ name, id: "next" });
    expect(await queue.settled({ name, id: "next" })).toMatchObject({ status: "completed" });
  });

  it("finds its waiting tasks and their workers again", async () => {
    const queue = await startQueue(options);
    await queue.work(name, ({ input }) => input);
    await queue.enqueue({ name, id: "first", input: 1 });
    await queue.settled({ name, id: "first" });
    await queue.enqueue({ name, id: "delayed", input: 2, delay: 500 });
    await away.restart();
    await healthy(queue);
    expect((await queue.settled({ name, id: "delayed" })).result).toBe(2);
    await queue.enqueue({ name, id: "last", input: 3 });
    expect((await queue.settled({ name, id: "last" })).result).toBe(3);
  });

  it("keeps neither an idle worker nor a busy one from being stopped", async () => {
    const queue = await startQueue(options);
    const { began, open, work } = gate();
    await queue.work("idle", () => "done");
    await queue.work(name, work, { abortGrace: 20 });
    await queue.enqueue({ name, id: "id" });
    await began;
    await away.kill();
    const before = Date.now();
    await queue.stop();
    expect(Date.now() - before).toBeLessThan(4000);
    open();
  });
});

describe("a process", () => {
  it("ends by itself once all is stopped, whether Redis is there or not", async () => {
    const away = await RedisServer.start({ appendfsync: "no" });
    onTestFinished(() => away.stop());
    const [first, second] = await Promise.all([
      WorkerProcess.start(away.url, "ends"),
      WorkerProcess.start(away.url, "ends"),
    ]);
    await first.end("SIGTERM");
    await away.kill();
    await second.end("SIGTERM");
    // BullMQ waits some seconds for blocked reads that nobody answers any more.
  }, 60_000);
});

describe("options", () => {
  it.each<[string, BullMQTaskQueueOptions]>([
    ["a url of something else", { connection: { url: "http://user:secret@127.0.0.1" } }],
    ["no url", { connection: { url: "127.0.0.1:6379" } }],
    ["a database without a number", { connection: { url: "redis://:secret@127.0.0.1/a" } }],
    ["no time to connect", { connection: { connectTimeout: 0 } }],
    ["no time for a command", { connection: { commandTimeout: Number.NaN } }],
    ["no lease", { connection: {}, leaseTtl: 0 }],
    ["fewer than no tasks", { connection: {}, maxWaitingTasks: -1 }],
    ["no room for anybody", { connection: {}, maxUserShare: 0 }],
  ])("can't be %s", (_name, options) => {
    const error = thrownBy(() => new BullMQTaskQueue(options));
    expect(RuntimeError.is(error) && error.code).toBe("CONFIGURATION_ERROR");
    expect(String(error)).not.toContain("secret");
  });

  it("may be the parts of a url, and a wrong password is not shown", async () => {
    const locked = await RedisServer.start({ args: ["--requirepass", "right"] });
    onTestFinished(() => locked.stop());
    const parts = { host: "127.0.0.1", port: locked.port, connectTimeout: 300 };
    await startQueue({ connection: { ...parts, password: "right", db: 1 } });
    await startQueue({ connection: { url: `redis://:right@127.0.0.1:${locked.port}/1` } });
    const refused = new BullMQTaskQueue({ connection: { ...parts, password: "wrong" } });
    const error = await refused.start().catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "SERVICE_UNAVAILABLE" });
    expect(String((error as Error).cause)).toContain("WRONGPASS");
    expect((error as Error).message).not.toContain("wrong");
  });
});

function thrownBy(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}
