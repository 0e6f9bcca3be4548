import { type LogEntry, RuntimeError } from "@agentscope-runtime/core";
import { RedisRunStore, type RedisRunStoreOptions } from "@agentscope-runtime/services-redis";
import { RedisServer } from "@agentscope-runtime/test-servers";
import {
  deltaEntry,
  type NewRunOptions,
  newRun,
  responseEntry,
  textEntry,
} from "@agentscope-runtime/testing";
import { Redis } from "ioredis";
import { afterAll, describe, expect, it, vi } from "vitest";
import { commandCounts } from "./command-counts.ts";

const server = await RedisServer.start({ appendfsync: "no" });
const admin = new Redis(server.url);
afterAll(async () => {
  admin.disconnect();
  await server.stop();
});

let spaces = 0;
async function opened(options: RedisRunStoreOptions = {}) {
  const prefix = options.prefix ?? `bounds ${++spaces}`;
  const store = new RedisRunStore({ url: server.url, ...options, prefix });
  await store.start();
  return { store, prefix };
}

async function started(store: RedisRunStore, options: NewRunOptions = {}) {
  const result = await store.create(newRun(options));
  if (result.kind !== "created") throw new Error("The run was there already.");
  return result;
}

async function ended(store: RedisRunStore, options: NewRunOptions = {}, entries: readonly LogEntry[] = []) {
  const { run, lease } = await started(store, options);
  const last = responseEntry(entries.length + 1, run.id, "completed");
  await store.finish(lease, "completed", [...entries, last]);
  await store.release(lease);
  return run;
}

describe("appends of one moment", () => {
  it("go to Redis in one command, and one that is refused harms no other", async () => {
    const { store } = await opened();
    const runs = await Promise.all(Array.from({ length: 50 }, () => started(store)));
    await store.acquire(runs[7]?.run.id ?? "", "another");
    let settled: PromiseSettledResult<void>[] = [];
    const counts = await commandCounts(admin, async () => {
      settled = await Promise.allSettled(runs.map(({ lease }) => store.append(lease, [textEntry(1)])));
    });
    expect((counts.evalsha ?? 0) + (counts.eval ?? 0)).toBeLessThanOrEqual(2);
    for (const [index, result] of settled.entries()) {
      if (index !== 7) expect(result.status).toBe("fulfilled");
      else expect(result).toMatchObject({ reason: { code: "FENCED" } });
    }
    for (const [index, { run }] of runs.entries()) {
      expect((await store.get(run.id))?.lastSeq).toBe(index === 7 ? 0 : 1);
    }
    await store.stop();
  });

  it("of 50 runs, each with many, are all there in the end", async () => {
    const { store } = await opened();
    const write = async () => {
      const { run, lease } = await started(store);
      for (let seq = 1; seq <= 40; seq++) await store.append(lease, [textEntry(seq)]);
      await store.finish(lease, "completed", [responseEntry(41, run.id, "completed")]);
      const seqs: number[] = [];
      for await (const batch of store.read(run.id)) seqs.push(...batch.map(({ seq }) => seq));
      expect(seqs).toEqual(Array.from({ length: 42 }, (_, seq) => seq));
    };
    await Promise.all(Array.from({ length: 50 }, write));
    await store.stop();
  });
});

describe("what is read", () => {
  it("of a log is the rest only, and of a long rest a piece at a time", async () => {
    const { store, prefix } = await opened();
    const { run, lease } = await started(store);
    const appends: Promise<void>[] = [];
    for (let seq = 1; seq <= 3000; seq++) appends.push(store.append(lease, [textEntry(seq)]));
    await Promise.all(appends);
    const { store: reader } = await opened({ prefix });
    const first = async (after: number) => {
      for await (const batch of reader.read(run.id, { after })) return batch;
      return [];
    };
    const counts = await commandCounts(admin, async () => {
      expect((await first(2989)).map(({ seq }) => seq)).toEqual(
        Array.from({ length: 11 }, (_, index) => 2990 + index),
      );
    });
    expect(counts.xrange).toBeLessThanOrEqual(5);
    const batch = await first(-1);
    expect(batch.length).toBeGreaterThan(100);
    expect(batch.length).toBeLessThan(3000);
    await Promise.all([store.stop(), reader.stop()]);
  });

  it("of many runs is those of the page, whatever is asked for", async () => {
    const { store } = await opened();
    const session = { agent: "agent", userId: "user", sessionId: "session" };
    await Promise.all(Array.from({ length: 1200 }, () => started(store, { session, maxQueued: 2000 })));
    const other = await ended(store, { session: { ...session, sessionId: "other" } });
    const page = async (options: object) => {
      let ids: string[] = [];
      const counts = await commandCounts(admin, async () => {
        ids = (await store.list({ agent: "agent", limit: 2, ...options })).items.map(({ id }) => id);
      });
      return { ids, read: counts.hmget ?? 0 };
    };
    expect(await page({ status: "completed" })).toEqual({ ids: [other.id], read: 1 });
    expect(await page({ userId: "user", sessionId: "other" })).toEqual({ ids: [other.id], read: 1 });
    expect(await page({ sessionId: "other" })).toEqual({ ids: [other.id], read: 1 });
    expect((await page({ userId: "user" })).read).toBeLessThanOrEqual(3);
    expect((await page({})).read).toBeLessThanOrEqual(3);
    // The oldest of all of them is found although only runs of other statuses come before it.
    const oldest = await page({ userId: "user", sessionId: "session", status: "created" });
    expect(oldest.ids).toHaveLength(1);
    expect(oldest.read).toBe(1);
    await store.stop();
  });
});

