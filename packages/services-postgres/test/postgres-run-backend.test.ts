import { JsonLogEntry } from "@agentscope-runtime/core";
import { PostgresRunStore, type PostgresRunStoreOptions } from "@agentscope-runtime/services-postgres";
import { PostgresServer } from "@agentscope-runtime/test-servers";
import { Pool } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { RecordingPool } from "./recording-pool.ts";
import { createRun, endedRun, newRun, piece, readRun, statusEntry } from "./run-pieces.ts";

let server: PostgresServer;
let url: string;
let admin: Pool;
beforeAll(async () => {
  server = await PostgresServer.start({ settings: { fsync: "off" } });
  url = await server.createDatabase();
  admin = new Pool({ connectionString: url });
  // Its connections may be told that the server shuts down while they are being closed.
  admin.on("error", () => undefined);
}, 60_000);
afterAll(async () => {
  await admin?.end();
  await server?.stop();
}, 60_000);

let count = 0;
let schema: string;
let stores: PostgresRunStore[] = [];
beforeEach(() => {
  schema = `runs_${++count}`;
});
afterEach(async () => {
  await Promise.all(stores.map((store) => store.stop()));
  stores = [];
});
async function start(options: Partial<PostgresRunStoreOptions> = {}): Promise<PostgresRunStore> {
  const store = new PostgresRunStore({ url, schema, ...options } as PostgresRunStoreOptions);
  stores.push(store);
  await store.start();
  return store;
}

async function countRows(table: string): Promise<number> {
  const { rows } = await admin.query(`select count(*) from ${schema}.${table}`);
  return Number(rows[0].count);
}

/** By what the connections of stores that listen have done last. */
const LISTENING = "from pg_stat_activity where query ~ $1";
const LISTENED = ["^(listen|select .*\\.watch_runs)"];

async function countListeners(): Promise<number> {
  const { rows } = await admin.query(`select count(*) ${LISTENING}`, LISTENED);
  return Number(rows[0].count);
}

describe("writes", () => {
  it("of 50 runs that come at once go in few statements, and what is refused of one does not harm the others", async () => {
    const pool = new RecordingPool(url);
    const store = await start({ pool });
    const runs = await Promise.all(Array.from({ length: 50 }, () => createRun(store)));
    const taken = runs[7]?.run.id ?? "";
    await store.acquire(taken, "another");
    const before = pool.statements.length;
    for (let seq = 1; seq <= 10; seq++) {
      const writes = await Promise.allSettled(runs.map(({ lease }) => store.append(lease, [piece(seq)])));
      for (const [index, write] of writes.entries()) {
        if (index === 7) expect(write).toMatchObject({ status: "rejected", reason: { code: "FENCED" } });
        else expect(write.status).toBe("fulfilled");
      }
    }
    expect(pool.statements.length - before).toBeLessThanOrEqual(10);
    for (const { run } of runs) {
      expect(await readRun(store, run.id)).toHaveLength(run.id === taken ? 1 : 11);
    }
    await store.stop();
    await pool.end();
  });

  it("that the database can't take fail alone", async () => {
    const store = await start();
    const runs = await Promise.all([createRun(store), createRun(store), createRun(store)]);
    const writes = runs.map(({ lease }, index) =>
      // No event has such a text: the sign is escaped in JSON.
      store.append(lease, [index === 1 ? new JsonLogEntry(1, '"\0"') : piece(1)]),
    );
    const settled = await Promise.allSettled(writes);
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(settled[1]).toMatchObject({ reason: { code: "DATABASE_ERROR" } });
  });

  it("leave the row of their run as it is, so that none of its versions pile up", async () => {
    const store = await start();
    const { run, lease } = await createRun(store);
    const place = async () => (await admin.query(`select ctid from ${schema}.runs`)).rows;
    const before = await place();
    for (let seq = 1; seq <= 20; seq++) await store.append(lease, [piece(seq)]);
    expect(await place()).toEqual(before);
    expect((await store.get(run.id))?.lastSeq).toBe(20);
  });

  it("wait for a takeover that is under way, and are refused then", async () => {
    const store = await start();
    const { run, lease } = await createRun(store);
    const other = await admin.connect();
    await other.query("begin");
    const acquire = `${schema}.acquire_run(digest, '\\x01', '"another"', false, 1000)`;
    await other.query(`select ${acquire} from ${schema}.runs`);
    // It may be refused before the commit has come back.
    const refused = expect(store.append(lease, [piece(1)])).rejects.toMatchObject({ code: "FENCED" });
    const waits = "select count(*) > 0 as waits from pg_locks where not granted";
    await expect.poll(async () => (await admin.query(waits)).rows[0].waits).toBe(true);
    await other.query("commit");
    other.release();
    await refused;
    expect(await readRun(store, run.id)).toHaveLength(1);
  });

  it("by two stores to overlapping runs neither lock each other out nor double anything", async () => {
    const [here, there] = [await start(), await start()];
    const runs = await Promise.all(Array.from({ length: 20 }, () => createRun(here)));
    for (let seq = 1; seq <= 10; seq++) {
      const writes = [here, there].flatMap((store, index) =>
        (index === 0 ? runs : runs.toReversed()).map(({ lease }) => store.append(lease, [piece(seq)])),
      );
      const settled = await Promise.allSettled(writes);
      expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(20);
      for (const write of settled) {
        if (write.status === "rejected") expect(write.reason).toMatchObject({ code: "FENCED" });
      }
    }
    for (const { run } of runs) expect(await readRun(there, run.id)).toHaveLength(11);
  });
});

