import { DatabaseSync } from "node:sqlite";
import { SqliteRunStore, type SqliteRunStoreOptions } from "@agentscope-runtime/services-sqlite";
import { newRun, textEntries } from "@agentscope-runtime/testing";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createRun, readSeqs, settle, upTo } from "./support/runs.ts";
import { temporaryFiles } from "./support/temporary-file.ts";

const newFile = temporaryFiles();
const DAY = 86_400_000;
let path: string;
let now: number;
let store: SqliteRunStore | undefined;

beforeEach(async () => {
  path = await newFile();
  now = Date.now();
});
afterEach(() => store?.stop());

it("gives up events after their time, then forgets the run, and keeps nothing of it in the file", async () => {
  const store = await open({ finishedRunTtl: 1000, expiredRunTtl: 2000, idempotencyTtl: DAY });
  const idempotency = { key: "key", fingerprint: "a" };
  const { run, lease } = await createRun(store, { idempotency });
  await store.append(lease, textEntries(1, 100));
  await settle(store, lease, 101);
  const ended = await store.get(run.id);
  now += 999;
  expect(await readSeqs(store, run.id)).toEqual(upTo(101));
  now += 1;
  await vi.waitFor(async () => expect((await store.get(run.id))?.expired).toBe(true));
  const expired = { ...ended, request: { ...ended?.request, input: [] }, expired: true };
  expect(await store.get(run.id)).toEqual(expired);
  expect(await store.create(newRun({ idempotency }))).toEqual({ kind: "replayed", run: expired });
  await expect(readSeqs(store, run.id)).rejects.toMatchObject({ code: "RUN_EXPIRED" });
  expect((await store.list({ agent: "agent" })).items).toEqual([]);
  await vi.waitFor(() => {
    expect(count("run_segments")).toBe(0);
    expect(rows("SELECT input FROM run_requests")).toEqual([{ input: "[]" }]);
  });
  now += 2000;
  await vi.waitFor(async () => expect(await store.get(run.id)).toBeUndefined());
  await vi.waitFor(() => expect(left()).toEqual({ ...NOTHING, run_owners: 1 }));
  expect((await createRun(store, { id: run.id, idempotency })).kind).toBe("created");
});

it("keeps the events of as many runs as it is told, those that ended last", async () => {
  const store = await open({ maxFinishedRuns: 3 });
  const runs = await Promise.all(Array.from({ length: 50 }, () => createRun(store)));
  const kept = [7, 23, 41].map((index) => runs[index]?.run.id);
  for (const { lease } of runs.filter(({ run }) => !kept.includes(run.id))) await settle(store, lease);
  now += 1;
  for (const { lease } of runs.filter(({ run }) => kept.includes(run.id))) await settle(store, lease);
  await vi.waitFor(async () => {
    expect(new Set((await store.list({ agent: "agent" })).items.map(({ id }) => id))).toEqual(new Set(kept));
    expect(left()).toMatchObject({ runs: 50, run_segments: 6, run_garbage: 0 });
  });
});

it("forgets keys after their time, whatever became of the run", async () => {
  const store = await open({ idempotencyTtl: 1000 });
  const idempotency = { key: "key", fingerprint: "a" };
  const first = await createRun(store, { idempotency });
  now += 999;
  expect((await store.create(newRun({ idempotency }))).kind).toBe("replayed");
  now += 1;
  const other = { ...idempotency, fingerprint: "b" };
  const second = await createRun(store, { idempotency: other });
  expect(second.run.id).not.toBe(first.run.id);
  expect(await store.create(newRun({ idempotency: other }))).toMatchObject({ run: { id: second.run.id } });
  now += 1000;
  await vi.waitFor(() => expect(count("run_keys")).toBe(0));
});

it("does not forget a run that holds up its session, nor an owner that has such a run", async () => {
  const store = await open({ finishedRunTtl: 0, expiredRunTtl: 0 });
  const idle = await createRun(store, { owner: "idle" });
  await settle(store, idle.lease);
  const { run, lease } = await createRun(store, { owner: "silent" });
  await store.finish(lease, "completed", textEntries(1, 1));
  now += 2 * DAY;
  await createRun(store, { owner: "alive" });
  await vi.waitFor(async () => {
    expect(rows("SELECT owner FROM run_owners")).toEqual([{ owner: '"alive"' }, { owner: '"silent"' }]);
    expect(await store.get(idle.run.id)).toBeUndefined();
  });
  expect(await store.get(run.id)).toMatchObject({ status: "completed", expired: true });
  expect(await createRun(store, { session: run.session })).toMatchObject({ ahead: 1 });
  await store.release(lease);
  await vi.waitFor(async () => expect(await store.get(run.id)).toBeUndefined());
  await vi.waitFor(() =>
    expect(rows("SELECT owner FROM run_owners")).not.toContainEqual({ owner: '"silent"' }),
  );
});

it("has nothing of a session in the file any more once it is deleted", async () => {
  const store = await open({ sweepInterval: 60_000 });
  const session = { agent: "agent", userId: "user", sessionId: "session" };
  for (let index = 0; index < 5; index++) {
    const idempotency = { key: `${index}`, fingerprint: "a" };
    const { lease } = await createRun(store, { session, idempotency, text: "5 MB ".repeat(2 ** 20) });
    for (let seq = 1; seq <= 50; seq++) await store.append(lease, textEntries(seq, 1));
    await settle(store, lease, 51);
  }
  await store.deleteSession(session);
  expect(left()).toEqual({ ...NOTHING, run_owners: 1 });
});

async function open(options: Omit<SqliteRunStoreOptions, "path" | "database">): Promise<SqliteRunStore> {
  const opened = new SqliteRunStore({ path, sweepInterval: 10, now: () => now, ...options });
  await opened.start();
  store = opened;
  return opened;
}

const NOTHING = { runs: 0, run_requests: 0, run_segments: 0, run_garbage: 0, run_keys: 0, run_owners: 0 };

function left(): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.keys(NOTHING).map((table) => [table, count(table)]));
}

function count(table: string): number {
  return rows(`SELECT 1 FROM ${table}`).length;
}

function rows(sql: string): readonly object[] {
  const file = new DatabaseSync(path, { readOnly: true });
  try {
    return file
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }));
  } finally {
    file.close();
  }
}