describe("a sweep", () => {
  const mixed = (count: number) =>
    Array.from({ length: count }, (_, index) =>
      index % 100 === 99 ? textEntry(index + 1) : deltaEntry(index + 1, `word ${index} ${"x".repeat(100)} `),
    );
  const textOf = (entries: readonly LogEntry[]) =>
    entries.map(({ event }) => Reflect.get(event, "text") ?? "").join("");

  it("compacts below a reader, who misses and repeats nothing", async () => {
    const { store, prefix } = await opened();
    const entries = mixed(8000);
    const { run, lease } = await started(store);
    for (let at = 0; at < entries.length; at += 50) await store.append(lease, entries.slice(at, at + 50));
    await store.finish(lease, "completed", [responseEntry(8001, run.id, "completed")]);
    const { store: reader } = await opened({ prefix });
    const reading = reader.read(run.id)[Symbol.asyncIterator]();
    const seen = [...((await reading.next()).value ?? [])];
    expect(seen.length).toBeLessThan(8000);
    const sweepers = await Promise.all(
      [1, 2, 3].map(() => opened({ prefix, compactAfter: 0, sweepInterval: 10 })),
    );
    await vi.waitFor(async () => expect(await admin.zcard(`${prefix}:runs:compactable`)).toBe(0), {
      timeout: 5000,
    });
    for (let next = await reading.next(); !next.done; next = await reading.next()) seen.push(...next.value);
    let known = -1;
    for (const { seq, count = 1 } of seen) {
      expect(seq - count).toBe(known);
      known = seq;
    }
    expect(known).toBe(8001);
    expect(textOf(seen)).toBe(textOf(entries));
    expect(seen.length).toBeLessThan(7000);
    const keys = await admin.keys(`${prefix}:runs:draft:*`);
    expect(keys).toEqual([]);
    await Promise.all([store, reader, ...sweepers.map((other) => other.store)].map((each) => each.stop()));
  });

  it("by several at once gives up the oldest runs, and no more of them than it should", async () => {
    const { store, prefix } = await opened();
    const runs: string[] = [];
    for (let index = 0; index < 250; index++) runs.push((await ended(store, {}, [textEntry(1)])).id);
    const sweepers = await Promise.all(
      [1, 2, 3].map(() => opened({ prefix, maxFinishedRuns: 30, compactAfter: 0, sweepInterval: 5 })),
    );
    await vi.waitFor(
      async () => {
        expect(await admin.zcard(`${prefix}:runs:finished`)).toBe(30);
        expect(await admin.zcard(`${prefix}:runs:compactable`)).toBe(0);
      },
      { timeout: 5000 },
    );
    const kept = async () => (await store.list({ agent: "agent", limit: 1000 })).items.map(({ id }) => id);
    expect(await kept()).toEqual(runs.slice(-30).reverse());
    runs.push((await ended(store)).id);
    await vi.waitFor(async () => expect(await kept()).toEqual(runs.slice(-30).reverse()));
    expect(await store.get(runs[0] ?? "")).toMatchObject({
      expired: true,
      request: { input: [] },
      lastSeq: 2,
    });
    await Promise.all([store, ...sweepers.map((other) => other.store)].map((each) => each.stop()));
  });

  it("leaves nothing of a run whose time is over, but one that its session still waits for", async () => {
    const { store, prefix } = await opened({
      finishedRunTtl: 1,
      expiredRunTtl: 50,
      sweepInterval: 10,
    });
    const idempotency = { key: "key", fingerprint: "a" };
    const run = await ended(store, { idempotency });
    const open = await started(store);
    await store.finish(open.lease, "completed", [responseEntry(1, open.run.id, "completed")]);
    await vi.waitFor(async () => expect(await store.get(run.id)).toBeUndefined(), { timeout: 5000 });
    expect((await store.create(newRun({ idempotency }))).kind).toBe("created");
    expect(await store.get(open.run.id)).toMatchObject({ expired: true });
    await store.release(open.lease);
    await vi.waitFor(async () => expect(await store.get(open.run.id)).toBeUndefined(), { timeout: 5000 });
    const left = await admin.keys(`${prefix}:*`);
    expect(left.filter((key) => key.includes(run.id) || key.includes(open.run.id))).toEqual([]);
    await store.stop();
  });
});

