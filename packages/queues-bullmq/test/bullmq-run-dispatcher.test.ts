import { BullMQRunDispatcher, type BullMQRunDispatcherOptions } from "@agentscope-runtime/queues-bullmq";
import { RedisServer } from "@agentscope-runtime/test-servers";
import { afterAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { WorkerProcess } from "./worker-process.ts";

const server = await RedisServer.start({ appendfsync: "no" });
afterAll(() => server.stop());

const agent = "agent";
const unavailable = { code: "SERVICE_UNAVAILABLE", status: 503, retryAfter: 1 };
let spaces = 0;
const newPrefix = () => `space ${++spaces}`;

async function start(options: Partial<BullMQRunDispatcherOptions> = {}): Promise<BullMQRunDispatcher> {
  const connection = { url: server.url };
  const dispatcher = new BullMQRunDispatcher({ connection, prefix: newPrefix(), leaseTtl: 400, ...options });
  await dispatcher.start();
  onTestFinished(() => dispatcher.stop());
  return dispatcher;
}

/** Takes runs, each of which goes on until it is let go. */
class Taker {
  readonly taken: string[] = [];
  readonly #open = new Map<string, () => void>();

  readonly take = async (runId: string): Promise<void> => {
    this.taken.push(runId);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#open.set(runId, resolve);
    await promise;
  };

  async has(...runIds: string[]): Promise<void> {
    await vi.waitFor(() => expect(this.taken).toEqual(runIds), { timeout: 5000, interval: 10 });
  }

  settle(runId: string): void {
    this.#open.get(runId)?.();
  }
}

describe("a dispatched run", () => {
  it("is taken on by a worker of its agent, those of other agents are not", async () => {
    const dispatcher = await start();
    const taker = new Taker();
    await dispatcher.dispatch("other", "1");
    await dispatcher.dispatch(agent, "2");
    await dispatcher.work([agent], taker.take);
    await taker.has("2");
    await dispatcher.work(["other"], taker.take);
    await taker.has("2", "1");
  });

  it("is taken on once, however often it is dispatched until it has settled, and can be dispatched then", async () => {
    const prefix = newPrefix();
    const [web, worker] = await Promise.all([start({ prefix }), start({ prefix })]);
    const taker = new Taker();
    for (let times = 0; times < 3; times++) await web.dispatch(agent, "run");
    await worker.work([agent], taker.take);
    await web.work([agent], taker.take);
    await taker.has("run");
    await web.dispatch(agent, "run");
    await web.dispatch(agent, "next");
    await taker.has("run", "next");
    taker.settle("run");
    await vi.waitFor(
      async () => {
        await web.dispatch(agent, "run");
        expect(taker.taken).toEqual(["run", "next", "run"]);
      },
      { timeout: 5000 },
    );
  });

  it("comes in the order of dispatching, and no more at once than there may be", async () => {
    const dispatcher = await start({ concurrency: 2 });
    const taker = new Taker();
    for (const runId of ["a", "b", "c", "d"]) await dispatcher.dispatch(agent, runId);
    await dispatcher.work([agent], taker.take);
    await taker.has("a", "b");
    taker.settle("b");
    await taker.has("a", "b", "c");
    taker.settle("a");
    await taker.has("a", "b", "c", "d");
  });

  it("is tried again after a while where it can't be taken on", async () => {
    const lines: unknown[] = [];
    const take = (bindings: object, message: string) => void lines.push({ ...bindings, message });
    const log = { debug: take, info: take, warn: take, error: take, child: () => log };
    const dispatcher = await start({ log });
    const times: number[] = [];
    const error = new Error("no store");
    await dispatcher.work([agent], async () => {
      times.push(Date.now());
      if (times.length === 1) throw error;
    });
    await dispatcher.dispatch(agent, "run");
    await vi.waitFor(() => expect(times).toHaveLength(2), { timeout: 5000 });
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(990);
    expect(lines).toMatchObject([
      { err: error, run_id: "run", message: "the run could not be taken on yet" },
    ]);
  });

  it("is told by its id, whatever characters that and the agent's name hold", async () => {
    const ids = [
      ":",
      "a:b",
      "0",
      "17",
      "",
      " ",
      "*",
      "%3A",
      "\\",
      '"',
      "\0",
      "\ud800",
      "\udc00",
      "é",
      "e\u0301",
      "🦊",
    ];
    const dispatcher = await start();
    const taken: string[] = [];
    for (const id of ids) {
      await dispatcher.dispatch(agent, id);
      await dispatcher.dispatch(id, "run");
    }
    await dispatcher.work([agent], async (runId) => void taken.push(runId));
    await vi.waitFor(() => expect(taken).toEqual(ids));
    for (const id of ids) {
      const told = Promise.withResolvers<string>();
      const worker = await dispatcher.work([id], async (runId) => told.resolve(runId));
      expect(await told.promise).toBe("run");
      await worker.close();
    }
  });
});

describe("a worker", () => {
  it("that closes waits for the runs at work, and takes no more", async () => {
    const dispatcher = await start();
    const taker = new Taker();
    const worker = await dispatcher.work([agent, agent], taker.take);
    await dispatcher.dispatch(agent, "first");
    await taker.has("first");
    let closed = false;
    const closing = worker.close().then(() => {
      closed = true;
    });
    await dispatcher.dispatch(agent, "second");
    await dispatcher.health();
    expect(closed).toBe(false);
    taker.settle("first");
    await closing;
    await worker.close();
    expect(taker.taken).toEqual(["first"]);
    const other = new Taker();
    await dispatcher.work([agent], other.take);
    await other.has("second");
  });

  it("that is killed leaves its runs to others", async () => {
    const prefix = newPrefix();
    const dispatcher = await start({ prefix });
    const killed = await WorkerProcess.start(server.url, prefix);
    await dispatcher.dispatch(agent, "hanging");
    await killed.said("run hanging");
    await killed.end("SIGKILL");
    const taker = new Taker();
    await dispatcher.work([agent], taker.take);
    await taker.has("hanging");
  });

  it("keeps a run for itself for as long as it goes on", async () => {
    const prefix = newPrefix();
    const dispatchers = await Promise.all([
      start({ prefix, leaseTtl: 1000 }),
      start({ prefix, leaseTtl: 1000 }),
    ]);
    const taker = new Taker();
    for (const dispatcher of dispatchers) await dispatcher.work([agent], taker.take);
    await dispatchers[0].dispatch(agent, "run");
    await taker.has("run");
    // Long enough for a run without a lease to be given to the other one.
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(taker.taken).toEqual(["run"]);
  });

  it("does not keep the dispatcher from being stopped, and its runs go to others", async () => {
    const prefix = newPrefix();
    const dispatcher = await start({ prefix });
    const taker = new Taker();
    await dispatcher.work([agent], taker.take);
    await dispatcher.dispatch(agent, "run");
    await taker.has("run");
    await dispatcher.stop();
    const other = new Taker();
    await (await start({ prefix })).work([agent], other.take);
    await other.has("run");
  });
});

describe("the dispatcher's life", () => {
  it("begins with start and ends with stop", async () => {
    const dispatcher = new BullMQRunDispatcher({ connection: { url: server.url } });
    const refusal = {
      code: "SERVICE_NOT_STARTED",
      message: "BullMQRunDispatcher is not started: call start() first.",
    };
    await expect(dispatcher.dispatch(agent, "run")).rejects.toMatchObject(refusal);
    await expect(dispatcher.work([agent], async () => undefined)).rejects.toMatchObject(refusal);
    await dispatcher.stop();
    await dispatcher.start();
    await dispatcher.start();
    expect(await dispatcher.health()).toBe(true);
    await dispatcher.stop();
    expect(await dispatcher.health()).toBe(false);
    await expect(dispatcher.dispatch(agent, "run")).rejects.toMatchObject(refusal);
  });

  it("has no concurrency below one", () => {
    const make = () => new BullMQRunDispatcher({ connection: {}, concurrency: 0 });
    expect(make).toThrow(expect.objectContaining({ code: "CONFIGURATION_ERROR" }));
  });

  it("outlives a Redis that goes away: calls fail in time, and all goes on when it is back", async () => {
    const away = await RedisServer.start({ appendfsync: "no" });
    onTestFinished(() => away.stop());
    const dispatcher = await start({ connection: { url: away.url, commandTimeout: 300 }, leaseTtl: 30_000 });
    const taker = new Taker();
    const worker = await dispatcher.work([agent], taker.take);
    await dispatcher.dispatch(agent, "before");
    await taker.has("before");
    await away.kill();
    await expect(dispatcher.dispatch(agent, "run")).rejects.toMatchObject(unavailable);
    expect(await dispatcher.health()).toBe(false);
    taker.settle("before");
    await away.restart();
    await vi.waitFor(async () => expect(await dispatcher.health()).toBe(true), { timeout: 5000 });
    await dispatcher.dispatch(agent, "after");
    await taker.has("before", "after");
    taker.settle("after");
    await worker.close();
    await away.kill();
    await dispatcher.stop();
  });
});
