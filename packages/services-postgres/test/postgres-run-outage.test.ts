import { setTimeout as sleep } from "node:timers/promises";
import { type LogEntry, RuntimeError } from "@agentscope-runtime/core";
import { PostgresRunStore } from "@agentscope-runtime/services-postgres";
import { PostgresServer } from "@agentscope-runtime/test-servers";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { createRun, endedRun, piece, readRun, statusEntry } from "./run-pieces.ts";

let server: PostgresServer;
let url: string;
beforeAll(async () => {
  server = await PostgresServer.start();
  url = await server.createDatabase();
}, 60_000);
afterAll(() => server?.stop(), 60_000);

let count = 0;
let stores: readonly [PostgresRunStore, PostgresRunStore];
beforeEach(async () => {
  // Without the safety net of looking again, so that only notices can wake readers.
  const options = {
    url,
    schema: `runs ${++count}`,
    pollInterval: 600_000,
  };
  stores = [new PostgresRunStore(options), new PostgresRunStore(options)];
  await Promise.all(stores.map((store) => store.start()));
});
afterEach(async () => {
  await Promise.all(stores.map((store) => store.stop()));
});

const unavailable = { code: "SERVICE_UNAVAILABLE", cause: expect.any(Error) };

/** Tries until the server is back. */
async function insist<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!RuntimeError.is(error) || error.code !== "SERVICE_UNAVAILABLE") throw error;
      await sleep(10);
    }
  }
}

async function someWork(store: PostgresRunStore): Promise<void> {
  for (let index = 0; index < 20; index++) await store.list({ agent: "agent" });
}

it("has all that was confirmed when the server was killed, and those who watch hear of what comes then", async () => {
  const [here, there] = stores;
  const { run, lease } = await createRun(here);
  await here.append(lease, [piece(1)]);
  const reading = there.read(run.id, { follow: true, after: 0 })[Symbol.asyncIterator]();
  expect((await reading.next()).value).toHaveLength(1);
  const second = reading.next();
  const canceled = there.watchCancel(run.id, new AbortController().signal);
  await someWork(there);
  await here.append(lease, [piece(2)]);
  expect(((await second).value as readonly LogEntry[]).map(({ seq }) => seq)).toEqual([2]);
  const next = reading.next();
  // Whoever asks while the server is down is refused, so let them have asked and wait for a notice.
  await someWork(there);
  await server.kill();
  await expect(here.append(lease, [piece(3)])).rejects.toMatchObject(unavailable);
  await expect(here.get(run.id)).rejects.toMatchObject(unavailable);
  expect(await here.health()).toBe(false);
  await server.restart();
  await insist(() => here.append(lease, [piece(3)]));
  expect(((await next).value as readonly LogEntry[]).map(({ seq }) => seq)).toEqual([3]);
  await insist(() => here.requestCancel(run.id, { reason: "a test" }));
  expect(await canceled).toEqual({ reason: "a test" });
  expect(await here.finish(lease, "canceled", [statusEntry(4, run.id, "canceled")])).toBe(true);
  expect((await reading.next()).value).toHaveLength(1);
  expect(await readRun(here, run.id)).toHaveLength(5);
});

it("does not wait without end for a server that is silent, and goes on when it answers again", async () => {
  const timeouts = { statementTimeout: 500, connectTimeout: 500 };
  const store = new PostgresRunStore({ url, schema: `runs ${count}`, ...timeouts });
  await store.start();
  const { lease } = await createRun(store);
  await server.pause();
  try {
    const calls = [store.append(lease, [piece(1)]), createRun(store), store.renew("owner")];
    for (const call of await Promise.allSettled(calls)) {
      expect(call).toMatchObject({ status: "rejected", reason: unavailable });
    }
  } finally {
    await server.resume();
  }
  await expect.poll(() => store.health()).toBe(true);
  await endedRun(store, 1);
  await store.stop();
});

it("loses and doubles no event of 20 runs while the server restarts in the middle", async () => {
  const halfway = Promise.withResolvers<void>();
  let written = 0;
  const write = async (index: number) => {
    const store = stores[index % 2] ?? stores[0];
    const { run, lease } = await createRun(store);
    const reading = readRun(stores[(index + 1) % 2] ?? stores[0], run.id).catch(() => []);
    for (let seq = 1; seq <= 20; seq++) {
      await insist(async () => {
        // What was stored although its answer was lost must not be stored twice.
        if (((await store.get(run.id))?.lastSeq ?? 0) < seq) await store.append(lease, [piece(seq)]);
      });
      if (++written === 200) halfway.resolve();
    }
    await insist(async () => {
      if ((await store.get(run.id))?.status === "completed") return;
      await store.finish(lease, "completed", [statusEntry(21, run.id, "completed")]);
    });
    await reading;
    return run.id;
  };
  const writing = Promise.all(Array.from({ length: 20 }, (_, index) => write(index)));
  await halfway.promise;
  await server.kill();
  await server.restart();
  for (const id of await writing) {
    const entries = await readRun(stores[0], id);
    expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: 22 }, (_, seq) => seq));
  }
}, 60_000);