describe("notices", () => {
  it("are listened for on one connection, and only while somebody watches", async () => {
    const [here, there] = [await start(), await start({ pollInterval: 600_000 })];
    const { run, lease } = await createRun(here);
    expect(await countListeners()).toBe(0);
    const readers = Array.from({ length: 50 }, () => readRun(there, run.id, true));
    const watching = new AbortController();
    const canceled = there.watchCancel(run.id, watching.signal).catch(() => undefined);
    await expect.poll(countListeners).toBe(1);
    await here.append(lease, [piece(1)]);
    await here.finish(lease, "completed", [statusEntry(2, run.id, "completed")]);
    for (const entries of await Promise.all(readers)) expect(entries).toHaveLength(3);
    watching.abort();
    await canceled;
    await expect.poll(countListeners, { timeout: 10_000 }).toBe(0);
  });

  it("wake those in other processes who read, wait for their turn, or watch for a cancellation", async () => {
    const [here, there] = [await start(), await start({ pollInterval: 600_000 })];
    // Long enough for them to have looked in vain, so that nothing but a notice wakes them.
    const wait = async () => {
      for (let index = 0; index < 30; index++) await there.list({ agent: "agent" });
    };
    const session = { agent: "agent", userId: "user", sessionId: "session" };
    const { run, lease } = await createRun(here, { session });
    const reading = there.read(run.id, { follow: true, after: 0 })[Symbol.asyncIterator]();
    for (let seq = 1; seq <= 5; seq++) {
      const next = reading.next();
      await wait();
      await here.append(lease, [piece(seq)]);
      expect((await next).value).toHaveLength(1);
    }
    await reading.return?.(undefined);
    const second = await createRun(there, { session });
    const turn = there.waitTurn(second.lease);
    await wait();
    await here.release(lease);
    expect(await turn).toBeGreaterThan(0);
    const canceled = there.watchCancel(second.run.id, new AbortController().signal);
    await wait();
    await here.requestCancel(second.run.id, { reason: "a test" });
    expect(await canceled).toEqual({ reason: "a test" });
  });

  it("are sent of those runs only that are watched", async () => {
    const listener = await admin.connect();
    const payloads: (string | undefined)[] = [];
    listener.on("notification", ({ payload }) => payloads.push(payload));
    const [here, there] = [await start(), await start({ pollInterval: 600_000 })];
    const channel = (await listener.query(`select ${schema}.run_channel() as channel`)).rows[0].channel;
    await listener.query(`listen ${channel}`);
    const runs = [await createRun(here), await createRun(here)];
    const reading = readRun(there, runs[0]?.run.id ?? "", true);
    await expect
      .poll(
        async () =>
          (await listener.query(`select max(watched_until) > 0 as is from ${schema}.runs`)).rows[0].is,
      )
      .toBe(true);
    for (const { run, lease } of runs) {
      await here.append(lease, [piece(1)]);
      await here.finish(lease, "completed", [statusEntry(2, run.id, "completed")]);
    }
    expect(await reading).toHaveLength(3);
    await listener.query("select 1");
    expect(new Set(payloads.flatMap((payload = "") => payload.split(" "))).size).toBe(1);
    listener.release(true);
  });

  it("come again after the connection that listens was cut off", async () => {
    const [here, there] = [await start(), await start({ pollInterval: 600_000 })];
    const { run, lease } = await createRun(here);
    const reading = readRun(there, run.id, true);
    await expect.poll(countListeners).toBe(1);
    const { rows } = await admin.query(`select pid, pg_terminate_backend(pid) ${LISTENING}`, LISTENED);
    const gone = "select count(*) = 0 as gone from pg_stat_activity where pid = $1";
    await expect.poll(async () => (await admin.query(gone, [rows[0].pid])).rows[0].gone).toBe(true);
    // Before it listens again, so that nothing tells of it but the new connection itself.
    for (let seq = 1; seq <= 20; seq++) await here.append(lease, [piece(seq)]);
    await here.finish(lease, "completed", [statusEntry(21, run.id, "completed")]);
    expect(await reading).toHaveLength(22);
  });
});