describe("a run that is given back", () => {
  it("is in no set of its owner's, and among those to be claimed only while it is its turn", async () => {
    const { store, prefix } = await opened();
    const session = { agent: "agent", userId: "user", sessionId: "session" };
    const sets = async () => {
      const all = await admin.keys(`${prefix}:runs:*`);
      return all.filter((key) => /:(owned|held|unclaimed)\b/.test(key.slice(prefix.length)));
    };
    const first = await started(store, { session, owner: "worker" });
    const second = await started(store, { session, owner: "worker" });
    await store.waitTurn(first.lease);
    await store.disown(second.lease);
    expect(await admin.hgetall(`${prefix}:runs:held`)).toEqual({ '"worker"': "1" });
    expect(await store.unclaimed({ agents: ["agent"], limit: 10 })).toEqual([]);
    await store.disown(first.lease);
    expect(await sets()).toEqual([`${prefix}:runs:unclaimed:"agent"`]);
    expect(await store.unclaimed({ agents: ["agent"], limit: 10 })).toEqual([first.run.id]);
    const lease = await store.acquire(first.run.id, "worker", { unclaimed: true });
    expect(await admin.hgetall(`${prefix}:runs:held`)).toEqual({ '"worker"': "1" });
    expect(await store.release(lease)).toBe(second.run.id);
    await store.disown(lease);
    expect(await store.unclaimed({ agents: ["agent"], limit: 10 })).toEqual([second.run.id]);
    await store.release(await store.acquire(second.run.id, "worker"));
    expect(await sets()).toEqual([]);
    await store.stop();
  });
});

describe("a deleted session", () => {
  it("leaves no keys behind, however many runs it had, expired ones among them", async () => {
    const { store, prefix } = await opened();
    const session = { agent: "agent", userId: "user", sessionId: "session" };
    for (let index = 0; index < 230; index++) {
      await ended(store, { session, idempotency: { key: `${index}`, fingerprint: "a" } });
    }
    const { store: sweeper } = await opened({ prefix, maxFinishedRuns: 110, sweepInterval: 5 });
    await vi.waitFor(async () => expect(await admin.zcard(`${prefix}:runs:expired`)).toBe(120));
    await sweeper.stop();
    await store.deleteSession(session);
    const names = (await admin.keys(`${prefix}:*`)).map((key) => key.split(":").at(-1));
    expect(names.toSorted()).toEqual(["ordinal", "owners"]);
    await store.stop();
  });
});

it("of a full memory nothing is written by half, and runs go on when there is room again", async () => {
  const full = await RedisServer.start({ args: ["--maxmemory-policy", "noeviction"] });
  const client = new Redis(full.url);
  const { store } = await opened({ url: full.url });
  const runs = await Promise.all([started(store), started(store)]);
  await client.config("SET", "maxmemory", "1");
  const appends = await Promise.allSettled(runs.map(({ lease }) => store.append(lease, [textEntry(1)])));
  for (const result of appends) {
    const reason: unknown = result.status === "rejected" ? result.reason : undefined;
    expect(RuntimeError.is(reason) && reason.code).toBe("SERVICE_UNAVAILABLE");
  }
  await client.config("SET", "maxmemory", "0");
  for (const { run, lease } of runs) {
    expect((await store.get(run.id))?.lastSeq).toBe(0);
    await store.append(lease, [textEntry(1)]);
  }
  client.disconnect();
  await store.stop();
  await full.stop();
});

describe("a page of runs", () => {
  it("brings none of their inputs over the wire", async () => {
    const { store } = await opened();
    const count = 40;
    for (let index = 0; index < count; index++) await started(store, { text: "x".repeat(250_000) });
    const sent = async () => Number(/total_net_output_bytes:(\d+)/.exec(await admin.info("stats"))?.[1]);
    const before = await sent();
    expect((await store.list({ agent: "agent" })).items).toHaveLength(count);
    expect((await sent()) - before).toBeLessThan(250_000);
    await store.stop();
  });

  it("ends where their requests are large", async () => {
    const { store } = await opened();
    for (let index = 0; index < 12; index++) {
      const run = newRun();
      await store.create({ ...run, request: { ...run.request, notes: "x".repeat(2 ** 20) } });
    }
    const { items, nextCursor } = await store.list({ agent: "agent", limit: 10 });
    expect([items.length, nextCursor]).toEqual([4, expect.any(String)]);
    await store.stop();
  });
});
