import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { LogEntry } from "@agentscope-runtime/core";
import { SqliteDatabase, SqliteRunStore } from "@agentscope-runtime/services-sqlite";
import { deltaEntry, textEntries, textEntry } from "@agentscope-runtime/testing";
import { expect, it, vi } from "vitest";
import { createRun, everything, readSeqs, settle, upTo } from "./support/runs.ts";
import { temporaryFiles } from "./support/temporary-file.ts";

const newFile = temporaryFiles();
const WRITER = join(import.meta.dirname, "support", "run-writer.ts");

it("shows a run of another process as it is written, and takes it over whole when that process is killed", async () => {
  const path = await newFile();
  // Nothing here comes from looking again now and then.
  const store = new SqliteRunStore({ path, leaseTtl: 300, pollInterval: 60_000 });
  await store.start();
  const child = fork(WRITER, [path, "run", "300"], { execArgv: ["--conditions=@agentscope-runtime/source"] });
  let confirmed = 0;
  child.on("message", (seq: number) => {
    confirmed = seq;
  });
  const exit = once(child, "exit");
  await once(child, "message");

  const seen: number[] = [];
  const reading = (async () => {
    for await (const batch of store.read("run", { follow: true })) {
      seen.push(...batch.map(({ seq }) => seq));
      if (seen.length > 100 && !child.killed) child.kill("SIGKILL");
    }
  })();
  await exit;
  const [taken] = await vi.waitFor(
    async () => {
      const recovered = await store.recover("parent", everything);
      expect(recovered).toHaveLength(1);
      return recovered;
    },
    { timeout: 5000, interval: 20 },
  );
  if (taken === undefined) throw new Error("There is nothing to take over.");
  expect(taken).toMatchObject({ run: { id: "run", status: "in_progress", owner: "parent" } });
  const last = taken.lease.nextSeq;
  expect(last).toBeGreaterThan(confirmed);
  await settle(store, taken.lease);
  await reading;
  expect(seen).toEqual(upTo(last));
  await store.stop();
  const file = new DatabaseSync(path);
  expect({ ...file.prepare("PRAGMA integrity_check").get() }).toEqual({ integrity_check: "ok" });
  file.close();
}, 30_000);

it("writes 50 runs at the same time from two stores, each followed by the other", async () => {
  const path = await newFile();
  const stores = [new SqliteRunStore({ path }), new SqliteRunStore({ path })] as const;
  await Promise.all(stores.map((store) => store.start()));
  const runs = Array.from({ length: 50 }, async (_, index) => {
    const [store, other] = index % 2 === 0 ? stores : stores.toReversed();
    if (store === undefined || other === undefined) return;
    const { run, lease } = await createRun(store);
    await store.waitTurn(lease);
    const readers = [readSeqs(store, run.id, true), readSeqs(other, run.id, true)];
    for (let seq = 1; seq < 60; seq += 3) await store.append(lease, textEntries(seq, 3));
    await settle(store, lease, 61);
    for (const seqs of await Promise.all(readers)) expect(seqs).toEqual(upTo(61));
  });
  await Promise.all(runs);
  await Promise.all(stores.map((store) => store.stop()));
}, 30_000);

it("tells two stores over one database of each other's changes", async () => {
  const database = new SqliteDatabase({ path: await newFile() });
  const stores = [0, 1].map(() => new SqliteRunStore({ database, pollInterval: 60_000 }));
  const [one, other] = stores as [SqliteRunStore, SqliteRunStore];
  await Promise.all([one.start(), other.start()]);
  const session = { sessionId: "session" };
  const first = await createRun(one, { session });
  const second = await createRun(other, { session });
  const reading = other.read(first.run.id, { follow: true })[Symbol.asyncIterator]();
  expect(((await reading.next()).value as readonly LogEntry[]).map(({ seq }) => seq)).toEqual([0]);
  const next = reading.next();
  await one.append(first.lease, [textEntry(1)]);
  expect(((await next).value as readonly LogEntry[]).map(({ seq }) => seq)).toEqual([1]);
  await reading.return?.();

  const canceled = one.watchCancel(first.run.id, new AbortController().signal);
  await other.requestCancel(first.run.id, { reason: "a test" });
  expect(await canceled).toEqual({ reason: "a test" });
  const turn = other.waitTurn(second.lease);
  await one.release(first.lease);
  expect(await turn).toBeGreaterThan(0);
  await Promise.all([one.stop(), other.stop()]);
});

it("gives fences that rise in all processes, even where the clock is set back", async () => {
  const path = await newFile();
  const one = new SqliteRunStore({ path, now: () => 5000 });
  const other = new SqliteRunStore({ path, now: () => 4000 });
  await Promise.all([one.start(), other.start()]);
  const runs = [await createRun(one), await createRun(other)] as const;
  expect(await one.waitTurn(runs[0].lease)).toBe(5000);
  expect(await other.waitTurn(runs[1].lease)).toBe(5001);
  expect(await one.waitTurn(runs[0].lease)).toBe(5002);
  await Promise.all([one.stop(), other.stop()]);
});

it("lets two stores sweep at once, and a reader begin anywhere meanwhile", async () => {
  const path = await newFile();
  let now = Date.now();
  const options = { path, sweepInterval: 5, compactAfter: 1000, now: () => now };
  const writer = new SqliteRunStore({ ...options, sweepInterval: 60_000 });
  await writer.start();
  const text = "some text ".repeat(100);
  const ids: string[] = [];
  for (let index = 0; index < 10; index++) {
    const { run, lease } = await createRun(writer);
    ids.push(run.id);
    for (let seq = 1; seq <= 1000; seq += 50) {
      await writer.append(
        lease,
        Array.from({ length: 50 }, (_, at) => deltaEntry(seq + at, text)),
      );
    }
    await settle(writer, lease, 1001);
  }
  now += 1000;
  const sweepers = [new SqliteRunStore(options), new SqliteRunStore(options)];
  await Promise.all(sweepers.map((store) => store.start()));
  await vi.waitFor(
    async () => {
      for (const id of ids) expect(await readSeqs(writer, id)).toEqual(upTo(1001));
      const file = new DatabaseSync(path, { readOnly: true });
      const row = file
        .prepare(
          "SELECT count(*) AS count, max(compacted_to < last_seq) AS left FROM run_segments JOIN runs ON number = run",
        )
        .get();
      file.close();
      // The text of a run makes four segments of 256 KiB, and was written in 22.
      expect({ ...row }).toEqual({ count: expect.any(Number), left: 0 });
      expect(row?.count).toBeLessThan(10 * 7);
    },
    { timeout: 10_000, interval: 1 },
  );
  for (const id of ids) expect(await readSeqs(writer, id)).toEqual(upTo(1001));
  await Promise.all([writer, ...sweepers].map((store) => store.stop()));
}, 30_000);