describe("a sweep", () => {
  it("by three stores at once keeps as many ended runs as it should, not fewer", async () => {
    const writer = await start({ sweepInterval: 600_000 });
    const ids: string[] = [];
    for (let index = 0; index < 250; index++) ids.push(await endedRun(writer, 1));
    const sweepers = [1, 2, 3].map(() => start({ sweepInterval: 5, maxFinishedRuns: 20 }));
    await Promise.all(sweepers);
    await expect.poll(() => countRows("run_segments")).toBe(20 * 3);
    await Promise.all((await Promise.all(sweepers)).map((store) => store.stop()));
    expect(await countRows("run_segments")).toBe(20 * 3);
    const kept = (await writer.list({ agent: "agent" })).items.map(({ id }) => id);
    expect(kept).toEqual(ids.slice(-20).reverse());
  }, 30_000);

  it("forgets expired runs, their keys and in the end everything", async () => {
    const store = await start({ sweepInterval: 10, finishedRunTtl: 1, expiredRunTtl: 1, idempotencyTtl: 1 });
    const session = { agent: "agent", userId: "user", sessionId: "session" };
    for (let index = 0; index < 3; index++) {
      await endedRun(store, 3, { session, idempotency: { key: `${index}`, fingerprint: "" } });
    }
    const open = await createRun(store);
    await expect.poll(() => countRows("runs")).toBe(1);
    await expect.poll(() => countRows("run_keys")).toBe(0);
    expect(await countRows("run_segments")).toBe(1);
    // The fence of the session stays for a day, and its owner's name while it may come back.
    expect(await countRows("run_lanes")).toBe(2);
    await admin.query(`update ${schema}.run_lanes set emptied_at = 0 where emptied_at is not null`);
    await admin.query(`update ${schema}.run_owners set heard_at = 0`);
    await expect.poll(() => countRows("run_lanes")).toBe(1);
    expect(await countRows("run_owners")).toBe(1);
    await store.release(open.lease);
    await expect.poll(() => countRows("run_owners")).toBe(0);
  });

  it("that compacts, by three stores at once, neither loses nor repeats anything for those who read meanwhile", async () => {
    const writer = await start({ sweepInterval: 600_000 });
    // More than one stretch of reading, so that it is done in portions.
    const long = "x".repeat(2000);
    const { run, lease } = await createRun(writer);
    for (let seq = 1; seq <= 600; seq++) await writer.append(lease, [piece(seq, `${seq}${long}`)]);
    await writer.finish(lease, "completed", [statusEntry(601, run.id, "completed")]);
    const expected = Array.from({ length: 600 }, (_, index) => `${index + 1}${long}`).join("");
    const before = await countRows("run_segments");
    const [reader] = await Promise.all([1, 2, 3].map(() => start({ sweepInterval: 5, compactAfter: 0 })));
    const readings: Promise<void>[] = [];
    const read = async () => {
      let known = -1;
      let text = "";
      for await (const batch of (reader ?? writer).read(run.id)) {
        for (const { seq, count = 1, event } of batch) {
          expect(seq - count).toBe(known);
          known = seq;
          if (event.object === "content" && event.type === "text") text += event.text;
        }
      }
      expect([known, text === expected]).toEqual([601, true]);
    };
    while ((await countRows("run_segments")) === before || readings.length < 10) readings.push(read());
    await Promise.all(readings);
    await expect
      .poll(async () => (await admin.query(`select compacted from ${schema}.runs`)).rows[0].compacted)
      .toBe(true);
    await read();
    expect(await countRows("run_segments")).toBeLessThan(20);
  }, 30_000);
});

it("leaves a log alone that another has compacted meanwhile", async () => {
  const store = await start();
  const id = await endedRun(store, 3);
  const replace = async (lasts: string) => {
    const values = `number, '${lasts}', '{0}', '{4}', '{nothing}'`;
    const { rows } = await admin.query(
      `select ${schema}.replace_segments(${values}) as done from ${schema}.runs`,
    );
    return rows[0].done;
  };
  expect(await replace("{0,1,2,3,4,5}")).toBe(false);
  expect(await readRun(store, id)).toHaveLength(5);
});

it("replays a run of 5 MB, request and all", async () => {
  const store = await start();
  const text = "5 MB ".repeat(2 ** 20);
  const run = newRun({ idempotency: { key: "key", fingerprint: "" } });
  const input = [{ role: "user", type: "message", content: [{ type: "text", text }] }];
  const big = { ...run, request: { ...run.request, metadata: { text }, input: input as never } };
  await store.create(big);
  const again = await store.create(big);
  expect(again.kind).toBe("replayed");
  expect(JSON.stringify(again.run.request)).toHaveLength(JSON.stringify(big.request).length);
});
