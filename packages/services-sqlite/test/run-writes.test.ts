import { DatabaseSync } from "node:sqlite";
import { SqliteRunStore } from "@agentscope-runtime/services-sqlite";
import { deltaEntry, textEntry } from "@agentscope-runtime/testing";
import { expect, it } from "vitest";
import { lock } from "./support/lock.ts";
import { RecordingDatabase } from "./support/recording-database.ts";
import { createRun, everything, readSeqs, settle, upTo } from "./support/runs.ts";
import { temporaryFiles } from "./support/temporary-file.ts";

const newFile = temporaryFiles();
const session = { agent: "agent", userId: "user", sessionId: "session" };

it("writes what comes in one turn in one transaction, two statements an append", async () => {
  const database = new RecordingDatabase({ path: await newFile() });
  const store = new SqliteRunStore({ database });
  await store.start();
  const runs = await Promise.all(Array.from({ length: 20 }, () => createRun(store)));
  database.transactions = 0;
  database.queries.length = 0;
  await Promise.all(runs.map(({ lease }) => store.append(lease, [textEntry(1), textEntry(2)])));
  expect(database.transactions).toBe(1);
  expect(database.queries).toHaveLength(20 * 2);
  await store.stop();
});

it("does not let one append that is refused, or fails, harm those that come with it", async () => {
  const path = await newFile();
  const store = new SqliteRunStore({ path });
  await store.start();
  const file = new DatabaseSync(path);
  file.exec(`CREATE TRIGGER poison BEFORE INSERT ON run_segments WHEN NEW.text LIKE '%poison%'
    BEGIN SELECT RAISE(ABORT, 'poisoned'); END`);
  file.close();
  const runs = await Promise.all(Array.from({ length: 5 }, () => createRun(store)));
  const texts = ["good", "poison", "good", "good", "good"];
  const settled = await Promise.allSettled(
    runs.map(({ lease }, index) => store.append(lease, [textEntry(index === 3 ? 2 : 1, texts[index])])),
  );
  expect(settled.map((result) => (result.status === "rejected" ? result.reason.code : "ok"))).toEqual([
    "ok",
    "DATABASE_ERROR",
    "ok",
    "FENCED",
    "ok",
  ]);
  for (const [index, { run }] of runs.entries()) {
    expect(await readSeqs(store, run.id)).toEqual(index === 1 || index === 3 ? [0] : [0, 1]);
  }
  await store.stop();
});

it("keeps the order of calls that nobody waits for, and finishes them when it is stopped", async () => {
  const path = await newFile();
  const store = new SqliteRunStore({ path });
  await store.start();
  const { run, lease } = await createRun(store, { session });
  const calls = [
    ...[1, 2, 3].map((seq) => store.append(lease, [textEntry(seq)])),
    settle(store, lease, 4),
    createRun(store, { session }),
  ];
  const stopped = store.stop();
  await Promise.allSettled(calls);
  await stopped;
  await store.start();
  expect(await readSeqs(store, run.id)).toEqual(upTo(4));
  await store.stop();
});

it("gives up when the file stays locked, and goes on where it was", async () => {
  const path = await newFile();
  const store = new SqliteRunStore({ path, busyTimeout: 50 });
  await store.start();
  const { run, lease } = await createRun(store);
  const unlock = lock(path);
  const writes = [store.append(lease, [textEntry(1)]), store.renew("owner"), createRun(store)];
  for (const write of writes) await expect(write).rejects.toMatchObject({ code: "SERVICE_UNAVAILABLE" });
  expect(await readSeqs(store, run.id)).toEqual([0]);
  unlock();
  await store.append(lease, [textEntry(1)]);
  expect(await readSeqs(store, run.id)).toEqual([0, 1]);
  await store.stop();
});

it("reads a long log in stretches, and each by an index", async () => {
  const database = new RecordingDatabase({ path: await newFile() });
  const [writer, reader] = [new SqliteRunStore({ database }), new SqliteRunStore({ database })];
  await Promise.all([writer.start(), reader.start()]);
  const { run, lease } = await createRun(writer);
  const text = "x".repeat(1000);
  for (let seq = 1; seq <= 1000; seq++) await writer.append(lease, [deltaEntry(seq, text)]);
  database.queries.length = 0;
  const reading = reader.read(run.id)[Symbol.asyncIterator]();
  expect((await reading.next()).value?.length).toBeLessThan(300);
  await reading.return?.();
  expect(database.queries.map(({ rows }) => rows < 300)).toEqual([true]);
  expectIndexed(await database.plans());
  await Promise.all([writer.stop(), reader.stop()]);
});

it("finds all that is asked for by an index", async () => {
  const database = new RecordingDatabase({ path: await newFile() });
  let now = Date.now();
  const store = new SqliteRunStore({ database, leaseTtl: 1000, now: () => now });
  await store.start();
  const runs = await Promise.all(Array.from({ length: 30 }, () => createRun(store, { session })));
  const first = runs[0];
  if (first === undefined) throw new Error("There is no run.");
  await createRun(store, { owner: undefined });
  database.queries.length = 0;
  const pages = [
    await store.list({ agent: "agent", limit: 10 }),
    await store.list({ agent: "agent", userId: "user", limit: 10 }),
    await store.list({ agent: "agent", sessionId: "session", limit: 10 }),
    await store.list({ ...session, limit: 10 }),
    await store.list({ agent: "agent", status: "queued", limit: 10 }),
    await store.list({ agent: "agent", userId: "user", status: "queued", limit: 10 }),
  ];
  expect(pages.map(({ items }) => items.length)).toEqual([10, 10, 10, 10, 10, 10]);
  expect(database.queries.map(({ rows }) => rows)).toEqual([11, 11, 11, 11, 11, 11]);
  await store.get(first.run.id);
  await store.waitTurn(first.lease);
  await store.append(first.lease, [textEntry(1)]);
  await settle(store, first.lease, 2);
  await store.requestCancel(first.run.id, { reason: "a test" });
  await createRun(store, { session, policy: "interrupt", idempotency: { key: "key", fingerprint: "a" } });
  await store.deleteSession({ ...session, sessionId: "another" });
  expectIndexed(await database.plans());

  // Owners are few, and so are the runs that are found: they are put in order when they are.
  database.queries.length = 0;
  now += 2000;
  expect(await store.unclaimed(everything)).toHaveLength(1);
  expect(await store.recover("another", everything)).toHaveLength(30);
  const plans = await database.plans();
  expect(plans).toContain("SEARCH runs USING INDEX unsettled_runs (owner=? AND agent=?)");
  expectIndexed(plans.filter((detail) => !detail.startsWith("USE TEMP B-TREE")));
  await store.stop();
});

function expectIndexed(plans: readonly string[]): void {
  expect(plans.length).toBeGreaterThan(0);
  for (const detail of plans) {
    expect(detail).not.toMatch(/^SCAN (?!json_each|run_counters|run_owners|CONSTANT)/);
    expect(detail).not.toContain("TEMP B-TREE");
  }
}
