import { InMemoryRunStore, type InMemoryRunStoreOptions, type RunStore } from "@agentscope-runtime/core";
import { newRun, responseEntry, runStoreSuite } from "@agentscope-runtime/testing";
import { describe, expect, it } from "vitest";

runStoreSuite("InMemoryRunStore", { create: (options) => new InMemoryRunStore(options) });

describe("InMemoryRunStore", () => {
  const start = async (options: InMemoryRunStoreOptions = {}) => {
    const store = new InMemoryRunStore(options);
    await store.start();
    return store;
  };
  const ended = async (store: RunStore, id: string) => {
    const result = await store.create(newRun({ id }));
    if (result.kind !== "created") throw new Error("The run was there already.");
    await store.finish(result.lease, "completed", [responseEntry(1, id, "completed")]);
    await store.release(result.lease);
  };

  it("says by name what has to be started", async () => {
    const message = "InMemoryRunStore is not started: call start() first.";
    await expect(new InMemoryRunStore().get("id")).rejects.toThrow(message);
  });

  it("gives up the events of ended runs by age", async () => {
    let now = 1000;
    const store = await start({ finishedRunTtl: 60, now: () => now });
    await ended(store, "old");
    now += 59;
    await ended(store, "young");
    await store.create(newRun());
    expect((await store.get("old"))?.expired).toBeUndefined();
    now += 1;
    await store.create(newRun());
    expect((await store.get("old"))?.expired).toBe(true);
    expect((await store.get("young"))?.expired).toBeUndefined();
    await store.stop();
  });

  it("gives up the events of ended runs by the length of request and log", async () => {
    const log = 2 * responseEntry(0, "a", "completed").json.length;
    const request = JSON.stringify(newRun({ id: "a" }).request).length;
    const store = await start({ maxFinishedLength: 2 * (log + request) + 50 });
    for (const id of ["a", "b", "c"]) await ended(store, id);
    await store.create(newRun());
    const runs = await Promise.all(["a", "b", "c"].map((id) => store.get(id)));
    expect(runs.map((run) => run?.expired)).toEqual([true, undefined, undefined]);
    await store.stop();
  });

  it("forgets runs whose events were given up, past a number of them", async () => {
    const store = await start({ maxFinishedRuns: 0, maxExpiredRuns: 1 });
    for (const id of ["a", "b", "c"]) await ended(store, id);
    await store.create(newRun());
    const runs = await Promise.all(["a", "b", "c"].map((id) => store.get(id)));
    expect(runs.map((run) => run?.expired)).toEqual([undefined, undefined, true]);
    expect(runs.slice(0, 2)).toEqual([undefined, undefined]);
    await store.stop();
  });

  it("forgets idempotency keys after a while", async () => {
    let now = 1000;
    const store = await start({ idempotencyTtl: 60, now: () => now });
    const create = () => store.create(newRun({ idempotency: { key: "key", fingerprint: "a" } }));
    expect((await create()).kind).toBe("created");
    now += 59;
    expect((await create()).kind).toBe("replayed");
    now += 1;
    expect((await create()).kind).toBe("created");
    await store.stop();
  });

  it("lets a reader at work finish a run whose events are given up meanwhile", async () => {
    const store = await start({ maxFinishedRuns: 0 });
    const created = await store.create(newRun({ id: "run" }));
    if (created.kind !== "created") throw new Error("The run was there already.");
    const reading = store.read("run", { follow: true })[Symbol.asyncIterator]();
    expect((await reading.next()).value).toHaveLength(1);
    await store.finish(created.lease, "completed", [responseEntry(1, "run", "completed")]);
    await store.create(newRun());
    expect((await store.get("run"))?.expired).toBe(true);
    expect((await reading.next()).value).toMatchObject([{ seq: 1 }]);
    expect((await reading.next()).done).toBe(true);
    await store.stop();
  });
});
